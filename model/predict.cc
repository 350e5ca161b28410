#include <iomanip>
#include <iostream>
#include <sstream>

#include "model/arguments.h"
#include "model/commands.h"
#include "model/files.h"
#include "model/json.h"
#include "shared/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

// The positive label, or the likeliest of the others.
size_t DecidedLabel(const ModelInfo& info, const Prediction& prediction) {
  const auto positive = static_cast<size_t>(info.positive);
  if (prediction.positive) return positive;
  size_t best = positive == 0 ? 1 : 0;
  for (size_t i = 0; i < prediction.probabilities.size(); ++i) {
    if (i != positive && prediction.probabilities[i] > prediction.probabilities[best]) best = i;
  }
  return best;
}

double PositiveProbability(const ModelInfo& info, const Prediction& prediction) {
  return prediction.probabilities[static_cast<size_t>(info.positive)];
}

// "positive", "negative", or "uncertain" in the model's band, which is widened to its threshold as
// on the page (public/src/judgement.ts).
std::string AnswerOf(const ModelInfo& info, const Prediction& prediction) {
  const double probability = PositiveProbability(info, prediction);
  const auto band = UncertainAt(info, info.threshold);
  if (band && probability >= band->low && probability < band->high) return "uncertain";
  return prediction.positive ? "positive" : "negative";
}

std::string Verdict(const ModelInfo& info, const Prediction& prediction) {
  if (AnswerOf(info, prediction) == "uncertain") return "uncertain: have it read";
  return prediction.positive ? info.positive_verdict : info.negative_verdict;
}

// null: the model tells none.
Json IntervalJson(const ModelInfo& info, const Prediction& prediction) {
  const auto interval = IntervalAt(info, PositiveProbability(info, prediction));
  return interval ? Json{interval->low, interval->high} : Json();
}

// The point that the model was made with.
Json PointJson(const ModelInfo& info) {
  return {{"name", "balanced"},
          {"threshold", info.threshold},
          {"sensitivity", info.threshold_sensitivity},
          {"specificity", info.threshold_specificity}};
}

Json ErrorJson(const std::string& file, const Error& error) {
  return {{"file", file}, {"error", {{"code", ErrorName(error.code)}, {"message", error.message}}}};
}

// What the gate said: a refusal without judged_anyway is an error instead of a prediction.
Json GateJson(const Gate& gate) {
  return {{"kind", KindName(gate.verdict.kind)},
          {"accepted", gate.verdict.accepted},
          {"reason", ReasonName(gate.verdict.reason)},
          {"score", gate.verdict.score},
          {"judged_anyway", gate.judged_anyway}};
}

Json PredictionJson(const std::string& file, const Classifier& classifier, const Prediction& p) {
  const ModelInfo& info = classifier.info();
  Json probabilities = Json::object();
  for (size_t i = 0; i < info.labels.size(); ++i)
    probabilities[info.labels[i]] = p.probabilities[i];
  return {
      {"file", file},
      {"model", {{"id", info.id}, {"version", info.version}, {"sha256", classifier.sha256()}}},
      {"label", info.labels[DecidedLabel(info, p)]},
      {"answer", AnswerOf(info, p)},
      {"verdict", Verdict(info, p)},
      {"positive", p.positive},
      {"probability", PositiveProbability(info, p)},
      {"interval", IntervalJson(info, p)},
      {"probabilities", probabilities},
      {"threshold", info.threshold},
      {"operating_point", PointJson(info)},
      {"image", {{"width", p.image_width}, {"height", p.image_height}}},
      {"region",
       {{"left", p.placement.left},
        {"top", p.placement.top},
        {"width", p.placement.width},
        {"height", p.placement.height}}},
      {"scale", p.placement.scale},
      {"gate", GateJson(classifier.gate())},
      {"ms",
       {{"decode", p.times.decode_ms},
        {"gate", p.times.gate_ms},
        {"preprocess", p.times.preprocess_ms},
        {"network", p.times.network_ms}}},
  };
}

std::string PredictionText(const std::string& file, const Classifier& classifier,
                           const Prediction& p) {
  const ModelInfo& info = classifier.info();
  std::ostringstream text;
  text << file << ": " << Verdict(info, p) << " (probability of "
       << info.labels[static_cast<size_t>(info.positive)] << " " << std::fixed
       << std::setprecision(3) << PositiveProbability(info, p);
  if (const auto interval = IntervalAt(info, PositiveProbability(info, p))) {
    text << " [" << interval->low << " to " << interval->high << "]";
  }
  text << ", threshold " << info.threshold << "; " << p.image_width << "x" << p.image_height
       << " px";
  if (p.placement.scale != 1) text << " scaled by " << p.placement.scale;
  const Gate& gate = classifier.gate();
  if (gate.judged_anyway) text << "; refused by the gate and judged anyway";
  if (gate.verdict.reason != GateReason::kNone) text << "; " << ReasonName(gate.verdict.reason);
  const double ms =
      p.times.decode_ms + p.times.gate_ms + p.times.preprocess_ms + p.times.network_ms;
  text << "; " << std::setprecision(1) << ms << " ms)";
  return text.str();
}

Result<Prediction> Predict(const std::string& file, bool judge_anyway, Classifier* classifier) {
  ASSIGN_OR_RETURN(const auto bytes, ReadFile(file, kMaxImageBytes, ErrorCode::kImageTooLarge));
  return classifier->Read(bytes, judge_anyway);
}

}  // namespace

int RunPredict(const Words& words, std::ostream& out, std::ostream& err) {
  const auto arguments = Arguments::Parse(words, {{"model", true}, {"json"}, {"judge-anyway"}});
  if (!arguments.ok()) return UsageError(arguments.error().message, err);
  const Words& files = arguments.value().positional();
  if (!arguments.value().Has("model")) return UsageError("predict needs --model MODEL.", err);
  if (files.empty()) return UsageError("predict needs an image.", err);
  const bool json = arguments.value().Has("json");
  const bool judge_anyway = arguments.value().Has("judge-anyway");

  Result<Classifier> loaded = LoadClassifier(arguments.value().Text("model"));
  if (!loaded.ok()) return Failure(loaded.error(), err);
  Classifier& classifier = loaded.value();
  int exit_code = kExitOk;
  for (const std::string& file : files) {
    const Result<Prediction> prediction = Predict(file, judge_anyway, &classifier);
    if (prediction.ok()) {
      out << (json ? ToText(PredictionJson(file, classifier, prediction.value()), false)
                   : PredictionText(file, classifier, prediction.value()));
      out << std::endl;
      continue;
    }
    exit_code = kExitFailure;
    if (json) {
      Json error = ErrorJson(file, prediction.error());
      if (prediction.error().code == ErrorCode::kImageRefused) {
        error["gate"] = GateJson(classifier.gate());
      }
      out << ToText(error, false) << std::endl;
    } else {
      err << file << ": " << prediction.error().message;
      if (prediction.error().code == ErrorCode::kImageRefused) {
        err << " (" << ReasonName(classifier.gate().verdict.reason) << ')';
      }
      err << std::endl;
    }
  }
  return exit_code;
}

}  // namespace insitu
