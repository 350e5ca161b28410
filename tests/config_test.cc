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

// Parses with a configuration file of this text.
Result<Config> WithFile(const std::string& text, std::vector<std::string> more = {}) {
  const TemporaryFolder folder;
  WriteFile(folder / "insitu.toml", text);
  more.insert(more.end(), {"--config", (folder / "insitu.toml").string()});
  return ParseArguments(more);
}

std::string RefusalOfFile(const std::string& text) {
  const Result<Config> config = WithFile(text);
  return config.ok() ? std::string() : config.error().message;
}

TEST_CASE("Flags win over the configuration file", "[config]") {
  const std::string text = "site = \"a\"\nport = 1\nhost = \"127.0.0.2\"\n";
  const Result<Config> config = WithFile(text, {"--site", "b", "--port", "2"});
  REQUIRE(config.ok());
  CHECK(config.value().site == "b");
  CHECK(config.value().port == 2);
  CHECK(config.value().address == "127.0.0.2");
  CHECK(config.value().command == Command::kServe);
}

TEST_CASE("A configuration file that is not there or not good is refused", "[config]") {
  CHECK_THAT(RefusalOf({"--config", "/nowhere/x.toml"}), ContainsSubstring("/nowhere/x.toml"));
  CHECK_THAT(RefusalOfFile("sites = 1\n"), ContainsSubstring("no setting sites"));
}

TEST_CASE("A configuration can be checked without being used", "[config]") {
  const Result<Config> config = WithFile("site = \"a\"\n", {"config", "check"});
  REQUIRE(config.ok());
  CHECK(config.value().command == Command::kCheckConfig);
  CHECK_FALSE(RefusalOf({"config", "chek"}).empty());
}

TEST_CASE("Off loopback the server starts with a certificate", "[config]") {
  const std::string open = "site = \"a\"\nhost = \"0.0.0.0\"\n";
  CHECK_THAT(RefusalOfFile(open), ContainsSubstring("Plain HTTP"));
  CHECK(RefusalOfFile(open + "[tls]\ncertificate = \"c\"\nkey = \"k\"\n").empty());
  CHECK_THAT(RefusalOfFile(open + "[tls]\ncertificate = \"c\"\n"), ContainsSubstring("both"));
  CHECK_THAT(RefusalOfFile(open + "[tls]\nkey = \"k\"\n"), ContainsSubstring("both"));
}

TEST_CASE("Settings that contradict each other are refused", "[config]") {
  CHECK_THAT(RefusalOfFile("site = \"a\"\ntrusted_proxies = [\"10.0.0.1\"]\n"),
             ContainsSubstring("behind_proxy"));
  CHECK_THAT(RefusalOfFile("site = \"a\"\n[storage]\nmode = \"e2e\"\n"),
             ContainsSubstring("data folder"));
  CHECK_THAT(RefusalOfFile("site = \"a\"\n[sessions]\nidle_seconds = 61\n"
                           "absolute_seconds = 60\n"),
             ContainsSubstring("idle_seconds"));
  CHECK_THAT(RefusalOfFile(""), ContainsSubstring("--site"));
}

TEST_CASE("A data folder makes a server without a site, with its keys in it", "[config]") {
  const Result<Config> config = WithFile("data = \"d\"\n");
  REQUIRE(config.ok());
  CHECK(config.value().site.empty());
  CHECK(config.value().key_file == "d/keys/server.key");
}

TEST_CASE("Behind a proxy loopback is trusted unless proxies are named", "[config]") {
  const auto trusts = [](const std::string& text, const char* address) {
    const Result<Config> config = WithFile(text);
    REQUIRE(config.ok());
    for (const AddressRange& range : config.value().trusted_proxies) {
      if (range.Contains(*IpAddress::Parse(address))) return true;
    }
    return false;
  };
  const std::string proxied = "site = \"a\"\nbehind_proxy = true\n";
  CHECK(trusts(proxied, "127.0.0.1"));
  CHECK(trusts(proxied, "::1"));
  CHECK_FALSE(trusts(proxied, "10.0.0.1"));
  CHECK(trusts(proxied + "trusted_proxies = [\"10.0.0.1\"]\n", "10.0.0.1"));
  CHECK_FALSE(trusts(proxied + "trusted_proxies = [\"10.0.0.1\"]\n", "127.0.0.1"));
  CHECK_FALSE(trusts("site = \"a\"\n", "127.0.0.1"));
}

TEST_CASE("An address is written as a browser takes it", "[config]") {
  CHECK(AddressInBrowser("127.0.0.1", 8080, /*tls=*/false) == "http://127.0.0.1:8080");
  CHECK(AddressInBrowser("::1", 80, /*tls=*/true) == "https://[::1]:80");
}

}  // namespace
}  // namespace insitu
