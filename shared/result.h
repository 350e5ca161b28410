// Errors as values: every fallible function in shared/ and wasm/ returns Result<T>; nothing throws.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>

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
};

// Stable lower-case name of a code, for instance "image_truncated".
const char* ErrorName(ErrorCode code);

struct Error {
  ErrorCode code;
  std::string message;  // one sentence, UTF-8
};

// Holds a T or an Error. Asking for the one that is not there is a programming error and aborts.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return state_.index() == 0; }
  T& value() { return *Get<0>(&state_); }
  const T& value() const { return *Get<0>(&state_); }
  const Error& error() const { return *Get<1>(&state_); }

 private:
  template <int kIndex, typename Variant>
  static auto* Get(Variant* state) {
    auto* held = std::get_if<kIndex>(state);
    if (held == nullptr) std::abort();
    return held;
  }

  std::variant<T, Error> state_;
};

// Success or an Error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return !error_.has_value(); }
  const Error& error() const {
    if (ok()) std::abort();
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

#define INSITU_CONCAT_(a, b) a##b
#define INSITU_CONCAT(a, b) INSITU_CONCAT_(a, b)

// RETURN_IF_ERROR(DoThis());
#define RETURN_IF_ERROR(expression)                      \
  do {                                                   \
    auto insitu_status = (expression);                   \
    if (!insitu_status.ok()) return insitu_status.error(); \
  } while (false)

// ASSIGN_OR_RETURN(Image image, DecodeImage(bytes));
#define ASSIGN_OR_RETURN(declaration, expression) \
  ASSIGN_OR_RETURN_(INSITU_CONCAT(insitu_result_, __LINE__), declaration, expression)
#define ASSIGN_OR_RETURN_(result, declaration, expression) \
  auto result = (expression);                              \
  if (!result.ok()) return result.error();                 \
  declaration = std::move(result.value())

}  // namespace insitu
