#include "tests/fault_vfs.h"

#include <sqlite3.h>

#include <cstdlib>
#include <cstring>
#include <mutex>

namespace insitu {
namespace {

std::mutex mutex;  // guards what follows
int64_t good_left = INT64_MAX;
int64_t bad_left = 0;
int fault_code = 0;
int64_t failed_so_far = 0;

// The code to fail with, or 0.
int NextFault() {
  const std::lock_guard lock(mutex);
  if (good_left > 0) {
    if (good_left != INT64_MAX) --good_left;
    return 0;
  }
  if (bad_left == 0) return 0;
  if (bad_left != INT64_MAX) --bad_left;
  ++failed_so_far;
  return fault_code;
}

// Ours, with the real file after it.
struct FaultFile {
  sqlite3_file base;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* Real(sqlite3_file* file) { return reinterpret_cast<FaultFile*>(file)->real(); }

int Write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  const int fault = NextFault();
  sqlite3_file* real = Real(file);
  if (fault == 0) return real->pMethods->xWrite(real, bytes, count, offset);
  real->pMethods->xWrite(real, bytes, count / 2, offset);
  return fault;
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int fault = NextFault(); fault != 0) return fault;
  return Real(file)->pMethods->xTruncate(Real(file), size);
}

int Sync(sqlite3_file* file, int flags) {
  if (const int fault = NextFault(); fault != 0) return fault;
  return Real(file)->pMethods->xSync(Real(file), flags);
}

int Close(sqlite3_file* file) { return Real(file)->pMethods->xClose(Real(file)); }
int Read(sqlite3_file* file, void* bytes, int count, sqlite3_int64 offset) {
  return Real(file)->pMethods->xRead(Real(file), bytes, count, offset);
}
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return Real(file)->pMethods->xFileSize(Real(file), size);
}
int Lock(sqlite3_file* file, int level) { return Real(file)->pMethods->xLock(Real(file), level); }
int Unlock(sqlite3_file* file, int level) {
  return Real(file)->pMethods->xUnlock(Real(file), level);
}
int CheckReservedLock(sqlite3_file* file, int* out) {
  return Real(file)->pMethods->xCheckReservedLock(Real(file), out);
}
int FileControl(sqlite3_file* file, int operation, void* argument) {
  return Real(file)->pMethods->xFileControl(Real(file), operation, argument);
}
int SectorSize(sqlite3_file* file) { return Real(file)->pMethods->xSectorSize(Real(file)); }
int DeviceCharacteristics(sqlite3_file* file) {
  return Real(file)->pMethods->xDeviceCharacteristics(Real(file));
}
int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** mapped) {
  return Real(file)->pMethods->xShmMap(Real(file), page, size, extend, mapped);
}
int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  return Real(file)->pMethods->xShmLock(Real(file), offset, count, flags);
}
void ShmBarrier(sqlite3_file* file) { Real(file)->pMethods->xShmBarrier(Real(file)); }
int ShmUnmap(sqlite3_file* file, int remove) {
  return Real(file)->pMethods->xShmUnmap(Real(file), remove);
}

const sqlite3_io_methods kMethods = {
    .iVersion = 2,  // without memory mapping, which would write past us
    .xClose = Close,
    .xRead = Read,
    .xWrite = Write,
    .xTruncate = Truncate,
    .xSync = Sync,
    .xFileSize = FileSize,
    .xLock = Lock,
    .xUnlock = Unlock,
    .xCheckReservedLock = CheckReservedLock,
    .xFileControl = FileControl,
    .xSectorSize = SectorSize,
    .xDeviceCharacteristics = DeviceCharacteristics,
    .xShmMap = ShmMap,
    .xShmLock = ShmLock,
    .xShmBarrier = ShmBarrier,
    .xShmUnmap = ShmUnmap,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

sqlite3_vfs* DefaultVfs(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }

int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* ours = reinterpret_cast<FaultFile*>(file);
  std::memset(ours, 0, static_cast<size_t>(vfs->szOsFile));
  const int code = DefaultVfs(vfs)->xOpen(DefaultVfs(vfs), name, ours->real(), flags, out_flags);
  if (ours->real()->pMethods != nullptr) ours->base.pMethods = &kMethods;
  return code;
}

}  // namespace

void FaultVfs::Register() {
  static const bool kRegistered = [] {
    sqlite3_vfs* real = sqlite3_vfs_find(nullptr);
    static sqlite3_vfs vfs = *real;  // the rest of it works on names, not on files
    vfs.pNext = nullptr;
    vfs.zName = kName;
    vfs.pAppData = real;
    vfs.szOsFile = static_cast<int>(sizeof(FaultFile)) + real->szOsFile;
    vfs.xOpen = Open;
    return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
  }();
  if (!kRegistered) std::abort();
}

void FaultVfs::FailAfter(int64_t good, int64_t bad, int code) {
  const std::lock_guard lock(mutex);
  good_left = good;
  bad_left = bad;
  fault_code = code;
  failed_so_far = 0;
}

int64_t FaultVfs::failed() {
  const std::lock_guard lock(mutex);
  return failed_so_far;
}

}  // namespace insitu
