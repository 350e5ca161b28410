#include "backend/request_head.h"

#include <catch_amalgamated.hpp>
#include <string>

#include "backend/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

std::variant<Request, Refusal> Parse(const std::string& head) { return ParseRequestHead(head); }

// Parses a GET with these header lines after its Host.
std::variant<Request, Refusal> ParseLines(const std::string& lines) {
  return Parse(StrCat("GET / HTTP/1.1\r\nHost: a\r\n", lines, "\r\n"));
}

std::variant<Request, Refusal> ParseTarget(const std::string& target) {
  return Parse(StrCat("GET ", target, " HTTP/1.1\r\nHost: a\r\n\r\n"));
}

int RefusedWith(const std::variant<Request, Refusal>& parsed) {
  const auto* refusal = std::get_if<Refusal>(&parsed);
  return refusal == nullptr ? 0 : refusal->status;
}

TEST_CASE("A plain request head is read", "[request_head]") {
  const auto parsed = Parse(
      "GET /a%20b.js?q=1 HTTP/1.1\r\nHost: localhost:8080\r\nAccept-Encoding:  gzip \r\n"
      "accept-encoding: br\r\nEmpty:\r\n\r\n");
  REQUIRE(RefusedWith(parsed) == 0);
  const auto& request = std::get<Request>(parsed);
  CHECK(request.method == "GET");
  CHECK(request.path == "/a b.js");
  CHECK(request.keep_alive);
  CHECK(request.body_bytes == uint64_t{0});
  CHECK(request.Find("Accept-Encoding") == "gzip, br");
  CHECK(request.Find("empty") == "");
  CHECK_FALSE(request.Find("Range").has_value());
}

TEST_CASE("A header value is taken as it is, never percent-decoded", "[request_head]") {
  const auto parsed = ParseLines("X-A: a%0d%0aSet-Cookie:x=1\r\n");
  REQUIRE(RefusedWith(parsed) == 0);
  CHECK(std::get<Request>(parsed).Find("X-A") == "a%0d%0aSet-Cookie:x=1");
}

TEST_CASE("A path is decoded once", "[request_head]") {
  CHECK(std::get<Request>(ParseTarget("/%2e%2e/%2Fetc")).path == "/..//etc");
  CHECK(std::get<Request>(ParseTarget("/%252e")).path == "/%2e");
}

TEST_CASE("A target is read in each of its forms", "[request_head]") {
  CHECK(std::get<Request>(ParseTarget("http://other:80/x?y")).path == "/x");
  CHECK(std::get<Request>(ParseTarget("http://other")).path == "/");
  CHECK(std::get<Request>(ParseTarget("http://other?y")).path == "/");
  CHECK(std::get<Request>(Parse("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")).path == "*");
  CHECK(std::get<Request>(Parse("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n")).path == "*");
}

TEST_CASE("A malformed target is refused", "[request_head]") {
  const std::string target = GENERATE("x", "*", "/a#b", "/%", "/%2", "/%zz", "/%00", "/%0a", "/%7F",
                                      "http://", "http:///x", "http://a@b/x", "ftp://a/x", "");
  CAPTURE(target);
  CHECK(RefusedWith(ParseTarget(target)) == 400);
}

TEST_CASE("A malformed request line is refused", "[request_head]") {
  const std::string line =
      GENERATE("", "GET", "GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1",
               "GET / x HTTP/1.1", "G(T / HTTP/1.1", "GET /\t HTTP/1.1", "GET /\xC3\xA4 HTTP/1.1",
               "GET / http/1.1", "GET / HTTP/1", "GET / HTTP/11", "GET / HTTP/1.10");
  CAPTURE(line);
  CHECK(RefusedWith(Parse(StrCat(line, "\r\nHost: a\r\n\r\n"))) == 400);
}

TEST_CASE("Only HTTP/1.0 and HTTP/1.1 are spoken", "[request_head]") {
  CHECK(RefusedWith(Parse("GET / HTTP/2.0\r\nHost: a\r\n\r\n")) == 505);
  CHECK(RefusedWith(Parse("GET / HTTP/1.2\r\nHost: a\r\n\r\n")) == 505);
  CHECK(RefusedWith(Parse("PRI * HTTP/2.0\r\n\r\n")) == 505);
  const auto old = Parse("GET / HTTP/1.0\r\n\r\n");
  REQUIRE(RefusedWith(old) == 0);
  CHECK_FALSE(std::get<Request>(old).keep_alive);
}

TEST_CASE("HTTP/1.1 needs exactly one good Host", "[request_head]") {
  CHECK(RefusedWith(Parse("GET / HTTP/1.1\r\n\r\n")) == 400);
  CHECK(RefusedWith(ParseLines("Host: a\r\n")) == 400);
  CHECK(RefusedWith(Parse("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n")) == 400);
  CHECK(RefusedWith(Parse("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n")) == 0);
  CHECK(RefusedWith(Parse("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n")) == 400);
}

TEST_CASE("A malformed header line is refused", "[request_head]") {
  const std::string line = GENERATE(
      std::string("X-A"), std::string(": 1"), std::string("X-A : 1"), std::string("X A: 1"),
      std::string("X-A: 1\r\n  2"), std::string("X-A: a\0b", 8), std::string("X-A: a\rb"),
      std::string("X-A: a\nb"), std::string("X-A: \x7F"), std::string("X-\xC3\xA4: 1"));
  CAPTURE(line);
  CHECK(RefusedWith(ParseLines(line + "\r\n")) == 400);
}

TEST_CASE("The length of a body is said once or the request is refused", "[request_head]") {
  const std::string lines = GENERATE(
      "Content-Length: 2\r\nContent-Length: 3\r\n", "Content-Length: 2\r\nContent-Length: 2\r\n",
      "Content-Length: 2, 2\r\n", "Content-Length: -1\r\n", "Content-Length: +1\r\n",
      "Content-Length: 0x1\r\n", "Content-Length:\r\n", "Content-Length: 1 \t2\r\n",
      "Content-Length: 1234567890123456789\r\n",
      "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n");
  CAPTURE(lines);
  CHECK(RefusedWith(ParseLines(lines)) == 400);
}

TEST_CASE("A transfer coding other than chunked is not implemented", "[request_head]") {
  CHECK(RefusedWith(ParseLines("Transfer-Encoding: gzip\r\n")) == 501);
  CHECK(RefusedWith(ParseLines("Transfer-Encoding: gzip, chunked\r\n")) == 501);
  CHECK(RefusedWith(ParseLines("Transfer-Encoding: \vchunked\r\n")) == 400);
  CHECK(RefusedWith(Parse("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")) == 400);
}

TEST_CASE("The announced size of a body is read", "[request_head]") {
  CHECK(std::get<Request>(ParseLines("Content-Length: 0\r\n")).body_bytes == uint64_t{0});
  CHECK(std::get<Request>(ParseLines("Content-Length: 36\r\n")).body_bytes == uint64_t{36});
  CHECK(std::get<Request>(ParseLines("Content-Length: 999999999999999999\r\n")).body_bytes ==
        uint64_t{999'999'999'999'999'999});
  CHECK_FALSE(
      std::get<Request>(ParseLines("Transfer-Encoding: Chunked\r\n")).body_bytes.has_value());
}

TEST_CASE("Connection: close is found in a list", "[request_head]") {
  CHECK_FALSE(std::get<Request>(ParseLines("Connection: keep-alive, Close\r\n")).keep_alive);
  CHECK_FALSE(std::get<Request>(ParseLines("Connection: x\r\nConnection: close\r\n")).keep_alive);
  CHECK(std::get<Request>(ParseLines("Connection: closed\r\n")).keep_alive);
}

TEST_CASE("The limits of a head hold on both sides", "[request_head]") {
  const std::string target(kMaxRequestTargetBytes - 1, 'a');
  CHECK(RefusedWith(ParseTarget("/" + target)) == 0);
  CHECK(RefusedWith(ParseTarget("/a" + target)) == 414);

  std::string lines;  // with Host, as many as are allowed
  for (size_t i = 1; i < kMaxRequestHeaders; ++i) lines += StrCat("X-", i, ": a\r\n");
  CHECK(RefusedWith(ParseLines(lines)) == 0);
  CHECK(RefusedWith(ParseLines(lines + "X-0: a\r\n")) == 431);
}

TEST_CASE("The end of a head is found, and what follows is left", "[request_head]") {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  size_t length = 0;
  CHECK(FindHeadEnd(head + "GET /next", &length) == HeadState::kComplete);
  CHECK(length == head.size());
  for (size_t cut = 0; cut < head.size(); ++cut) {
    CAPTURE(cut);
    CHECK(FindHeadEnd(head.substr(0, cut), &length) == HeadState::kIncomplete);
  }
}

TEST_CASE("A line that ends without a carriage return is refused at once", "[request_head]") {
  size_t length = 0;
  CHECK(FindHeadEnd("GET / HTTP/1.1\n", &length) == HeadState::kMalformed);
  CHECK(FindHeadEnd("\n", &length) == HeadState::kMalformed);
  CHECK(FindHeadEnd("GET / HTTP/1.1\r\n\n", &length) == HeadState::kMalformed);
}

TEST_CASE("A head has a largest size", "[request_head]") {
  const std::string start = "GET / HTTP/1.1\r\nX: ";
  const std::string end = "\r\n\r\n";
  const std::string filling(kMaxRequestHeadBytes - start.size() - end.size(), 'a');
  size_t length = 0;
  CHECK(FindHeadEnd(start + filling + end, &length) == HeadState::kComplete);
  CHECK(FindHeadEnd(start + filling + "a" + end, &length) == HeadState::kTooLong);
  CHECK(RefuseLongHead(start + filling).status == 431);
  CHECK(RefuseLongHead("GET /" + filling).status == 414);
}

}  // namespace
}  // namespace insitu
