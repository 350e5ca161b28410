// TensorProto, the part of ONNX files that weights, constants and test data are stored in.
// Source: onnx.proto of ONNX IR version 10.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shared/network/protobuf.h"
#include "shared/network/tensor.h"
#include "shared/result.h"

namespace insitu {

// How this reader and onnx.cc refuse a file.
template <typename... Parts>
[[gnu::always_inline]] inline Failed CorruptModel(const Parts&... what) {
  return Fail(ErrorCode::kModelCorrupt, "The model file is damaged or not ONNX (", what...,
              "). Fetch it again.");
}

template <typename... Parts>
[[gnu::always_inline]] inline Failed UnsupportedModel(const Parts&... what) {
  return Fail(ErrorCode::kModelUnsupported, "The model cannot be run: ", what..., ".");
}

// A TensorProto before its data are converted.
struct StoredTensor {
  std::string name;
  std::vector<int64_t> dims;
  int64_t element_type = 0;
  bool external = false;
  std::optional<std::span<const uint8_t>> raw;
  std::vector<float> floats;
  std::vector<int64_t> ints;  // int32_data and int64_data
};

// Damage is told by the reader.
StoredTensor ReadStoredTensor(ProtobufReader reader);

// Errors: kModelCorrupt (data that do not fill the shape), kModelUnsupported (element type,
// external data, a limit).
Result<Tensor> ConvertTensor(StoredTensor stored);

// onnx.TensorProto.DataType of whole numbers and booleans.
bool IsOnnxInteger(int64_t element_type);

}  // namespace insitu
