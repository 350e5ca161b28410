// Every limit of the engine by name. Each has a test on both sides of it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace insitu {

// An encoded image: files beyond this are refused before a byte is parsed.
inline constexpr size_t kMaxImageBytes = size_t{64} << 20;

// Pixels of one decoded image, checked from its header before memory is taken. 50 megapixels of
// RGBA and the decoder's own copy stay under the 1 GiB that the WebAssembly build may use.
inline constexpr int64_t kMaxImagePixels = 50'000'000;

// Either side of an image; keeps every offset within 32 bits.
inline constexpr int kMaxImageSide = 32'767;

// A model file: larger ones do not fit the memory of the WebAssembly build beside their plan.
inline constexpr size_t kMaxModelBytes = size_t{256} << 20;

// Elements of any one tensor, and dimensions of its shape.
inline constexpr int64_t kMaxTensorElements = int64_t{1} << 27;
inline constexpr int kMaxTensorRank = 8;

// What a node may say of a window in one direction: its kernel, stride, dilation, and padding on
// either side. Far beyond any that is real, and keeps their sums in range.
inline constexpr int64_t kMaxWindow = int64_t{1} << 20;

// Memory of all intermediate tensors of one run.
inline constexpr int64_t kMaxArenaBytes = int64_t{768} << 20;

// Nodes of a graph.
inline constexpr size_t kMaxGraphNodes = 10'000;

}  // namespace insitu
