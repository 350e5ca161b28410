// What insitu-server does other than serve: admin, audit, backup, restore, verify.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace insitu {

// The commands, one a line, for --help.
std::string CommandsUsage();

// Runs the command that the arguments after the program's name begin with and returns the exit
// status: 0; 1 if it was refused or went wrong; 2 if it was not understood. Nothing if they begin
// with none of these.
std::optional<int> RunCommand(const std::vector<std::string>& arguments, std::ostream& out,
                              std::ostream& err);

}  // namespace insitu
