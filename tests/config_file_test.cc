#include "backend/config_file.h"

#include <catch_amalgamated.hpp>
#include <string>

#include "backend/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using std::chrono::seconds;

std::string RefusalOf(const std::string& text) {
  Config config;
  const Status read = ReadConfig(text, "insitu.toml", &config);
  return read.ok() ? std::string() : read.error().message;
}

TEST_CASE("An empty configuration is the defaults, which are closed", "[config_file]") {
  Config config;
  REQUIRE(ReadConfig("", "x", &config).ok());
  CHECK(config.address == "127.0.0.1");
  CHECK(config.port == 8080);
  CHECK(config.metrics_port == -1);
  CHECK(config.data.empty());
  CHECK(config.registration == Registration::kClosed);
  CHECK(config.storage == StorageMode::kOff);
  CHECK(config.session_idle == seconds(1'800));
  CHECK(config.session_absolute == seconds(43'200));
}

TEST_CASE("Every setting is read", "[config_file]") {
  Config config;
  const Status read = ReadConfig(R"(
site = "build/site"
host = "::"
port = 65535
behind_proxy = true
trusted_proxies = ["10.0.0.0/8", "::1"]
origins = ["https://insitu.example.org", "http://localhost:8080"]
drain_seconds = 5
data = "/var/lib/insitu"
key_file = "/etc/insitu/keys"
[tls]
certificate = "c.pem"
key = "k.pem"
[metrics]
host = "127.0.0.2"
port = 0
[accounts]
registration = "invitation"
failures_per_address_and_minute = 7
[storage]
mode = "e2e"
max_object_bytes = 1048576
quota_bytes = 2097152
[sessions]
idle_seconds = 60
absolute_seconds = 2592000
)",
                                 "x", &config);
  if (!read.ok()) FAIL(read.error().message);
  CHECK(config.site == "build/site");
  CHECK(config.address == "::");
  CHECK(config.port == 65'535);
  CHECK(config.behind_proxy);
  REQUIRE(config.trusted_proxies.size() == 2);
  CHECK(config.trusted_proxies[0].Contains(*IpAddress::Parse("10.1.2.3")));
  CHECK(config.origins ==
        std::vector<std::string>{"https://insitu.example.org", "http://localhost:8080"});
  CHECK(config.drain_time == seconds(5));
  CHECK(config.data == "/var/lib/insitu");
  CHECK(config.key_file == "/etc/insitu/keys");
  CHECK(config.certificate == "c.pem");
  CHECK(config.certificate_key == "k.pem");
  CHECK(config.metrics_address == "127.0.0.2");
  CHECK(config.metrics_port == 0);
  CHECK(config.registration == Registration::kInvitation);
  CHECK(config.failures_per_address_and_minute == 7);
  CHECK(config.storage == StorageMode::kEndToEnd);
  CHECK(config.max_object_bytes == 1'048'576);
  CHECK(config.quota_bytes == 2'097'152);
  CHECK(config.session_idle == seconds(60));
  CHECK(config.session_absolute == seconds(2'592'000));
}

TEST_CASE("An unknown setting is refused with its line and the known ones", "[config_file]") {
  CHECK_THAT(RefusalOf("port = 1\nprot = 2\n"),
             StartsWith("insitu.toml, line 2: there is no setting prot. Here are: ") &&
                 ContainsSubstring("port"));
  CHECK_THAT(RefusalOf("[tls]\ncert = \"c\"\n"),
             ContainsSubstring("line 2: there is no setting tls.cert. Here are: certificate, key"));
  CHECK_THAT(RefusalOf("[smtp]\nhost = \"x\"\n"), ContainsSubstring("no setting smtp"));
  CHECK_THAT(RefusalOf("tls.nested.deep = 1\n"), ContainsSubstring("no setting tls.nested"));
}

TEST_CASE("What is not TOML is refused with its line", "[config_file]") {
  for (const char* text : {"\nport = \n", "\nport 1\n", "\nport = 1 2\n", "\n[tls\n",
                           "\nport = 1\nport = 2\n", "\nsite = \"\xFF\"\n"}) {
    CAPTURE(text);
    CHECK_THAT(RefusalOf(text), StartsWith("insitu.toml, line "));
  }
}

TEST_CASE("Letters beyond ASCII stand in texts and comments, elsewhere their line is refused",
          "[config_file]") {
  Config config;
  const char* good = "\xEF\xBB\xBF# Größe\ndata = \"/srv/Übung \\\" é\" # für alle\n";
  REQUIRE(ReadConfig(good, "x", &config).ok());
  CHECK(config.data == "/srv/Übung \" é");
  REQUIRE(ReadConfig("data = '/srv/日本'", "x", &config).ok());
  CHECK(config.data == "/srv/日本");
  // The fuzzer's finds among them.
  const char* quotes = R"("""a"#\""ts\"\)"
                       "\xEF\xBB\xBB";
  for (const char* line :
       {"ä = 1", "\xEF\xB8\xBFouants.registccr", "port = 8080 ä", "data = \"ä", "data = 'a' ä",
        quotes, "isoeGonds0= 098B9om9.9-0as.lP\"\xEF\xB9\xBFte_s-2:3te\"kh"}) {
    INFO(line);
    CHECK_THAT(RefusalOf(StrCat("port = 1\n", line)), StartsWith("insitu.toml, line 2: "));
  }
}

TEST_CASE("A value of another type is refused", "[config_file]") {
  for (const char* text :
       {"site = 1", "host = 1", "port = \"80\"", "port = 80.0", "behind_proxy = 1",
        "trusted_proxies = \"10.0.0.0/8\"", "trusted_proxies = [1]", "origins = {}", "tls = 1",
        "[accounts]\nregistration = true", "[storage]\nmode = 1", "[metrics]\nhost = 1",
        "[sessions]\nidle_seconds = \"60\""}) {
    CAPTURE(text);
    CHECK_FALSE(RefusalOf(text).empty());
  }
}

TEST_CASE("A value out of its range is refused on both sides", "[config_file][limits]") {
  const auto [key, least, most] = GENERATE(table<std::string, int64_t, int64_t>({
      {"port", 0, 65'535},
      {"drain_seconds", 0, 60},
      {"metrics.port", 0, 65'535},
      {"storage.max_object_bytes", int64_t{1} << 20, int64_t{1} << 30},
      {"storage.quota_bytes", int64_t{1} << 20, int64_t{1} << 40},
      {"sessions.idle_seconds", 60, 86'400},
      {"sessions.absolute_seconds", 60, 2'592'000},
  }));
  CAPTURE(key);
  CHECK(RefusalOf(StrCat(key, " = ", least)).empty());
  CHECK(RefusalOf(StrCat(key, " = ", most)).empty());
  CHECK_THAT(RefusalOf(StrCat(key, " = ", least - 1)), ContainsSubstring("whole number from"));
  CHECK_THAT(RefusalOf(StrCat(key, " = ", most + 1)), ContainsSubstring("whole number from"));
}

TEST_CASE("A choice is one of its words", "[config_file]") {
  CHECK_THAT(RefusalOf("[accounts]\nregistration = \"Open\""),
             ContainsSubstring("\"closed\", \"invitation\", \"open\""));
  CHECK_THAT(RefusalOf("[storage]\nmode = \"\""),
             ContainsSubstring("\"off\", \"e2e\", \"server\""));
}

TEST_CASE("Addresses, ranges and origins are what they say", "[config_file]") {
  CHECK_THAT(RefusalOf("host = \"example.org\""), ContainsSubstring("not an IP address"));
  CHECK_FALSE(RefusalOf("trusted_proxies = [\"10.0.0.1/8\"]").empty());
  for (const char* origin : {"example.org", "https://", "https://a.example/", "https://A.example",
                             "https://a.example/x", "null", "https://*"}) {
    CAPTURE(origin);
    CHECK_FALSE(RefusalOf(StrCat("origins = [\"", origin, "\"]")).empty());
  }
  CHECK_THAT(RefusalOf("[metrics]\nhost = \"0.0.0.0\""), ContainsSubstring("loopback"));
}

TEST_CASE("Of several faults the first one told is whole", "[config_file]") {
  CHECK_THAT(RefusalOf("aaa = 1\nhost = \"x\"\n[metrics]\nhost = \"y\"\n"),
             StartsWith("insitu.toml, line ") && ContainsSubstring("."));
}

TEST_CASE("A configuration has so many bytes", "[config_file][limits]") {
  std::string text = "#" + std::string(kMaxConfigBytes - 1, 'x');
  CHECK(RefusalOf(text).empty());
  CHECK_THAT(RefusalOf(text + "x"), ContainsSubstring("kMaxConfigBytes"));
}

}  // namespace
}  // namespace insitu
