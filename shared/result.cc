#include "shared/result.h"

namespace insitu {

namespace {

struct LastFailure {
  uint32_t number = 0;
  Error error;
};
#ifdef __wasm__  // one thread an instance, and nothing to be done at its end
LastFailure& last_failure = *new LastFailure;
#else
thread_local LastFailure last_failure;  // NOLINT: see Failed
#endif

}  // namespace

Failed FailWith(ErrorCode code, const char* pattern, const TextPart* parts, size_t count) {
  last_failure.error = {code, Fill(pattern, parts, count)};
  if (++last_failure.number == 0) last_failure.number = 1;
  Failed failure;
  failure.number_ = last_failure.number;
  return failure;
}

const Error& Failed::error() const {
  if (number_ == 0 || number_ != last_failure.number) std::abort();
  return last_failure.error;
}

const char* ErrorName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kOk:
      return "ok";
    case ErrorCode::kImageEmpty:
      return "image_empty";
    case ErrorCode::kImageUnknown:
      return "image_unknown";
    case ErrorCode::kImageTruncated:
      return "image_truncated";
    case ErrorCode::kImageCorrupt:
      return "image_corrupt";
    case ErrorCode::kImageTooLarge:
      return "image_too_large";
    case ErrorCode::kModelCorrupt:
      return "model_corrupt";
    case ErrorCode::kModelUnsupported:
      return "model_unsupported";
    case ErrorCode::kModelMetadata:
      return "model_metadata";
    case ErrorCode::kKnownAnswer:
      return "known_answer";
    case ErrorCode::kNotFinite:
      return "not_finite";
    case ErrorCode::kOutOfMemory:
      return "out_of_memory";
    case ErrorCode::kInvalidArgument:
      return "invalid_argument";
    case ErrorCode::kImageRefused:
      return "image_refused";
    case ErrorCode::kScaleTooCoarse:  // ScanErrorName has these
    case ErrorCode::kScaleTooFine:
    case ErrorCode::kImageTooSmall:
      break;
  }
  return "unknown";
}

}  // namespace insitu
