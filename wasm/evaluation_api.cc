#include "wasm/evaluation_api.h"

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "model/report.h"

struct insitu_evaluation {
  insitu::Report report;
  std::vector<double> thresholds;  // the one in force first
  std::optional<insitu::StatedBand> uncertain;
  std::string json;
};

void* insitu_alloc(uint32_t size) { return std::malloc(size); }

void insitu_free(void* memory) { std::free(memory); }

insitu_evaluation* insitu_evaluation_create(double threshold) {
  auto* evaluation = new insitu_evaluation;
  evaluation->report.threshold = threshold;
  evaluation->thresholds = {threshold};
  return evaluation;
}

void insitu_evaluation_destroy(insitu_evaluation* evaluation) { delete evaluation; }

void insitu_evaluation_set_text(insitu_evaluation* evaluation, int32_t key, const char* text,
                                uint32_t size) {
  insitu::Report& report = evaluation->report;
  const std::string value(text, size);
  switch (key) {
    case INSITU_EVALUATION_MODEL_ID:
      report.model_id = value;
      break;
    case INSITU_EVALUATION_MODEL_SHA256:
      report.model_sha256 = value;
      break;
    case INSITU_EVALUATION_POSITIVE_CLASS:
      report.positive_class = value;
      break;
    case INSITU_EVALUATION_DATA_NAME:
      report.data_name = value;
      break;
    default:
      break;
  }
}

void insitu_evaluation_set_counts(insitu_evaluation* evaluation, uint32_t duplicates,
                                  uint32_t ignored) {
  evaluation->report.duplicates = duplicates;
  evaluation->report.ignored = ignored;
}

void insitu_evaluation_add_threshold(insitu_evaluation* evaluation, double threshold) {
  evaluation->thresholds.push_back(threshold);
}

void insitu_evaluation_set_uncertain(insitu_evaluation* evaluation, double low, double high,
                                     double coverage) {
  evaluation->uncertain = insitu::StatedBand{low, high, coverage};
}

void insitu_evaluation_begin_case(insitu_evaluation* evaluation, const char* id, uint32_t size) {
  evaluation->report.cases.push_back({std::string(id, size), {}});
}

int32_t insitu_evaluation_add(insitu_evaluation* evaluation, double probability, int32_t truth) {
  insitu::Report& report = evaluation->report;
  if (report.cases.empty() || !(probability >= 0 && probability <= 1)) return 1;
  report.cases.back().scored.push_back({probability, probability >= report.threshold, truth != 0});
  return 0;
}

const char* insitu_evaluation_json(insitu_evaluation* evaluation, uint32_t samples, uint32_t seed) {
  insitu::Report& report = evaluation->report;
  const uint64_t draws = uint64_t{samples} * report.cases.size();
  if (samples == 0 || draws > INSITU_EVALUATION_MOST_DRAWS) return nullptr;
  report.evaluation = insitu::EvaluateCases(report.cases, {.thresholds = evaluation->thresholds,
                                                           .prevalence = {},
                                                           .uncertain = evaluation->uncertain,
                                                           .bootstrap = {samples, seed}});
  evaluation->json = insitu::ReportText(insitu::ReportJson(report));
  return evaluation->json.c_str();
}
