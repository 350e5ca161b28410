// ONNX bytes -> the graph as plain structs; nothing is interpreted here beyond the file format.
// Source: onnx.proto of ONNX IR version 10 (field numbers in onnx.cc). The only user of protozero.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "shared/network/tensor.h"
#include "shared/result.h"

namespace insitu {

struct OnnxAttribute {
  std::string name;
  std::optional<float> number;
  std::optional<int64_t> integer;
  std::optional<std::string> text;
  std::optional<Tensor> tensor;
  std::vector<float> numbers;
  std::vector<int64_t> integers;
};

struct OnnxNode {
  std::string op_type;
  std::string name;
  std::string domain;                // "" for ONNX's own operators
  std::vector<std::string> inputs;   // "" where an optional one is left out
  std::vector<std::string> outputs;  // likewise
  std::vector<OnnxAttribute> attributes;
};

struct OnnxValueInfo {
  std::string name;
  int element_type = 0;  // onnx.TensorProto.DataType; 0 when the file does not say
  Shape shape;           // -1 for a dimension that is named or unknown
};

struct OnnxModel {
  int64_t ir_version = 0;
  int64_t opset = 0;  // of ONNX's own domain
  std::string producer;
  std::vector<OnnxNode> nodes;  // in the file's order, which ONNX requires to be topological
  std::map<std::string, Tensor> initializers;
  std::vector<OnnxValueInfo> inputs;  // initializers listed as inputs are left out
  std::vector<OnnxValueInfo> outputs;
  std::vector<std::pair<std::string, std::string>> metadata;
};

// onnx.TensorProto.DataType
inline constexpr int kOnnxFloat = 1;
bool IsOnnxInteger(int element_type);  // whole numbers and booleans

// The oldest and newest operator set whose meaning the planner knows.
inline constexpr int64_t kMinOpset = 6;
inline constexpr int64_t kMaxOpset = 22;

// bytes: a ModelProto; not referred to after the call. Errors: kModelCorrupt (not protobuf, cut
// short, data that do not fill their shape), kModelUnsupported (element type, external data, sparse
// initializers, functions, opset), each naming the place.
Result<OnnxModel> ReadOnnx(std::span<const uint8_t> bytes);

// bytes: a TensorProto, as ONNX's backend tests store inputs and outputs. Returns name and value.
Result<std::pair<std::string, Tensor>> ReadOnnxTensor(std::span<const uint8_t> bytes);

}  // namespace insitu
