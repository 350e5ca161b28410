#include "model/evaluation_checkpoint.h"

#include <catch_amalgamated.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "shared/sha256.h"
#include "tests/temporary_folder.h"

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;

const CheckpointSubject kSubject = {"evaluate", std::string(64, 'a'), "one\ntwo\nthree"};
const std::vector<uint8_t> kBytes = {1, 2, 3};

CheckpointItem Item(size_t index, const std::vector<uint8_t>& bytes = kBytes) {
  return {index, "8863/0/" + std::to_string(index) + ".png", bytes};
}

EvaluationCheckpoint Opened(const std::string& path) {
  auto checkpoint = EvaluationCheckpoint::Open(path, kSubject);
  INFO((checkpoint.ok() ? "" : checkpoint.error().message));
  REQUIRE(checkpoint.ok());
  return TakeValue(&checkpoint);
}

std::string Refusal(const std::string& path, const CheckpointSubject& subject = kSubject,
                    size_t limit = kMaxCheckpointBytes) {
  const auto checkpoint = EvaluationCheckpoint::Open(path, subject, limit);
  REQUIRE(!checkpoint.ok());
  CHECK(checkpoint.error().code == ErrorCode::kInvalidArgument);
  return checkpoint.error().message;
}

// nullptr where none is kept; fails the test on an error.
const Json* Found(const EvaluationCheckpoint& checkpoint, size_t index) {
  const auto found = checkpoint.Find(Item(index));
  REQUIRE(found.ok());
  return found.value();
}

// A checkpoint with answers about the images 0 and 1.
std::string MadeAt(const std::string& path) {
  EvaluationCheckpoint checkpoint = Opened(path);
  REQUIRE(checkpoint.Keep(Item(0), 0.1).ok());
  REQUIRE(checkpoint.Keep(Item(1), {{"marks", {1, 2}}}).ok());
  return path;
}

TEST_CASE("A checkpoint gives back the answers that were kept, to the last digit",
          "[evaluation_checkpoint]") {
  const TemporaryFolder folder;
  const std::string path = folder / "made/when/needed.checkpoint";
  constexpr double kThird = 1.0 / 3;
  {
    EvaluationCheckpoint checkpoint = Opened(path);
    CHECK(checkpoint.kept() == 0);
    CHECK(Found(checkpoint, 2) == nullptr);
    REQUIRE(checkpoint.Keep(Item(2), kThird).ok());
    REQUIRE(checkpoint.Keep(Item(0), {{"marks", {1, 2}}}).ok());
  }
  const EvaluationCheckpoint checkpoint = Opened(path);
  CHECK(checkpoint.kept() == 2);
  REQUIRE(Found(checkpoint, 2) != nullptr);
  CHECK(Found(checkpoint, 2)->get<double>() == kThird);
  CHECK((*Found(checkpoint, 0))["marks"][1] == 2);
  CHECK(Found(checkpoint, 1) == nullptr);
}

TEST_CASE("An answer is in the file as soon as it is kept", "[evaluation_checkpoint]") {
  const TemporaryFolder folder;
  const std::string path = folder / "checkpoint";
  EvaluationCheckpoint checkpoint = Opened(path);
  REQUIRE(checkpoint.Keep(Item(0), 0.5).ok());
  CHECK_THAT(ReadFile(path), ContainsSubstring("\"file\":\"8863/0/0.png\"") &&
                                 ContainsSubstring("\"answer\":0.5}\n"));
}

TEST_CASE("Wherever a checkpoint was cut off, the whole lines before count and it grows on",
          "[evaluation_checkpoint]") {
  const TemporaryFolder folder;
  const std::string whole = ReadFile(MadeAt(folder / "whole"));
  const size_t header = whole.find('\n') + 1;
  const size_t first = whole.find('\n', header) + 1;
  const std::string path = folder / "cut";
  for (size_t size = 0; size <= whole.size(); ++size) {
    WriteFile(path, whole.substr(0, size));
    CAPTURE(size);
    EvaluationCheckpoint checkpoint = Opened(path);
    const size_t kept = size < first ? 0 : size < whole.size() ? 1 : 2;
    REQUIRE(checkpoint.kept() == kept);
    if (kept < 1) REQUIRE(checkpoint.Keep(Item(0), 0.1).ok());
    if (kept < 2) REQUIRE(checkpoint.Keep(Item(1), {{"marks", {1, 2}}}).ok());
    REQUIRE(ReadFile(path) == whole);
  }
}

TEST_CASE("A checkpoint with any byte changed is refused and left as it is",
          "[evaluation_checkpoint]") {
  const TemporaryFolder folder;
  const std::string whole = ReadFile(MadeAt(folder / "whole"));
  const size_t header = whole.find('\n');
  const std::string path = folder / "damaged";
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    if (at + 1 == whole.size()) continue;  // without its end the last line counts as cut off
    WriteFile(path, damaged);
    CAPTURE(at);
    const std::string message = Refusal(path);
    if (at < header) {
      REQUIRE_THAT(message, ContainsSubstring("first line is damaged; give another file"));
    } else if (at > header) {
      REQUIRE_THAT(message, ContainsSubstring("is damaged; remove the file"));
    }
    REQUIRE(ReadFile(path) == damaged);
  }
}

TEST_CASE("Two answers for one image count once when they are the same, else as damage",
          "[evaluation_checkpoint]") {
  const TemporaryFolder folder;
  const std::string path = MadeAt(folder / "checkpoint");
  REQUIRE(Opened(path).Keep(Item(0), 0.1).ok());
  CHECK(Opened(path).kept() == 2);
  REQUIRE(Opened(path).Keep(Item(0), 0.2).ok());
  CHECK_THAT(Refusal(path), ContainsSubstring("Line 5 is damaged; remove the file"));
}

TEST_CASE("A checkpoint of another model, list or command is refused, each by its name",
          "[evaluation_checkpoint]") {
  const TemporaryFolder folder;
  const std::string path = MadeAt(folder / "checkpoint");
  CheckpointSubject other = kSubject;
  other.model_sha256 = std::string(64, 'b');
  CHECK_THAT(Refusal(path, other), ContainsSubstring("model with another SHA-256 than bbbb") &&
                                       ContainsSubstring("or another file with --checkpoint"));
  other = kSubject;
  other.items += "\nfour";
  CHECK_THAT(Refusal(path, other), ContainsSubstring("other images, labels or folds"));
  other = kSubject;
  other.command = "evaluate-films";
  CHECK_THAT(Refusal(path, other),
             ContainsSubstring("no checkpoint of this program's evaluate-films"));
  CHECK(Opened(path).kept() == 2);
}

TEST_CASE("A file that is no checkpoint is not written over", "[evaluation_checkpoint]") {
  const TemporaryFolder folder;
  const std::string path = folder / "notes.txt";
  for (const std::string& text : {std::string("notes"), std::string("notes\n"), std::string("\n"),
                                  std::string(40, ' ') + "\n", std::string(100, '\0')}) {
    WriteFile(path, text);
    CHECK_THAT(Refusal(path), ContainsSubstring("notes.txt: It is no checkpoint"));
    CHECK(ReadFile(path) == text);
  }
  CHECK_THAT(Refusal(folder.path()), ContainsSubstring("it is a folder"));
  CHECK_THAT(Refusal(path + "/below"), ContainsSubstring("cannot be written"));
}

TEST_CASE("An image that has changed since is refused by its name", "[evaluation_checkpoint]") {
  const TemporaryFolder folder;
  const EvaluationCheckpoint checkpoint = Opened(MadeAt(folder / "checkpoint"));
  const auto found = checkpoint.Find(Item(1, {1, 2, 4}));
  REQUIRE(!found.ok());
  CHECK_THAT(found.error().message, ContainsSubstring("8863/0/1.png has changed"));
}

TEST_CASE("A checkpoint is read and grows up to its limit and no further",
          "[evaluation_checkpoint]") {
  const TemporaryFolder folder;
  const std::string path = MadeAt(folder / "checkpoint");
  const std::string bytes = ReadFile(path);
  CHECK(EvaluationCheckpoint::Open(path, kSubject, bytes.size()).ok());
  CHECK_THAT(Refusal(path, kSubject, bytes.size() - 1), ContainsSubstring("bytes; at most"));

  const size_t line = bytes.size() - bytes.rfind('\n', bytes.size() - 2) - 1;
  auto full = EvaluationCheckpoint::Open(path, kSubject, bytes.size() + line);
  REQUIRE(full.ok());
  REQUIRE(full.value().Keep(Item(2), {{"marks", {1, 2}}}).ok());
  const Status status = full.value().Keep(Item(3), 0.5);
  REQUIRE(!status.ok());
  CHECK_THAT(status.error().message, ContainsSubstring("evaluate fewer images at a time"));
  CHECK(Opened(path).kept() == 3);
}

TEST_CASE("The limit holds what the whole public release takes", "[evaluation_checkpoint]") {
  const TemporaryFolder folder;
  const std::string path = folder / "checkpoint";
  REQUIRE(Opened(path)
              .Keep({277'523, "10253/10253/0/10253_idx5_x1001_y1001_class0.png", kBytes},
                    0.123456789012345678)
              .ok());
  CHECK(ReadFile(path).size() * 277'524 < kMaxCheckpointBytes);
}

TEST_CASE("The text of a checkpoint holds what its file holds, and keeps nothing more",
          "[evaluation_checkpoint]") {
  const TemporaryFolder folder;
  const std::string path = MadeAt(folder / "checkpoint");
  const std::string text = ReadFile(path);
  auto parsed = EvaluationCheckpoint::Parse(text, kSubject);
  REQUIRE(parsed.ok());
  CHECK(parsed.value().kept() == 2);
  CHECK(Found(parsed.value(), 0)->get<double>() == 0.1);
  REQUIRE(parsed.value().Keep(Item(2), 0.3).ok());
  CHECK(ReadFile(path) == text);
  const auto damaged = EvaluationCheckpoint::Parse(text + "x\n", kSubject);
  REQUIRE(!damaged.ok());
  CHECK_THAT(damaged.error().message, ContainsSubstring("Line 4 is damaged"));
}

TEST_CASE("A line is nested up to its limit and no further, however deeply it says to be",
          "[evaluation_checkpoint]") {
  const auto read = [](int depth) {  // of the answer: the line's object is around it
    const TemporaryFolder folder;
    const std::string path = folder / "checkpoint";
    Json answer = 1;
    for (int i = 0; i < depth; ++i) answer = Json::array({answer});
    REQUIRE(Opened(path).Keep(Item(0), answer).ok());
    return EvaluationCheckpoint::Open(path, kSubject).ok();
  };
  CHECK(read(kMaxCheckpointDepth - 1));
  CHECK_FALSE(read(kMaxCheckpointDepth));

  const auto with_answer = [](const std::string& answer) {
    const std::string json = R"({"index":0,"sha256":"","answer":)" + answer + "}";
    const std::vector<uint8_t> bytes(json.begin(), json.end());
    const TemporaryFolder folder;
    Opened(folder / "checkpoint");
    return EvaluationCheckpoint::Parse(ReadFile(folder / "checkpoint") +
                                           HexDigits(Sha256(bytes)).substr(0, 16) + " " + json +
                                           "\n",
                                       kSubject);
  };
  CHECK(with_answer("[[0]]").ok());
  constexpr size_t kDeep = 1'000'000;
  const auto deep = with_answer(std::string(kDeep, '[') + std::string(kDeep, ']'));
  REQUIRE(!deep.ok());
  CHECK_THAT(deep.error().message, ContainsSubstring("Line 2 is damaged"));
}

TEST_CASE("Without a file nothing is kept of an evaluation", "[evaluation_checkpoint]") {
  EvaluationCheckpoint checkpoint = Opened("");
  CHECK(checkpoint.Keep(Item(0), 0.5).ok());
  CHECK(checkpoint.kept() == 0);
  CHECK(Found(checkpoint, 0) == nullptr);
}

}  // namespace
}  // namespace insitu
