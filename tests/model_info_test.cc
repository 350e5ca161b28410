#include "shared/model_info.h"

#include <algorithm>
#include <catch_amalgamated.hpp>

#include "shared/decimal.h"
#include "shared/limits.h"

namespace insitu {
namespace {

// Every entry, with a value that is right for an RGB model of two labels.
Metadata Whole() {
  return {{"insitu.id", "seed"},
          {"insitu.version", "1.0.0"},
          {"insitu.kind", "histology"},
          {"insitu.labels", "no IDC,IDC"},
          {"insitu.positive", "IDC"},
          {"insitu.verdict.positive", "IDC detected"},
          {"insitu.verdict.negative", "no IDC detected in this patch"},
          {"insitu.um_per_pixel", "4"},
          {"insitu.fit", "pad"},
          {"insitu.pad_value", "240"},
          {"insitu.mean", "0.5,0.25,0.125"},
          {"insitu.std", "0.25,0.5,2"},
          {"insitu.output", "logits"},
          {"insitu.temperature", "1.5"},
          {"insitu.threshold", "0.4"},
          {"insitu.threshold.sensitivity", "0.8"},
          {"insitu.threshold.specificity", "0.9"},
          {"insitu.training.data", "a public data set"},
          {"insitu.training.commit", "0123abc"},
          {"insitu.known_answer", "0.75,0.25"},
          {"insitu.self_sha256", std::string(64, 'a')}};
}

Metadata With(const std::string& key, const std::string& value) {
  Metadata metadata = Whole();
  for (auto& [name, old] : metadata) {
    if (name == key) old = value;
  }
  return metadata;
}

Metadata Without(const std::string& key) {
  Metadata metadata = Whole();
  std::erase_if(metadata, [&key](const auto& entry) { return entry.first == key; });
  return metadata;
}

ModelInfo Read(const Metadata& metadata) {
  const auto info = ReadModelInfo(metadata, 60, 50, 3);
  INFO((info.ok() ? "" : info.error().message));
  REQUIRE(info.ok());
  return info.value();
}

bool IsRead(const std::string& key, const std::string& value) {
  return ReadModelInfo(With(key, value), 60, 50, 3).ok();
}

// Refused as metadata, in words that name the entry and hold `what`.
void CheckRefused(const Metadata& metadata, const std::string& key, const std::string& what,
                  int channels = 3) {
  const auto info = ReadModelInfo(metadata, 60, 50, channels);
  INFO(key << ", " << what);
  REQUIRE_FALSE(info.ok());
  INFO(info.error().message);
  CHECK(info.error().code == ErrorCode::kModelMetadata);
  CHECK(info.error().message.find(key + " ") != std::string::npos);
  CHECK(info.error().message.find(what) != std::string::npos);
}

bool IsOptional(const std::string& key) {
  return key == "insitu.pad_value" || key == "insitu.output" || key == "insitu.temperature";
}

TEST_CASE("Every entry is read into its place", "[model_info]") {
  const ModelInfo info = Read(Whole());
  CHECK(info.id == "seed");
  CHECK(info.version == "1.0.0");
  CHECK(info.kind == "histology");
  CHECK(info.labels == std::vector<std::string>{"no IDC", "IDC"});
  CHECK(info.positive == 1);
  CHECK(info.positive_verdict == "IDC detected");
  CHECK(info.negative_verdict == "no IDC detected in this patch");
  CHECK(info.input.width == 60);
  CHECK(info.input.height == 50);
  CHECK(info.input.channels == 3);
  CHECK(info.input.fit == Fit::kPad);
  CHECK(info.input.pad_value == 240);
  CHECK(info.input.mean == std::array<float, 3>{0.5F, 0.25F, 0.125F});
  CHECK(info.input.std == std::array<float, 3>{0.25F, 0.5F, 2});
  CHECK(info.um_per_pixel == 4);
  CHECK(info.outputs_logits);
  CHECK(info.temperature == 1.5);
  CHECK(info.threshold == 0.4);
  CHECK(info.threshold_sensitivity == 0.8);
  CHECK(info.threshold_specificity == 0.9);
  CHECK(info.training_data == "a public data set");
  CHECK(info.training_commit == "0123abc");
  CHECK(info.known_answer == std::vector<float>{0.75F, 0.25F});
  CHECK(info.self_sha256 == std::string(64, 'a'));
}

TEST_CASE("An entry that is missing is named, but for the three that have a default",
          "[model_info]") {
  for (const auto& [key, value] : Whole()) {
    if (!IsOptional(key)) CheckRefused(Without(key), key, "is missing");
  }
  CHECK(Read(Without("insitu.pad_value")).input.pad_value == 255);
  CHECK_FALSE(Read(Without("insitu.output")).outputs_logits);
  CHECK(Read(Without("insitu.temperature")).temperature == 1);
}

TEST_CASE("An entry that is empty is named", "[model_info]") {
  for (const auto& [key, value] : Whole()) CheckRefused(With(key, ""), key, "is empty");
}

TEST_CASE("An entry that stands there twice is named, even when both say the same",
          "[model_info]") {
  for (const auto& [key, value] : Whole()) {
    Metadata metadata = Whole();
    metadata.emplace_back(key, value);
    CheckRefused(metadata, key, "twice");
  }
}

TEST_CASE("An entry of insitu that is not known is named; others do not matter", "[model_info]") {
  for (const std::string key : {"insitu.treshold", "insitu.", "insitu.ID", "insitu.id "}) {
    Metadata metadata = Whole();
    metadata.emplace_back(key, "1");
    CheckRefused(metadata, key, "is not known");
  }
  Metadata metadata = Whole();
  metadata.emplace_back("author", "somebody");
  metadata.emplace_back("author", "somebody else");
  CHECK(Read(metadata).id == "seed");
}

TEST_CASE("The kind, the fit, the output and the positive label are one of those there are",
          "[model_info]") {
  CHECK(IsRead("insitu.kind", "mammogram"));
  CheckRefused(With("insitu.kind", "Histology"), "insitu.kind", "not one of");
  CHECK(Read(With("insitu.fit", "crop")).input.fit == Fit::kCrop);
  CHECK(Read(With("insitu.fit", "stretch")).input.fit == Fit::kStretch);
  CheckRefused(With("insitu.fit", "cut"), "insitu.fit", "crop,pad,stretch");
  CHECK_FALSE(Read(With("insitu.output", "probabilities")).outputs_logits);
  CheckRefused(With("insitu.output", "logit"), "insitu.output", "probabilities,logits");
  CHECK(Read(With("insitu.positive", "no IDC")).positive == 0);
  CheckRefused(With("insitu.positive", "idc"), "insitu.positive", "no IDC,IDC");
  CheckRefused(With("insitu.positive", "no IDC,IDC"), "insitu.positive", "not one of");
}

TEST_CASE("Labels are two or more, each of its own and none empty", "[model_info]") {
  CheckRefused(With("insitu.labels", "IDC"), "insitu.labels", "fewer than two");
  CheckRefused(With("insitu.labels", "IDC,"), "insitu.labels", "fewer than two");
  CheckRefused(With("insitu.labels", "IDC,,no IDC"), "insitu.labels", "empty label");
  CheckRefused(With("insitu.labels", ",IDC"), "insitu.labels", "empty label");
  CheckRefused(With("insitu.labels", "IDC,no IDC,IDC"), "insitu.labels", "\"IDC\" twice");
  Metadata three = With("insitu.labels", "no IDC,IDC,unclear");
  CheckRefused(three, "insitu.known_answer", "2 numbers instead of 3");
  for (auto& [key, value] : three) {
    if (key == "insitu.known_answer") value = "0.5,0.25,0.25";
  }
  CHECK(Read(three).labels.size() == 3);
}

TEST_CASE("Numbers are read up to the ends of their range and refused beyond", "[model_info]") {
  struct Range {
    std::string key;
    std::vector<std::string> inside, outside;
  };
  const Range ranges[] = {
      {"insitu.um_per_pixel", {"0.0001", "1000000"}, {"0", "-1", "1000000.1"}},
      {"insitu.pad_value", {"0", "255"}, {"-1", "255.5", "256", "0.5"}},
      {"insitu.mean",
       {"-1000000,0,1000000", "0,0,0"},
       {"-1000000.1,0,0", "0,1000000.1,0", "0,0,1e7"}},
      {"insitu.std", {"1e-22,1,1000000"}, {"0,1,1", "1,-1,1", "1,1,1000000.1"}},
      {"insitu.temperature", {"0.001", "1000000"}, {"0", "-1", "1000001"}},
      {"insitu.threshold", {"0", "1"}, {"-0.001", "1.001"}},
      {"insitu.threshold.sensitivity", {"0", "1"}, {"-0.001", "1.001"}},
      {"insitu.threshold.specificity", {"0", "1"}, {"-0.001", "1.001"}},
      {"insitu.known_answer", {"0,1", "1,0"}, {"-0.001,1", "0,1.001"}},
  };
  for (const Range& range : ranges) {
    for (const std::string& value : range.inside) {
      INFO(range.key << " " << value);
      CHECK(IsRead(range.key, value));
    }
    for (const std::string& value : range.outside)
      CheckRefused(With(range.key, value), range.key, "");
  }
}

TEST_CASE("A number that is none is quoted", "[model_info]") {
  for (const std::string key :
       {"insitu.um_per_pixel", "insitu.pad_value", "insitu.temperature", "insitu.threshold",
        "insitu.threshold.sensitivity", "insitu.threshold.specificity"}) {
    CheckRefused(With(key, "half"), key, "\"half\"");
    CheckRefused(With(key, "1,1"), key, "2 numbers instead of 1");
    CheckRefused(With(key, "0." + std::string(kMaxDecimalDigits + 1, '3')), key,
                 "at most 15 digits");
  }
  CheckRefused(With("insitu.mean", "0.5,nan,0.5"), "insitu.mean", "\"nan\"");
  CheckRefused(With("insitu.std", "1, 1,1"), "insitu.std", "\" 1\"");
  CheckRefused(With("insitu.known_answer", "0.5,"), "insitu.known_answer", "\"\"");
}

TEST_CASE("There are as many means and deviations as channels", "[model_info]") {
  for (const std::string key : {"insitu.mean", "insitu.std"}) {
    CheckRefused(With(key, "1"), key, "1 numbers instead of 3");
    CheckRefused(With(key, "1,1,1,1"), key, "4 numbers instead of 3");
  }
  CheckRefused(Whole(), "insitu.mean", "3 numbers instead of 1", 1);
  Metadata grey = With("insitu.mean", "0.5");
  for (auto& [key, value] : grey) {
    if (key == "insitu.std") value = "0.25";
  }
  const auto info = ReadModelInfo(grey, 60, 50, 1);
  REQUIRE(info.ok());
  CHECK(info.value().input.channels == 1);
  CHECK(info.value().input.mean[0] == 0.5F);
}

TEST_CASE("The checksum is 64 lower-case hexadecimal digits", "[model_info]") {
  const std::string key = "insitu.self_sha256";
  CHECK(IsRead(key, "0123456789abcdef" + std::string(48, '0')));
  for (const std::string& value : {std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'A'),
                                   std::string(63, 'a') + "g"}) {
    CheckRefused(With(key, value), key, "64 lower-case");
  }
}

TEST_CASE("A model's input is a grey or RGB image within the limits", "[model_info]") {
  const auto read = [](int width, int height, int channels) {
    return ReadModelInfo(Whole(), width, height, channels).ok();
  };
  CHECK(read(1, 1, 3));
  CHECK(read(kMaxImageSide, kMaxImageSide, 3));
  CHECK_FALSE(read(0, 1, 3));
  CHECK_FALSE(read(1, 0, 3));
  CHECK_FALSE(read(kMaxImageSide + 1, 1, 3));
  CHECK_FALSE(read(1, kMaxImageSide + 1, 3));
  for (const int channels : {-1, 0, 2, 4}) CHECK_FALSE(read(50, 50, channels));
}

TEST_CASE("A model without intervals, band and operating points has none", "[model_info]") {
  const ModelInfo info = Read(Whole());
  CHECK(info.calibration_interval.empty());
  CHECK(!info.uncertain.has_value());
  CHECK(info.operating_points.empty());
  CHECK(!IntervalAt(info, 0.5).has_value());
}

Metadata And(const std::string& key, const std::string& value) {
  Metadata metadata = Whole();
  metadata.emplace_back(key, value);
  return metadata;
}

TEST_CASE("An interval is linear between its points and level beyond them", "[model_info]") {
  const ModelInfo info = Read(And("insitu.calibration.interval", "0.2:0.1:0.3,0.6:0.5:0.7"));
  REQUIRE(info.calibration_interval.size() == 2);
  const auto at = [&info](double probability) { return IntervalAt(info, probability).value(); };
  CHECK(at(0.3).low == Catch::Approx(0.2));
  CHECK(at(0.3).high == Catch::Approx(0.4));
  CHECK(at(0.6).low == Catch::Approx(0.5));
  CHECK(at(0.1).low == Catch::Approx(0.1));
  CHECK(at(0.9).high == Catch::Approx(0.7));
}

TEST_CASE("Points of an interval rise, and low is not above high", "[model_info]") {
  const std::string key = "insitu.calibration.interval";
  CHECK(Read(And(key, "0:0:1,1:0.5:0.5")).calibration_interval.size() == 2);
  CheckRefused(And(key, "0.5:0:1,0.5:0:1"), key, "does not rise");
  CheckRefused(And(key, "0.5:0.2:0.1"), key, "does not rise");
  CheckRefused(And(key, "0.5:0.2"), key, "2 numbers instead of 3");
  CheckRefused(And(key, "0:0:0,1:1"), key, "2 numbers instead of 3");
  CheckRefused(And(key, "0.5:0.2:1.1"), key, "out of range");
  CheckRefused(And(key, ""), key, "is empty");
}

TEST_CASE("An uncertain band goes from low to high, which may be the same", "[model_info]") {
  const std::string key = "insitu.uncertain";
  const ModelInfo info = Read(And(key, "0.25,0.5,0.9"));
  REQUIRE(info.uncertain.has_value());
  CHECK(info.uncertain->low == 0.25);
  CHECK(info.uncertain->high == 0.5);
  CHECK(info.uncertain->coverage == 0.9);
  CHECK(Read(And(key, "0.5,0.5,0.9")).uncertain.has_value());
  CheckRefused(And(key, "0.6,0.5,0.9"), key, "does not rise");
  CheckRefused(And(key, "0.6,0.7"), key, "2 numbers instead of 3");
  CheckRefused(And(key, "0,1.1,0.9"), key, "out of range");
}

TEST_CASE("Operating points have a name and three numbers", "[model_info]") {
  const std::string key = "insitu.operating_points";
  const ModelInfo info = Read(And(key, "screen:0.1:0.95:0.5,confirm:0.8:0.6:0.95"));
  REQUIRE(info.operating_points.size() == 2);
  CHECK(std::string(info.operating_points[0].name) == "screen");
  CHECK(info.operating_points[0].threshold == 0.1);
  CHECK(info.operating_points[1].sensitivity == 0.6);
  CHECK(info.operating_points[1].specificity == 0.95);
  CheckRefused(And(key, "screen:0.1:0.95"), key, "2 numbers instead of 3");
  CheckRefused(And(key, ":0.1:0.95:0.5"), key, "1 to 15 bytes");
  const std::string longest(kMaxPointNameBytes, 'n');
  CHECK(Read(And(key, longest + ":0:0:0")).operating_points[0].name == longest);
  CheckRefused(And(key, longest + "n:0:0:0"), key, "1 to 15 bytes");
  CheckRefused(And(key, "screen:0.1:0.95:2"), key, "out of range");
  CheckRefused(And(key, "screen:x:0.95:0.5"), key, "\"x\"");
}

TEST_CASE("A warning is read where there is one, and may not be empty", "[model_info]") {
  const std::string key = "insitu.warning";
  CHECK(Read(Whole()).warning.empty());
  CHECK(Read(And(key, "Few data, old film.")).warning == "Few data, old film.");
  CheckRefused(And(key, ""), key, "is empty");
}

}  // namespace
}  // namespace insitu
