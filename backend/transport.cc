#include "backend/transport.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <exception>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include "backend/connection.h"
#include "backend/problem.h"
#include "backend/request_head.h"
#include "backend/security_headers.h"
#include "backend/uuid.h"
#include "backend/worker_pool.h"
#include "shared/str_cat.h"

#define CPPHTTPLIB_LISTEN_BACKLOG ::insitu::kListenBacklog
#include <httplib.h>

namespace insitu {
namespace {

// Up to this size a reply is copied, so that it goes out with its head in one packet.
constexpr size_t kSmallReplyBytes = 8'192;

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

// The body of one request, of the length that its head announced.
class ConnectionBody final : public BodyReader {
 public:
  ConnectionBody(Connection* connection, const Request& request, const TransportLimits& limits)
      : connection_(connection),
        time_(limits.request_body_time +
              std::chrono::seconds(request.body_bytes.value_or(0) / limits.slowest_writer)),
        chunked_(!request.body_bytes),
        expects_continue_(request.expects_continue),
        left_(request.body_bytes.value_or(0)) {}

  Result<size_t> Read(std::span<char> out) override {
    if (chunked_ || failed_with_) return Fail(ErrorCode::kInvalidArgument, "The body is lost.");
    if (left_ == 0) return size_t{0};
    if (!deadline_) {
      deadline_ = Connection::Clock::now() + time_;
      connection_->BeginReply(0);
      const bool wanted = expects_continue_ && !connection_->has_received();
      if (wanted && !connection_->Write("HTTP/1.1 100 Continue\r\n\r\n")) return Lose(408);
    }
    const size_t most = std::min<uint64_t>(out.size(), left_);
    const auto read = connection_->ReadBody(out.first(most), *deadline_);
    if (const auto* count = std::get_if<size_t>(&read)) {
      left_ -= *count;
      return *count;
    }
    const auto* refusal = std::get_if<Refusal>(&read);
    return Lose(refusal == nullptr ? 400 : refusal->status);
  }

  bool complete() const { return left_ == 0 && !chunked_; }
  // The status to answer with, whatever the handler says, once the body is lost.
  std::optional<int> failed_with() const { return failed_with_; }

 private:
  Failed Lose(int status) {
    failed_with_ = status;
    return Fail(ErrorCode::kInvalidArgument, "The body did not arrive whole.");
  }

  Connection* const connection_;
  const std::chrono::milliseconds time_;
  const bool chunked_;
  const bool expects_continue_;
  uint64_t left_;
  std::optional<Connection::Clock::time_point> deadline_;  // once it is being read
  std::optional<int> failed_with_;
};

// One reply on its way through the library.
struct Exchange {
  const Response* reply;
  bool close;
};

thread_local const Exchange* current_exchange = nullptr;

std::string HttpDate() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[32];
  const size_t length = std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return {text, length};
}

uint64_t BodyBytes(const Response& reply) {
  if (reply.stream) return reply.stream->size();
  return reply.body ? reply.body->size() : 0;
}

// Writes a whole body from its source: false if it fails, or ends before its size.
bool WriteStream(BodySource* source, httplib::DataSink* sink) {
  constexpr size_t kChunk = 65'536;
  std::vector<char> chunk(kChunk);
  for (uint64_t left = source->size(); left > 0;) {
    const auto count = source->Read(std::span(chunk).first(std::min<uint64_t>(kChunk, left)));
    if (!count.ok() || count.value() == 0) return false;
    if (!sink->write(chunk.data(), count.value())) return false;
    left -= count.value();
  }
  return true;
}

void CopyReply(const Response& reply, httplib::Response* out) {
  out->status = reply.status;
  out->headers.clear();  // the library's defaults
  out->set_header("Date", HttpDate());
  for (const Header& header : reply.headers) out->set_header(header.name, header.value);
  // In one write: between two, the library would drop the rest of a reply when the server stops.
  if (reply.stream && reply.stream->size() > 0) {
    out->set_content_provider(reply.stream->size(), reply.content_type,
                              [source = reply.stream](size_t, size_t, httplib::DataSink& sink) {
                                return WriteStream(source.get(), &sink);
                              });
  } else if (reply.body && reply.body->size() <= kSmallReplyBytes) {
    out->set_content(*reply.body, reply.content_type);  // goes out together with the head
  } else if (reply.body) {
    out->set_content_provider(
        reply.body->size(), reply.content_type,
        [body = reply.body](size_t offset, size_t length, httplib::DataSink& sink) {
          return sink.write(body->data() + offset, length);
        });
  }
}

}  // namespace

class Transport::HttpServer final : public httplib::Server {
 public:
  HttpServer(insitu::Handler handler, ErrorLog error_log, TransportOptions options);
  ~HttpServer() override;

  Status Bind(const std::string& address, int port);
  int port() const { return port_; }
  bool Serve();
  void Stop();

 private:
  bool process_and_close_socket(socket_t socket) override;  // on the accepting thread
  void ServeConnection(const Accepted& accepted);           // on a worker
  bool ServeRequest(Connection* connection, const IpAddress& peer,
                    std::variant<Request, Refusal> request, bool last);
  void Complete(const IpAddress& peer, Request* request) const;
  Response Answer(const Request& request, const ConnectionBody& body);
  bool Send(Connection* connection, const Response& reply, bool close);

  const insitu::Handler handler_;  // the base class has a Handler too
  const ErrorLog error_log_;
  const TransportOptions options_;
  const TransportLimits& limits_ = options_.limits;
  ServerState state_;
  WorkerPool pool_;
  int port_ = 0;
  int bind_errno_ = 0;
  int listener_ = -1;  // our own descriptor of the listening socket, so that Stop() is always safe
};

Transport::HttpServer::HttpServer(insitu::Handler handler, ErrorLog error_log,
                                  TransportOptions options)
    : handler_(std::move(handler)),
      error_log_(std::move(error_log)),
      options_(std::move(options)),
      pool_(limits_, &state_, [this](const Accepted& accepted) { ServeConnection(accepted); }) {
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

  set_pre_routing_handler([](const httplib::Request&, httplib::Response& out) {
    CopyReply(*current_exchange->reply, &out);
    return HandlerResponse::Handled;
  });
  set_post_routing_handler([](const httplib::Request&, httplib::Response& out) {
    // Of a 304, Content-Length would have to be the one of the file (RFC 9110, section 8.6).
    if (out.status == 304 || out.status == 204) out.headers.erase("Content-Length");
    // The library ends connections after errors of its own.
    if (!current_exchange->close) out.headers.erase("Connection");
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
  if (!pool_.Add(socket) && options_.on_refused) options_.on_refused();
  return true;
}

void Transport::HttpServer::ServeConnection(const Accepted& accepted) {
  Connection connection(
      accepted.socket,
      options_.make_stream ? options_.make_stream(accepted.socket) : MakeTcpStream(accepted.socket),
      accepted.at, limits_, state_);
  for (int left = limits_.max_requests_per_connection; left > 0; --left) {
    auto head = connection.ReadHead();
    if (std::holds_alternative<Connection::Ended>(head)) return;
    std::variant<Request, Refusal> request = Refusal{500};
    if (const auto* text = std::get_if<std::string>(&head)) request = ParseRequestHead(*text);
    if (const auto* refusal = std::get_if<Refusal>(&head)) request = *refusal;
    if (!ServeRequest(&connection, accepted.peer, std::move(request), left == 1)) break;
  }
  connection.Linger();
}

// Returns whether the connection goes on.
bool Transport::HttpServer::ServeRequest(Connection* connection, const IpAddress& peer,
                                         std::variant<Request, Refusal> request, bool last) {
  const auto began = std::chrono::steady_clock::now();
  auto* read = std::get_if<Request>(&request);
  bool close = true;
  Response reply;
  if (read != nullptr) {
    Complete(peer, read);
    ConnectionBody body(connection, *read, limits_);
    read->body_reader = &body;
    reply = Answer(*read, body);
    read->body_reader = nullptr;
    // What is left of a body is never taken for the next request.
    close = last || state_.stopping || !read->keep_alive || !body.complete();
  } else {
    reply = ErrorReply(std::get<Refusal>(request).status);
  }
  AddSecurityHeaders(&reply);
  if (options_.tls) reply.headers.push_back({"Strict-Transport-Security", kOnlyTls});
  const bool sent = Send(connection, reply, close);
  if (options_.on_answer) {
    options_.on_answer({.request = read,
                        .reply = &reply,
                        .peer = &peer,
                        .time = std::chrono::steady_clock::now() - began});
  }
  return sent && !close;
}

// What the head does not say.
void Transport::HttpServer::Complete(const IpAddress& peer, Request* request) const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  request->id = NewUuid(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  const bool proxied = std::any_of(options_.trusted_proxies.begin(), options_.trusted_proxies.end(),
                                   [&](const AddressRange& range) { return range.Contains(peer); });
  request->secure = options_.tls || (proxied && request->Find("X-Forwarded-Proto") == "https");
  const std::string forwarded = request->Find("X-Forwarded-For").value_or(std::string());
  request->remote_address = ClientAddress(peer, forwarded, options_.trusted_proxies).ToText();
}

Response Transport::HttpServer::Answer(const Request& request, const ConnectionBody& body) {
  Response reply;
  try {
    reply = handler_(request);
  } catch (const std::exception& fault) {
    error_log_(StrCat("A request failed: ", fault.what()));
    reply = ErrorReply(500);
  }
  if (body.failed_with()) {
    const std::string_view route = reply.route;
    reply = ProblemOf(*body.failed_with());
    AddInstance(request.id, &reply);
    reply.route = route;
  }
  return reply;
}

bool Transport::HttpServer::Send(Connection* connection, const Response& reply, bool close) {
  connection->BeginReply(BodyBytes(reply));
  const bool head_only = connection->last_head().starts_with("HEAD ");
  GatedStream stream(StrCat(head_only ? "HEAD" : "GET", " / HTTP/1.1\r\nHost: insitu\r\n\r\n"),
                     connection);
  const Exchange exchange{.reply = &reply, .close = close};
  current_exchange = &exchange;
  bool connection_closed = false;
  const bool sent = process_request(stream, /*remote_addr=*/"", 0, /*local_addr=*/"", 0, close,
                                    connection_closed, /*setup_request=*/nullptr);
  current_exchange = nullptr;
  return sent && !connection_closed;
}

Transport::Transport(Handler handler, ErrorLog error_log, TransportOptions options)
    : server_(std::make_unique<HttpServer>(std::move(handler), std::move(error_log),
                                           std::move(options))) {}

Transport::~Transport() = default;

Status Transport::Bind(const std::string& address, int port) {
  return server_->Bind(address, port);
}

int Transport::port() const { return server_->port(); }

bool Transport::Serve() { return server_->Serve(); }

void Transport::Stop() { server_->Stop(); }

}  // namespace insitu
