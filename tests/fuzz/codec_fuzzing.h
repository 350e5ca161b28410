// What the fuzzers of the codecs require of every input: samples within the limits, all of which
// can be read, or a refusal of the picture with a sentence.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "shared/codecs/limits.h"
#include "wasm/codecs_api.h"

namespace insitu {

inline void Require(bool holds) {
  if (!holds) std::abort();
}

inline void RequireRefusal() {
  const std::string_view name = insitu_codecs_error_name();
  Require(name.starts_with("image_") || name == "invalid_argument" || name == "out_of_memory");
  Require(std::strlen(insitu_codecs_error_message()) > 0);
}

// Reads every byte, so that AddressSanitizer sees whether it is there.
inline void Touch(const void* data, size_t size) {
  uint32_t sum = 0;
  for (size_t i = 0; i < size; ++i) sum = sum * 31 + static_cast<const uint8_t*>(data)[i];
  volatile uint32_t sink = sum;
  (void)sink;
}

inline void RequireSound(insitu_raster* raster) {
  if (raster == nullptr) return RequireRefusal();
  const double bits = insitu_raster_number(raster, INSITU_RASTER_BITS);
  Require(bits >= 1 && bits <= kMaxRasterBits);
  const bool is_wide = bits > 8 || insitu_raster_number(raster, INSITU_RASTER_SIGNED) == 1;
  const double bytes = insitu_raster_number(raster, INSITU_RASTER_WIDTH) *
                       insitu_raster_number(raster, INSITU_RASTER_HEIGHT) *
                       insitu_raster_number(raster, INSITU_RASTER_CHANNELS) * (is_wide ? 2 : 1);
  Require(bytes >= 1 && bytes <= static_cast<double>(kMaxRasterBytes));
  Touch(insitu_raster_samples(raster), static_cast<size_t>(bytes));
  insitu_raster_destroy(raster);
}

// The first two bytes say by how much the picture is reduced and in what parts it comes.
inline void ReadByStrips(int kind, const uint8_t* data, size_t size) {
  if (size < 2) return;
  const int reduction = 1 << (data[0] % 5);
  const size_t step = size_t{1} + data[1] * size_t{16};
  data += 2;
  size -= 2;
  insitu_strips* strips = insitu_strips_create(kind, reduction, static_cast<double>(size));
  Require(strips != nullptr);
  double rows_seen = 0;
  int rows = 0;
  for (size_t at = 0; insitu_strips_number(strips, INSITU_STRIPS_FINISHED) == 0; at += step) {
    if (at < size) {
      const size_t part = step < size - at ? step : size - at;
      Require(insitu_strips_push(strips, data + at, part) == 0);
    } else {
      insitu_strips_end(strips);
    }
    while ((rows = insitu_strips_advance(strips)) > 0) {
      Require(insitu_strips_number(strips, INSITU_STRIPS_FIRST_ROW) == rows_seen);
      rows_seen += rows;
      const double bytes = rows * insitu_strips_number(strips, INSITU_STRIPS_WIDTH) *
                           insitu_strips_number(strips, INSITU_STRIPS_CHANNELS);
      Touch(insitu_strips_rows(strips), static_cast<size_t>(bytes));
    }
    if (rows < 0) break;
    Require(at <= size + step);  // what has no more bytes is finished, or an error
  }
  if (rows < 0) {
    RequireRefusal();
  } else {
    Require(rows_seen == insitu_strips_number(strips, INSITU_STRIPS_HEIGHT));
  }
  insitu_strips_destroy(strips);
}

}  // namespace insitu
