// libFuzzer: arbitrary bytes as the checkpoint of an evaluation: as they are; and each line with
// the digest that it should begin with, which no fuzzer guesses, after a first line that is right
// and without one. And as the answer about a film that such a line holds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "model/evaluation_checkpoint.h"
#include "model/film_answer.h"
#include "shared/sha256.h"
#include "shared/str_cat.h"

namespace {

constexpr size_t kDigits = 16;  // of a line's digest

void Require(bool holds) {
  if (!holds) std::abort();
}

std::string Digest(std::string_view text) {
  return insitu::HexDigits(
      insitu::Sha256({reinterpret_cast<const uint8_t*>(text.data()), text.size()}));
}

std::string Signed(std::string_view line) {
  return insitu::StrCat(Digest(line).substr(0, kDigits), " ", line);
}

// The last line may lack its end, as one that was cut off does.
std::string AllSigned(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines += Signed(text.substr(0, end));
    if (end < text.size()) lines += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void ReadAnswer(std::string_view text) {
  const auto json = insitu::Json::parse(text, nullptr, false);
  for (const size_t patches : {size_t{0}, size_t{2}}) {
    const auto answer = insitu::ParseFilmAnswer(json, patches);
    if (answer) Require(insitu::ParseFilmAnswer(FilmAnswerJson(*answer), patches).has_value());
  }
}

// Whether it was taken.
bool Read(std::string_view text) {
  const insitu::CheckpointSubject subject = {"evaluate", std::string(64, 'a'), "items"};
  const auto checkpoint = insitu::EvaluationCheckpoint::Parse(text, subject);
  if (!checkpoint.ok()) {
    Require(checkpoint.error().code == insitu::ErrorCode::kInvalidArgument);
    Require(!checkpoint.error().message.empty());
    return false;
  }
  const auto lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  Require(checkpoint.value().kept() <= lines);
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ReadAnswer(text);
  Read(text);
  Read(AllSigned(text));
  const std::string header = insitu::StrCat(
      Signed(insitu::StrCat(R"({"checkpoint":1,"command":"evaluate","model":")",
                            std::string(64, 'a'), R"(","items":")", Digest("items"), "\"}")),
      "\n");
  Require(Read(header));
  Read(header + AllSigned(text));
  return 0;
}
