// Shapes and values known while a network is planned.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace insitu {

using Shape = std::vector<int64_t>;

// Weights and activations are floats; shapes, axes and indices are whole numbers, which exist only
// while planning. ONNX's other types are converted on reading (float16 -> kFloat, int32, uint8,
// bool … -> kInt64) or refused.
enum class DataType { kFloat, kInt64 };

// A dense value in ONNX's own order, last dimension fastest. Only the vector of its type is used.
struct Tensor {
  DataType type = DataType::kFloat;
  Shape shape;
  std::vector<float> floats;
  std::vector<int64_t> ints;
};

int64_t ElementCount(const Shape& shape);

// "3x50x50"; "scalar" for rank 0.
std::string ShapeText(const Shape& shape);

// Distance in elements between neighbours along each dimension of a dense tensor.
Shape DenseStrides(const Shape& shape);

}  // namespace insitu
