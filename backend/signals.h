// The signals that a server is told things by, as something to wait for.
#pragma once

#include <csignal>

namespace insitu {

// While it lives, SIGINT, SIGTERM and SIGHUP are blocked in this thread and in those that it
// starts, so construct it before any other thread.
class Signals {
 public:
  enum class Event { kStop, kReload, kCancelled };

  Signals();
  ~Signals();
  Signals(const Signals&) = delete;  // owns descriptors
  Signals& operator=(const Signals&) = delete;

  // Returns at a signal, which it takes, or at Cancel().
  Event Wait();

  // From any thread.
  void Cancel();

  // From here on a signal does again what it did before: a second one ends the process at once.
  void Unblock();

 private:
  sigset_t signals_;
  sigset_t before_;
  int signal_ = -1;
  int cancelled_ = -1;
};

}  // namespace insitu
