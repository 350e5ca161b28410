#include "model/train_options.h"

#include <catch_amalgamated.hpp>
#include <string>
#include <vector>

#include "tests/temporary_folder.h"

namespace insitu {
namespace {

constexpr const char* kConfig = R"(
id = "made"
kind = "histology"
um_per_pixel = 4
labels = ["none", "some"]
verdicts = ["nothing", "something"]
folds = 4
)";

Result<TrainOptions> Read(std::vector<std::string> more, bool with_config = true) {
  const TemporaryFolder folder;
  WriteFile(folder / "made.toml", kConfig);
  std::vector<std::string> words = {"--data", "folder", "--cases", "list.txt"};
  if (with_config) words.insert(words.end(), {"--config", (folder / "made.toml").string()});
  words.insert(words.end(), more.begin(), more.end());
  return ReadTrainOptions(words);
}

TEST_CASE("A config, a folder and a list of cases are enough", "[train_options]") {
  const auto options = Read({});
  REQUIRE(options.ok());
  CHECK(options.value().config.id == "made");
  CHECK(options.value().data == "folder");
  CHECK(options.value().list == "list.txt");
  CHECK(options.value().out.empty());
  CHECK(options.value().only == -1);
}

TEST_CASE("Settings given by --set hold instead of the file's", "[train_options]") {
  const auto options = Read({"--set", "folds = 2, training.epochs = 3"});
  REQUIRE(options.ok());
  CHECK(options.value().config.folds == 2);
  CHECK(options.value().config.training.epochs == 3);
}

TEST_CASE("What is needed and what is not understood is said", "[train_options]") {
  CHECK(!Read({}, false).ok());
  CHECK(!ReadTrainOptions({"--config", "made.toml", "--data", "folder"}).ok());
  CHECK(!Read({"more"}).ok());
  CHECK(!Read({"--epochs", "3"}).ok());
}

TEST_CASE("One fit alone is a fold or the final one, and needs a checkpoint", "[train_options]") {
  CHECK(Read({"--only", "0", "--checkpoint", "kept"}).value().only == 0);
  CHECK(Read({"--only", "4", "--checkpoint", "kept"}).value().only == 4);
  CHECK(!Read({"--only", "5", "--checkpoint", "kept"}).ok());
  CHECK(!Read({"--only", "1"}).ok());
}

Result<TrainOptions> ReadForFilms(std::vector<std::string> more) {
  const TemporaryFolder folder;
  WriteFile(folder / "made.toml", kConfig);
  std::vector<std::string> words = {"--config", (folder / "made.toml").string(), "--films", "mias"};
  words.insert(words.end(), more.begin(), more.end());
  return ReadTrainOptions(words);
}

TEST_CASE("Films take the place of patches and their list", "[train_options]") {
  const auto options = ReadForFilms({"--repeats", "3", "--fold-models", "folds"});
  REQUIRE(options.ok());
  CHECK(options.value().films == "mias");
  CHECK(options.value().repeats == 3);
  CHECK(options.value().fold_models == "folds");
  CHECK(ReadForFilms({}).value().repeats == 1);
  for (const char* flag : {"--data", "--cases", "--more", "--counts", "--answers", "--only"}) {
    CAPTURE(flag);
    CHECK(!ReadForFilms({flag, "1", "--checkpoint", "kept"}).ok());
  }
  CHECK(!Read({"--repeats", "3"}).ok());
  CHECK(!Read({"--fold-models", "folds"}).ok());
  CHECK(!Read({"--mined", "2"}).ok());
}

TEST_CASE("Folds of films are repeated 1 to 100 times", "[train_options]") {
  CHECK(ReadForFilms({"--repeats", "1"}).ok());
  CHECK(ReadForFilms({"--repeats", "100"}).ok());
  CHECK(!ReadForFilms({"--repeats", "0"}).ok());
  CHECK(!ReadForFilms({"--repeats", "101"}).ok());
}

TEST_CASE("Of a film 0 to 100 false marks are mined", "[train_options]") {
  CHECK(ReadForFilms({"--mined", "0"}).value().mined == 0);
  CHECK(ReadForFilms({"--mined", "100"}).value().mined == 100);
  CHECK(!ReadForFilms({"--mined", "101"}).ok());
}

}  // namespace
}  // namespace insitu
