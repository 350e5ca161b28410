// Where a training that takes hours keeps what it has reached: a folder with one file a fit.
#pragma once

#include <optional>
#include <string>

#include "shared/result.h"

namespace insitu {

class Checkpoint {
 public:
  // folder: made when it is not there; "" keeps nothing. name: of the fit, a file name. identity:
  // all that the fit depends on; what another identity left behind does not count.
  Checkpoint(std::string folder, const std::string& name, const std::string& identity);

  // What Store was given last; absent when there is none of this identity, or it is damaged.
  std::optional<std::string> Load() const;

  // Errors: kInvalidArgument when the file cannot be written; the one before is left as it was.
  Status Store(const std::string& state) const;

 private:
  std::string folder_, path_, key_;
};

}  // namespace insitu
