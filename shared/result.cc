#include "shared/result.h"

namespace insitu {

const char* ErrorName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kOk: return "ok";
    case ErrorCode::kImageEmpty: return "image_empty";
    case ErrorCode::kImageUnknown: return "image_unknown";
    case ErrorCode::kImageTruncated: return "image_truncated";
    case ErrorCode::kImageCorrupt: return "image_corrupt";
    case ErrorCode::kImageTooLarge: return "image_too_large";
    case ErrorCode::kModelCorrupt: return "model_corrupt";
    case ErrorCode::kModelUnsupported: return "model_unsupported";
    case ErrorCode::kModelMetadata: return "model_metadata";
    case ErrorCode::kKnownAnswer: return "known_answer";
    case ErrorCode::kNotFinite: return "not_finite";
    case ErrorCode::kOutOfMemory: return "out_of_memory";
    case ErrorCode::kInvalidArgument: return "invalid_argument";
  }
  return "unknown";
}

}  // namespace insitu
