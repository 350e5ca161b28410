// The whole program, but for the process around it.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace insitu {

// Runs insitu-server with the arguments after its name until SIGINT or SIGTERM, which must not be
// blocked or awaited elsewhere meanwhile; returns the exit status: 0, 1 if it could not start or
// go on, 2 for arguments that are not understood. `out` gets the address when it is ready, `err`
// one line a fault. To be called once at a time; other threads may send the signal to this one.
int Run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace insitu
