// SQLite's layer to the file system, with faults that a test asks for.
#pragma once

#include <cstdint>

namespace insitu {

// What fails next. One for the process, since a layer is known by its name.
class FaultVfs {
 public:
  static constexpr char kName[] = "insitu-faults";

  // Makes it known to SQLite, the first time.
  static void Register();

  // From the one after `good` writes, syncs and truncations (counted together, over all files), the
  // next `bad` of them fail with SQLite's code; a failing sync has not synced, a failing write has
  // written half.
  static void FailAfter(int64_t good, int64_t bad, int code);
  static void FailAlways(int code) { FailAfter(0, INT64_MAX, code); }
  static void Heal() { FailAfter(INT64_MAX, 0, 0); }

  // How many failed since FailAfter.
  static int64_t failed();
};

}  // namespace insitu
