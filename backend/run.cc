#include "backend/run.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "backend/account_data.h"
#include "backend/admin.h"
#include "backend/commands.h"
#include "backend/config.h"
#include "backend/health.h"
#include "backend/log.h"
#include "backend/metrics.h"
#include "backend/routes.h"
#include "backend/service_manager.h"
#include "backend/signals.h"
#include "backend/static_site.h"
#include "backend/tls.h"
#include "backend/transport.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr int kSuccess = 0;
constexpr int kFailure = 1;
constexpr int kUsageError = 2;

// One line, whatever the message holds.
std::string OneLine(std::string_view message) {
  std::string line = StrCat("insitu-server: ", message);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return line;
}

std::string_view OutcomeOfLogin(int status) {
  switch (status) {
    case 200:
      return "accepted";
    case 401:
      return "invalid";
    case 429:
      return "throttled";
    case 503:
      return "busy";
    default:
      return "other";
  }
}

// All of one server, from what it reads at the start to its threads.
class Server {
 public:
  Server(const Config& config, std::ostream* err) : config_(config), log_(err) {}

  // Reads what it serves and listens. Nothing is answered before Serve().
  Status Start();
  // Serves until a signal; false if it could not go on.
  bool Serve(std::ostream& out);

 private:
  TransportOptions MainOptions();
  Status StartMetrics();
  void Observe(const Answered& answered);
  void AddGauges();
  void Reload();

  const Config& config_;
  Log log_;
  Registry registry_;
  ServerMetrics metrics_{&registry_};
  std::atomic<bool> ready_{false};
  std::optional<StaticSite> site_;
  std::unique_ptr<Tls> tls_;
  std::unique_ptr<AccountData> data_;
  std::unique_ptr<AdminSocket> admin_;
  std::optional<Router> router_;
  std::optional<Router> metrics_router_;
  Signals signals_;  // before every thread
  std::optional<Transport> transport_;
  std::optional<Transport> metrics_transport_;
};

Status Server::Start() {
  if (!config_.site.empty()) {
    ASSIGN_OR_RETURN(site_, StaticSite::Load(config_.site));
  }
  if (!config_.certificate.empty()) {
    ASSIGN_OR_RETURN(tls_, Tls::Load(config_.certificate, config_.certificate_key));
  }
  const auto log_fault = [this](std::string_view message) {
    log_.Write(LogLevel::kError, "fault", {{"message", message}});
  };
  if (!config_.data.empty()) {
    ASSIGN_OR_RETURN(data_, AccountData::Open(config_, log_fault));
    AddGauges();
    ASSIGN_OR_RETURN(
        admin_, AdminSocket::Listen(config_.data, [this](const std::vector<std::string>& words) {
          return RunAdmin(data_->database(), words, static_cast<int64_t>(config_.quota_bytes));
        }));
  }
  Services services;
  services.accounts = data_ ? data_->accounts() : nullptr;
  services.site = site_ ? &*site_ : nullptr;
  services.ready = [this] { return ready_.load(); };
  services.gate =
      CrossSiteGate(config_.origins, IsLoopback(config_.address) && !config_.behind_proxy);
  router_.emplace(MakeRoutes(services));
  transport_.emplace([this](const Request& request) { return router_->Dispatch(request); },
                     log_fault, MainOptions());
  RETURN_IF_ERROR(transport_->Bind(config_.address, config_.port));
  return StartMetrics();
}

TransportOptions Server::MainOptions() {
  TransportOptions options;
  if (config_.behind_proxy) options.limits.max_connections_per_address = 0;
  options.trusted_proxies = config_.trusted_proxies;
  options.tls = tls_ != nullptr;
  if (tls_) options.make_stream = [this](int socket) { return tls_->MakeStream(socket); };
  options.on_answer = [this](const Answered& answered) { Observe(answered); };
  options.on_refused = [this] { metrics_.connections.Add({"refused"}); };
  return options;
}

Status Server::StartMetrics() {
  if (config_.metrics_port < 0) return {};
  metrics_router_.emplace(std::vector<Route>{
      {"GET", "/metrics", 0, false,
       [this](const Request&, const PathParameters&) { return MetricsPage(registry_); }}});
  constexpr size_t kScrapers = 4;
  TransportOptions options;
  options.limits.workers = kScrapers;
  options.limits.max_connections = 2 * kScrapers;
  metrics_transport_.emplace(
      [this](const Request& request) { return metrics_router_->Dispatch(request); },
      [this](std::string_view message) {
        log_.Write(LogLevel::kError, "fault", {{"message", message}});
      },
      options);
  return metrics_transport_->Bind(config_.metrics_address, config_.metrics_port);
}

void Server::Observe(const Answered& answered) {
  log_.WriteAnswer(answered);
  const int status = answered.reply->status;
  metrics_.requests.Add({answered.reply->route, std::to_string(status)});
  metrics_.latency.Observe(static_cast<double>(answered.time.count()) / 1e9);
  if (status == 408) metrics_.connections.Add({"reaped"});
  if (status == 429) metrics_.throttled.Add({answered.reply->route});
  if (answered.reply->route == "/api/login") metrics_.logins.Add({OutcomeOfLogin(status)});
}

void Server::AddGauges() {
  const HashGate* gate = &data_->accounts()->gate;
  registry_.AddGauge("insitu_hashing", "Passwords that are being hashed.",
                     [gate] { return static_cast<double>(gate->load().hashing); });
  registry_.AddGauge("insitu_hash_queue", "Requests that wait to hash a password.",
                     [gate] { return static_cast<double>(gate->load().waiting); });
  Database* database = data_->database();
  registry_.AddGauge("insitu_write_queue", "Jobs that wait for the database's writer.", [database] {
    return static_cast<double>(database->Statistics().queued_writes);
  });
  registry_.AddGauge("insitu_wal_bytes", "Size of the database's log.",
                     [database] { return static_cast<double>(database->Statistics().log_bytes); });
}

void Server::Reload() {
  if (!tls_) return;
  const Status reloaded = tls_->Reload();
  if (reloaded.ok()) {
    log_.Write(LogLevel::kInfo, "certificate_reloaded");
  } else {
    log_.Write(LogLevel::kError, "certificate_kept", {{"message", reloaded.error().message}});
  }
}

bool Server::Serve(std::ostream& out) {
  std::atomic<bool> served{true};
  const auto serve = [&](Transport* transport) {
    if (!transport->Serve()) served = false;
    signals_.Cancel();
  };
  std::vector<std::thread> threads;
  threads.emplace_back(serve, &*transport_);
  if (metrics_transport_) threads.emplace_back(serve, &*metrics_transport_);
  ready_ = true;
  out << "InSitu is at " << AddressInBrowser(config_.address, transport_->port(), tls_ != nullptr)
      << " (Ctrl+C stops it)" << std::endl;
  if (metrics_transport_) {
    out << "Its metrics are at "
        << AddressInBrowser(config_.metrics_address, metrics_transport_->port(), /*tls=*/false)
        << "/metrics" << std::endl;
  }
  log_.Write(LogLevel::kInfo, "started", {{"port", int64_t{transport_->port()}}});
  NotifyServiceManager("READY=1");
  while (signals_.Wait() == Signals::Event::kReload) Reload();

  ready_ = false;
  NotifyServiceManager("STOPPING=1");
  log_.Write(LogLevel::kInfo, "stopping");
  signals_.Unblock();
  // Who asks /readyz meanwhile sends the next request elsewhere.
  if (served) std::this_thread::sleep_for(config_.drain_time);
  transport_->Stop();
  if (metrics_transport_) metrics_transport_->Stop();
  for (std::thread& thread : threads) thread.join();
  log_.Write(LogLevel::kInfo, "stopped");
  return served;
}

}  // namespace

int Run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  if (const std::optional<int> status = RunCommand(arguments, out, err)) return *status;
  const auto say = [&](std::string_view message) { err << OneLine(message) << std::endl; };
  const Result<Config> config = ParseArguments(arguments);
  if (!config.ok()) {
    say(config.error().message);
    return kUsageError;
  }
  if (config.value().help) {
    out << Usage() << "\nOther commands:\n" << CommandsUsage();
    return kSuccess;
  }
  if (config.value().command == Command::kCheckConfig) {
    out << "The configuration is good." << std::endl;
    return kSuccess;
  }
  if (config.value().command == Command::kHealth) {
    return IsHealthy(config.value()) ? kSuccess : kFailure;
  }
  Server server(config.value(), &err);
  const Status started = server.Start();
  if (!started.ok()) {
    say(started.error().message);
    return kFailure;
  }
  if (server.Serve(out)) return kSuccess;
  say("It can accept no more connections and ends. Start it again.");
  return kFailure;
}

}  // namespace insitu
