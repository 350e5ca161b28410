// The C ABI of the engine: the boundary that JavaScript (public/src/engine.ts) and the tests use.
//
// Conventions
//  1. insitu_classifier is opaque: made by insitu_create, ended by insitu_destroy, never shared
//     between threads. insitu_destroy(NULL) does nothing; every other pointer must be valid.
//  2. Bytes passed in belong to the caller and may be freed as soon as the call returns; take room
//     for them with insitu_alloc and give it back with insitu_free. insitu_alloc returns NULL when
//     memory is out.
//  3. Texts and pixels passed out belong to the engine, are UTF-8 and end with NUL (texts), and
//     stay valid until the next call of insitu_create, insitu_classify, insitu_read, insitu_explain
//     or insitu_destroy.
//  4. A call that can fail says so by its result (NULL, or a number other than 0); then, and only
//     then, insitu_error_name and insitu_error_message describe the failure.
//  5. Any call may grow the WebAssembly memory: read views of it afresh after each call.
//  6. A key or index of a text that is out of range gives NULL, never undefined behaviour.
//  7. A trap (abort, out of memory in the middle) leaves the instance unusable: discard it.
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

enum insitu_text_key {
  // Of the model
  INSITU_MODEL_ID = 0,
  INSITU_MODEL_VERSION,
  INSITU_MODEL_KIND,
  INSITU_MODEL_SHA256,
  INSITU_POSITIVE_VERDICT,
  INSITU_NEGATIVE_VERDICT,
  INSITU_TRAINING_DATA,
  INSITU_MODEL_WARNING,  // to stand beside every answer; "" if the model has none
  INSITU_MODEL_LABEL,    // index: label
  INSITU_POINT_NAME,     // index: operating point
  // Of the last insitu_read or insitu_explain that decoded its image; NULL before it
  INSITU_GATE_KIND,    // what the image looks like: histology, mammogram or other
  INSITU_GATE_REASON,  // a code of GateReason, "" when nothing is wrong
};
const char* insitu_text(const insitu_classifier* classifier, int key, int index);

// Places in what insitu_numbers gives.
enum insitu_number_place {
  // Of the model
  INSITU_LABEL_COUNT = 0,
  INSITU_POSITIVE_LABEL,  // index of the positive label
  INSITU_THRESHOLD,
  INSITU_THRESHOLD_SENSITIVITY,
  INSITU_THRESHOLD_SPECIFICITY,
  INSITU_INPUT_WIDTH,
  INSITU_INPUT_HEIGHT,
  INSITU_UM_PER_PIXEL,
  INSITU_UNCERTAIN_LOW,  // the band without an answer; NaN if the model has none
  INSITU_UNCERTAIN_HIGH,
  INSITU_UNCERTAIN_COVERAGE,
  INSITU_POINT_COUNT,  // operating points that the model brings
  // Of the last successful insitu_classify or insitu_read; NaN before it
  INSITU_IS_POSITIVE,  // 0 or 1
  INSITU_IMAGE_WIDTH,
  INSITU_IMAGE_HEIGHT,
  INSITU_REGION_LEFT,  // the part of the image that the network saw, in image pixels
  INSITU_REGION_TOP,
  INSITU_REGION_WIDTH,
  INSITU_REGION_HEIGHT,
  INSITU_SCALE,  // input pixels per image pixel
  INSITU_DECODE_MS,
  INSITU_GATE_MS,
  INSITU_PREPROCESS_MS,
  INSITU_NETWORK_MS,
  INSITU_PROBABILITY_LOW,  // 95 % interval of the positive label's; NaN if not known
  INSITU_PROBABILITY_HIGH,
  INSITU_PREVIEW_WIDTH,  // 0 when none was asked for
  INSITU_PREVIEW_HEIGHT,
  // Of the last insitu_read or insitu_explain that decoded its image; NaN before it
  INSITU_GATE_ACCEPTED,  // 0 or 1; accepted with a reason is a warning
  INSITU_GATE_SCORE,     // 0..1, how sure the gate is that the model can judge the image
  INSITU_JUDGED_ANYWAY,  // 0 or 1: refused by the gate, and read because it was asked for
  // Of the last successful insitu_explain; NaN before it
  INSITU_MAP_WIDTH,
  INSITU_MAP_HEIGHT,
  INSITU_MAP_PROBABILITY,  // of the positive label, of the whole input
  INSITU_MAP_LEFT,         // the part of the image that the map covers, in image pixels
  INSITU_MAP_TOP,
  INSITU_MAP_REGION_WIDTH,
  INSITU_MAP_REGION_HEIGHT,
  // From here on
  INSITU_POINTS,  // of each operating point its threshold, sensitivity and specificity; then the
                  // probability of each label, of the last prediction, NaN before it
};
// Valid until the classifier is destroyed; other calls change them.
const double* insitu_numbers(const insitu_classifier* classifier);

// (preview height, preview width, 4) u8, RGBA, opaque; NULL when none was asked for.
const uint8_t* insitu_preview(const insitu_classifier* classifier);

const char* insitu_error_name(void);
const char* insitu_error_message(void);

#ifdef __cplusplus
}  // extern "C"
#endif
