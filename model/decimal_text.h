// A number as text, the same on every machine.
#pragma once

#include <string>

namespace insitu {

// The given count of significant digits, without zeros at the end.
std::string DecimalText(double value, int digits);

}  // namespace insitu
