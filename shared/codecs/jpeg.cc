#include "shared/codecs/jpeg.h"

#include "shared/codecs/limits.h"

namespace insitu {

Result<DecodedRaster> DecodeJpegRaster(std::span<const uint8_t> bytes,
                                       std::span<const uint8_t> tables, JpegColour colour,
                                       int reduction) {
  if (reduction != 1 && reduction != 2 && reduction != 4 && reduction != 8) {
    return Fail(ErrorCode::kInvalidArgument, "A JPEG is reduced by 1, 2, 4 or 8, not by %.",
                reduction);
  }
  RETURN_IF_ERROR(CheckEncoded("JPEG", bytes.size()));
  RETURN_IF_ERROR(CheckEncoded("JPEG", tables.size() + 1));
  JpegReader reader;
  if (!tables.empty()) RETURN_IF_ERROR(reader.ReadTables(tables));
  reader.Lend(bytes);
  RETURN_IF_ERROR(reader.ReadHeader());
  const JpegHeader& header = reader.header();

  const bool is_grey = header.components == 1 || colour == JpegColour::kGrey;
  DecodedRaster raster;
  raster.width = (header.width - 1) / reduction + 1;
  raster.height = (header.height - 1) / reduction + 1;
  raster.channels = is_grey ? 1 : 3;
  raster.bits = 8;
  raster.colour = is_grey ? RasterColour::kGrey : RasterColour::kRgb;
  RETURN_IF_ERROR(
      CheckRaster("JPEG", raster, header.coefficient_bytes, bytes.size(), kMaxJpegPixelsPerByte));
  RETURN_IF_ERROR(reader.Start(colour, reduction));
  RETURN_IF_ERROR(AllocateSamples(&raster));
  const size_t stride = static_cast<size_t>(raster.width) * static_cast<size_t>(raster.channels);
  uint8_t* row = raster.samples.get();
  for (int y = 0; y < raster.height; ++y, row += stride) RETURN_IF_ERROR(reader.ReadRow(row));
  return raster;
}

}  // namespace insitu
