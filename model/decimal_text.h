// A number as text, the same on every machine.
#pragma once

#include <string>

namespace insitu {

// The given count of significant digits, without zeros at the end.
std::string DecimalText(double value, int digits);

// The given count of digits after the point: never with an exponent, however small value is.
std::string FixedText(double value, int digits);

}  // namespace insitu
