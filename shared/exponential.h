// e to the power of a number: one function for all of the engine, because the standard library's
// two, with their tables, are as large as a good part of the network's kernels.
#pragma once

namespace insitu {

// Within 1e-10 of the result; 0 below -700, infinite beyond 709, NaN of NaN.
double Exp(double exponent);

}  // namespace insitu
