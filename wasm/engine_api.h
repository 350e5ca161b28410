// The C ABI of the engine: the boundary that JavaScript (public/src/engine.ts) and the tests use.
//
// Conventions
//  1. insitu_classifier is opaque: made by insitu_create, ended by insitu_destroy, never shared
//     between threads. insitu_destroy(NULL) does nothing; every other pointer must be valid.
//  2. Bytes passed in belong to the caller and may be freed as soon as the call returns; take room
//     for them with insitu_alloc and give it back with insitu_free. insitu_alloc returns NULL when
//     memory is out.
//  3. Texts and pixels passed out belong to the engine, are UTF-8 and end with NUL (texts), and
//  stay
//     valid until the next call of insitu_create, insitu_classify, insitu_read, insitu_explain or
//     insitu_destroy.
//  4. A call that can fail says so by its result (NULL, or a number other than 0); then, and only
//     then, insitu_error_name and insitu_error_message describe the failure.
//  5. Any call may grow the WebAssembly memory: read views of it afresh after each call.
//  6. A key or index out of range gives NaN (numbers) or NULL (texts), never undefined behaviour.
//  7. Keys are only ever added, with new numbers.
//  8. A trap (abort, out of memory in the middle) leaves the instance unusable: discard it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct insitu_classifier insitu_classifier;

void* insitu_alloc(size_t size);
void insitu_free(void* memory);

// model: an ONNX file. NULL on failure.
insitu_classifier* insitu_create(const uint8_t* model, size_t size);
void insitu_destroy(insitu_classifier* classifier);

// image: the bytes of an image file. preview_side: when not 0, a preview of the decoded image whose
// longer side is at most this many pixels is made too. 0 on success, else the error's code.
// The page asks insitu_read, so the WebAssembly file does not export this one.
int insitu_classify(insitu_classifier* classifier, const uint8_t* image, size_t size,
                    int preview_side);

// The same behind the gate (shared/gate.h): an image that the model cannot judge is refused with
// the code of "image_refused", unless judge_anyway is not 0. The gate's facts below, and the
// preview, are of this image then too; the prediction stays that of the last success.
int insitu_read(insitu_classifier* classifier, const uint8_t* image, size_t size, int preview_side,
                int judge_anyway);

// Makes the map of which parts of the image moved the probability (shared/explanation.h), by some
// 170 runs of the network. The prediction and the preview stay those of the last success. 0 on
// success, else the error's code.
int insitu_explain(insitu_classifier* classifier, const uint8_t* image, size_t size,
                   int judge_anyway);

// (INSITU_MAP_HEIGHT, INSITU_MAP_WIDTH) f32, row by row; NULL before the first insitu_explain.
const float* insitu_map(const insitu_classifier* classifier);

// Of the model
enum insitu_text_key {
  INSITU_MODEL_ID = 0,
  INSITU_MODEL_VERSION = 1,
  INSITU_MODEL_KIND = 2,
  INSITU_MODEL_SHA256 = 3,
  INSITU_MODEL_LABEL = 4,  // index: label
  INSITU_POSITIVE_VERDICT = 5,
  INSITU_NEGATIVE_VERDICT = 6,
  INSITU_TRAINING_DATA = 7,
  INSITU_POINT_NAME = 16,     // index: operating point
  INSITU_MODEL_WARNING = 17,  // to stand beside every answer; "" if the model has none
  // Of the last insitu_read or insitu_explain that decoded its image; NULL before it
  INSITU_GATE_KIND = 32,    // what the image looks like: histology, mammogram or other
  INSITU_GATE_REASON = 33,  // a code of GateReason, "" when nothing is wrong
};
const char* insitu_text(const insitu_classifier* classifier, int key, int index);

enum insitu_number_key {
  // Of the model
  INSITU_LABEL_COUNT = 0,
  INSITU_POSITIVE_LABEL = 1,  // index of the positive label
  INSITU_THRESHOLD = 2,
  INSITU_THRESHOLD_SENSITIVITY = 3,
  INSITU_THRESHOLD_SPECIFICITY = 4,
  INSITU_INPUT_WIDTH = 5,
  INSITU_INPUT_HEIGHT = 6,
  INSITU_UM_PER_PIXEL = 7,
  INSITU_UNCERTAIN_LOW = 16,  // the band without an answer; NaN if the model has none
  INSITU_UNCERTAIN_HIGH = 17,
  INSITU_UNCERTAIN_COVERAGE = 18,
  INSITU_POINT_COUNT = 19,      // operating points that the model brings
  INSITU_POINT_THRESHOLD = 20,  // index: operating point, also of the next two
  INSITU_POINT_SENSITIVITY = 21,
  INSITU_POINT_SPECIFICITY = 22,
  // Of the last successful insitu_classify or insitu_read; NaN before it
  INSITU_PROBABILITY = 32,  // index: label
  INSITU_IS_POSITIVE = 33,  // 0 or 1
  INSITU_IMAGE_WIDTH = 34,
  INSITU_IMAGE_HEIGHT = 35,
  INSITU_REGION_LEFT = 36,  // the part of the image that the network saw, in image pixels
  INSITU_REGION_TOP = 37,
  INSITU_REGION_WIDTH = 38,
  INSITU_REGION_HEIGHT = 39,
  INSITU_SCALE = 40,  // input pixels per image pixel
  INSITU_DECODE_MS = 41,
  INSITU_PREPROCESS_MS = 42,
  INSITU_NETWORK_MS = 43,
  INSITU_PREVIEW_WIDTH = 44,  // 0 when none was asked for
  INSITU_PREVIEW_HEIGHT = 45,
  INSITU_GATE_MS = 46,
  INSITU_PROBABILITY_LOW = 64,  // 95 % interval of the positive label's; NaN if not known
  INSITU_PROBABILITY_HIGH = 65,
  // Of the last insitu_read or insitu_explain that decoded its image; NaN before it
  INSITU_GATE_ACCEPTED = 72,  // 0 or 1; accepted with a reason is a warning
  INSITU_GATE_SCORE = 73,     // 0..1, how sure the gate is that the model can judge the image
  INSITU_JUDGED_ANYWAY = 74,  // 0 or 1: refused by the gate, and read because it was asked for
  // Of the last successful insitu_explain; NaN before it
  INSITU_MAP_WIDTH = 80,
  INSITU_MAP_HEIGHT = 81,
  INSITU_MAP_PROBABILITY = 82,  // of the positive label, of the whole input
  INSITU_MAP_LEFT = 83,         // the part of the image that the map covers, in image pixels
  INSITU_MAP_TOP = 84,
  INSITU_MAP_REGION_WIDTH = 85,
  INSITU_MAP_REGION_HEIGHT = 86,
};
double insitu_number(const insitu_classifier* classifier, int key, int index);

// (preview height, preview width, 4) u8, RGBA, opaque; NULL when none was asked for.
const uint8_t* insitu_preview(const insitu_classifier* classifier);

const char* insitu_error_name(void);
const char* insitu_error_message(void);

#ifdef __cplusplus
}  // extern "C"
#endif
