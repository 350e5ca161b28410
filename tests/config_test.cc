#include "backend/config.h"

#include <catch_amalgamated.hpp>
#include <fstream>

#include "tests/temporary_folder.h"

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;

std::string RefusalOf(const std::vector<std::string>& arguments) {
  const Result<Config> config = ParseArguments(arguments);
  return config.ok() ? std::string() : config.error().message;
}

TEST_CASE("Without other flags the server listens on 127.0.0.1:8080", "[config]") {
  const Result<Config> config = ParseArguments({"--site", "build/site"});
  REQUIRE(config.ok());
  CHECK(config.value().site == "build/site");
  CHECK(config.value().address == "127.0.0.1");
  CHECK(config.value().port == 8080);
  CHECK_FALSE(config.value().behind_proxy);
}

TEST_CASE("Every flag is read", "[config]") {
  const Result<Config> config =
      ParseArguments({"--behind-proxy", "--host", "::", "--port", "65535", "--site", "s"});
  REQUIRE(config.ok());
  CHECK(config.value().address == "::");
  CHECK(config.value().port == 65'535);
  CHECK(config.value().behind_proxy);
}

TEST_CASE("localhost is 127.0.0.1, without a look-up", "[config]") {
  const Result<Config> config = ParseArguments({"--site", "s", "--host", "localhost"});
  REQUIRE(config.ok());
  CHECK(config.value().address == "127.0.0.1");
}

TEST_CASE("--help needs nothing else", "[config]") {
  const Result<Config> config = ParseArguments({"--help"});
  REQUIRE(config.ok());
  CHECK(config.value().help);
}

TEST_CASE("An unknown flag is refused with the list of flags", "[config]") {
  for (const char* unknown : {"--sites", "-p", "build/site", "", "--port=1"}) {
    CAPTURE(unknown);
    CHECK_THAT(RefusalOf({"--site", "s", unknown}),
               ContainsSubstring("--config, --site, --host, --port, --behind-proxy, --help"));
  }
}

TEST_CASE("A flag without its value, given twice or missing is refused", "[config]") {
  CHECK_THAT(RefusalOf({"--site"}), ContainsSubstring("--site needs a value"));
  CHECK_THAT(RefusalOf({"--site", "a", "--site", "b"}), ContainsSubstring("given twice"));
  CHECK_THAT(RefusalOf({}), ContainsSubstring("--site build/site"));
  CHECK_THAT(RefusalOf({"--site", ""}), ContainsSubstring("--site build/site"));
}

TEST_CASE("A port that is none is refused", "[config]") {
  for (const char* port : {"65536", "-1", "80a", "", " 80", "99999999999999999999"}) {
    CAPTURE(port);
    CHECK_THAT(RefusalOf({"--site", "s", "--port", port}), ContainsSubstring("is not a port"));
  }
  CHECK(ParseArguments({"--site", "s", "--port", "0"}).ok());
}

TEST_CASE("A host that is no IP address is refused", "[config]") {
  for (const char* host : {"example.org", "1.2.3", "::g", ""}) {
    CAPTURE(host);
    CHECK_THAT(RefusalOf({"--site", "s", "--host", host}), ContainsSubstring("not an IP address"));
  }
}

TEST_CASE("Off loopback the server starts only behind a proxy, and says why", "[config]") {
  for (const char* host : {"0.0.0.0", "192.168.1.2", "128.0.0.1", "::", "::ffff:127.0.0.1"}) {
    CAPTURE(host);
    CHECK_THAT(RefusalOf({"--site", "s", "--host", host}),
               ContainsSubstring("Plain HTTP") && ContainsSubstring("--behind-proxy"));
    CHECK(ParseArguments({"--site", "s", "--host", host, "--behind-proxy"}).ok());
  }
  for (const char* host : {"127.0.0.1", "127.255.0.9", "::1"}) {
    CAPTURE(host);
    CHECK(ParseArguments({"--site", "s", "--host", host}).ok());
  }
}

TEST_CASE("An address is written as a browser takes it", "[config]") {
  CHECK(AddressInBrowser("127.0.0.1", 8080, /*tls=*/false) == "http://127.0.0.1:8080");
  CHECK(AddressInBrowser("::1", 80, /*tls=*/true) == "https://[::1]:80");
}

}  // namespace
}  // namespace insitu
