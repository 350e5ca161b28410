// Random numbers that are the same on every machine: SplitMix64 (Steele, Lea & Flood 2014). The
// distributions of <random> differ between standard libraries and would make weights
// irreproducible.
#pragma once

#include <cstddef>
#include <cstdint>

namespace insitu {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t state() const { return state_; }  // a Random(state()) goes on with the same numbers

  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15u;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  // In [0, 1).
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }
  double Uniform(double low, double high) { return low + (high - low) * Uniform(); }

  // In [0, count); count > 0. The bias of the remainder is below count / 2^64.
  size_t Below(size_t count) { return static_cast<size_t>(Next() % count); }

 private:
  uint64_t state_;
};

}  // namespace insitu
