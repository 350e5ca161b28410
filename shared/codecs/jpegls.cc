#include "shared/codecs/jpegls.h"

#include <charls/charls.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "shared/codecs/limits.h"

namespace insitu {
namespace {

using Decoder = std::unique_ptr<charls_jpegls_decoder, decltype(&charls_jpegls_decoder_destroy)>;

Failed UnknownKind() {
  return Fail(ErrorCode::kImageUnknown,
              "This JPEG-LS picture is of a kind that InSitu does not read. Save it in another "
              "format.");
}

Failed FailureOf(charls_jpegls_errc code) {
  switch (code) {
    case charls::jpegls_errc::not_enough_memory:
      return OutOfMemory();
    case charls::jpegls_errc::source_buffer_too_small:
    case charls::jpegls_errc::end_of_image_marker_not_found:
      return Truncated("JPEG-LS");
    case charls::jpegls_errc::encoding_not_supported:
    case charls::jpegls_errc::parameter_value_not_supported:
    case charls::jpegls_errc::color_transform_not_supported:
    case charls::jpegls_errc::jpegls_preset_extended_parameter_type_not_supported:
    case charls::jpegls_errc::bit_depth_for_transform_not_supported:
      return UnknownKind();
    default:
      return Corrupt("JPEG-LS", "its data cannot be decoded");
  }
}

Status Check(charls_jpegls_errc code) {
  if (code == charls::jpegls_errc::success) return {};
  return FailureOf(code);
}

// Whether the end of the image is marked, but for the byte that fills up a DICOM fragment: CharLS
// takes missing bytes for damaged ones.
bool HasEnd(std::span<const uint8_t> bytes) {
  if (bytes.back() == 0) bytes = bytes.first(bytes.size() - 1);
  return bytes.size() >= 2 && bytes[bytes.size() - 2] == 0xff && bytes.back() == 0xd9;
}

bool IsStart(std::span<const uint8_t> bytes) {
  return bytes[0] == 0xff && (bytes.size() < 2 || bytes[1] == 0xd8);
}

// Whether each scan is of one component. CharLS takes room for scans as the first one is.
bool HasPlanesOnly(std::span<const uint8_t> bytes) {
  constexpr size_t kCountAt = 4;  // of a start of scan: its components, how they are interleaved
  constexpr size_t kInterleaveAt = 8;
  for (size_t at = 2; at + kInterleaveAt < bytes.size();) {
    const uint8_t marker = bytes[at + 1];
    if (bytes[at] != 0xff || marker < 0x80 || marker == 0xff) {
      ++at;
      continue;
    }
    const bool is_alone = marker == 0xd9 || (marker >= 0xd0 && marker <= 0xd7);
    if (marker == 0xda && (bytes[at + kCountAt] != 1 || bytes[at + kInterleaveAt] != 0))
      return false;
    at += is_alone ? 2 : 2 + size_t{BigEndian16(bytes, at + 2)};
  }
  return true;
}

// CharLS 2.4.2 writes past its buffer where samples are interleaved and the statistics are halved
// at another count than the usual.
bool IsReadSafely(charls_jpegls_decoder* decoder, charls_interleave_mode mode) {
  constexpr int kUsualReset = 64;
  charls_jpegls_pc_parameters preset = {};
  const auto code = charls_jpegls_decoder_get_preset_coding_parameters(decoder, 0, &preset);
  if (code != charls::jpegls_errc::success) return false;
  return mode != charls::interleave_mode::sample || preset.reset_value == 0 ||
         preset.reset_value == kUsualReset;
}

// From one plane a channel to all channels of a pixel side by side.
template <typename Sample>
Status Interleave(DecodedRaster* raster) {
  Memory planes = std::move(raster->samples);
  RETURN_IF_ERROR(AllocateSamples(raster));
  const auto* from = reinterpret_cast<const Sample*>(planes.get());
  const int64_t pixels = int64_t{raster->width} * raster->height;
  for (int c = 0; c < raster->channels; ++c) {
    auto* to = reinterpret_cast<Sample*>(raster->samples.get()) + c;
    for (int64_t i = 0; i < pixels; ++i, to += raster->channels) *to = *from++;
  }
  return {};
}

}  // namespace

Result<DecodedRaster> DecodeJpegLs(std::span<const uint8_t> file) {
  RETURN_IF_ERROR(CheckEncoded("JPEG-LS", file.size()));
  // CharLS 2.4.2 reads bits for ever where the bytes end in the middle of a code, but not where a
  // marker does: so there is one, twice, for a header that is cut off may take in the first.
  constexpr uint8_t kEnd[] = {0xff, 0xd9, 0xff, 0xd9};
  const size_t padded = file.size() + sizeof(kEnd);
  const Memory copy = AllocateMemory(padded);
  if (copy == nullptr) return OutOfMemory();
  std::copy(file.begin(), file.end(), copy.get());
  std::copy(std::begin(kEnd), std::end(kEnd), copy.get() + file.size());
  const std::span<const uint8_t> bytes(copy.get(), padded);

  const Decoder decoder(charls_jpegls_decoder_create(), &charls_jpegls_decoder_destroy);
  if (decoder == nullptr) return OutOfMemory();
  charls_jpegls_decoder* d = decoder.get();
  RETURN_IF_ERROR(Check(charls_jpegls_decoder_set_source_buffer(d, bytes.data(), bytes.size())));
  const Status header = Check(charls_jpegls_decoder_read_header(d));
  if (!header.ok()) return HasEnd(file) || !IsStart(file) ? header.failure() : Truncated("JPEG-LS");
  charls_frame_info frame = {};
  RETURN_IF_ERROR(Check(charls_jpegls_decoder_get_frame_info(d, &frame)));
  if (frame.component_count != 1 && frame.component_count != 3) {
    return Fail(
        ErrorCode::kImageUnknown,
        "This JPEG-LS picture has % channels; InSitu reads grey and RGB. Save it in another "
        "format.",
        frame.component_count);
  }
  if (frame.width > uint32_t{INT32_MAX} || frame.height > uint32_t{INT32_MAX}) {
    return Corrupt("JPEG-LS", "what it says contradicts itself");
  }
  DecodedRaster raster;
  raster.width = static_cast<int>(frame.width);
  raster.height = static_cast<int>(frame.height);
  raster.channels = frame.component_count;
  raster.bits = frame.bits_per_sample;
  raster.colour = raster.channels == 1 ? RasterColour::kGrey : RasterColour::kUnknown;
  charls_interleave_mode mode = charls::interleave_mode::none;
  RETURN_IF_ERROR(Check(charls_jpegls_decoder_get_interleave_mode(d, &mode)));
  const bool is_planar = mode == charls::interleave_mode::none && raster.channels > 1;
  if (!IsReadSafely(d, mode)) return UnknownKind();
  if (is_planar && !HasPlanesOnly(file)) return UnknownKind();
  const int64_t work = static_cast<int64_t>(padded) + (is_planar ? raster.ByteCount() : 0);
  RETURN_IF_ERROR(CheckRaster("JPEG-LS", raster, work, file.size(), kMaxPixelsPerByte));
  RETURN_IF_ERROR(AllocateSamples(&raster));
  const auto size = static_cast<size_t>(raster.ByteCount());
  const Status decoded =
      Check(charls_jpegls_decoder_decode_to_buffer(d, raster.samples.get(), size, 0));
  if (!decoded.ok()) return HasEnd(file) ? decoded.failure() : Truncated("JPEG-LS");
  if (is_planar && raster.SampleBytes() == 1) RETURN_IF_ERROR(Interleave<uint8_t>(&raster));
  if (is_planar && raster.SampleBytes() == 2) RETURN_IF_ERROR(Interleave<uint16_t>(&raster));
  return raster;
}

}  // namespace insitu
