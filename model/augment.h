// Variations of a patch that leave its label as it is, drawn anew each time it is shown in
// training.
#pragma once

#include "model/random.h"
#include "shared/image.h"

namespace insitu {

struct Augmentation {
  double stain_scale = 0.4;   // each stain's optical density is multiplied by 1 ± this
  double stain_shift = 0.05;  // and this much is added, in units of optical density
  double brightness = 0.1;    // every value is multiplied by 1 ± this
  double zoom = 0;            // enlarged or reduced by a factor of up to 1 + this
  double shift = 0;           // moved by up to this many pixels in each direction
  double turn = 0;            // turned by up to this many degrees
  double blur = 0;            // this share of draws becomes its mean over 3×3 pixels
};

// One of the eight flips and quarter turns. 0 leaves the image as it is. image must be square.
Image Turned(const Image& image, int which);

// Zoom, shift and turn about the centre at once, bilinear; what comes in from outside is the image
// mirrored at its edge. image must be square.
Image Warped(const Image& image, const Augmentation& augmentation, Random* random);

// Changes the amounts of haematoxylin, eosin and the residual in the colour deconvolution of
// Ruifrok & Johnston (2001), then the brightness. A grey image has one stain: all of its density.
void JitterStain(const Augmentation& augmentation, Random* random, Image* image);

// At random, its mean over 3×3 pixels with weights 1 2 1 in each direction.
void Blur(const Augmentation& augmentation, Random* random, Image* image);

// All of them, at random.
Image Augmented(const Image& image, const Augmentation& augmentation, Random* random);

}  // namespace insitu
