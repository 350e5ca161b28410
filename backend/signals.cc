#include "backend/signals.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

namespace insitu {

Signals::Signals() {
  sigemptyset(&signals_);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals_, signal);
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  signal_ = ::signalfd(-1, &signals_, SFD_CLOEXEC);
  cancelled_ = ::eventfd(0, EFD_CLOEXEC);
}

Signals::~Signals() {
  Unblock();
  ::close(signal_);
  ::close(cancelled_);
}

Signals::Event Signals::Wait() {
  std::array<pollfd, 2> waited{pollfd{signal_, POLLIN, 0}, pollfd{cancelled_, POLLIN, 0}};
  while (::poll(waited.data(), waited.size(), -1) < 0 && errno == EINTR) {
  }
  if (waited[0].revents == 0) return Event::kCancelled;
  signalfd_siginfo taken{};
  (void)!::read(signal_, &taken, sizeof(taken));
  return taken.ssi_signo == SIGHUP ? Event::kReload : Event::kStop;
}

void Signals::Cancel() {
  const uint64_t one = 1;
  (void)!::write(cancelled_, &one, sizeof(one));
}

void Signals::Unblock() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

}  // namespace insitu
