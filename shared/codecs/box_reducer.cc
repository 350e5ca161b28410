#include "shared/codecs/box_reducer.h"

#include <algorithm>
#include <cstring>

namespace insitu {

Status BoxReducer::SetUp(int width, int channels, int factor) {
  width_ = width;
  channels_ = channels;
  factor_ = factor;
  rows_ = 0;
  sums_ = AllocateMemory(SumCount() * sizeof(uint32_t));
  if (sums_ == nullptr) return OutOfMemory();
  std::memset(sums_.get(), 0, SumCount() * sizeof(uint32_t));
  return {};
}

namespace {

// Adds each sample of a row (end / kChannels, kChannels) to the sum of its box.
template <size_t kChannels>
void AddToSums(const uint8_t* row, size_t end, size_t factor, uint32_t* sums) {
  const size_t box = factor * kChannels;
  for (size_t from = 0; from < end; from += box, sums += kChannels) {
    const size_t stop = std::min(from + box, end);
    for (size_t i = from; i < stop; i += kChannels) {
      for (size_t c = 0; c < kChannels; ++c) sums[c] += row[i + c];
    }
  }
}

}  // namespace

bool BoxReducer::Add(const uint8_t* row, bool is_last, uint8_t* out) {
  auto* sums = reinterpret_cast<uint32_t*>(sums_.get());
  const auto channels = static_cast<size_t>(channels_);
  const auto factor = static_cast<size_t>(factor_);
  const auto end = static_cast<size_t>(width_) * channels;
  channels == 1 ? AddToSums<1>(row, end, factor, sums) : AddToSums<3>(row, end, factor, sums);
  ++rows_;
  if (rows_ < static_cast<uint32_t>(factor_) && !is_last) return false;
  const uint32_t rest = static_cast<uint32_t>((width_ - 1) % factor_) + 1;
  const size_t count = SumCount();
  for (size_t i = 0; i < count; ++i) {
    const bool is_edge = i >= count - channels;
    const uint32_t samples = rows_ * (is_edge ? rest : static_cast<uint32_t>(factor_));
    out[i] = static_cast<uint8_t>((sums[i] + samples / 2) / samples);
    sums[i] = 0;
  }
  rows_ = 0;
  return true;
}

}  // namespace insitu
