#include "shared/codecs/jpeg2000.h"

#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "shared/codecs/jpeg2000_header.h"
#include "shared/codecs/limits.h"
#include "shared/divide_up.h"

namespace insitu {
namespace {

// What OpenJPEG takes: it computes in 32 bits, and keeps lists of code blocks and precincts.
constexpr int64_t kWorkBytesPerSample = 4;
constexpr int64_t kBytesPerCodeBlock = 128;
constexpr int64_t kBytesPerPrecinct = 256;
constexpr int64_t kBytesPerTile = 12'000;

constexpr size_t kStreamBuffer = size_t{64} << 10;

struct FreeInfo {
  void operator()(opj_codestream_info_v2_t* info) const { opj_destroy_cstr_info(&info); }
};
using Codec = std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)>;
using Stream = std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)>;
using Picture = std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)>;

// The bytes as OpenJPEG asks for them.
struct Source {
  std::span<const uint8_t> bytes;
  size_t at = 0;
  bool ran_out = false;  // more was asked for than there is

  size_t Take(uint64_t count) {
    const size_t left = bytes.size() - at;
    if (count > left) ran_out = true;
    const size_t taken = static_cast<size_t>(std::min<uint64_t>(count, left));
    at += taken;
    return taken;
  }
  static OPJ_SIZE_T Read(void* to, OPJ_SIZE_T count, void* data) {
    auto* source = static_cast<Source*>(data);
    const size_t from = source->at;
    const size_t taken = source->Take(count);
    if (taken == 0) return static_cast<OPJ_SIZE_T>(-1);
    std::memcpy(to, &source->bytes[from], taken);
    return taken;
  }
  static OPJ_OFF_T Skip(OPJ_OFF_T count, void* data) {
    if (count < 0) return -1;
    return static_cast<OPJ_OFF_T>(static_cast<Source*>(data)->Take(static_cast<uint64_t>(count)));
  }
  static OPJ_BOOL Seek(OPJ_OFF_T to, void* data) {
    auto* source = static_cast<Source*>(data);
    if (to < 0 || static_cast<uint64_t>(to) > source->bytes.size()) return OPJ_FALSE;
    source->at = static_cast<size_t>(to);
    return OPJ_TRUE;
  }
};

Stream NewStream(Source* source) {
  Stream stream(opj_stream_create(kStreamBuffer, OPJ_TRUE), &opj_stream_destroy);
  if (stream == nullptr) return stream;
  opj_stream_set_user_data(stream.get(), source, nullptr);
  opj_stream_set_user_data_length(stream.get(), source->bytes.size());
  opj_stream_set_read_function(stream.get(), &Source::Read);
  opj_stream_set_skip_function(stream.get(), &Source::Skip);
  opj_stream_set_seek_function(stream.get(), &Source::Seek);
  return stream;
}

Failed Damaged(const Source& source) {
  if (source.ran_out) return Truncated("JPEG 2000");
  return Corrupt("JPEG 2000", "its data cannot be decoded");
}

RasterColour ColourOf(const opj_image_t& picture) {
  switch (picture.color_space) {
    case OPJ_CLRSPC_SRGB:
      return RasterColour::kRgb;
    case OPJ_CLRSPC_GRAY:
      return RasterColour::kGrey;
    case OPJ_CLRSPC_SYCC:
      return RasterColour::kYcbcr;
    default:
      return RasterColour::kUnknown;
  }
}

// Of a channel that has a sample every step grid points.
int ReducedSide(int64_t from, int64_t to, int64_t step, int reduction) {
  const int64_t divisor = int64_t{1} << reduction;
  return static_cast<int>(DivideUp(DivideUp(to, step), divisor) -
                          DivideUp(DivideUp(from, step), divisor));
}

// Bytes that OpenJPEG will take.
Result<int64_t> WorkBytes(opj_codec_t* codec, const Jpeg2000Header& header, int64_t pixels) {
  const std::unique_ptr<opj_codestream_info_v2_t, FreeInfo> info(opj_get_cstr_info(codec));
  if (info == nullptr || info->m_default_tile_info.tccp_info == nullptr) return OutOfMemory();
  int64_t bytes = header.tiles * kBytesPerTile;
  for (int i = 0; i < header.channels; ++i) {
    const opj_tccp_info_t& coding = info->m_default_tile_info.tccp_info[i];
    bytes += pixels * kWorkBytesPerSample;
    bytes += (pixels >> std::min(coding.cblkw + coding.cblkh, 12U)) * kBytesPerCodeBlock;
    bytes += (pixels >> header.precinct_bits) * kBytesPerPrecinct;
  }
  return bytes;
}

template <typename Sample>
void CopyChannel(const opj_image_comp_t& channel, const DecodedRaster& raster, int index,
                 const opj_image_comp_t& first) {
  auto* out = reinterpret_cast<Sample*>(raster.samples.get()) + index;
  const uint32_t across = channel.dx / first.dx;
  const uint32_t down = channel.dy / first.dy;
  for (int y = 0; y < raster.height; ++y) {
    const uint32_t from = std::min(static_cast<uint32_t>(y) / down, channel.h - 1);
    const OPJ_INT32* row = channel.data + size_t{from} * channel.w;
    for (int x = 0; x < raster.width; ++x, out += raster.channels) {
      *out = static_cast<Sample>(row[std::min(static_cast<uint32_t>(x) / across, channel.w - 1)]);
    }
  }
}

// The decoded channels, of which each has to have as many samples as the header says.
Status CopyChannels(const opj_image_t& picture, DecodedRaster* raster) {
  const Failed damaged = Corrupt("JPEG 2000", "its data cannot be decoded");
  if (static_cast<int>(picture.numcomps) != raster->channels) return damaged;
  const opj_image_comp_t& first = picture.comps[0];
  if (static_cast<int>(first.w) != raster->width || static_cast<int>(first.h) != raster->height)
    return damaged;
  RETURN_IF_ERROR(AllocateSamples(raster));
  for (int i = 0; i < raster->channels; ++i) {
    const opj_image_comp_t& channel = picture.comps[i];
    if (channel.data == nullptr || channel.w < 1 || channel.h < 1) return damaged;
    if (raster->SampleBytes() == 1) {
      CopyChannel<uint8_t>(channel, *raster, i, first);
    } else {
      CopyChannel<uint16_t>(channel, *raster, i, first);
    }
  }
  return {};
}

Status CheckChannels(const opj_image_t& picture) {
  const opj_image_comp_t& first = picture.comps[0];
  for (uint32_t i = 0; i < picture.numcomps; ++i) {
    const opj_image_comp_t& each = picture.comps[i];
    if (first.dx < 1 || first.dy < 1 || each.dx % first.dx != 0 || each.dy % first.dy != 0 ||
        each.dx < first.dx || each.dy < first.dy) {
      return Fail(ErrorCode::kImageUnknown,
                  "This JPEG 2000 picture has channels of sizes that InSitu does not read. Save it "
                  "in another format.");
    }
  }
  return {};
}

}  // namespace

Result<DecodedRaster> DecodeJpeg2000(std::span<const uint8_t> bytes, int reduction) {
  if (reduction < 0 || reduction > kMaxJpeg2000Reduction) {
    return Fail(ErrorCode::kInvalidArgument, "A JPEG 2000 picture cannot leave out % resolutions.",
                reduction);
  }
  RETURN_IF_ERROR(CheckEncoded("JPEG 2000", bytes.size()));
  ASSIGN_OR_RETURN(const Jpeg2000Header header, ReadJpeg2000Header(bytes));
  if (header.resolutions > 0 && reduction >= header.resolutions) {
    return Fail(ErrorCode::kInvalidArgument,
                "The picture has % resolutions, so % of them cannot be left out.",
                header.resolutions, reduction);
  }
  DecodedRaster raster;
  raster.width = ReducedSide(header.x0, header.x1, 1, reduction);
  raster.height = ReducedSide(header.y0, header.y1, 1, reduction);
  raster.channels = header.channels;
  raster.bits = header.bits;
  raster.is_signed = header.is_signed;
  RETURN_IF_ERROR(CheckRaster("JPEG 2000", raster, 0, bytes.size(), kMaxPixelsPerByte));

  Source source{bytes};
  const Stream stream = NewStream(&source);
  const Codec codec(opj_create_decompress(header.is_jp2 ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K),
                    &opj_destroy_codec);
  if (stream == nullptr || codec == nullptr) return OutOfMemory();
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  parameters.cp_reduce = static_cast<uint32_t>(reduction);
  parameters.flags |= OPJ_DPARAMETERS_IGNORE_PCLR_CMAP_CDEF_FLAG;
  if (opj_setup_decoder(codec.get(), &parameters) == OPJ_FALSE) return OutOfMemory();
  opj_image_t* made = nullptr;
  const bool has_header = opj_read_header(stream.get(), codec.get(), &made) != OPJ_FALSE;
  const Picture picture(made, &opj_image_destroy);
  if (!has_header || picture == nullptr) return Damaged(source);
  RETURN_IF_ERROR(CheckChannels(*picture));
  raster.width = ReducedSide(header.x0, header.x1, picture->comps[0].dx, reduction);
  raster.height = ReducedSide(header.y0, header.y1, picture->comps[0].dy, reduction);
  raster.colour = ColourOf(*picture);
  const int64_t pixels = int64_t{raster.width} * raster.height;
  ASSIGN_OR_RETURN(const int64_t work, WorkBytes(codec.get(), header, pixels));
  RETURN_IF_ERROR(CheckRaster("JPEG 2000", raster, work, bytes.size(), kMaxPixelsPerByte));
  if (opj_decode(codec.get(), stream.get(), picture.get()) == OPJ_FALSE) return Damaged(source);
  RETURN_IF_ERROR(CopyChannels(*picture, &raster));
  return raster;
}

}  // namespace insitu
