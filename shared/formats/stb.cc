#include "shared/formats/stb.h"

#include <cstdlib>
#include <cstring>
#include <memory>

#include "shared/formats/pixels.h"
#include "shared/limits.h"

namespace insitu {
namespace {

// Why stb_image gave up: it tells by a text that the WebAssembly file has no room for.
thread_local bool ran_out_of_memory = false;  // NOLINT: one thread's last decoding

// Zeroed, because stb_image leaves what a damaged file does not define as it finds it: the same
// file has to give the same pixels everywhere, and never those of another image.
void* AllocateZeroed(size_t size) {
  void* memory = std::calloc(1, size);
  ran_out_of_memory = ran_out_of_memory || memory == nullptr;
  return memory;
}

}  // namespace
}  // namespace insitu

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_SUPPORT_ZLIB
#define STBI_NO_STDIO
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_NO_SIMD  // so that every build decodes bit for bit alike
#define STBI_NO_FAILURE_STRINGS
#define STBI_ASSERT(condition) static_cast<void>(0)
#define STBI_MAX_DIMENSIONS insitu::kMaxImageSide
#define STBI_MALLOC(size) insitu::AllocateZeroed(size)
#define STBI_REALLOC(memory, size) nullptr  // Inflate fills memory of a size that is known
#define STBI_FREE(memory) std::free(memory)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

namespace insitu {

std::optional<size_t> Inflate(std::span<const uint8_t> zlib, std::span<uint8_t> out) {
  const int size = stbi_zlib_decode_buffer(
      reinterpret_cast<char*>(out.data()), static_cast<int>(out.size()),
      reinterpret_cast<const char*>(zlib.data()), static_cast<int>(zlib.size()));
  if (size < 0) return std::nullopt;
  return static_cast<size_t>(size);
}

Result<Image> DecodeJpegPixels(std::span<const uint8_t> jpeg, int channels) {
  ran_out_of_memory = false;
  int width = 0;
  int height = 0;
  int channels_in_file = 0;
  // Not by stbi_load_from_memory, which looks for other formats and turns and narrows their
  // samples.
  stbi__context context;
  stbi__start_mem(&context, jpeg.data(), static_cast<int>(jpeg.size()));
  const Memory pixels(static_cast<uint8_t*>(
      stbi__jpeg_load(&context, &width, &height, &channels_in_file, channels, nullptr)));
  if (pixels == nullptr) {
    return ran_out_of_memory ? OutOfMemory() : Corrupt("JPEG", "its image cannot be decoded");
  }
  ASSIGN_OR_RETURN(Image image, NewImage(width, height, channels));
  std::memcpy(image.pixels.data(), pixels.get(), image.pixels.size());
  return image;
}

}  // namespace insitu
