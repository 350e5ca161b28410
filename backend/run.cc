#include "backend/run.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <string_view>
#include <thread>

#include "backend/config.h"
#include "backend/routes.h"
#include "backend/static_site.h"
#include "backend/transport.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr int kSuccess = 0;
constexpr int kFailure = 1;
constexpr int kUsageError = 2;

// SIGINT and SIGTERM as something to wait for. While it lives they are blocked in this thread and
// in those that it starts, so construct it before any other thread.
class StopSignal {
 public:
  StopSignal() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
    signal_ = ::signalfd(-1, &signals_, SFD_CLOEXEC);
    cancelled_ = ::eventfd(0, EFD_CLOEXEC);
  }
  ~StopSignal() {
    Unblock();
    ::close(signal_);
    ::close(cancelled_);
  }
  StopSignal(const StopSignal&) = delete;  // owns descriptors
  StopSignal& operator=(const StopSignal&) = delete;

  // Returns at a signal, which it takes, or at Cancel().
  void Wait() {
    std::array<pollfd, 2> waited{pollfd{signal_, POLLIN, 0}, pollfd{cancelled_, POLLIN, 0}};
    while (::poll(waited.data(), waited.size(), -1) < 0 && errno == EINTR) {
    }
    signalfd_siginfo taken;
    if (waited[0].revents != 0) (void)!::read(signal_, &taken, sizeof(taken));
  }

  // From any thread.
  void Cancel() {
    const uint64_t one = 1;
    (void)!::write(cancelled_, &one, sizeof(one));
  }

  // From here on a signal does again what it did before: a second one ends the process at once.
  void Unblock() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t signals_;
  sigset_t before_;
  int signal_ = -1;
  int cancelled_ = -1;
};

// One line, whatever the message holds.
std::string OneLine(std::string_view message) {
  std::string line = StrCat("insitu-server: ", message);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return line;
}

}  // namespace

int Run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  std::mutex err_mutex;
  const auto log_error = [&](std::string_view message) {
    const std::lock_guard lock(err_mutex);
    err << OneLine(message) << std::endl;
  };
  const Result<Config> config = ParseArguments(arguments);
  if (!config.ok()) {
    log_error(config.error().message);
    return kUsageError;
  }
  if (config.value().help) {
    out << Usage();
    return kSuccess;
  }
  const Result<StaticSite> site = StaticSite::Load(config.value().site);
  if (!site.ok()) {
    log_error(site.error().message);
    return kFailure;
  }

  StopSignal stop_signal;
  const Router router = MakeRoutes({.site = &site.value()});
  TransportOptions options;
  if (config.value().behind_proxy) options.limits.max_connections_per_address = 0;
  Transport transport([&](const Request& request) { return router.Dispatch(request); }, log_error,
                      options);
  const Status bound = transport.Bind(config.value().address, config.value().port);
  if (!bound.ok()) {
    log_error(bound.error().message);
    return kFailure;
  }
  out << "InSitu is at " << AddressInBrowser(config.value().address, transport.port())
      << " (Ctrl+C stops it)" << std::endl;
  bool served = false;
  std::thread server([&] {
    served = transport.Serve();
    stop_signal.Cancel();
  });
  stop_signal.Wait();
  stop_signal.Unblock();
  transport.Stop();
  server.join();
  if (served) return kSuccess;
  log_error("It can accept no more connections and ends. Start it again.");
  return kFailure;
}

}  // namespace insitu
