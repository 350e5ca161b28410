#include "model/png_writer.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>

namespace insitu {
namespace {

// Never of nothing, which malloc may answer with null.
void* Allocate(size_t size) { return std::malloc(std::max<size_t>(size, 1)); }

}  // namespace
}  // namespace insitu

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#define STBIW_MALLOC(size) insitu::Allocate(size)
#define STBIW_REALLOC(memory, size) std::realloc(memory, size)
#define STBIW_FREE(memory) std::free(memory)
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
