// `insitu-server health`: asks a running server on this machine how it is, for containers.
#pragma once

#include "backend/config.h"

namespace insitu {

// True if the server of this configuration answers /healthz with 200; of one with TLS, if it
// accepts connections.
bool IsHealthy(const Config& config);

}  // namespace insitu
