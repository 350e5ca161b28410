// Whether a model can judge an image at all: looked at before it is read.
//
// Fitted by insitu-fit-gate (model/gate/), which also prints how often it is right, family by
// family; its numbers are in gate_parameters.h, beside the features they belong to, and not in the
// models: what an image looks like does not depend on which network reads it.
#pragma once

#include "shared/image.h"

namespace insitu {

enum class ImageKind : int { kHistology = 0, kMammogram = 1, kOther = 2 };

// What speaks against an image. Reasons are only ever added, at the end.
enum class GateReason : int {
  kNone = 0,
  kGlass = 1,                // no tissue: blank, or nearly
  kPen = 2,                  // ink of a marker over much of it
  kBlur = 3,                 // out of focus
  kCompression = 4,          // blocks of a strong JPEG compression
  kScale = 5,                // tissue, but not at the model's µm per pixel
  kOtherStain = 6,           // tissue in colours other than haematoxylin and eosin
  kPhotograph = 7,           // a picture of something else
  kDrawing = 8,              // a screenshot, text, a diagram, a pattern
  kGreyNotFilm = 9,          // grey, but no mammogram: ultrasound, CT, MR, other X-rays
  kColourNotHistology = 10,  // colours that no stained tissue has
  kHistologyNotFilm = 11,    // stained tissue, given to a model for mammograms
  kFilmNotHistology = 12,    // a mammogram, given to a model for histology
  kTooSmall = 13,            // fewer pixels than can be judged
};

// Stable lower-case name of a reason, for instance "other_stain"; "" of kNone.
const char* ReasonName(GateReason reason);

// "histology", "mammogram" or "other".
const char* KindName(ImageKind kind);

struct GateVerdict {
  ImageKind kind = ImageKind::kOther;  // what the image looks like
  bool accepted = false;
  GateReason reason = GateReason::kNone;  // why it is refused; when accepted: what to be wary of
  float score = 0;                        // 0..1, how sure the gate is that the model can judge it
};

// Images with a side of fewer pixels are refused: their statistics say nothing.
inline constexpr int kMinGateSide = 16;

// A mammogram's film has at least so many pixels on either side: four times the 200 µm per pixel
// of the model's input, for a film of 20 cm.
inline constexpr int kMinFilmSide = 256;

// wanted: the kind of image that the model reads (insitu.kind), kHistology or kMammogram.
GateVerdict JudgeImage(const Image& image, ImageKind wanted);

// Of an image whose file says that it is a mammogram. What it looks like is not asked: the films
// that the gate was made of come from one archive and one scanner. Its size and that it is grey
// are; for blur and compression of films there is no test.
GateVerdict JudgeStatedFilm(const Image& image);

}  // namespace insitu
