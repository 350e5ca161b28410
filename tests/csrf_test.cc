#include "backend/csrf.h"

#include <catch_amalgamated.hpp>
#include <string>

#include "shared/str_cat.h"

namespace insitu {
namespace {

Request Make(const std::string& host, const std::string& site, const std::string& origin) {
  Request request;
  request.method = "POST";
  request.headers = {{"Host", host}};
  if (!site.empty()) request.headers.push_back({"Sec-Fetch-Site", site});
  if (!origin.empty()) request.headers.push_back({"Origin", origin});
  return request;
}

constexpr char kHost[] = "insitu.example:8080";
constexpr char kOwn[] = "http://insitu.example:8080";

TEST_CASE("Which methods change nothing", "[csrf]") {
  for (const char* method : {"GET", "HEAD", "OPTIONS", "TRACE"}) CHECK(IsSafeMethod(method));
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "get", "BREW"}) {
    CHECK_FALSE(IsSafeMethod(method));
  }
}

TEST_CASE("Sec-Fetch-Site decides where a browser sends it", "[csrf]") {
  const CrossSiteGate gate({}, false);
  const std::string origin = GENERATE("", kOwn, "https://evil.example", "null");
  CAPTURE(origin);
  CHECK(gate.Admits(Make(kHost, "same-origin", origin)));
  for (const char* site :
       {"same-site", "cross-site", "none", "Same-Origin", "x", "same-origin, cross-site"}) {
    CAPTURE(site);
    CHECK_FALSE(gate.Admits(Make(kHost, site, origin)));
  }
}

TEST_CASE("Without Sec-Fetch-Site the Origin has to be the server's own", "[csrf]") {
  const CrossSiteGate gate({}, false);
  CHECK(gate.Admits(Make(kHost, "", kOwn)));
  for (const char* origin : {"", "null", "http://insitu.example", "https://insitu.example:8080",
                             "http://insitu.example:80800", "http://evil.insitu.example:8080",
                             "http://insitu.example:8080/", "http://insitu.example:8080, x"}) {
    CAPTURE(origin);
    CHECK_FALSE(gate.Admits(Make(kHost, "", origin)));
  }
  CHECK_FALSE(gate.Admits(Make("", "", "http://")));
}

TEST_CASE("Over TLS the server's own origin is https", "[csrf]") {
  const CrossSiteGate gate({}, false);
  Request request = Make(kHost, "", "https://insitu.example:8080");
  request.secure = true;
  CHECK(gate.Admits(request));
  request = Make(kHost, "", kOwn);
  request.secure = true;
  CHECK_FALSE(gate.Admits(request));
}

TEST_CASE("Where its origins are set, Host is not asked", "[csrf]") {
  const CrossSiteGate gate({"https://a.example", "https://b.example"}, true);
  CHECK(gate.Admits(Make(kHost, "", "https://a.example")));
  CHECK(gate.Admits(Make(kHost, "", "https://b.example")));
  CHECK_FALSE(gate.Admits(Make(kHost, "", kOwn)));
  CHECK_FALSE(gate.Admits(Make(kHost, "cross-site", "https://a.example")));
}

TEST_CASE("On loopback a name that others point here is not this server", "[csrf]") {
  const CrossSiteGate gate({}, true);
  for (const char* host : {"localhost:8080", "LOCALHOST", "127.0.0.1:1", "[::1]:8080"}) {
    CAPTURE(host);
    CHECK(gate.Admits(Make(host, "same-origin", "")));
    CHECK(gate.Admits(Make(host, "", StrCat("http://", host))));
  }
  for (const char* host : {"rebound.example:8080", "localhost.example", "127.0.0.1.example", ""}) {
    CAPTURE(host);
    CHECK_FALSE(gate.Admits(Make(host, "same-origin", "")));
    CHECK_FALSE(gate.Admits(Make(host, "", StrCat("http://", host))));
  }
}

}  // namespace
}  // namespace insitu
