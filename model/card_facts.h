// What a model card says that no program can know: model/NAME.card.toml, written by hand.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "shared/result.h"

namespace insitu {

using Paragraphs = std::vector<std::string>;

// A published figure to set ours beside.
struct PublishedBar {
  std::string who;
  std::string model;
  double balanced_accuracy = 0;
  double f1 = 0;
  std::string f1_note;  // "": the F1 of the positive class, as printed there
};

// Every key but command is needed. Texts are Markdown in one line each.
struct CardFacts {
  std::string command;   // of insitu, that wrote the report; "evaluate" where the file has none
  std::string evaluate;  // the words after `insitu COMMAND --model MODEL --json`
  Paragraphs summary, intended, excluded, data, split, calibration, failures, is_not, licences;
  Paragraphs references;
  std::vector<PublishedBar> published;
  Paragraphs published_notes;
  std::map<std::string, std::string> claim, tripod;  // where an item is answered, by its number
};

// A file may begin with base = "OTHER.toml", a file beside it; its own keys, and its own items of
// [claim] and [tripod], stand before the base's. Errors: kInvalidArgument: no TOML, a key that is
// missing, unknown or of another type, an item of a checklist that is unanswered or unknown.
Result<CardFacts> ReadCardFacts(const std::string& path);

}  // namespace insitu
