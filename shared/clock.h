// Milliseconds that only ever rise, to time something by.
#pragma once

#include <ctime>

namespace insitu {

#ifdef __wasm__
// The host's own clock: of WASI's, both sides would have to take nanoseconds apart.
[[clang::import_module("env"), clang::import_name("now_ms")]] double NowMs();
#else
// std::chrono would bring along what it needs to report a clock that fails.
inline double NowMs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}
#endif

}  // namespace insitu
