// What reading an enlarged section back at the model's scale costs, by the filter that reduces it:
//
//   resampling_bench MODEL.onnx SECTION.png LABELS.png [UM_PER_PIXEL]
//
// The section, which is at the model's scale, is enlarged (1.1, 1.5, 2 and 4 times, as a scanner's
// finer level would be, by Catmull-Rom or Lanczos), rounded to 8 bits, brought back by each filter,
// and scanned; then it is reduced (to 1/1.25, 1/1.5 and a half) and brought back so. The last line
// of each is what shared/resample.h makes of it in the scan itself. The sums here are plain and
// independent of it.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <numbers>
#include <string>
#include <thread>
#include <vector>

#include "model/files.h"
#include "model/metrics.h"
#include "model/scanning.h"
#include "shared/limits.h"

namespace insitu {
namespace {

struct Filter {
  const char* name;
  double radius;  // in samples, of the coarser grid
  double (*weight)(double distance);
};

double Sinc(double x) {
  const double angle = std::numbers::pi * x;
  return x == 0 ? 1 : std::sin(angle) / angle;
}

// Keys 1981, a = -1/2.
double CatmullRom(double distance) {
  const double x = std::fabs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

double Lanczos(double x) { return std::fabs(x) < 3 ? Sinc(x) * Sinc(x / 3) : 0; }
double Triangle(double x) { return std::max(0.0, 1 - std::fabs(x)); }

constexpr Filter kCatmullRom = {"Catmull-Rom", 2, CatmullRom};
constexpr Filter kLanczos = {"Lanczos-3", 3, Lanczos};
// Of the area each sample has its share: no function of the distance alone.
constexpr Filter kArea = {"area", 0.5, nullptr};
constexpr std::array kFilters = {Filter{"triangle", 1, Triangle}, kArea, kCatmullRom, kLanczos};

struct Taps {
  int begin = 0;
  std::vector<double> weights;
};

Taps TapsOf(const Filter& filter, int from, int to, int output) {
  const double scale = static_cast<double>(from) / to;
  const double wide = std::max(scale, 1.0);
  const double centre = (output + 0.5) * scale;
  const double radius = filter.radius * wide;
  Taps taps;
  taps.begin = std::max(0, static_cast<int>(std::floor(centre - radius)));
  const int end = std::min(from, static_cast<int>(std::ceil(centre + radius)));
  double sum = 0;
  for (int sample = taps.begin; sample < end; ++sample) {
    const double share =
        std::min(sample + 1.0, centre + radius) - std::max(1.0 * sample, centre - radius);
    taps.weights.push_back(filter.weight == nullptr
                               ? std::max(0.0, share)
                               : filter.weight((sample + 0.5 - centre) / wide));
    sum += taps.weights.back();
  }
  for (double& weight : taps.weights) weight /= sum;
  return taps;
}

Image Resized(const Image& image, int width, int height, const Filter& filter) {
  Image made{width, height, image.channels, {}};
  const auto channels = static_cast<size_t>(image.channels);
  const size_t line = static_cast<size_t>(image.width) * channels;
  std::vector<Taps> columns;
  for (int x = 0; x < width; ++x) columns.push_back(TapsOf(filter, image.width, width, x));
  std::vector<float> tall(line);
  made.pixels.reserve(static_cast<size_t>(width) * static_cast<size_t>(height) * channels);
  for (int y = 0; y < height; ++y) {
    const Taps rows = TapsOf(filter, image.height, height, y);
    std::fill(tall.begin(), tall.end(), 0.0F);
    for (size_t tap = 0; tap < rows.weights.size(); ++tap) {
      const uint8_t* from = &image.pixels[(static_cast<size_t>(rows.begin) + tap) * line];
      const auto weight = static_cast<float>(rows.weights[tap]);
      for (size_t i = 0; i < line; ++i) tall[i] += weight * static_cast<float>(from[i]);
    }
    for (const Taps& taps : columns) {
      for (size_t c = 0; c < channels; ++c) {
        double sum = 0.5;
        for (size_t tap = 0; tap < taps.weights.size(); ++tap) {
          sum += taps.weights[tap] * tall[(static_cast<size_t>(taps.begin) + tap) * channels + c];
        }
        made.pixels.push_back(static_cast<uint8_t>(std::clamp(sum, 0.0, 255.0)));
      }
    }
  }
  return made;
}

struct Bench {
  std::vector<uint8_t> model;
  Image section;
  Image labels;
  double um_per_pixel = 4;
};

// A line of the table: the map against the labels at the places' centres, of what the gate accepts
// and, after it, of what it refused too (tissue all the same).
Status Print(const Bench& bench, const std::string& name, const Image& image, double um_per_pixel) {
  ScanRequest request;
  request.um_per_pixel = um_per_pixel;
  request.gate.judge_anyway = true;
  request.threads = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, 8U));
  ASSIGN_OR_RETURN(auto scanners, MakeScanners(bench.model, image, request));
  ASSIGN_OR_RETURN(const ScanMap map, ScanImageWith(&scanners, image));
  const ScanPlan& plan = scanners.front().plan();
  const double threshold = scanners.front().info().threshold;
  std::vector<Scored> judged, all;
  for (size_t at = 0; at < map.values.size(); ++at) {
    const auto pixel = [&](size_t cell, int patch, int side) {
      const double centre = static_cast<double>(cell) * plan.stride + patch / 2.0;
      return std::min(side - 1, static_cast<int>(centre * plan.um_per_pixel / bench.um_per_pixel));
    };
    const auto columns = static_cast<size_t>(plan.columns);
    const int x = pixel(at % columns, plan.patch_width, bench.labels.width);
    const int y = pixel(at / columns, plan.patch_height, bench.labels.height);
    const size_t index =
        static_cast<size_t>(y) * static_cast<size_t>(bench.labels.width) + static_cast<size_t>(x);
    const uint8_t label = bench.labels.pixels[index * static_cast<size_t>(bench.labels.channels)];
    if (label != 128 && label != 255) continue;
    if (!IsJudged(map.verdicts[at])) continue;
    const float value = map.values[at];
    all.push_back({value, value >= threshold, label == 255});
    if (map.verdicts[at] == kJudgedCell) judged.push_back(all.back());
  }
  std::printf("| %-30s ", name.c_str());
  for (const std::vector<Scored>& places : {judged, all}) {
    const Metrics metrics = ComputeMetrics(places);
    std::printf("| %5zu | %.4f | %.4f | %.4f | %.4f ", places.size(), metrics.auc.value_or(NAN),
                metrics.balanced_accuracy.value_or(NAN), metrics.sensitivity.value_or(NAN),
                metrics.specificity.value_or(NAN));
  }
  std::puts("|");
  std::fflush(stdout);
  return {};
}

Status Run(const Bench& bench) {
  std::puts(
      "| section, filter                | judged | AUC | BAC | sens. | spec. | all | AUC | BAC | "
      "sens. "
      "| spec. |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
  RETURN_IF_ERROR(Print(bench, "as it is", bench.section, bench.um_per_pixel));
  for (const double factor : {1.1, 1.5, 2.0, 4.0, 1 / 1.25, 1 / 1.5, 0.5}) {
    const auto side = [factor](int length) {
      return static_cast<int>(std::lround(length * factor));
    };
    const int width = side(bench.section.width), height = side(bench.section.height);
    for (const Filter& making : {factor > 1 ? kCatmullRom : kArea, kLanczos}) {
      const Image made = Resized(bench.section, width, height, making);
      char begin[32];
      std::snprintf(begin, sizeof(begin), "%.2fx %s, ", factor, making.name);
      for (const Filter& filter : kFilters) {
        const Image back = Resized(made, bench.section.width, bench.section.height, filter);
        RETURN_IF_ERROR(Print(bench, std::string(begin) + filter.name, back, bench.um_per_pixel));
      }
      RETURN_IF_ERROR(
          Print(bench, std::string(begin) + "the scan's", made, bench.um_per_pixel / factor));
    }
  }
  return {};
}

Result<Image> Picture(const std::string& path) {
  ASSIGN_OR_RETURN(const auto bytes, ReadFile(path, kMaxImageBytes, ErrorCode::kImageTooLarge));
  return DecodeImage(bytes);
}

Status Main(int count, char** words) {
  if (count != 4 && count != 5) {
    return Fail(ErrorCode::kInvalidArgument,
                "usage: resampling_bench MODEL.onnx SECTION.png LABELS.png [UM_PER_PIXEL]");
  }
  Bench bench;
  ASSIGN_OR_RETURN(bench.model, ReadFile(words[1], kMaxModelBytes, ErrorCode::kModelUnsupported));
  ASSIGN_OR_RETURN(bench.section, Picture(words[2]));
  ASSIGN_OR_RETURN(bench.labels, Picture(words[3]));
  if (count == 5) bench.um_per_pixel = std::atof(words[4]);
  if (bench.labels.width != bench.section.width || bench.labels.height != bench.section.height) {
    return Fail(ErrorCode::kInvalidArgument, "The labels are of another size than the section.");
  }
  return Run(bench);
}

}  // namespace
}  // namespace insitu

int main(int count, char** words) {
  const insitu::Status status = insitu::Main(count, words);
  if (status.ok()) return 0;
  std::cerr << status.error().message << '\n';
  return 1;
}
