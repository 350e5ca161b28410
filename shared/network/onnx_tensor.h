// TensorProto, the part of ONNX files that weights, constants and test data are stored in.
// Source: onnx.proto of ONNX IR version 10.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "shared/list.h"
#include "shared/network/protobuf.h"
#include "shared/network/tensor.h"
#include "shared/result.h"

namespace insitu {

// How this reader and onnx.cc refuse a file; what is wrong is a pattern with its parts.
Failed CorruptModelWith(const char* pattern, const TextPart* parts, size_t count);
Failed UnsupportedModelWith(const char* pattern, const TextPart* parts, size_t count);

template <typename... Parts>
[[gnu::always_inline]] inline Failed CorruptModel(const char* pattern, const Parts&... parts) {
  return WithParts(CorruptModelWith, pattern, parts...);
}

template <typename... Parts>
[[gnu::always_inline]] inline Failed UnsupportedModel(const char* pattern, const Parts&... parts) {
  return WithParts(UnsupportedModelWith, pattern, parts...);
}

// A TensorProto before its data are converted.
struct StoredTensor {
  std::string_view name;  // of the file
  List<int64_t> dims;
  int64_t element_type = 0;
  bool external = false;
  std::optional<std::span<const uint8_t>> raw;
  List<float> floats;
  List<int64_t> ints;  // int32_data and int64_data
};

// Damage is told by the reader.
StoredTensor ReadStoredTensor(ProtobufReader reader);

// float16 numbers stay in the file, as Tensor::halves, where they are stored as raw bytes. Errors:
// kModelCorrupt (data that do not fill the shape), kModelUnsupported (element type, external data,
// a limit).
Result<Tensor> ConvertTensor(StoredTensor stored);

// Tensor::halves, if there are any, become floats.
void Widen(Tensor* tensor);

// onnx.TensorProto.DataType of whole numbers and booleans.
bool IsOnnxInteger(int64_t element_type);

}  // namespace insitu
