#include "backend/tls.h"

#include <openssl/ssl.h>
#include <sys/stat.h>

#include <catch_amalgamated.hpp>
#include <memory>
#include <string>
#include <thread>

#include "backend/security_headers.h"
#include "shared/str_cat.h"
#include "tests/http_client.h"
#include "tests/served.h"
#include "tests/temporary_folder.h"
#include "tests/tls_client.h"

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

constexpr char kCloseGet[] = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

// A certificate with its key in a folder of their own.
struct Files {
  TemporaryFolder folder;
  std::filesystem::path certificate = folder / "certificate.pem";
  std::filesystem::path key = folder / "key.pem";

  explicit Files(const std::string& name = "first") { MakeCertificate(name, certificate, key); }
};

std::unique_ptr<Tls> Load(const Files& files) {
  auto tls = Tls::Load(files.certificate, files.key);
  if (!tls.ok()) FAIL(tls.error().message);
  return std::move(tls.value());
}

std::string RefusalOf(const Files& files) {
  const auto tls = Tls::Load(files.certificate, files.key);
  return tls.ok() ? std::string() : tls.error().message;
}

Response SayHow(const Request& request) {
  Response reply;
  reply.content_type = "text/plain";
  std::string body(request.body_bytes.value_or(0), '\0');
  for (size_t read = 0; read < body.size();) {
    const auto count = request.body_reader->Read(std::span(body).subspan(read));
    if (!count.ok()) return ErrorReply(400);
    read += count.value();
  }
  if (body.empty()) body = request.secure ? "secure" : "plain";
  reply.body = std::make_shared<const std::string>(std::move(body));
  return reply;
}

TransportOptions Over(const Tls& tls, const TransportLimits& limits = {}) {
  return {.limits = limits,
          .make_stream = [&tls](int socket) { return tls.MakeStream(socket); },
          .tls = true};
}

TEST_CASE("A request over TLS is answered, and browsers are told to keep to TLS", "[tls]") {
  const Files files;
  const auto tls = Load(files);
  Served served(SayHow, Over(*tls));
  TlsClient client(served.port());
  REQUIRE(client.connected());
  CHECK(client.Send(kCloseGet));
  const std::string reply = client.Read();
  CHECK_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n") && ContainsSubstring("\r\n\r\nsecure"));
  CHECK_THAT(reply, ContainsSubstring(StrCat("Strict-Transport-Security: ", kOnlyTls)));
  CHECK(client.ended_properly());
}

TEST_CASE("Without TLS nobody is told to keep to it", "[tls]") {
  Served served(SayHow, {});
  CHECK(Ask(served.port(), "GET", "/").Header("Strict-Transport-Security").empty());
}

TEST_CASE("TLS 1.2 and 1.3 are spoken, older ones are not", "[tls]") {
  const Files files;
  const auto tls = Load(files);
  Served served(SayHow, Over(*tls));
  CHECK(TlsClient(served.port(), {.version = TLS1_3_VERSION}).version() == "TLSv1.3");
  CHECK(TlsClient(served.port(), {.version = TLS1_2_VERSION}).version() == "TLSv1.2");
  CHECK_FALSE(TlsClient(served.port(), {.version = TLS1_1_VERSION}).connected());
  CHECK_FALSE(TlsClient(served.port(), {.version = TLS1_VERSION}).connected());
}

TEST_CASE("Suites without forward secrecy or authenticated encryption are refused", "[tls]") {
  const Files files;
  const auto tls = Load(files);
  Served served(SayHow, Over(*tls));
  const auto connects = [&](const char* suites) {
    return TlsClient(served.port(), {.version = TLS1_2_VERSION, .suites = suites}).connected();
  };
  CHECK(connects("ECDHE-ECDSA-AES128-GCM-SHA256"));
  CHECK(connects("ECDHE-ECDSA-CHACHA20-POLY1305"));
  for (const char* suites : {"ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384",
                             "ECDHE-ECDSA-NULL-SHA", "AES128-GCM-SHA256", "aNULL"}) {
    CAPTURE(suites);
    CHECK_FALSE(connects(suites));
  }
}

TEST_CASE("A client that names protocols has to name HTTP/1.1", "[tls]") {
  using namespace std::string_view_literals;
  const Files files;
  const auto tls = Load(files);
  Served served(SayHow, Over(*tls));
  CHECK(TlsClient(served.port(), {.protocols = "\x02h2\x08http/1.1"sv}).protocol() == "http/1.1");
  CHECK(TlsClient(served.port()).protocol().empty());
  CHECK_FALSE(TlsClient(served.port(), {.protocols = "\x02h2"sv}).connected());
}

TEST_CASE("Many requests and large bodies pass through one TLS connection", "[tls]") {
  const Files files;
  const auto tls = Load(files);
  Served served(SayHow, Over(*tls));
  TlsClient client(served.port());
  const std::string body(1'000'000, 'b');
  for (int i = 0; i < 3; ++i) {
    const std::string head =
        StrCat("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ", body.size(), "\r\n\r\n");
    REQUIRE(client.Send(head + body));
    std::string reply = client.Read(1);
    while (reply.find("\r\n\r\n") == std::string::npos) reply += client.Read(1);
    CHECK_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
    CHECK(client.Read(body.size()) == body);
  }
  // Two in one record: the second is in TLS's buffer when the socket has no more.
  client.Send(StrCat(kGet, kCloseGet));
  const std::string replies = client.Read();
  CHECK(replies.find("200 OK") != replies.rfind("200 OK"));
}

TEST_CASE("Plain HTTP gets no answer where TLS is spoken", "[tls]") {
  const Files files;
  const auto tls = Load(files);
  Served served(SayHow, Over(*tls));
  HttpClient client(served.port());
  client.Send(kGet);
  CHECK_FALSE(client.Read().has_value());
  CHECK(TlsClient(served.port()).connected());
}

TEST_CASE("A handshake has the deadline of a request's head", "[tls][limits]") {
  const Files files;
  const auto tls = Load(files);
  Served served(SayHow, Over(*tls, {.request_head_time = kShort}));
  HttpClient silent(served.port());
  HttpClient trickling(served.port());
  trickling.Send("\x16\x03\x01\x02");
  CHECK_FALSE(silent.EndsWithin(kShort / 3));
  for (int i = 0; i < 8; ++i) {
    trickling.Send("x");
    std::this_thread::sleep_for(kShort / 6);
  }
  CHECK(silent.EndsWithin(kLong));
  CHECK(trickling.ReadToEnd().find("HTTP") == std::string::npos);
  CHECK(TlsClient(served.port()).connected());
}

TEST_CASE("A certificate that changed is used from the reload on", "[tls]") {
  const Files files;
  const auto tls = Load(files);
  Served served(SayHow, Over(*tls));
  TlsClient before(served.port());
  MakeCertificate("second", files.certificate, files.key);
  CHECK(TlsClient(served.port()).certificate_name() == "first");
  REQUIRE(tls->Reload().ok());
  CHECK(TlsClient(served.port()).certificate_name() == "second");
  before.Send(kCloseGet);
  CHECK_THAT(before.Read(), ContainsSubstring("200 OK"));
}

TEST_CASE("A certificate that cannot be used leaves the old one in use", "[tls]") {
  const Files files;
  const auto tls = Load(files);
  Served served(SayHow, Over(*tls));
  WriteFile(files.certificate, "rubbish");
  CHECK_FALSE(tls->Reload().ok());
  CHECK(TlsClient(served.port()).certificate_name() == "first");
}

TEST_CASE("A certificate and a key that do not do are refused with what to do", "[tls]") {
  const Files files;
  const Files other("other");
  std::filesystem::copy_file(other.key, files.key,
                             std::filesystem::copy_options::overwrite_existing);
  CHECK_THAT(RefusalOf(files), ContainsSubstring("belongs to the certificate"));
  WriteFile(files.key, "rubbish");
  CHECK_THAT(RefusalOf(files), ContainsSubstring(files.key.string()));
  std::filesystem::remove(files.certificate);
  CHECK_THAT(RefusalOf(files), ContainsSubstring(files.certificate.string()));
}

TEST_CASE("A key that everyone may read is refused", "[tls]") {
  const Files files;
  ::chmod(files.key.c_str(), 0644);
  CHECK_THAT(RefusalOf(files), ContainsSubstring("chmod o="));
  ::chmod(files.key.c_str(), 0640);
  CHECK(RefusalOf(files).empty());
}

}  // namespace
}  // namespace insitu
