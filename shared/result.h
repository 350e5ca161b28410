// Errors as values: every fallible function in shared/ and wasm/ returns Result<T>; nothing throws.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "shared/str_cat.h"

namespace insitu {

// The one table of error codes. A code crosses the C ABI as its number and its name; the message
// beside it is a sentence for a person that says what is wrong and what to do.
enum class ErrorCode : int {
  kOk = 0,
  kImageEmpty = 1,        // no bytes
  kImageUnknown = 2,      // not a format this engine reads
  kImageTruncated = 3,    // the file ends before the image does
  kImageCorrupt = 4,      // a format it reads, but the bytes contradict it
  kImageTooLarge = 5,     // beyond a limit of limits.h
  kModelCorrupt = 6,      // not ONNX, cut short, or its checksum differs
  kModelUnsupported = 7,  // names the operator, attribute or shape the engine lacks
  kModelMetadata = 8,     // an insitu.* entry is missing, unknown or not understood
  kKnownAnswer = 9,       // the model's own known answer came out differently
  kNotFinite = 10,        // the network returned NaN or infinity
  kOutOfMemory = 11,
  kInvalidArgument = 12,  // the caller broke the contract of a function
  kImageRefused = 13,     // the gate (gate.h) does not let the image be read
  kScaleTooCoarse = 14,   // of an image to be scanned; named in scan.h, to keep the engine small
  kScaleTooFine = 15,
  kImageTooSmall = 16,
};

// Stable lower-case name of a code, for instance "image_truncated".
const char* ErrorName(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kOk;
  std::string message;  // one sentence, UTF-8
};

// That something failed; what, is kept once a thread until the next failure there. A Failed is a
// number: handing messages up from caller to caller, and destroying them, was code at every call
// that can fail, 4 KB of the download.
class [[nodiscard]] Failed {
 public:
  // The error behind it. Asking after another failure on this thread is a programming error and
  // aborts: look at a Result before calling on.
  const Error& error() const;

 private:
  template <typename T>
  friend class Result;
  friend class Status;
  friend Failed FailWith(ErrorCode code, const char* pattern, const TextPart* parts, size_t count);

  Failed() = default;
  uint32_t number_ = 0;  // of the failure on its thread, from 1; 0: none
};

// The message is Fill(pattern, parts, count): see str_cat.h.
Failed FailWith(ErrorCode code, const char* pattern, const TextPart* parts, size_t count);

// return Fail(ErrorCode::kImageTooLarge, "The image has % pixels; …", count);
template <typename... Parts>
[[gnu::always_inline]] inline Failed Fail(ErrorCode code, const char* pattern,
                                          const Parts&... parts) {
  return WithParts([code](const char* p, const TextPart* array,
                          size_t count) { return FailWith(code, p, array, count); },
                   pattern, parts...);
}
inline Failed Fail(ErrorCode code, const std::string& message) { return Fail(code, "%", message); }

// Holds a T or failed. Asking for the one that is not there is a programming error and aborts.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}                            // NOLINT: implicit
  Result(Failed failure) : failure_(failure) {}                            // NOLINT: implicit
  Result(const Error& error) : Result(Fail(error.code, error.message)) {}  // NOLINT: implicit

  bool ok() const { return value_.has_value(); }
  T& value() {
    if (!ok()) std::abort();
    return *value_;
  }
  const T& value() const {
    if (!ok()) std::abort();
    return *value_;
  }
  const Error& error() const { return failure_.error(); }
  Failed failure() const { return failure_; }

 private:
  std::optional<T> value_;
  Failed failure_;
};

// The same for small values, as one number: WebAssembly returns that in a register, anything larger
// through memory, and most Results of the planner are an index or a yes or no.
template <typename T>
  requires(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(uint32_t))
class [[nodiscard]] Result<T> {
 public:
  Result(T value) {  // NOLINT: implicit
    uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof(value));
    bits_ = bits;
  }
  Result(Failed failure) : bits_(kFailure | failure.number_) {}            // NOLINT: implicit
  Result(const Error& error) : Result(Fail(error.code, error.message)) {}  // NOLINT: implicit

  bool ok() const { return bits_ >= 0; }
  T value() const {
    if (!ok()) std::abort();
    const auto bits = static_cast<uint32_t>(bits_);
    T value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
  }
  const Error& error() const { return failure().error(); }
  Failed failure() const {
    Failed failure;
    if (!ok()) failure.number_ = static_cast<uint32_t>(bits_);
    return failure;
  }

 private:
  static constexpr int64_t kFailure = std::numeric_limits<int64_t>::min();

  int64_t bits_;  // negative: the failure's number below its sign; or the value
};

// Success or a failure.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Failed failure) : failure_(failure) {}                            // NOLINT: implicit
  Status(const Error& error) : Status(Fail(error.code, error.message)) {}  // NOLINT: implicit

  bool ok() const { return failure_.number_ == 0; }
  const Error& error() const { return failure_.error(); }
  Failed failure() const { return failure_; }

 private:
  Failed failure_;
};

template <typename T>
T TakeValue(Result<T>* result) {
  return std::move(result->value());
}

#define INSITU_CONCAT_(a, b) a##b
#define INSITU_CONCAT(a, b) INSITU_CONCAT_(a, b)

// RETURN_IF_ERROR(DoThis());
#define RETURN_IF_ERROR(expression)                          \
  do {                                                       \
    const auto insitu_status = (expression);                 \
    if (!insitu_status.ok()) return insitu_status.failure(); \
  } while (false)

// ASSIGN_OR_RETURN(Image image, DecodeImage(bytes));
#define ASSIGN_OR_RETURN(declaration, expression) \
  ASSIGN_OR_RETURN_(INSITU_CONCAT(insitu_result_, __LINE__), declaration, expression)
#define ASSIGN_OR_RETURN_(result, declaration, expression) \
  auto result = (expression);                              \
  if (!result.ok()) return result.failure();               \
  declaration = insitu::TakeValue(&result)

}  // namespace insitu
