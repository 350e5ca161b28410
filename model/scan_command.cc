// insitu scan: the map of a whole image, as the page makes it. Takes the images that DecodeImage
// takes: PNG, JPEG, BMP, PGM and PPM, up to kMaxImagePixels. Larger ones, and TIFF, SVS and DICOM,
// are opened by the page alone, whose readers are in TypeScript.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <numeric>
#include <sstream>

#include "model/arguments.h"
#include "model/commands.h"
#include "model/files.h"
#include "model/json.h"
#include "model/metrics.h"
#include "model/png_writer.h"
#include "model/scanning.h"
#include "shared/limits.h"
#include "shared/scan_summary.h"

namespace insitu {
namespace {

constexpr const char* kNotice = "For research and education. Not a medical device.";
constexpr int kMostThreads = 64;

double MsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

// Cividis, a scale for colour-blind people (Nuñez, Anderton & Renslow, PLoS ONE 2018), as the
// polynomials of d3-scale-chromatic.
std::array<uint8_t, 4> Cividis(double t) {
  const double r = -4.54 - t * (35.34 - t * (2381.73 - t * (6402.7 - t * (7024.72 - t * 2710.57))));
  const double g = 32.49 + t * (170.73 + t * (52.82 - t * (131.46 - t * (176.58 - t * 67.37))));
  const double b =
      81.24 + t * (442.36 - t * (2482.43 - t * (6167.24 - t * (6614.94 - t * 2475.67))));
  const auto byte = [](double value) {
    return static_cast<uint8_t>(std::clamp(std::lround(value), 0L, 255L));
  };
  return {byte(r), byte(g), byte(b), 255};
}

// One pixel a cell; what is not judged is transparent.
std::vector<uint8_t> Painted(const ScanMap& map) {
  std::vector<uint8_t> rgba;
  for (const float value : map.values) {
    const auto colour = std::isnan(value) ? std::array<uint8_t, 4>{} : Cividis(value);
    rgba.insert(rgba.end(), colour.begin(), colour.end());
  }
  return rgba;
}

// Every cell, for a spreadsheet: x and y are its patch's centre in pixels of the image.
std::string CellsCsv(const ScanPlan& plan, const ScanMap& map) {
  std::ostringstream text;
  text << "column,row,x,y,verdict,probability\n" << std::setprecision(9);
  const auto centre = [&plan](int cell, int patch) {
    return (cell * plan.stride + patch / 2.0) / plan.magnification;
  };
  for (size_t at = 0; at < map.values.size(); ++at) {
    const int column = static_cast<int>(at % static_cast<size_t>(plan.columns));
    const int row = static_cast<int>(at / static_cast<size_t>(plan.columns));
    text << column << ',' << row << ',' << centre(column, plan.patch_width) << ','
         << centre(row, plan.patch_height) << ',' << int{map.verdicts[at]} << ',';
    if (!std::isnan(map.values[at])) text << map.values[at];
    text << '\n';
  }
  return text.str();
}

// What an annotated image says of the map's cells, by the pixel at their centre.
struct Labelled {
  std::vector<Scored> judged;
  std::array<int64_t, 2> not_judged = {};  // labelled cells, by truth
};

Result<Labelled> CompareWith(const Image& labels, const ScanPlan& plan, const ScanMap& map,
                             double threshold) {
  if (labels.width != plan.image.width || labels.height != plan.image.height) {
    return Fail(ErrorCode::kInvalidArgument,
                "The labels are % x % pixels, the image % x %; give labels of the same size.",
                labels.width, labels.height, plan.image.width, plan.image.height);
  }
  constexpr uint8_t kNegative = 128, kPositive = 255;
  Labelled labelled;
  size_t at = 0;
  const auto pixel = [&plan](int cell, int patch, int side) {
    const double centre = cell * plan.stride + patch / 2.0;
    return std::min(side - 1, static_cast<int>(centre / plan.magnification));
  };
  for (int row = 0; row < plan.rows; ++row) {
    for (int column = 0; column < plan.columns; ++column, ++at) {
      const int x = pixel(column, plan.patch_width, labels.width);
      const int y = pixel(row, plan.patch_height, labels.height);
      const size_t index =
          static_cast<size_t>(y) * static_cast<size_t>(labels.width) + static_cast<size_t>(x);
      const uint8_t label = labels.pixels[index * static_cast<size_t>(labels.channels)];
      if (label != kNegative && label != kPositive) continue;
      const bool truth = label == kPositive;
      const float value = map.values[at];
      if (std::isnan(value)) {
        ++labelled.not_judged[truth ? 1 : 0];
      } else {
        labelled.judged.push_back({value, value >= threshold, truth});
      }
    }
  }
  return labelled;
}

Json LabelsJson(const Labelled& labelled) {
  const Metrics metrics = ComputeMetrics(labelled.judged);
  return {
      {"judged", metrics.n},
      {"positive", metrics.confusion.tp + metrics.confusion.fn},
      {"not_judged", {{"negative", labelled.not_judged[0]}, {"positive", labelled.not_judged[1]}}},
      {"auc", OrNull(metrics.auc)},
      {"balanced_accuracy", OrNull(metrics.balanced_accuracy)},
      {"sensitivity", OrNull(metrics.sensitivity)},
      {"specificity", OrNull(metrics.specificity)}};
}

struct Scanned {
  Image image;
  std::vector<Scanner> scanners;
  ScanMap map;
  ScanSummary summary;
  std::optional<Labelled> labelled;
  double decode_ms = 0;
  double summary_ms = 0;
};

Json ScanJson(const std::string& file, const Scanned& scanned) {
  const Scanner& scanner = scanned.scanners.front();
  const ModelInfo& info = scanner.info();
  const ScanPlan& plan = scanner.plan();
  const ScanMethod& method = scanner.method();
  Json json = {
      {"file", file.substr(file.find_last_of('/') + 1)},
      {"model", {{"id", info.id}, {"version", info.version}, {"sha256", scanner.sha256()}}},
      {"notice", kNotice},
      {"image",
       {{"width", plan.image.width},
        {"height", plan.image.height},
        {"um_per_pixel", plan.image.um_per_pixel}}},
      {"magnification", plan.magnification},
      {"stride", plan.stride},
      {"dense", method.dense},
      {"natural_stride", scanner.natural_stride()},
      {"multiply_adds_a_cell", method.multiply_adds},
      {"operating_point",
       {{"threshold", scanned.summary.threshold},
        {"model_threshold", info.threshold},
        {"model_sensitivity", info.threshold_sensitivity},
        {"model_specificity", info.threshold_specificity}}},
      {"summary", Json::parse(SummaryJson(plan, scanned.summary))},
      {"threads", scanned.scanners.size()},
      {"ms",
       {{"decode", scanned.decode_ms}, {"scan", scanned.map.ms}, {"summary", scanned.summary_ms}}}};
  if (plan.warns())
    json["warning"] = "The image had to be enlarged; what is not in it cannot be seen.";
  if (!info.warning.empty()) json["model_warning"] = info.warning;
  if (scanned.labelled) json["labels"] = LabelsJson(*scanned.labelled);
  return json;
}

// mm²
double JudgedAnyway(const ScanSummary& summary) {
  const auto& cells = summary.judged_anyway;
  return summary.cell_mm2 *
         static_cast<double>(std::accumulate(cells.begin(), cells.end(), size_t{0}));
}

std::string ScanText(const std::string& file, const Scanned& scanned) {
  const Scanner& scanner = scanned.scanners.front();
  const ScanPlan& plan = scanner.plan();
  const ScanSummary& summary = scanned.summary;
  std::ostringstream text;
  text << std::fixed << std::setprecision(2) << file << ": " << plan.columns << " x " << plan.rows
       << " places, every " << plan.stride << " px of " << plan.um_per_pixel << " µm ("
       << (scanner.method().dense ? "one pass" : "patch by patch") << ")\n";
  text << "judged " << static_cast<double>(summary.judged) * summary.cell_mm2 << " of "
       << summary.image_mm2 << " mm²; at or above " << summary.threshold << ": "
       << static_cast<double>(summary.positive) * summary.cell_mm2 << " mm²\n";
  if (summary.uncertain) {
    const auto& [cells, band] = *summary.uncertain;
    text << "uncertain, have it read, from " << band.low << " to below " << band.high << ": "
         << static_cast<double>(cells) * summary.cell_mm2 << " mm²\n";
  }
  if (const double anyway = JudgedAnyway(summary); anyway > 0) {
    text << "of that refused by the gate and judged anyway: " << anyway << " mm²\n";
  }
  if (scanned.labelled) {
    const Metrics metrics = ComputeMetrics(scanned.labelled->judged);
    text << "against the labels of " << metrics.n << " places: AUC " << metrics.auc.value_or(NAN)
         << ", balanced accuracy " << metrics.balanced_accuracy.value_or(NAN) << '\n';
  }
  text << scanned.map.ms << " ms on " << scanned.scanners.size() << " threads\n" << kNotice << '\n';
  return text.str();
}

struct Options {
  std::string model, image, out, csv, labels;
  ScanRequest request;
  double threshold = NAN;  // the model's own
};

Result<Options> ReadOptions(const Arguments& arguments) {
  const auto invalid = [](const char* what) { return Fail(ErrorCode::kInvalidArgument, what); };
  Options options;
  if (!arguments.Has("model")) return invalid("scan needs --model MODEL.");
  if (arguments.positional().size() != 1) return invalid("scan needs one image.");
  // Never guessed: at another scale the model's answers mean nothing.
  if (!arguments.Has("um-per-pixel")) return invalid("scan needs the image's --um-per-pixel X.");
  options.model = arguments.Text("model");
  options.image = arguments.positional()[0];
  options.out = arguments.Text("out");
  options.csv = arguments.Text("csv");
  options.labels = arguments.Text("labels");
  ASSIGN_OR_RETURN(options.request.um_per_pixel, arguments.Number("um-per-pixel", 0, 0.01, 10000));
  ASSIGN_OR_RETURN(const int64_t stride, arguments.Integer("stride", 0, 0, 100000));
  ASSIGN_OR_RETURN(const int64_t threads, arguments.Integer("threads", 1, 1, kMostThreads));
  if (arguments.Has("threshold")) {
    ASSIGN_OR_RETURN(options.threshold, arguments.Number("threshold", 0, 0, 1));
  }
  options.request.stride = static_cast<int>(stride);
  options.request.threads = static_cast<int>(threads);
  options.request.gate = {arguments.Has("says-film"), arguments.Has("judge-anyway")};
  const std::string method = arguments.Text("method", "best");
  if (method == "dense") options.request.way = ScanWay::kDense;
  if (method == "patches") options.request.way = ScanWay::kPatches;
  if (method != "best" && method != "dense" && method != "patches") {
    return invalid("--method is best, dense or patches.");
  }
  return options;
}

Result<Image> ReadPicture(const std::string& path) {
  const auto bytes = ReadFile(path, kMaxImageBytes, ErrorCode::kImageTooLarge);
  if (!bytes.ok()) return Located(path, bytes.error());
  Result<Image> image = DecodeImage(bytes.value());
  if (!image.ok()) return Located(path, image.error());
  return image;
}

Result<Scanned> Scan(const Options& options) {
  const auto model = ReadFile(options.model, kMaxModelBytes, ErrorCode::kModelUnsupported);
  if (!model.ok()) return Located(options.model, model.error());
  Scanned scanned;
  auto start = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(scanned.image, ReadPicture(options.image));
  scanned.decode_ms = MsSince(start);
  ASSIGN_OR_RETURN(scanned.scanners, MakeScanners(model.value(), scanned.image, options.request));
  ASSIGN_OR_RETURN(scanned.map, ScanImageWith(&scanned.scanners, scanned.image));
  const Scanner& scanner = scanned.scanners.front();
  const double threshold =
      std::isnan(options.threshold) ? scanner.info().threshold : options.threshold;
  start = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(scanned.summary, Summarise(scanner.plan(), scanner.info(), scanned.map.values,
                                              scanned.map.verdicts, threshold));
  scanned.summary_ms = MsSince(start);
  if (!options.labels.empty()) {
    ASSIGN_OR_RETURN(const Image labels, ReadPicture(options.labels));
    ASSIGN_OR_RETURN(scanned.labelled, CompareWith(labels, scanner.plan(), scanned.map, threshold));
  }
  if (!options.out.empty()) {
    const ScanPlan& plan = scanner.plan();
    RETURN_IF_ERROR(
        WriteFile(options.out, WritePng(plan.columns, plan.rows, Painted(scanned.map))));
  }
  if (!options.csv.empty()) {
    const std::string cells = CellsCsv(scanner.plan(), scanned.map);
    RETURN_IF_ERROR(
        WriteFile(options.csv, {reinterpret_cast<const uint8_t*>(cells.data()), cells.size()}));
  }
  return scanned;
}

}  // namespace

int RunScan(const Words& words, std::ostream& out, std::ostream& err) {
  const auto arguments = Arguments::Parse(words, {{"model", true},
                                                  {"um-per-pixel", true},
                                                  {"stride", true},
                                                  {"threshold", true},
                                                  {"threads", true},
                                                  {"method", true},
                                                  {"labels", true},
                                                  {"out", true},
                                                  {"csv", true},
                                                  {"judge-anyway"},
                                                  {"says-film"},
                                                  {"json"}});
  if (!arguments.ok()) return UsageError(arguments.error().message, err);
  const auto options = ReadOptions(arguments.value());
  if (!options.ok()) return UsageError(options.error().message, err);
  const auto scanned = Scan(options.value());
  if (!scanned.ok()) return Failure(scanned.error(), err);
  const std::string& file = options.value().image;
  if (arguments.value().Has("json")) {
    out << ToText(ScanJson(file, scanned.value()), true) << '\n';
  } else {
    out << ScanText(file, scanned.value());
  }
  return kExitOk;
}

}  // namespace insitu
