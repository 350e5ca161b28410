// The natural logarithm and its inverse: one of each for all of the engine, because the standard
// library's, with their tables, are as large as a good part of the network's kernels.
#pragma once

namespace insitu {

// Within 1e-12 of the result; 0 below -700, infinite beyond 709, NaN of NaN.
double Exp(double exponent);

// Within 1e-14 of the result, or of 1 where that is nearer to 0; -infinity of 0, NaN of less.
double Log(double value);

}  // namespace insitu
