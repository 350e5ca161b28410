#include "backend/transport.h"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <exception>
#include <string_view>
#include <utility>
#include <variant>

#include "backend/connection.h"
#include "backend/request_head.h"
#include "backend/security_headers.h"
#include "backend/worker_pool.h"
#include "shared/str_cat.h"

#define CPPHTTPLIB_LISTEN_BACKLOG ::insitu::kListenBacklog
#include <httplib.h>

namespace insitu {
namespace {

// What the library reads instead of the client's bytes: a head that we wrote, and then the end.
class GatedStream final : public httplib::Stream {
 public:
  GatedStream(std::string head, Connection* connection)
      : head_(std::move(head)), connection_(connection) {}

  ssize_t read(char* out, size_t size) override {
    const size_t count = head_.copy(out, size, read_);
    read_ += count;
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* bytes, size_t size) override {
    return connection_->Write({bytes, size}) ? static_cast<ssize_t>(size) : -1;
  }

  bool is_readable() const override { return read_ < head_.size(); }
  bool wait_readable() const override { return is_readable(); }
  bool wait_writable() const override { return true; }  // Write() waits, with a deadline
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return INVALID_SOCKET; }
  time_t duration() const override { return 0; }

 private:
  const std::string head_;
  size_t read_ = 0;
  Connection* const connection_;
};

// Runs a task where it is given: the library's task only hands its socket to our pool.
class InlineQueue final : public httplib::TaskQueue {
 public:
  explicit InlineQueue(WorkerPool* pool) : pool_(pool) {}
  bool enqueue(std::function<void()> task) override {
    task();
    return true;
  }
  void shutdown() override { pool_->Stop(); }

 private:
  WorkerPool* const pool_;
};

// One request on its way through the library.
struct Exchange {
  std::variant<Request, Refusal> request;
  Connection* connection;
  int status = 500;
};

thread_local Exchange* current_exchange = nullptr;

std::string HttpDate() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[32];
  const size_t length = std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return {text, length};
}

void CopyReply(const Response& reply, httplib::Response* out) {
  out->status = reply.status;
  out->headers.clear();  // the library's defaults
  out->set_header("Date", HttpDate());
  for (const Header& header : reply.headers) out->set_header(header.name, header.value);
  if (!reply.body) return;
  // In one write: between two, the library would drop the rest of a reply when the server stops.
  out->set_content_provider(
      reply.body->size(), reply.content_type,
      [body = reply.body](size_t offset, size_t length, httplib::DataSink& sink) {
        return sink.write(body->data() + offset, length);
      });
}

}  // namespace

class Transport::HttpServer final : public httplib::Server {
 public:
  HttpServer(insitu::Handler handler, ErrorLog error_log, const TransportLimits& limits);
  ~HttpServer() override;

  Status Bind(const std::string& address, int port);
  int port() const { return port_; }
  bool Serve();
  void Stop();

 private:
  bool process_and_close_socket(socket_t socket) override;  // on the accepting thread
  void ServeConnection(Connection* connection);             // on a worker
  bool ServeRequest(Connection* connection, std::variant<Request, Refusal> request, bool last);
  Response Answer(const std::variant<Request, Refusal>& request);

  const insitu::Handler handler_;  // the base class has a Handler too
  const ErrorLog error_log_;
  const TransportLimits limits_;
  ServerState state_;
  WorkerPool pool_;
  int port_ = 0;
  int bind_errno_ = 0;
  int listener_ = -1;  // our own descriptor of the listening socket, so that Stop() is always safe
};

Transport::HttpServer::HttpServer(insitu::Handler handler, ErrorLog error_log,
                                  const TransportLimits& limits)
    : handler_(std::move(handler)),
      error_log_(std::move(error_log)),
      limits_(limits),
      pool_(limits_, &state_, [this](Connection* connection) { ServeConnection(connection); }) {
  new_task_queue = [this] { return new InlineQueue(&pool_); };
  // The library's default is SO_REUSEPORT, with which two servers would share a port unnoticed.
  set_socket_options([](socket_t socket) {
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  });
  set_tcp_nodelay(true);
  set_keep_alive_timeout(std::chrono::ceil<std::chrono::seconds>(limits_.idle_time).count());
  set_keep_alive_max_count(static_cast<size_t>(limits_.max_requests_per_connection));
  set_error_logger([this](const httplib::Error& error, const httplib::Request*) {
    if (error == httplib::Error::BindIPAddress || error == httplib::Error::Listen) {
      bind_errno_ = errno;
    }
  });
  Response bare;
  AddSecurityHeaders(&bare);
  httplib::Headers defaults;
  for (const Header& header : bare.headers) defaults.emplace(header.name, header.value);
  set_default_headers(std::move(defaults));  // of replies that the library would make by itself

  set_pre_routing_handler([this](const httplib::Request&, httplib::Response& out) {
    const Response reply = Answer(current_exchange->request);
    current_exchange->status = reply.status;
    current_exchange->connection->BeginReply(reply.body ? reply.body->size() : 0);
    CopyReply(reply, &out);
    return HandlerResponse::Handled;
  });
  set_post_routing_handler([](const httplib::Request&, httplib::Response& out) {
    // Of a 304, Content-Length would have to be the one of the file (RFC 9110, section 8.6).
    if (out.status == 304) out.headers.erase("Content-Length");
  });
}

Transport::HttpServer::~HttpServer() {
  pool_.Stop();
  if (listener_ >= 0) ::close(listener_);
  const socket_t unserved = svr_sock_.exchange(INVALID_SOCKET);
  if (unserved != INVALID_SOCKET) ::close(unserved);
}

Status Transport::HttpServer::Bind(const std::string& address, int port) {
  const bool bound =
      port == 0 ? (port_ = bind_to_any_port(address)) > 0 : bind_to_port(address, port);
  if (!bound) {
    const std::string place = StrCat("port ", port, " of ", address);
    if (bind_errno_ == EADDRINUSE) {
      return Error{ErrorCode::kInvalidArgument,
                   StrCat("Something already listens on ", place,
                          ". Stop it, or choose another port with --port.")};
    }
    const char* reason = bind_errno_ == 0 ? "not an address" : std::strerror(bind_errno_);
    constexpr char kAdvice[] = ". Choose another with --host and --port.";
    return Error{ErrorCode::kInvalidArgument,
                 StrCat("Cannot listen on ", place, ": ", reason, kAdvice)};
  }
  if (port != 0) port_ = port;
  listener_ = ::dup(svr_sock_);
  return {};
}

bool Transport::HttpServer::Serve() {
  listen_after_bind();
  svr_sock_ = INVALID_SOCKET;  // the library has closed it
  return state_.stopping;
}

void Transport::HttpServer::Stop() {
  state_.stopping = true;
  // Not the library's stop(): that is lost before listening starts and cuts replies short.
  ::shutdown(listener_, SHUT_RDWR);
}

bool Transport::HttpServer::process_and_close_socket(socket_t socket) {
  pool_.Add(socket);
  return true;
}

void Transport::HttpServer::ServeConnection(Connection* connection) {
  for (int left = limits_.max_requests_per_connection; left > 0; --left) {
    auto head = connection->ReadHead();
    if (std::holds_alternative<Connection::Ended>(head)) return;
    std::variant<Request, Refusal> request = Refusal{500};
    if (const auto* text = std::get_if<std::string>(&head)) request = ParseRequestHead(*text);
    if (const auto* refusal = std::get_if<Refusal>(&head)) request = *refusal;
    if (!ServeRequest(connection, std::move(request), left == 1)) break;
  }
  connection->Linger();
}

// Returns whether the connection goes on.
bool Transport::HttpServer::ServeRequest(Connection* connection,
                                         std::variant<Request, Refusal> request, bool last) {
  const auto* read = std::get_if<Request>(&request);
  // No body is ever read: a request that announces one is the last.
  const bool close = last || state_.stopping || read == nullptr || !read->keep_alive ||
                     read->body_bytes != uint64_t{0};
  const bool head_only = connection->last_head().starts_with("HEAD ");
  GatedStream stream(StrCat(head_only ? "HEAD" : "GET", " / HTTP/1.1\r\nHost: insitu\r\n\r\n"),
                     connection);
  Exchange exchange{.request = std::move(request), .connection = connection};
  current_exchange = &exchange;
  bool connection_closed = false;
  const bool sent = process_request(stream, /*remote_addr=*/"", 0, /*local_addr=*/"", 0, close,
                                    connection_closed, /*setup_request=*/nullptr);
  current_exchange = nullptr;
  return sent && !close && !connection_closed && exchange.status < 400;
}

Response Transport::HttpServer::Answer(const std::variant<Request, Refusal>& request) {
  Response reply;
  try {
    if (const auto* refusal = std::get_if<Refusal>(&request)) {
      reply = ErrorReply(refusal->status);
    } else {
      reply = handler_(std::get<Request>(request));
    }
  } catch (const std::exception& fault) {
    error_log_(StrCat("A request failed: ", fault.what()));
    reply = ErrorReply(500);
  }
  AddSecurityHeaders(&reply);
  return reply;
}

Transport::Transport(Handler handler, ErrorLog error_log, const TransportLimits& limits)
    : server_(std::make_unique<HttpServer>(std::move(handler), std::move(error_log), limits)) {}

Transport::~Transport() = default;

Status Transport::Bind(const std::string& address, int port) {
  return server_->Bind(address, port);
}

int Transport::port() const { return server_->port(); }

bool Transport::Serve() { return server_->Serve(); }

void Transport::Stop() { server_->Stop(); }

}  // namespace insitu
