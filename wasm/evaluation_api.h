// The C ABI of evaluating for the page: scored images in, the report of `insitu evaluate --json`
// out, by the same code. A WebAssembly file of its own, fetched only when somebody evaluates.
// One file of the page calls it: public/src/figures/evaluation.ts.
//
// Texts passed in are UTF-8 with their size in bytes, belong to the caller and may be freed as soon
// as the call returns; take room for them with insitu_alloc and give it back with insitu_free.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct insitu_evaluation insitu_evaluation;

// NULL when there is no memory left.
void* insitu_alloc(uint32_t size);
void insitu_free(void* memory);

// threshold: positive is a probability at or above it.
insitu_evaluation* insitu_evaluation_create(double threshold);
void insitu_evaluation_destroy(insitu_evaluation* evaluation);  // NULL: does nothing

enum insitu_evaluation_text {
  INSITU_EVALUATION_MODEL_ID = 0,
  INSITU_EVALUATION_MODEL_SHA256 = 1,
  INSITU_EVALUATION_POSITIVE_CLASS = 2,
  INSITU_EVALUATION_DATA_NAME = 3,
};
// An unknown key does nothing.
void insitu_evaluation_set_text(insitu_evaluation* evaluation, int32_t key, const char* text,
                                uint32_t size);

// Files that did not count: copies of others, and no images of a class.
void insitu_evaluation_set_counts(insitu_evaluation* evaluation, uint32_t duplicates,
                                  uint32_t ignored);

// A threshold that the curve has in any case, as it has the one in force.
void insitu_evaluation_add_threshold(insitu_evaluation* evaluation, double threshold);

// A probability in [low, high) is answered uncertain; coverage is what the band was made for.
void insitu_evaluation_set_uncertain(insitu_evaluation* evaluation, double low, double high,
                                     double coverage);

// The images that follow are of this case. Each case is begun once.
void insitu_evaluation_begin_case(insitu_evaluation* evaluation, const char* id, uint32_t size);

// probability: of the positive class, in [0, 1]. Returns 0; 1 where it is not, or where no case was
// begun, and then the image does not count.
int32_t insitu_evaluation_add(insitu_evaluation* evaluation, double probability, int32_t truth);

// The report as JSON, as `insitu evaluate --json` prints it, without errors and missing cases.
// samples: of the bootstrap over cases, at least 1. Belongs to the evaluation and stays until the
// next call with it. NULL where samples is 0 or there are more than INSITU_EVALUATION_MOST_DRAWS
// draws, samples times cases.
const char* insitu_evaluation_json(insitu_evaluation* evaluation, uint32_t samples, uint32_t seed);

#ifdef __cplusplus
}
#endif

// 2,000 samples of 20,000 cases: 320 MB.
#define INSITU_EVALUATION_MOST_DRAWS 40000000
