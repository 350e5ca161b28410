#include "backend/known_device.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <chrono>
#include <string>

#include "backend/encoding.h"
#include "backend/limits.h"
#include "shared/str_cat.h"
#include "tests/temporary_folder.h"

namespace insitu {
namespace {

constexpr int64_t kNow = 1'800'000'000'000;
constexpr int64_t kTime =
    std::chrono::duration_cast<std::chrono::milliseconds>(kKnownDeviceTime).count();

KeyFile MakeKeys(char byte, const std::string& more = "") {
  const TemporaryFolder folder;
  WriteFile(folder / "server.key", StrCat(ToBase64Url(std::string(32, byte)), "\n", more));
  Result<KeyFile> keys = KeyFile::Load(folder / "server.key");
  if (!keys.ok()) FAIL(keys.error().message);
  return TakeValue(&keys);
}

TEST_CASE("A device that signed in is known for that account alone", "[known_device]") {
  const KeyFile keys = MakeKeys(1);
  const std::string cookie = MarkKnownDevice(keys, "", "ada", kNow);
  CHECK(FindKnownDevice(keys, cookie, "ada", kNow));
  CHECK_FALSE(FindKnownDevice(keys, cookie, "grace", kNow));
  CHECK_FALSE(FindKnownDevice(keys, cookie, "", kNow));
  CHECK_FALSE(FindKnownDevice(keys, "", "ada", kNow));
}

TEST_CASE("A device is known for 180 days and no longer", "[known_device][limits]") {
  const KeyFile keys = MakeKeys(1);
  const std::string cookie = MarkKnownDevice(keys, "", "ada", kNow);
  CHECK(FindKnownDevice(keys, cookie, "ada", kNow + kTime - 1));
  CHECK_FALSE(FindKnownDevice(keys, cookie, "ada", kNow + kTime));
}

TEST_CASE("A changed mark is not believed", "[known_device]") {
  const KeyFile keys = MakeKeys(1);
  const std::string cookie = MarkKnownDevice(keys, "", "ada", kNow);
  for (size_t i = 0; i < cookie.size(); ++i) {
    std::string changed = cookie;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CAPTURE(changed);
    CHECK_FALSE(FindKnownDevice(keys, changed, "ada", kNow));
  }
  CHECK_FALSE(FindKnownDevice(keys, cookie.substr(0, cookie.size() - 1), "ada", kNow));
  CHECK_FALSE(FindKnownDevice(keys, "a.b.c.d", "ada", kNow));
  CHECK_FALSE(FindKnownDevice(keys, "~~~...~", "ada", kNow));
}

TEST_CASE("Another server's mark is not believed", "[known_device]") {
  CHECK_FALSE(
      FindKnownDevice(MakeKeys(2), MarkKnownDevice(MakeKeys(1), "", "ada", kNow), "ada", kNow));
}

TEST_CASE("A mark of an older key of the file is believed", "[known_device]") {
  const std::string cookie = MarkKnownDevice(MakeKeys(1), "", "ada", kNow);
  const KeyFile keys = MakeKeys(2, ToBase64Url(std::string(32, '\x01')));
  CHECK(FindKnownDevice(keys, cookie, "ada", kNow));
}

TEST_CASE("A known device keeps its name when it signs in again", "[known_device]") {
  const KeyFile keys = MakeKeys(1);
  const std::string first = MarkKnownDevice(keys, "", "ada", kNow);
  const std::string second = MarkKnownDevice(keys, first, "ada", kNow + kTime / 2);
  CHECK(FindKnownDevice(keys, second, "ada", kNow + kTime) ==
        FindKnownDevice(keys, first, "ada", kNow));
  CHECK(std::count(second.begin(), second.end(), '~') == 0);
}

TEST_CASE("Two devices have different names", "[known_device]") {
  const KeyFile keys = MakeKeys(1);
  CHECK(FindKnownDevice(keys, MarkKnownDevice(keys, "", "ada", kNow), "ada", kNow) !=
        FindKnownDevice(keys, MarkKnownDevice(keys, "", "ada", kNow), "ada", kNow));
}

TEST_CASE("A workstation is known to the last five who used it", "[known_device][limits]") {
  const KeyFile keys = MakeKeys(1);
  std::string cookie;
  for (int i = 0; i < 6; ++i) cookie = MarkKnownDevice(keys, cookie, StrCat("user", i), kNow);
  CHECK_FALSE(FindKnownDevice(keys, cookie, "user0", kNow));
  for (int i = 1; i < 6; ++i) CHECK(FindKnownDevice(keys, cookie, StrCat("user", i), kNow));
}

TEST_CASE("What a stranger put into the cookie is thrown away or stays short", "[known_device]") {
  const KeyFile keys = MakeKeys(1);
  const std::string cookie = MarkKnownDevice(
      keys, std::string(4'000, ',') + "~; Path=/~<script>~a.\"b\".c.d", "ada", kNow);
  CHECK(cookie.find_first_of(",;<\"") == std::string::npos);
  CHECK(FindKnownDevice(keys, cookie, "ada", kNow));
}

TEST_CASE("The cookie does not tell whose it is", "[known_device]") {
  const KeyFile keys = MakeKeys(1);
  CHECK(MarkKnownDevice(keys, "", "ada.lovelace", kNow).find("ada") == std::string::npos);
}

}  // namespace
}  // namespace insitu
