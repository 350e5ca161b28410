#include <malloc.h>

#include <iostream>
#include <string>
#include <vector>

#include "backend/run.h"

int main(int argc, char** argv) {
  // A password's hash takes 19 MiB. glibc would keep that for every thread that has ever hashed; to
  // give it back each time costs more than the hash. A few pools for all threads keep a few of
  // them.
  constexpr int kPools = 2;
  constexpr int kFromThePools = 32 << 20;
  ::mallopt(M_ARENA_MAX, kPools);
  ::mallopt(M_MMAP_THRESHOLD, kFromThePools);
  ::mallopt(M_TRIM_THRESHOLD, 2 * kFromThePools);
  return insitu::Run(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr);
}
