#include "shared/codecs/jpeg_reader.h"

#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <string>

#include "shared/codecs/limits.h"
#include "shared/formats/exif.h"
#include "shared/formats/pixels.h"

extern "C" {
#include <jerror.h>
#include <jpeglib.h>
}

namespace insitu {
namespace {

constexpr int kTooManyScans = -1;  // beside libjpeg's own codes
constexpr int kExifMarker = JPEG_APP0 + 1;
constexpr char kExifName[] = "Exif\0";  // and the NUL that ends it
constexpr size_t kMaxMarkerBytes = 65'535;

// Warnings of libjpeg after which the pixels are right all the same.
bool IsHarmless(int message) {
  return message == JWRN_EXTRANEOUS_DATA || message == JWRN_JFIF_MAJOR ||
         message == JWRN_ADOBE_XFORM || message == JWRN_NOT_SEQUENTIAL ||
         message == JWRN_TOO_MUCH_DATA;
}

}  // namespace

// libjpeg's objects, each of which has the State as its client_data.
struct JpegReader::State {
  jpeg_decompress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg_source_mgr source;
  jpeg_progress_mgr progress;
  std::jmp_buf jump;
  Memory buffer;        // of bytes that come in parts
  size_t capacity = 0;  // of the buffer
  size_t skip = 0;      // bytes still to come that are not wanted
  bool ended = false;   // no more bytes come
  int failure = 0;      // libjpeg's code

  static State* Of(j_common_ptr jpeg) { return static_cast<State*>(jpeg->client_data); }

  [[noreturn]] static void Throw(j_common_ptr jpeg, int code) {
    State* state = Of(jpeg);
    state->failure = code;
    std::longjmp(state->jump, 1);
  }
  static void ErrorExit(j_common_ptr jpeg) { Throw(jpeg, jpeg->err->msg_code); }
  static void EmitMessage(j_common_ptr jpeg, int level) {
    if (level < 0 && !IsHarmless(jpeg->err->msg_code)) ErrorExit(jpeg);
  }
  static void OutputMessage(j_common_ptr) {}
  static void WatchScans(j_common_ptr jpeg) {
    const auto* decompress = reinterpret_cast<j_decompress_ptr>(jpeg);
    if (decompress->input_scan_number > kMaxCodecJpegScans) Throw(jpeg, kTooManyScans);
  }

  static void InitSource(j_decompress_ptr) {}
  static boolean FillInput(j_decompress_ptr) { return FALSE; }
  static void SkipInput(j_decompress_ptr jpeg, long count) {
    if (count <= 0) return;
    auto wanted = static_cast<size_t>(count);
    jpeg_source_mgr* source = jpeg->src;
    if (wanted > source->bytes_in_buffer) {
      Of(reinterpret_cast<j_common_ptr>(jpeg))->skip += wanted - source->bytes_in_buffer;
      wanted = source->bytes_in_buffer;
    }
    source->next_input_byte += wanted;
    source->bytes_in_buffer -= wanted;
  }
};

// Calls libjpeg; false: it failed, as Failure() says. The call and what it does must not own
// anything, since an error jumps over it.
template <typename Call>
bool JpegReader::Guard(Call call) {
  if (setjmp(state_->jump) != 0) return false;
  call();
  return true;
}

JpegReader::JpegReader() : state_(std::make_unique<State>()) {
  State& s = *state_;
  std::memset(&s.jpeg, 0, sizeof(s.jpeg));
  std::memset(&s.source, 0, sizeof(s.source));
  std::memset(&s.progress, 0, sizeof(s.progress));
  s.jpeg.err = jpeg_std_error(&s.errors);
  s.errors.error_exit = State::ErrorExit;
  s.errors.emit_message = State::EmitMessage;
  s.errors.output_message = State::OutputMessage;
  s.jpeg.client_data = &s;
  is_set_up_ = Guard([&s] { jpeg_create_decompress(&s.jpeg); });
  if (!is_set_up_) return;
  s.source.init_source = State::InitSource;
  s.source.fill_input_buffer = State::FillInput;
  s.source.skip_input_data = State::SkipInput;
  s.source.resync_to_restart = jpeg_resync_to_restart;
  s.source.term_source = State::InitSource;
  s.jpeg.src = &s.source;
  s.progress.progress_monitor = State::WatchScans;
  s.jpeg.progress = &s.progress;
  is_set_up_ = Guard([&s] { jpeg_save_markers(&s.jpeg, kExifMarker, unsigned{kMaxMarkerBytes}); });
}

JpegReader::~JpegReader() { jpeg_destroy_decompress(&state_->jpeg); }

Failed JpegReader::Failure() const {
  State& s = *state_;
  switch (s.failure) {
    case kTooManyScans:
      return Fail(ErrorCode::kImageTooLarge,
                  "This JPEG file has more than % scans, which no camera or scanner makes. Save it "
                  "again as a baseline JPEG.",
                  kMaxCodecJpegScans);
    case JERR_OUT_OF_MEMORY:
      return OutOfMemory();
    case JWRN_HIT_MARKER:
    case JWRN_JPEG_EOF:
    case JERR_INPUT_EOF:
      return Truncated("JPEG");
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
      return Fail(ErrorCode::kImageUnknown,
                  "This JPEG is of a kind that InSitu does not read (12 bits a sample, arithmetic, "
                  "lossless or hierarchical coding). Save it as a baseline JPEG or a PNG.");
    case JERR_NO_SOI:
      return Corrupt("JPEG", "it does not begin as a JPEG does");
    case JERR_NO_HUFF_TABLE:
    case JERR_NO_QUANT_TABLE:
      return Corrupt("JPEG", "a table that it needs is missing");
    default:
      return Corrupt("JPEG", "what it says contradicts itself");
  }
}

Status JpegReader::ReadTables(std::span<const uint8_t> bytes) {
  if (!is_set_up_) return Failure();
  Lend(bytes);
  State& s = *state_;
  int outcome = JPEG_SUSPENDED;
  if (!Guard([&] { outcome = jpeg_read_header(&s.jpeg, FALSE); })) return Failure();
  if (outcome != JPEG_HEADER_TABLES_ONLY) return Corrupt("JPEG", "its tables are cut off");
  s.ended = false;
  s.skip = 0;
  s.source.bytes_in_buffer = 0;
  return {};
}

void JpegReader::Lend(std::span<const uint8_t> bytes) {
  state_->source.next_input_byte = bytes.data();
  state_->source.bytes_in_buffer = bytes.size();
  state_->ended = true;
}

Status JpegReader::Append(std::span<const uint8_t> bytes) {
  State& s = *state_;
  const size_t skipped = std::min(s.skip, bytes.size());
  s.skip -= skipped;
  bytes = bytes.subspan(skipped);
  const size_t kept = s.source.bytes_in_buffer;
  const size_t needed = kept + bytes.size();
  if (needed > s.capacity) {
    Memory larger = AllocateMemory(needed * 2);
    if (larger == nullptr) return OutOfMemory();
    if (kept != 0) std::memcpy(larger.get(), s.source.next_input_byte, kept);
    s.buffer = std::move(larger);
    s.capacity = needed * 2;
  } else if (kept != 0) {
    std::memmove(s.buffer.get(), s.source.next_input_byte, kept);
  }
  if (!bytes.empty()) std::memcpy(s.buffer.get() + kept, bytes.data(), bytes.size());
  s.source.next_input_byte = s.buffer.get();
  s.source.bytes_in_buffer = needed;
  return {};
}

void JpegReader::End() { state_->ended = true; }

Result<bool> JpegReader::Starved() const {
  if (state_->ended) return Truncated("JPEG");
  return false;
}

Status JpegReader::CheckComponents() const {
  const int count = state_->jpeg.num_components;
  if (count == 1 || count == 3) return {};
  return Fail(ErrorCode::kImageUnknown,
              "This JPEG has % channels; InSitu reads grey and RGB, since the colours of others "
              "depend on a printing process. Save it as an RGB image.",
              count);
}

Result<bool> JpegReader::ReadHeader() {
  if (!is_set_up_) return Failure();
  State& s = *state_;
  int outcome = JPEG_SUSPENDED;
  if (!Guard([&] { outcome = jpeg_read_header(&s.jpeg, TRUE); })) return Failure();
  if (outcome == JPEG_SUSPENDED) return Starved();
  RETURN_IF_ERROR(CheckComponents());
  header_.width = static_cast<int>(s.jpeg.image_width);
  header_.height = static_cast<int>(s.jpeg.image_height);
  header_.components = s.jpeg.num_components;
  if (jpeg_has_multiple_scans(&s.jpeg) != FALSE) {
    for (int i = 0; i < header_.components; ++i) {
      const jpeg_component_info& component = s.jpeg.comp_info[i];
      header_.coefficient_bytes += int64_t{component.width_in_blocks} * component.height_in_blocks *
                                   static_cast<int64_t>(sizeof(JBLOCK));
    }
  }
  for (auto* marker = s.jpeg.marker_list; marker != nullptr; marker = marker->next) {
    const std::span<const uint8_t> data(marker->data, marker->data_length);
    constexpr size_t kNameBytes = sizeof(kExifName);
    if (data.size() < kNameBytes || std::memcmp(data.data(), kExifName, kNameBytes) != 0) continue;
    header_.orientation = ReadExifOrientation(data.subspan(kNameBytes));
    break;
  }
  return true;
}

Result<bool> JpegReader::Start(JpegColour colour, int reduction) {
  State& s = *state_;
  if (header_.components == 3) {
    if (colour == JpegColour::kRgb) s.jpeg.jpeg_color_space = JCS_RGB;
    if (colour == JpegColour::kYcbcr) s.jpeg.jpeg_color_space = JCS_YCbCr;
  }
  const bool is_grey = header_.components == 1 || colour == JpegColour::kGrey;
  s.jpeg.out_color_space = is_grey ? JCS_GRAYSCALE : JCS_RGB;
  s.jpeg.scale_num = 1;
  s.jpeg.scale_denom = static_cast<unsigned>(reduction);
  s.jpeg.dct_method = JDCT_ISLOW;
  s.jpeg.do_block_smoothing = FALSE;  // it would hide that something is missing
  boolean started = FALSE;
  if (!Guard([&] { started = jpeg_start_decompress(&s.jpeg); })) return Failure();
  if (started == FALSE) return Starved();
  RETURN_IF_ERROR(CheckScans());
  return true;
}

// Whether the scans of a JPEG with several brought every component, and as exactly as they began
// to.
Status JpegReader::CheckScans() const {
  const jpeg_decompress_struct& jpeg = state_->jpeg;
  if (header_.coefficient_bytes == 0) return {};
  for (int i = 0; i < jpeg.num_components; ++i) {
    if (jpeg.comp_info[i].quant_table == nullptr) return Truncated("JPEG");
    if (jpeg.coef_bits == nullptr) continue;
    if (jpeg.coef_bits[i][0] != 0) return Truncated("JPEG");
    for (int k = 1; k < DCTSIZE2; ++k) {
      if (jpeg.coef_bits[i][k] > 0) return Truncated("JPEG");
    }
  }
  return {};
}

int JpegReader::width() const { return static_cast<int>(state_->jpeg.output_width); }
int JpegReader::height() const { return static_cast<int>(state_->jpeg.output_height); }
int JpegReader::channels() const { return state_->jpeg.out_color_components; }

Result<bool> JpegReader::ReadRow(uint8_t* row) {
  State& s = *state_;
  JDIMENSION read = 0;
  if (!Guard([&] { read = jpeg_read_scanlines(&s.jpeg, &row, 1); })) return Failure();
  if (read == 0) return Starved();
  return true;
}

}  // namespace insitu
