// The C ABI of a scan: a model over an image larger than a patch, block by block (shared/scan.h). A
// WebAssembly file of its own, fetched only when somebody opens such an image.
// One file of the page calls it: public/src/slide/scanner.ts.
//
// The conventions of engine_api.h hold here too, with insitu_scanner_alloc and _free; what is
// passed out stays valid until the next call with the same scanner. How a map is laid out, and what
// cells and blocks are: shared/scan_plan.h.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct insitu_scanner insitu_scanner;

void* insitu_scanner_alloc(size_t size);
void insitu_scanner_free(void* memory);

// model: an ONNX file. NULL on failure.
insitu_scanner* insitu_scanner_create(const uint8_t* model, size_t size);
void insitu_scanner_destroy(insitu_scanner* scanner);  // NULL: does nothing

// Of the image, or the level of it, whose pixels the blocks are given. stride: pixels at the
// model's scale between neighbouring cells; 0: the patches side by side or, of a film, the stride
// that its marks are made for. gate: how far it is heeded, insitu_scanner_gate added up. 0 on
// success, else the error's code, and then there is no plan.
int insitu_scanner_plan(insitu_scanner* scanner, int32_t width, int32_t height, int32_t channels,
                        double um_per_pixel, int32_t stride, int32_t gate);

// As ScanGate (shared/scan_plan.h).
enum insitu_scanner_gate {
  INSITU_SCAN_SAYS_FILM = 1,     // the file says that it is a mammogram
  INSITU_SCAN_JUDGE_ANYWAY = 2,  // a person asks for what is refused
};

// Room for the block's pixels, (height, width, channels) u8 of its rectangle, for the caller to
// fill before insitu_scanner_run. It belongs to the scanner. NULL on failure.
uint8_t* insitu_scanner_pixels(insitu_scanner* scanner, int32_t block);

// Works out the block from them. 0 on success, else the error's code.
int insitu_scanner_run(insitu_scanner* scanner, int32_t block);

// (block's rows, block's columns) of the last block that was run. Values: calibrated probability of
// the positive label, NaN where nothing was judged. Verdicts: 0 judged, 1 no tissue, from 100 on
// refused by the gate, its GateReason on top, from 50 on the same but judged all the same. NULL
// before the first.
const float* insitu_scanner_values(const insitu_scanner* scanner);
const uint8_t* insitu_scanner_verdicts(const insitu_scanner* scanner);

// JSON of a whole map, as SummaryJson (shared/scan_summary.h) writes it. values, verdicts: (rows,
// columns) as planned; a cell that the caller leaves out, as outside of a region drawn by hand, has
// the verdict 2. NULL on failure.
const char* insitu_scanner_summary(insitu_scanner* scanner, const float* values,
                                   const uint8_t* verdicts, double threshold);

enum insitu_scanner_text_key {
  INSITU_SCAN_MODEL_ID = 0,
  INSITU_SCAN_MODEL_VERSION = 1,
  INSITU_SCAN_MODEL_KIND = 2,
  INSITU_SCAN_MODEL_SHA256 = 3,
  INSITU_SCAN_REASON_NAME = 16,  // index: code of a GateReason
};
const char* insitu_scanner_text(const insitu_scanner* scanner, int32_t key, int32_t index);

enum insitu_scanner_number_key {
  // Of the model
  INSITU_SCAN_UM_PER_PIXEL = 0,
  INSITU_SCAN_PATCH_WIDTH = 1,
  INSITU_SCAN_PATCH_HEIGHT = 2,
  INSITU_SCAN_CHANNELS = 3,
  INSITU_SCAN_THRESHOLD = 4,
  INSITU_SCAN_NATURAL_STRIDE = 5,  // of the dense pass; 0: the model can only be run patch by patch
  INSITU_SCAN_STRIDE_COUNT = 6,    // the strides that a dense pass offers
  INSITU_SCAN_STRIDE_OFFERED = 7,  // index: of them, the finest first
  INSITU_SCAN_WARN_MAGNIFICATION = 8,
  INSITU_SCAN_MOST_MAGNIFICATION = 9,
  // Of the plan; NaN without one
  INSITU_SCAN_COLUMNS = 32,
  INSITU_SCAN_ROWS = 33,
  INSITU_SCAN_STRIDE = 34,
  INSITU_SCAN_SCALED_WIDTH = 35,
  INSITU_SCAN_SCALED_HEIGHT = 36,
  INSITU_SCAN_MAGNIFICATION = 37,
  INSITU_SCAN_IS_DENSE = 38,
  INSITU_SCAN_BLOCK_COUNT = 39,
  INSITU_SCAN_MULTIPLY_ADDS = 40,  // of a cell
  // Of a block of it, by index; NaN where there is no such block
  INSITU_SCAN_BLOCK_X = 64,  // pixels of the image
  INSITU_SCAN_BLOCK_Y = 65,
  INSITU_SCAN_BLOCK_WIDTH = 66,
  INSITU_SCAN_BLOCK_HEIGHT = 67,
  INSITU_SCAN_BLOCK_COLUMN = 68,  // cells
  INSITU_SCAN_BLOCK_ROW = 69,
  INSITU_SCAN_BLOCK_COLUMNS = 70,
  INSITU_SCAN_BLOCK_ROWS = 71,
};
double insitu_scanner_number(const insitu_scanner* scanner, int32_t key, int32_t index);

const char* insitu_scanner_error_name(void);
const char* insitu_scanner_error_message(void);

#ifdef __cplusplus
}  // extern "C"
#endif
