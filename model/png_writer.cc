#include "model/png_writer.h"

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>

namespace insitu {

std::vector<uint8_t> WritePng(int width, int height, std::span<const uint8_t> rgba) {
  std::vector<uint8_t> file;
  const auto append = [](void* context, void* data, int size) {
    const auto* bytes = static_cast<const uint8_t*>(data);
    static_cast<std::vector<uint8_t>*>(context)->insert(
        static_cast<std::vector<uint8_t>*>(context)->end(), bytes, bytes + size);
  };
  stbi_write_png_to_func(append, &file, width, height, 4, rgba.data(), 4 * width);
  return file;
}

}  // namespace insitu
