// Pixels -> a PNG file. The only user of stb_image_write.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace insitu {

// rgba: (height, width, 4) u8, alpha not multiplied in. Empty when there is no memory.
std::vector<uint8_t> WritePng(int width, int height, std::span<const uint8_t> rgba);

}  // namespace insitu
