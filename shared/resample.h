// The filter behind preprocess.h: one rectangle of an image, resampled, row by row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "shared/image.h"
#include "shared/list.h"

namespace insitu {

// The weights of one direction, for the outputs [first, first + count) of a line of `from` samples
// resampled to `to`: output i is the sum of weight(i, k) * sample(begin(i) + k), k < taps(i).
// Lanczos' filter of three lobes, which widens with the reduction, cut at the border and
// normalised, as Pillow's LANCZOS (Image.resize). Of those that were compared
// (tests/bench/resampling.cc) it keeps most of what a finer scan shows of the model's own scale; a
// triangle blurs it so much that the gate refuses most of it.
class ResampleWeights {
 public:
  ResampleWeights(int from, int64_t to, int64_t first, int count);

  int count() const { return static_cast<int>(begin_.size()); }
  int begin(int i) const { return begin_[static_cast<size_t>(i)]; }
  int taps(int i) const {
    const auto at = static_cast<size_t>(i);
    return static_cast<int>(offset_[at + 1] - offset_[at]);
  }
  const float* weights(int i) const { return &weights_[offset_[static_cast<size_t>(i)]]; }

  // The samples that any output uses are [lowest(), end()).
  int lowest() const { return begin_[0]; }
  int end() const { return begin_.back() + taps(count() - 1); }

  // Counts the samples from this one on: what is resampled is a part of the line that begins there.
  // The weights stay those of the whole line.
  void BeginAt(int sample) {
    for (int& begin : begin_) begin -= sample;
  }

 private:
  List<int> begin_;
  List<size_t> offset_;  // into weights_, one more than outputs
  List<float> weights_;
};

// A number of Resampler::Row, which lies within 0..255, to the nearest sample.
inline uint8_t NearestSample(float value) {
  return static_cast<uint8_t>(value + 0.5F);  // NOLINT(bugprone-incorrect-roundings): never below 0
}

// Output rows of an image whose columns and rows are resampled by two sets of weights.
class Resampler {
 public:
  // The image and the weights have to outlive the resampler. luma: RGB becomes grey, Rec. 601.
  Resampler(const Image& image, const ResampleWeights& columns, const ResampleWeights& rows,
            bool luma);

  int channels() const { return channels_; }  // of what Row returns

  // Row y of rows.count(): (columns.count(), channels()) f32, 0..255; valid until the next call.
  const std::vector<float>& Row(int y);

 private:
  void SumRows(int y);
  void TakeLuma();
  void SumColumns();

  const Image& image_;
  const ResampleWeights& columns_;
  const ResampleWeights& rows_;
  bool luma_;
  int channels_;
  std::vector<float> tall_;  // one row, not yet resampled across: (columns used, channels)
  std::vector<float> row_;   // (columns.count(), channels_)
};

}  // namespace insitu
