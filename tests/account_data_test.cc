#include "backend/account_data.h"

#include <catch_amalgamated.hpp>
#include <filesystem>
#include <string>

#include "tests/temporary_folder.h"

namespace insitu {
namespace {

Config ConfigOf(const TemporaryFolder& folder) {
  Config config;
  config.data = folder / "data";
  return config;
}

// "" if it opens.
std::string OpeningFails(const Config& config) {
  const auto data = AccountData::Open(config, [](std::string_view) {});
  return data.ok() ? "" : data.error().message;
}

TEST_CASE("A new data folder gets its key file and opens again with it", "[account_data]") {
  const TemporaryFolder folder;
  const Config config = ConfigOf(folder);
  CHECK(OpeningFails(config) == "");
  const std::string key = ReadFile(DefaultKeyFile(config.data));
  CHECK(OpeningFails(config) == "");
  CHECK(ReadFile(DefaultKeyFile(config.data)) == key);
}

TEST_CASE("A data folder in use without its key file is refused, and none is made",
          "[account_data]") {
  const TemporaryFolder folder;
  const Config config = ConfigOf(folder);
  REQUIRE(OpeningFails(config) == "");
  const auto key_file = DefaultKeyFile(config.data);
  std::filesystem::rename(key_file, folder / "elsewhere.key");
  CHECK_THAT(OpeningFails(config),
             Catch::Matchers::ContainsSubstring(key_file.string() + " is missing. Restore it"));
  CHECK_FALSE(std::filesystem::exists(key_file));
  Config named = config;
  named.key_file = folder / "elsewhere.key";
  CHECK(OpeningFails(named) == "");
}

TEST_CASE("A data folder with another folder's key file is refused", "[account_data]") {
  const TemporaryFolder folder;
  const TemporaryFolder other;
  REQUIRE(OpeningFails(ConfigOf(folder)) == "");
  REQUIRE(OpeningFails(ConfigOf(other)) == "");
  Config config = ConfigOf(folder);
  config.key_file = DefaultKeyFile(ConfigOf(other).data);
  CHECK_THAT(OpeningFails(config),
             Catch::Matchers::ContainsSubstring("not the one of this data folder"));
}

TEST_CASE("A named key file that is missing is never made", "[account_data]") {
  const TemporaryFolder folder;
  Config config = ConfigOf(folder);
  config.key_file = folder / "named.key";
  CHECK_THAT(OpeningFails(config), Catch::Matchers::ContainsSubstring("named.key is missing"));
  CHECK_FALSE(std::filesystem::exists(config.key_file));
}

}  // namespace
}  // namespace insitu
