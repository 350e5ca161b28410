#include "shared/network/bfloat_dense.h"

#include <algorithm>
#include <bit>

#include "shared/divide_up.h"
#include "shared/vector.h"

namespace insitu {
namespace {

constexpr int64_t kLanes = 4;
using V = VectorOf<kLanes>::Type;
using Words = uint32_t __attribute__((vector_size(kLanes * sizeof(uint32_t))));
using WordsInMemory =
    uint32_t __attribute__((vector_size(kLanes * sizeof(uint32_t)), aligned(sizeof(uint32_t))));

constexpr int64_t kBlock = 2 * kLanes;  // columns of a block of the weights
constexpr int64_t kBlocks = 4;          // at a time: eight sums do not wait for each other
constexpr int64_t kColumns = kBlocks * kBlock;
constexpr uint32_t kUpperHalf = 0xffff0000;

class BfloatDense final : public PerItem {
 public:
  explicit BfloatDense(const DenseSpec& spec)
      : rows_(spec.rows),
        inputs_(spec.inputs),
        outputs_(spec.outputs),
        clamp_(spec.clamp),
        weights_(static_cast<size_t>(Filled() / 2 * inputs_)),
        bias_(static_cast<size_t>(Filled())) {
    for (int64_t column = 0; column < outputs_; ++column) {
      if (spec.bias != nullptr) bias_[static_cast<size_t>(column)] = spec.bias[column];
      const int64_t in_block = column % kBlock;
      uint32_t* to = weights_.data() + column / kBlock * inputs_ * kLanes + in_block % kLanes;
      for (int64_t k = 0; k < inputs_; ++k, to += kLanes) {
        const auto bits = std::bit_cast<uint32_t>(spec.weights[column * inputs_ + k]);
        *to |= in_block < kLanes ? bits >> 16 : bits;
      }
    }
  }

 private:
  // Columns, with some that are all zero, so that there are always enough.
  int64_t Filled() const { return RoundUp(outputs_, kColumns); }

  void RunItem(const float* const* inputs, float* output) const override {
    for (int64_t row = 0; row < rows_; ++row) {
      for (int64_t column = 0; column < outputs_; column += kColumns) {
        Multiply(inputs[0] + row * inputs_, column, output + row * outputs_ + column);
      }
    }
  }

  void Multiply(const float* input, int64_t column, float* output) const {
    V sum[kBlocks][2];
#pragma clang loop unroll(full)
    for (int64_t b = 0; b < kBlocks; ++b) {
      sum[b][0] = At<kLanes>(bias_.data() + column + b * kBlock);
      sum[b][1] = At<kLanes>(bias_.data() + column + b * kBlock + kLanes);
    }
    const uint32_t* weights = weights_.data() + column / 2 * inputs_;
    for (const float* end = input + inputs_; input != end; ++input, weights += kLanes) {
      const V value = *input - V{};  // + would turn -0 to 0
#pragma clang loop unroll(full)
      for (int64_t b = 0; b < kBlocks; ++b) {
        const Words both = *reinterpret_cast<const WordsInMemory*>(weights + b * inputs_ * kLanes);
        MultiplyAdd(value, std::bit_cast<V>(both << 16), &sum[b][0]);
        MultiplyAdd(value, std::bit_cast<V>(both & kUpperHalf), &sum[b][1]);
      }
    }
    float row[kColumns];
#pragma clang loop unroll(full)
    for (int64_t v = 0; v < 2 * kBlocks; ++v) {
      Bound(clamp_.low, clamp_.high, &sum[v / 2][v % 2]);
      At<kLanes>(row + v * kLanes) = sum[v / 2][v % 2];
    }
    std::copy_n(row, std::min(kColumns, outputs_ - column), output);
  }

  const int64_t rows_;
  const int64_t inputs_;
  const int64_t outputs_;
  const Clamp clamp_;
  List<uint32_t> weights_;  // (blocks, inputs, kLanes): column i below, column kLanes + i above
  List<float> bias_;
};

}  // namespace

bool SuitsBfloatDense(const DenseSpec& spec) {
  for (int64_t i = 0; i < spec.outputs * spec.inputs; ++i) {
    if ((std::bit_cast<uint32_t>(spec.weights[i]) & ~kUpperHalf) != 0) return false;
  }
  return true;
}

std::unique_ptr<Operation> MakeBfloatDense(const DenseSpec& spec) {
  return std::make_unique<BfloatDense>(spec);
}

}  // namespace insitu
