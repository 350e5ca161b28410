// The program as a whole: Run() with real arguments, a real port and real signals.
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <catch_amalgamated.hpp>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "backend/run.h"
#include "shared/str_cat.h"
#include "tests/http_client.h"
#include "tests/made_site.h"
#include "tests/temporary_folder.h"
#include "tests/tls_client.h"

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

struct Ended {
  int status;
  std::string out;
  std::string err;
};

// Runs to its end with arguments that do not let it serve.
Ended RunToEnd(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const int status = Run(arguments, out, err);
  return {status, out.str(), err.str()};
}

// The events of a log, in their order: "started stopping".
std::string EventsOf(const std::string& log) {
  std::istringstream lines(log);
  std::string events;
  for (std::string line; std::getline(lines, line);) {
    const std::string event = nlohmann::json::parse(line)["event"];
    events += StrCat(events.empty() ? "" : " ", event);
  }
  return events;
}

// What one thread writes to a stream and another reads.
class SharedText final : public std::streambuf {
 public:
  std::string Read() {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 protected:
  std::streamsize xsputn(const char* bytes, std::streamsize count) override {
    const std::lock_guard lock(mutex_);
    text_.append(bytes, static_cast<size_t>(count));
    return count;
  }
  int_type overflow(int_type byte) override {
    const std::lock_guard lock(mutex_);
    text_.push_back(traits_type::to_char_type(byte));
    return byte;
  }

 private:
  std::mutex mutex_;
  std::string text_;
};

// insitu-server on a free port, in a thread of this process.
class Program {
 public:
  explicit Program(const MadeSite& site, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"--site", site.folder().string(), "--port", "0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    thread_ = std::thread([this, arguments] {
      std::ostream out(&out_);
      std::ostream err(&err_);
      status_ = Run(arguments, out, err);
    });
    while (out_.Read().find('\n') == std::string::npos) {
      if (err_.Read().starts_with("insitu-server: ")) {
        thread_.join();
        FAIL(err_.Read());
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  ~Program() {
    if (thread_.joinable()) End(SIGTERM);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  int port() {
    const std::string text = out_.Read();
    return std::stoi(text.substr(text.find(':', text.find("://") + 3) + 1));
  }
  int metrics_port() {
    while (true) {  // the line comes a little after the first
      const std::string text = out_.Read();
      const size_t line = text.find("Its metrics are at ");
      const size_t path = text.find("/metrics\n");
      if (path == std::string::npos) continue;
      const size_t colon = text.rfind(':', path);
      CHECK(line < colon);
      return std::stoi(text.substr(colon + 1));
    }
  }
  std::string err() { return err_.Read(); }
  void Signal(int signal) { pthread_kill(thread_.native_handle(), signal); }
  Ended End(int signal) {
    Signal(signal);
    return Wait();
  }
  Ended Wait() {
    thread_.join();
    return {status_, out_.Read(), err_.Read()};
  }

 private:
  SharedText out_;
  SharedText err_;
  int status_ = -1;
  std::thread thread_;
};

TEST_CASE("The server says where it is, serves the site and stops at a signal", "[server]") {
  const MadeSite site;
  const int signal = GENERATE(SIGINT, SIGTERM);
  Program program(site);
  const int port = program.port();
  const Reply start = Ask(port, "GET", "/");
  CHECK(start.status == 200);
  CHECK(start.body == "<!doctype html><title>InSitu</title>");
  CHECK_THAT(start.Header("Content-Security-Policy"), StartsWith(MadeSite::kPolicy));
  CHECK(start.Header("Accept-Ranges") == "none");

  const Ended ended = program.End(signal);
  CHECK(ended.status == 0);
  CHECK(ended.out == StrCat("InSitu is at http://127.0.0.1:", port, " (Ctrl+C stops it)\n"));
  CHECK_THAT(EventsOf(ended.err),
             StartsWith("started ") && ContainsSubstring(" request") && EndsWith(" stopped"));
  CHECK(Ask(port, "GET", "/").status == 0);
}

TEST_CASE("The server is alive and ready while it serves", "[server]") {
  const MadeSite site;
  Program program(site);
  for (const char* path : {"/healthz", "/readyz"}) {
    CAPTURE(path);
    const Reply reply = Ask(program.port(), "GET", path);
    CHECK(reply.status == 200);
    CHECK(reply.Header("Cache-Control") == "no-store");
  }
}

TEST_CASE("Whoever runs the server can ask it how it is", "[server]") {
  const MadeSite site;
  std::string port;
  {
    Program program(site);
    port = std::to_string(program.port());
    CHECK(RunToEnd({"health", "--site", "x", "--port", port}).status == 0);
  }
  CHECK(RunToEnd({"health", "--site", "x", "--port", port}).status == 1);
}

TEST_CASE("A server that stops says so before it stops accepting", "[server]") {
  const MadeSite site;
  const TemporaryFolder folder;
  WriteFile(folder / "insitu.toml", "drain_seconds = 2\n");
  Program program(site, {"--config", (folder / "insitu.toml").string()});
  const int port = program.port();
  program.Signal(SIGTERM);
  int ready = 200;
  for (int i = 0; i < 100 && ready == 200; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ready = Ask(port, "GET", "/readyz").status;
  }
  CHECK(ready == 503);
  CHECK(Ask(port, "GET", "/healthz").status == 200);
  CHECK(program.Wait().status == 0);
}

TEST_CASE("Metrics are on a listener of their own and count by route", "[server]") {
  const MadeSite site;
  const TemporaryFolder folder;
  WriteFile(folder / "insitu.toml", "[metrics]\nport = 0\n");
  Program program(site, {"--config", (folder / "insitu.toml").string()});
  const int port = program.port();
  CHECK(Ask(port, "GET", "/metrics").status == 404);
  Ask(port, "GET", "/healthz");
  Reply page;
  do {  // a reply is counted when it has been sent
    page = Ask(program.metrics_port(), "GET", "/metrics");
    REQUIRE(page.status == 200);
  } while (page.body.find("insitu_request_seconds_count 2\n") == std::string::npos);
  CHECK_THAT(
      page.body,
      ContainsSubstring("insitu_requests_total{route=\"/*\",status=\"404\"} 1\n") &&
          ContainsSubstring("insitu_requests_total{route=\"/healthz\",status=\"200\"} 1\n") &&
          ContainsSubstring("insitu_request_seconds_count 2\n"));
  CHECK(Ask(program.metrics_port(), "GET", "/").status == 404);
}

TEST_CASE("The program serves TLS and takes a new certificate at SIGHUP", "[server][tls]") {
  const MadeSite site;
  const TemporaryFolder folder;
  MakeCertificate("first", folder / "c.pem", folder / "k.pem");
  WriteFile(folder / "insitu.toml", StrCat("[tls]\ncertificate = \"", (folder / "c.pem").string(),
                                           "\"\nkey = \"", (folder / "k.pem").string(), "\"\n"));
  Program program(site, {"--config", (folder / "insitu.toml").string()});
  const int port = program.port();
  CHECK(TlsClient(port).certificate_name() == "first");
  MakeCertificate("second", folder / "c.pem", folder / "k.pem");
  program.Signal(SIGHUP);
  std::string name;
  for (int i = 0; i < 500 && name != "second"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    name = TlsClient(port).certificate_name();
  }
  CHECK(name == "second");
  WriteFile(folder / "c.pem", "rubbish");
  program.Signal(SIGHUP);
  while (program.err().find("certificate_kept") == std::string::npos) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK(TlsClient(port).certificate_name() == "second");
  CHECK_THAT(program.End(SIGTERM).out, StartsWith("InSitu is at https://127.0.0.1:"));
}

TEST_CASE("A service manager is told when the server is ready and when it stops", "[server]") {
  const MadeSite site;
  const TemporaryFolder folder;
  const std::string path = (folder / "notify").string();
  const int manager = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  REQUIRE(manager >= 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  REQUIRE(::bind(manager, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  const auto told = [&] {
    std::array<char, 64> text{};
    const ssize_t count = ::recv(manager, text.data(), text.size(), 0);
    return std::string(text.data(), count < 0 ? 0 : static_cast<size_t>(count));
  };
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  Program program(site);
  CHECK(told() == "READY=1");
  program.End(SIGTERM);
  CHECK(told() == "STOPPING=1");
  ::unsetenv("NOTIFY_SOCKET");
  ::close(manager);
}

TEST_CASE("A configuration can be checked without serving", "[server]") {
  const TemporaryFolder folder;
  WriteFile(folder / "good.toml", "site = \"anywhere\"\n");
  WriteFile(folder / "bad.toml", "sites = 1\n");
  const Ended good = RunToEnd({"config", "check", "--config", (folder / "good.toml").string()});
  CHECK(good.status == 0);
  CHECK_THAT(good.out, ContainsSubstring("is good"));
  const Ended bad = RunToEnd({"config", "check", "--config", (folder / "bad.toml").string()});
  CHECK(bad.status == 2);
  CHECK_THAT(bad.err, ContainsSubstring("no setting sites"));
}

TEST_CASE("An address of the API that there is not is a problem", "[server]") {
  const MadeSite site;
  Program program(site);
  const Reply reply = Ask(program.port(), "GET", "/api/nothing");
  CHECK(reply.status == 404);
  CHECK(reply.Header("Content-Type") == "application/problem+json");
  CHECK_THAT(reply.body, ContainsSubstring("\"instance\":\"urn:uuid:"));
  CHECK(Ask(program.port(), "POST", "/api/nothing").status == 404);
}

TEST_CASE("Brotli, 304 and HEAD come through the whole server", "[server]") {
  const MadeSite site;
  Program program(site);
  const std::string path = "/app-0a1b2c3d4e.js";
  const Reply brotli = Ask(program.port(), "GET", path, "Accept-Encoding: gzip, br\r\n");
  CHECK(brotli.body == "not really brotli");
  CHECK(brotli.Header("Content-Encoding") == "br");
  CHECK(brotli.Header("Vary") == "Accept-Encoding");

  const std::string tag = brotli.Header("ETag");
  const Reply same = Ask(program.port(), "GET", path,
                         StrCat("Accept-Encoding: br\r\nIf-None-Match: ", tag, "\r\n"));
  CHECK(same.status == 304);
  CHECK(same.Header("ETag") == tag);

  const Reply head = Ask(program.port(), "HEAD", path);
  CHECK(head.status == 200);
  CHECK(head.Header("Content-Length") == "20");
  CHECK(head.Header("Accept-Ranges") == "none");
}

TEST_CASE("Only GET and HEAD are allowed", "[server]") {
  const MadeSite site;
  Program program(site);
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"}) {
    CAPTURE(method);
    const Reply reply = Ask(program.port(), method, "/");
    CHECK(reply.status == 405);
    CHECK(reply.Header("Allow") == "GET, HEAD");
  }
  CHECK(StatusOf(program.port(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}") ==
        405);
}

TEST_CASE("A page takes no body, however it is announced", "[server][limits]") {
  const MadeSite site;
  Program program(site);
  CHECK(Ask(program.port(), "GET", "/", "Content-Length: 0\r\n").status == 200);
  const auto [lines, status] = GENERATE(table<std::string, int>(
      {{"Content-Length: 1\r\n", 413}, {"Transfer-Encoding: chunked\r\n", 411}}));
  CAPTURE(lines);
  CHECK(StatusOf(program.port(), StrCat("GET / HTTP/1.1\r\nHost: a\r\n", lines, "\r\n0")) ==
        status);
}

TEST_CASE("No path leads out of the site", "[server]") {
  const MadeSite site;
  Program program(site);
  for (const char* path : {"/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc",
                           "/headers.json", "/app-0a1b2c3d4e.js.br", "/%2e/index.html"}) {
    CAPTURE(path);
    CHECK(Ask(program.port(), "GET", path).status == 404);
  }
}

TEST_CASE("A port in use is said in one line and ends the program", "[server]") {
  const MadeSite site;
  Program program(site);
  const Ended second =
      RunToEnd({"--site", site.folder().string(), "--port", std::to_string(program.port())});
  CHECK(second.status == 1);
  CHECK(second.out.empty());
  CHECK_THAT(second.err, StartsWith("insitu-server: Something already listens on port ") &&
                             ContainsSubstring("--port"));
  CHECK(second.err.find('\n') == second.err.size() - 1);
}

TEST_CASE("Arguments that are not understood end the program", "[server]") {
  const Ended ended = RunToEnd({"--sites", "x"});
  CHECK(ended.status == 2);
  CHECK_THAT(ended.err, ContainsSubstring("--sites") && ContainsSubstring("--help"));
  CHECK(RunToEnd({"--site", "x", "--host", "0.0.0.0"}).status == 2);
}

TEST_CASE("A site that cannot be loaded ends the program", "[server]") {
  const Ended ended = RunToEnd({"--site", "/nowhere\n/at all"});
  CHECK(ended.status == 1);
  CHECK_THAT(ended.err, ContainsSubstring("Cannot read the site"));
  CHECK(ended.err.find('\n') == ended.err.size() - 1);
}

TEST_CASE("--help prints how to use it", "[server]") {
  const Ended ended = RunToEnd({"--help"});
  CHECK(ended.status == 0);
  CHECK_THAT(ended.out, ContainsSubstring("--site FOLDER") && ContainsSubstring("--behind-proxy") &&
                            ContainsSubstring("restart"));
}

TEST_CASE("Behind a proxy the server may listen on every address", "[server]") {
  const MadeSite site;
  Program program(site, {"--host", "0.0.0.0", "--behind-proxy"});
  CHECK(Ask(program.port(), "GET", "/").status == 200);
}

}  // namespace
}  // namespace insitu
