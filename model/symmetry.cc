#include "model/symmetry.h"

#include <array>
#include <vector>

namespace insitu {
namespace {

using torch::Tensor;

// The quarter turns come first. Bits: mirrored left to right, top to bottom, at the diagonal.
constexpr std::array<int, 8> kMoves = {0, 3, 5, 6, 1, 2, 4, 7};

Tensor Moved(Tensor windows, int turn) {
  const int move = kMoves[static_cast<size_t>(turn)];
  if (windows.size(-1) == 1) return windows;
  if ((move & 4) != 0) windows = windows.transpose(-1, -2);
  std::vector<int64_t> flipped;
  if ((move & 1) != 0) flipped.push_back(-1);
  if ((move & 2) != 0) flipped.push_back(-2);
  return flipped.empty() ? windows : windows.flip(flipped);
}

// The move that is `turn` after `before`: first mirrored and turned by before, then by turn.
int After(int turn, int before) {
  const int first = kMoves[static_cast<size_t>(before)], second = kMoves[static_cast<size_t>(turn)];
  // A mirror before an exchange of the axes is the other mirror after it.
  const int mirrors = (second & 4) != 0 ? ((first & 1) << 1) | ((first & 2) >> 1) : first & 3;
  return (mirrors ^ (second & 3)) | ((first ^ second) & 4);
}

// For each turn of the input, the one that becomes it by `turn`.
Tensor Before(int turn, int turns) {
  std::vector<int64_t> before;
  for (int in = 0; in < turns; ++in) {
    int candidate = 0;
    while (After(turn, candidate) != kMoves[static_cast<size_t>(in)]) ++candidate;
    before.push_back(candidate);
  }
  return torch::tensor(before);
}

// The windows in each of the turns, one after the other along the axis.
Tensor MovedAlong(int64_t axis, const Tensor& windows, int turns) {
  std::vector<Tensor> all;
  for (int turn = 0; turn < turns; ++turn) all.push_back(Moved(windows, turn));
  return torch::cat(all, axis);
}

}  // namespace

Tensor EachTurn(const Tensor& learnt, int turns) { return MovedAlong(0, learnt, turns); }

Tensor BetweenFields(const Tensor& learnt, int turns) {
  const int64_t out = learnt.size(0), in = learnt.size(1) / turns, side = learnt.size(2);
  const Tensor by_turn = learnt.view({out, turns, in, side, side});
  std::vector<Tensor> all;
  for (int turn = 0; turn < turns; ++turn) {
    all.push_back(Moved(by_turn.index_select(1, Before(turn, turns)), turn));
  }
  return torch::cat(all).reshape({turns * out, turns * in, side, side});
}

Tensor FromFields(const Tensor& learnt, int turns) { return MovedAlong(1, learnt, turns) / turns; }

}  // namespace insitu
