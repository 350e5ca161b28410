// The whole program, but for the process around it.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace insitu {

// Runs insitu-server with the arguments after its name until SIGINT or SIGTERM, which must not be
// blocked or awaited elsewhere meanwhile; SIGHUP reads the certificate again. Returns the exit
// status: 0, 1 if it could not start or go on, 2 for arguments or a configuration that are not
// understood. `out` gets the address when it is ready; `err` one sentence if it cannot start, and
// from then on the log (log.h). To be called once at a time; other threads may send the signals to
// this one.
int Run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace insitu
