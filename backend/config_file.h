// The configuration file: TOML, every key of which is known. See backend/deploy/insitu.toml.
#pragma once

#include <string>
#include <string_view>

#include "backend/config.h"
#include "shared/result.h"

namespace insitu {

// Puts what the text says into the config; the name is for messages. Refuses what is not TOML, a
// key that is unknown or of another type, a value out of its range, and more than kMaxConfigBytes.
// A fault names its line.
Status ReadConfig(std::string_view text, const std::string& name, Config* config);

}  // namespace insitu
