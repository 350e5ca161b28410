#include "model/seed_metadata.h"

#include "model/decimal_text.h"

namespace insitu {
namespace {

constexpr int kDigits = 9;  // enough to give every float back exactly

template <typename Numbers>
std::string List(const Numbers& numbers, std::string (*text)(double, int)) {
  std::string list;
  for (const double number : numbers) {
    if (!list.empty()) list += ",";
    list += text(number, kDigits);
  }
  return list;
}

}  // namespace

Metadata SeedMetadata(const SeedFacts& facts) {
  return {
      {"insitu.id", facts.id},
      {"insitu.version", facts.version},
      {"insitu.kind", "histology"},
      {"insitu.labels", "no IDC,IDC"},
      {"insitu.positive", "IDC"},
      {"insitu.verdict.positive", "IDC detected"},
      {"insitu.verdict.negative", "no IDC detected in this patch"},
      {"insitu.um_per_pixel", "4"},
      {"insitu.fit", "crop"},
      {"insitu.mean", List(facts.input.mean, DecimalText)},
      {"insitu.std", List(facts.input.std, DecimalText)},
      {"insitu.output", "probabilities"},
      {"insitu.temperature", "1"},
      {"insitu.threshold", DecimalText(facts.threshold, kDigits)},
      {"insitu.threshold.sensitivity", DecimalText(facts.held_out.sensitivity.value_or(0), 4)},
      {"insitu.threshold.specificity", DecimalText(facts.held_out.specificity.value_or(0), 4)},
      {"insitu.training.data", facts.training_data},
      {"insitu.training.commit", facts.commit},
      {"insitu.known_answer", List(facts.known_answer, FixedText)},
  };
}

}  // namespace insitu
