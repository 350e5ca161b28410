// ONNX bytes -> the graph as plain structs; nothing is interpreted here beyond the file format.
// Source: onnx.proto of ONNX IR version 10 (field numbers in onnx.cc).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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

// A value's name, as its place among those of the file: lists indexed by it are quicker and smaller
// than maps of texts.
using NameId = int32_t;
inline constexpr NameId kNoName = 0;  // the empty text: an optional input or output left out

struct OnnxNode {
  std::string op_type;
  std::string name;
  std::string domain;  // "" for ONNX's own operators
  std::vector<NameId> inputs;
  std::vector<NameId> outputs;
  std::vector<OnnxAttribute> attributes;
};

struct OnnxValueInfo {
  NameId name = kNoName;
  int element_type = 0;  // onnx.TensorProto.DataType; 0 when the file does not say
  Shape shape;           // -1 for a dimension that is named or unknown
};

// The names of values, each once.
class NameTable {
 public:
  NameTable() { Intern(""); }
  NameId Intern(std::string_view name);
  const std::string& text(NameId id) const { return texts_[static_cast<size_t>(id)]; }
  size_t size() const { return texts_.size(); }

 private:
  NameId* Slot(std::string_view name);

  std::vector<std::string> texts_;
  std::vector<NameId> slots_;  // a hash table with open addressing; kNoName where free
};

struct OnnxModel {
  NameTable names;
  int64_t ir_version = 0;
  int64_t opset = 0;  // of ONNX's own domain
  std::string producer;
  std::vector<OnnxNode> nodes;  // in the file's order, which ONNX requires to be topological
  std::vector<std::pair<NameId, Tensor>> initializers;  // the last of a name counts
  std::vector<OnnxValueInfo> inputs;  // initializers listed as inputs are left out
  std::vector<OnnxValueInfo> outputs;
  std::vector<std::pair<std::string, std::string>> metadata;

  // Null when the file holds no initializer of that name.
  const Tensor* FindInitializer(std::string_view name) const;
};

// onnx.TensorProto.DataType
inline constexpr int kOnnxFloat = 1;

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
