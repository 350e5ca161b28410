// libFuzzer: arbitrary bytes as an image file. They must become an image that is whole and within
// the limits, or be refused with a code and a sentence.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "shared/gate.h"
#include "shared/image.h"
#include "shared/limits.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

bool IsRefusalOfImage(insitu::ErrorCode code) {
  switch (code) {
    case insitu::ErrorCode::kImageEmpty:
    case insitu::ErrorCode::kImageUnknown:
    case insitu::ErrorCode::kImageTruncated:
    case insitu::ErrorCode::kImageCorrupt:
    case insitu::ErrorCode::kImageTooLarge:
      return true;
    default:
      return false;  // out of memory too: nothing this small may need so much
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto decoded = insitu::DecodeImage({data, size});
  if (!decoded.ok()) {
    Require(IsRefusalOfImage(decoded.error().code) && !decoded.error().message.empty());
    return 0;
  }
  const insitu::Image& image = decoded.value();
  Require(image.width >= 1 && image.width <= insitu::kMaxImageSide);
  Require(image.height >= 1 && image.height <= insitu::kMaxImageSide);
  Require(int64_t{image.width} * image.height <= insitu::kMaxImagePixels);
  Require(image.channels == 1 || image.channels == 3);
  const auto samples = int64_t{image.width} * image.height * image.channels;
  Require(image.pixels.size() == static_cast<size_t>(samples));
  for (const auto kind : {insitu::ImageKind::kHistology, insitu::ImageKind::kMammogram}) {
    const insitu::GateVerdict verdict = insitu::JudgeImage(image, kind);
    Require(verdict.score >= 0 && verdict.score <= 1);
    Require(verdict.accepted || verdict.reason != insitu::GateReason::kNone);
  }
  return 0;
}
