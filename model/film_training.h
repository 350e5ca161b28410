// Training of a mammogram model on the films of mini-MIAS, and its cross-validation by woman.
//
// Every fit is made twice: first on the patches that SamplePatches draws; the network then reads
// the films it was trained on, and the strongest marks that it leaves on normal tissue, its false
// marks there, join the patches of the second fit as normal ones. Nothing of a held-out woman's
// films plays a part in either.
#pragma once

#include "model/train_options.h"
#include "shared/result.h"

namespace insitu {

// Writes options.out and, with options.fold_models, each fold's model and the list of which woman
// it has not seen. Errors: those of reading the films, of a config that is not for them, of
// writing.
Status TrainOnFilms(const TrainOptions& options);

}  // namespace insitu
