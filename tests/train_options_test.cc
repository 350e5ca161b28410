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

}  // namespace
}  // namespace insitu
