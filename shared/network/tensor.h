// Shapes and values known while a network is planned.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <span>
#include <string>

#include "shared/limits.h"
#include "shared/list.h"

namespace insitu {

// One number for each dimension of a tensor: its size, its stride, the axis it comes from. Held in
// place, because the planner copies these everywhere, and a vector's copies and clean-ups were a
// good part of the download. Going beyond kCapacity is a programming error and aborts: what a file
// says is checked against kMaxTensorRank before it becomes a Shape.
class Shape {
 public:
  static constexpr size_t kCapacity = kMaxTensorRank + 1;  // one more, while a shape is worked out

  Shape() = default;
  explicit Shape(size_t size, int64_t value = 0) {
    for (size_t i = 0; i < size; ++i) push_back(value);
  }
  Shape(std::initializer_list<int64_t> dims) : Shape(std::span(dims.begin(), dims.size())) {}
  explicit Shape(std::span<const int64_t> dims) {
    for (int64_t dim : dims) push_back(dim);
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  int64_t& operator[](size_t axis) { return dims_[axis]; }
  int64_t operator[](size_t axis) const { return dims_[axis]; }
  int64_t back() const { return dims_[size_ - 1]; }
  const int64_t* begin() const { return dims_; }
  const int64_t* end() const { return dims_ + size_; }
  int64_t* begin() { return dims_; }
  int64_t* end() { return dims_ + size_; }

  void push_back(int64_t dim) {
    if (size_ == kCapacity) std::abort();
    dims_[size_++] = dim;
  }
  void erase(size_t axis) {
    for (--size_; axis < size_; ++axis) dims_[axis] = dims_[axis + 1];
  }
  // The dimensions from `from` on, up to `to`.
  std::span<const int64_t> part(size_t from, size_t to) const { return {dims_ + from, to - from}; }
  std::span<const int64_t> part(size_t from) const { return part(from, size_); }

  bool operator==(const Shape& other) const;

 private:
  int64_t dims_[kCapacity] = {};
  size_t size_ = 0;
};

// Weights and activations are floats; shapes, axes and indices are whole numbers, which exist only
// while planning. ONNX's other types are converted on reading (float16 -> kFloat, int32, uint8,
// bool … -> kInt64) or refused.
enum class DataType { kFloat, kInt64 };

// A dense value in ONNX's own order, last dimension fastest. Only the vector of its type is used.
struct Tensor {
  DataType type = DataType::kFloat;
  Shape shape;
  List<float> floats;
  List<int64_t> ints;
  // In place of floats: float16 numbers as a model's file has them, which they refer to; until
  // somebody asks for them (onnx_tensor.h, Widen).
  std::span<const uint8_t> halves = {};
};

int64_t ElementCount(const Shape& shape);

// "3x50x50"; "scalar" for rank 0.
std::string ShapeText(const Shape& shape);

// Distance in elements between neighbours along each dimension of a dense tensor.
Shape DenseStrides(const Shape& shape);

}  // namespace insitu
