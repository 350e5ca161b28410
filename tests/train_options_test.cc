#include "model/train_options.h"

#include <catch_amalgamated.hpp>
#include <string>
#include <vector>

namespace insitu {
namespace {

Result<TrainOptions> Read(std::vector<std::string> more) {
  std::vector<std::string> words = {"--data", "folder", "--cases", "list.txt"};
  words.insert(words.end(), more.begin(), more.end());
  return ReadTrainOptions(words);
}

TEST_CASE("Flags that are not given leave the settings the model was chosen with",
          "[train_options]") {
  const auto options = Read({});
  REQUIRE(options.ok());
  const TrainingSettings defaults;
  CHECK(options.value().data == "folder");
  CHECK(options.value().list == "list.txt");
  CHECK(options.value().out.empty());
  CHECK(options.value().training.epochs == defaults.epochs);
  CHECK(options.value().training.optimizer.dropout == defaults.optimizer.dropout);
  CHECK(options.value().training.shape.features() == defaults.shape.features());
}

TEST_CASE("Every setting of training can be given", "[train_options]") {
  const auto options = Read({"--epochs", "3", "--dropout=0.25", "--mixup", "0.5", "--smoothing",
                             "0.1", "--dense", "64", "--seed", "7", "--folds", "4"});
  REQUIRE(options.ok());
  CHECK(options.value().training.epochs == 3);
  CHECK(options.value().training.optimizer.dropout == 0.25);
  CHECK(options.value().training.mixup == 0.5);
  CHECK(options.value().training.label_smoothing == 0.1);
  CHECK(options.value().training.shape.dense == 64);
  CHECK(options.value().training.seed == 7);
  CHECK(options.value().folds == 4);
}

TEST_CASE("The folder and the list of cases are needed, and nothing beside the flags",
          "[train_options]") {
  CHECK(!ReadTrainOptions({"--data", "folder"}).ok());
  CHECK(!ReadTrainOptions({"--cases", "list.txt"}).ok());
  CHECK(!Read({"more"}).ok());
  CHECK(!Read({"--epoch", "3"}).ok());
}

TEST_CASE("Settings at their limits are taken and beyond them refused, naming the flag",
          "[train_options]") {
  CHECK(Read({"--dropout", "0.95"}).ok());
  const auto beyond = Read({"--dropout", "0.96"});
  REQUIRE(!beyond.ok());
  CHECK(beyond.error().message.find("--dropout must be a number from 0 to 0.95") !=
        std::string::npos);
  CHECK(Read({"--folds", "2"}).ok());
  CHECK(!Read({"--folds", "1"}).ok());
}

TEST_CASE("A network must leave at least one pixel to its dense layer", "[train_options]") {
  // 50 - 2 = 48, / 2 = 24, - 2 = 22: pools of 22 leave one, of 23 none.
  const std::vector<std::string> rest = {"--conv1-side", "3", "--pool1", "2", "--conv2-side", "3"};
  const auto with_pool = [&rest](const char* pool) {
    std::vector<std::string> words = rest;
    words.insert(words.end(), {"--pool2", pool});
    return Read(words);
  };
  REQUIRE(with_pool("22").ok());
  CHECK(with_pool("22").value().training.shape.side2() == 1);
  CHECK(!with_pool("23").ok());
  CHECK(!Read({"--conv1-side", "15", "--pool1", "16", "--conv2-side", "15"}).ok());
}

}  // namespace
}  // namespace insitu
