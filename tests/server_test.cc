// The program as a whole: Run() with real arguments, a real port and real signals.
#include <pthread.h>

#include <catch_amalgamated.hpp>
#include <csignal>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "backend/run.h"
#include "shared/str_cat.h"
#include "tests/http_client.h"
#include "tests/made_site.h"

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;
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
      if (!err_.Read().empty()) {
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
    return std::stoi(text.substr(text.rfind(':') + 1));
  }
  Ended End(int signal) {
    pthread_kill(thread_.native_handle(), signal);
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
  CHECK(ended.err.empty());
  CHECK(Ask(port, "GET", "/").status == 0);
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
