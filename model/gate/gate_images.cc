#include "model/gate/gate_images.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

#include "model/files.h"
#include "model/progress.h"
#include "shared/limits.h"

namespace insitu {
namespace {

Result<GateReason> ReasonNamed(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(GateReason::kTooSmall); ++i) {
    const auto reason = static_cast<GateReason>(i);
    if (name == ReasonName(reason)) return reason;
  }
  return Fail(ErrorCode::kInvalidArgument, "The list names % as a reason, which the gate has not.",
              name);
}

Result<GateImage> ReadLine(const std::string& line) {
  std::istringstream text(line);
  GateImage image;
  std::string reason;
  std::string use;
  for (std::string* part :
       {&image.path, &image.family, &image.variant, &reason, &image.group, &use}) {
    if (!std::getline(text, *part, '\t')) {
      return Fail(ErrorCode::kInvalidArgument, "A line of the list has not six parts: %", line);
    }
  }
  ASSIGN_OR_RETURN(image.reason, ReasonNamed(reason));
  image.makes = use != "test";
  image.tests = use != "make";
  return image;
}

Status Measure(GateImage* image) {
  const auto bytes = ReadFile(image->path, kMaxImageBytes, ErrorCode::kImageTooLarge);
  if (!bytes.ok()) return Located(image->path, bytes.error());
  const Result<Image> decoded = DecodeImage(bytes.value());
  if (!decoded.ok()) return Located(image->path, decoded.error());
  const DensityTable table;
  float weights = 0;
  for (int i = 0; i < TileCount(decoded.value()); ++i) {
    image->tiles.push_back(MeasureTile(decoded.value(), table, i));
    weights += TileWeight(image->tiles.back());
  }
  image->is_empty = weights < kEmptyWeight * static_cast<float>(image->tiles.size());
  image->film = MeasureFilm(decoded.value());
  image->is_film_size = std::min(decoded.value().width, decoded.value().height) >= kMinFilmSide;
  image->as_histology = JudgeImage(decoded.value(), ImageKind::kHistology);
  image->as_film = JudgeImage(decoded.value(), ImageKind::kMammogram);
  return {};
}

}  // namespace

Result<std::vector<GateImage>> ReadGateImages(const std::string& list) {
  std::ifstream file(list);
  if (!file) {
    return Fail(ErrorCode::kInvalidArgument, "% cannot be read; make_images.py writes it.", list);
  }
  std::vector<GateImage> images;
  for (std::string line; std::getline(file, line);) {
    ASSIGN_OR_RETURN(GateImage image, ReadLine(line));
    images.push_back(std::move(image));
  }
  Progress progress("Measuring images", images.size());
  for (size_t i = 0; i < images.size(); ++i) {
    RETURN_IF_ERROR(Measure(&images[i]));
    progress.Update(i + 1);
  }
  return images;
}

}  // namespace insitu
