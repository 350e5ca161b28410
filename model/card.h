// A model card in Markdown: from the model's own metadata, the report that `insitu evaluate` wrote
// and the facts that people wrote. The same three give the same bytes.
#pragma once

#include <string>

#include "model/card_facts.h"
#include "model/json.h"
#include "shared/classifier.h"
#include "shared/result.h"

namespace insitu {

struct CardFiles {
  std::string model;  // their names as the card prints them
  std::string report;
  std::string facts;
};

// Errors: kInvalidArgument when the report is of another model, at another threshold, has errors,
// or lacks a key.
Result<std::string> ModelCard(const CardFiles& files, const Classifier& classifier,
                              const Json& report, const CardFacts& facts);

}  // namespace insitu
