// ONNX bytes -> the graph as plain structs; nothing is interpreted here beyond the file format.
// Source: onnx.proto of ONNX IR version 10 (field numbers in onnx.cc).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/list.h"
#include "shared/network/tensor.h"
#include "shared/result.h"

namespace insitu {

// A text of the file, as its place among all of them: lists indexed by it are quicker and smaller
// than maps of texts, and structs that hold it copy as numbers.
using NameId = int32_t;
inline constexpr NameId kNoName = 0;  // the empty text: an optional input or output left out

// An attribute as far as it is given; what is not is 0 or empty, as proto3 leaves it.
struct OnnxAttribute {
  NameId name = kNoName;
  NameId text = kNoName;
  int64_t integer = 0;
  float number = 0;
  bool has_tensor = false;
  Tensor tensor;  // a tensor's value; or in its floats and ints the lists of those types
};

struct OnnxNode {
  NameId op_type = kNoName;
  NameId name = kNoName;
  NameId domain = kNoName;  // "" for ONNX's own operators
  List<NameId> inputs;
  List<NameId> outputs;
  List<OnnxAttribute> attributes;
};

struct OnnxValueInfo {
  NameId name = kNoName;
  int element_type = 0;  // onnx.TensorProto.DataType; 0 when the file does not say
  Shape shape;           // -1 for a dimension that is named or unknown; cut at its capacity
};

// The names of values, operators and attributes, each once.
class NameTable {
 public:
  NameTable() { Intern(""); }
  NameId Intern(std::string_view name);
  // Valid until the next Intern().
  std::string_view text(NameId id) const {
    const auto at = static_cast<size_t>(id);
    return {characters_.data() + starts_[at], starts_[at + 1] - starts_[at]};
  }
  size_t size() const { return starts_.size() - 1; }

 private:
  NameId* Slot(std::string_view name);

  List<char> characters_;  // all names, one after the other
  List<size_t> starts_;    // of each name, and the end of the last
  List<NameId> slots_;     // a hash table with open addressing; kNoName where free
};

struct OnnxModel {
  NameTable names;
  int64_t ir_version = 0;
  int64_t opset = 0;  // of ONNX's own domain
  std::string producer;
  List<OnnxNode> nodes;  // in the file's order, which ONNX requires to be topological
  List<std::pair<NameId, Tensor>> initializers;  // the last of a name counts
  List<OnnxValueInfo> inputs;                    // initializers listed as inputs are left out
  List<OnnxValueInfo> outputs;
  std::vector<std::pair<std::string, std::string>> metadata;

  // Null when the file holds no initializer of that name.
  const Tensor* FindInitializer(std::string_view name) const;
};

// onnx.TensorProto.DataType
inline constexpr int kOnnxFloat = 1;

// The oldest and newest operator set whose meaning the planner knows.
inline constexpr int64_t kMinOpset = 6;
inline constexpr int64_t kMaxOpset = 22;

// What becomes of the float16 numbers of initializers.
enum class Halves {
  kWiden,  // floats
  kRefer,  // Tensor::halves where they are stored as raw bytes: the model refers to the file
};

// bytes: a ModelProto; not referred to after the call but by Halves::kRefer. Errors: kModelCorrupt
// (not protobuf, cut short, data that do not fill their shape), kModelUnsupported (element type,
// external data, sparse initializers, functions, opset), each naming the place.
Result<OnnxModel> ReadOnnx(std::span<const uint8_t> bytes, Halves halves = Halves::kWiden);

// bytes: a TensorProto, as ONNX's backend tests store inputs and outputs. Returns name and value.
Result<std::pair<std::string, Tensor>> ReadOnnxTensor(std::span<const uint8_t> bytes);

}  // namespace insitu
