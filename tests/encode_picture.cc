#include "tests/encode_picture.h"

#include <charls/charls.h>
#include <openjpeg.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

extern "C" {
#include <jpeglib.h>
#include <stdio.h>  // before jpeglib.h, which needs it
}

namespace insitu {
namespace {

using Bytes = std::vector<uint8_t>;

int Get(const EncodeOptions& options, const std::string& name, int otherwise) {
  const auto found = options.find(name);
  return found == options.end() ? otherwise : found->second;
}

// The means of all components, then one coefficient of one component a scan; 0: none.
std::vector<jpeg_scan_info> SingleScans(int channels, int count) {
  std::vector<jpeg_scan_info> scans;
  for (int i = 0; i < count; ++i) {
    jpeg_scan_info scan = {};
    scan.comps_in_scan = i == 0 ? channels : 1;
    for (int c = 0; i == 0 && c < channels; ++c) scan.component_index[c] = c;
    if (i > 0) {
      scan.component_index[0] = (i - 1) % channels;
      scan.Ss = scan.Se = (i - 1) / channels + 1;
    }
    scans.push_back(scan);
  }
  return scans;
}

// libjpeg's own way to report an error ends the program, which is right here.
Bytes EncodeJpegSamples(const KnownSamples& known, const EncodeOptions& options) {
  jpeg_compress_struct jpeg = {};
  jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  uint8_t* out = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &out, &size);
  jpeg.image_width = static_cast<JDIMENSION>(known.width);
  jpeg.image_height = static_cast<JDIMENSION>(known.height);
  jpeg.input_components = known.channels;
  jpeg.in_color_space = known.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  if (known.channels == 4) jpeg.in_color_space = JCS_CMYK;
  jpeg_set_defaults(&jpeg);
  if (Get(options, "rgb", 0) != 0) {
    jpeg_set_colorspace(&jpeg, JCS_RGB);
    jpeg.write_Adobe_marker = FALSE;
  }
  jpeg_set_quality(&jpeg, Get(options, "quality", 95), TRUE);
  const int subsampling = Get(options, "subsampling", 1);
  for (int i = 0; i < jpeg.num_components; ++i) {
    jpeg.comp_info[i].h_samp_factor = i == 0 ? subsampling : 1;
    jpeg.comp_info[i].v_samp_factor = i == 0 ? subsampling : 1;
  }
  if (Get(options, "progressive", 0) != 0) jpeg_simple_progression(&jpeg);
  std::vector<jpeg_scan_info> scans = SingleScans(known.channels, Get(options, "scans", 0));
  if (!scans.empty()) {
    jpeg.scan_info = scans.data();
    jpeg.num_scans = static_cast<int>(scans.size());
  }
  jpeg.restart_in_rows = Get(options, "restart", 0);
  const int tables = Get(options, "tables", 0);
  if (tables == 1) jpeg_write_tables(&jpeg);
  if (tables == 2) jpeg_suppress_tables(&jpeg, TRUE);
  if (tables != 1) {
    jpeg_start_compress(&jpeg, tables != 2 ? TRUE : FALSE);
    const size_t stride = static_cast<size_t>(known.width) * static_cast<size_t>(known.channels);
    Bytes row(stride);
    for (int y = 0; y < known.height; ++y) {
      const auto from = known.samples.begin() + static_cast<ptrdiff_t>(stride) * y;
      std::transform(from, from + static_cast<ptrdiff_t>(stride), row.begin(),
                     [](uint16_t sample) { return static_cast<uint8_t>(sample); });
      uint8_t* rows = row.data();
      jpeg_write_scanlines(&jpeg, &rows, 1);
    }
    jpeg_finish_compress(&jpeg);
  }
  jpeg_destroy_compress(&jpeg);
  const Bytes bytes(out, out + size);
  std::free(out);
  return bytes;
}

// Where OpenJPEG writes to.
struct Sink {
  Bytes bytes;
  size_t at = 0;

  static OPJ_SIZE_T Write(void* from, OPJ_SIZE_T count, void* data) {
    auto* sink = static_cast<Sink*>(data);
    sink->bytes.resize(std::max(sink->bytes.size(), sink->at + count));
    std::memcpy(&sink->bytes[sink->at], from, count);
    sink->at += count;
    return count;
  }
  static OPJ_OFF_T Skip(OPJ_OFF_T count, void* data) {
    auto* sink = static_cast<Sink*>(data);
    sink->at += static_cast<size_t>(count);
    sink->bytes.resize(std::max(sink->bytes.size(), sink->at));
    return count;
  }
  static OPJ_BOOL Seek(OPJ_OFF_T to, void* data) {
    auto* sink = static_cast<Sink*>(data);
    sink->at = static_cast<size_t>(to);
    sink->bytes.resize(std::max(sink->bytes.size(), sink->at));
    return OPJ_TRUE;
  }
};

opj_image_t* MakePicture(const KnownSamples& known, const EncodeOptions& options) {
  const bool is_signed = Get(options, "signed", 0) != 0;
  const auto step = static_cast<uint32_t>(Get(options, "subsampling", 1));
  std::vector<opj_image_cmptparm_t> parts(static_cast<size_t>(known.channels));
  for (size_t i = 0; i < parts.size(); ++i) {
    const uint32_t every = i == 0 ? 1 : step;
    parts[i] = {};
    parts[i].dx = parts[i].dy = every;
    parts[i].w = (static_cast<uint32_t>(known.width) + every - 1) / every;
    parts[i].h = (static_cast<uint32_t>(known.height) + every - 1) / every;
    parts[i].prec = static_cast<uint32_t>(known.bits);
    parts[i].sgnd = is_signed ? 1 : 0;
  }
  OPJ_COLOR_SPACE colour = known.channels == 1 ? OPJ_CLRSPC_GRAY : OPJ_CLRSPC_SRGB;
  if (Get(options, "sycc", 0) != 0) colour = OPJ_CLRSPC_SYCC;
  opj_image_t* picture =
      opj_image_create(static_cast<uint32_t>(known.channels), parts.data(), colour);
  if (picture == nullptr) return nullptr;
  picture->x1 = static_cast<uint32_t>(known.width);
  picture->y1 = static_cast<uint32_t>(known.height);
  for (size_t c = 0; c < parts.size(); ++c) {
    OPJ_INT32* to = picture->comps[c].data;
    for (uint32_t y = 0; y < parts[c].h; ++y) {
      for (uint32_t x = 0; x < parts[c].w; ++x) {
        const size_t pixel =
            size_t{y} * parts[c].dy * static_cast<size_t>(known.width) + size_t{x} * parts[c].dx;
        const uint16_t sample = known.samples[pixel * parts.size() + c];
        *to++ = is_signed ? static_cast<int16_t>(sample) : sample;
      }
    }
  }
  return picture;
}

Bytes EncodeJpeg2000Samples(const KnownSamples& known, const EncodeOptions& options, bool is_jp2) {
  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.numresolution = Get(options, "resolutions", 3);
  const bool same_sizes = Get(options, "subsampling", 1) == 1;
  parameters.tcp_mct = known.channels == 3 && same_sizes && Get(options, "sycc", 0) == 0 ? 1 : 0;
  const int tile = Get(options, "tile", 0);
  if (tile > 0) {
    parameters.tile_size_on = OPJ_TRUE;
    parameters.cp_tdx = parameters.cp_tdy = tile;
  }
  parameters.tcp_numlayers = 1;
  parameters.cp_disto_alloc = 1;
  if (Get(options, "lossy", 0) != 0) {
    parameters.irreversible = 1;
    parameters.tcp_rates[0] = 10;
  }
  opj_image_t* picture = MakePicture(known, options);
  opj_codec_t* codec = opj_create_compress(is_jp2 ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K);
  opj_stream_t* stream = opj_stream_create(size_t{1} << 16, OPJ_FALSE);
  Sink sink;
  opj_stream_set_user_data(stream, &sink, nullptr);
  opj_stream_set_write_function(stream, &Sink::Write);
  opj_stream_set_skip_function(stream, &Sink::Skip);
  opj_stream_set_seek_function(stream, &Sink::Seek);
  const bool done = opj_setup_encoder(codec, &parameters, picture) != OPJ_FALSE &&
                    opj_start_compress(codec, picture, stream) != OPJ_FALSE &&
                    opj_encode(codec, stream) != OPJ_FALSE &&
                    opj_end_compress(codec, stream) != OPJ_FALSE;
  opj_stream_destroy(stream);
  opj_destroy_codec(codec);
  opj_image_destroy(picture);
  return done ? sink.bytes : Bytes();
}

Bytes EncodeJpegLsSamples(const KnownSamples& known, const EncodeOptions& options) {
  charls::jpegls_encoder encoder;
  encoder.frame_info({static_cast<uint32_t>(known.width), static_cast<uint32_t>(known.height),
                      known.bits, known.channels});
  const int interleave = Get(options, "interleave", known.channels == 1 ? 0 : 2);
  encoder.interleave_mode(static_cast<charls::interleave_mode>(interleave));
  encoder.near_lossless(Get(options, "near", 0));
  Bytes raw;
  const size_t channels = static_cast<size_t>(known.channels);
  const size_t pixels = known.samples.size() / channels;
  for (size_t i = 0; i < known.samples.size(); ++i) {
    const bool planes = interleave == 0 && channels > 1;
    const uint16_t sample = known.samples[planes ? i % pixels * channels + i / pixels : i];
    raw.push_back(static_cast<uint8_t>(sample));
    if (known.bits > 8) raw.push_back(static_cast<uint8_t>(sample >> 8));
  }
  Bytes encoded(encoder.estimated_destination_size() * 2);
  encoder.destination(encoded);
  encoded.resize(encoder.encode(raw));
  return encoded;
}

}  // namespace

KnownSamples SoftSamples(int width, int height, int channels, int bits) {
  KnownSamples known{width, height, channels, bits, {}};
  const uint32_t maximum = (1U << bits) - 1;
  uint32_t noise = 1;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        noise = noise * 1664525 + 1013904223;
        const auto wave = static_cast<uint32_t>(x * (c + 2) + y * 3) * maximum / 200;
        known.samples.push_back(static_cast<uint16_t>((wave + (noise >> 28)) % (maximum + 1)));
      }
    }
  }
  return known;
}

std::vector<uint8_t> EncodePicture(const std::string& kind, const KnownSamples& known,
                                   const EncodeOptions& options) {
  if (kind == "jpeg") return EncodeJpegSamples(known, options);
  if (kind == "jpeg2000") return EncodeJpeg2000Samples(known, options, false);
  if (kind == "jp2") return EncodeJpeg2000Samples(known, options, true);
  if (kind == "jpegls") return EncodeJpegLsSamples(known, options);
  return {};
}

}  // namespace insitu
