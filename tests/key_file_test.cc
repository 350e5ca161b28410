#include "backend/key_file.h"

#include <sys/stat.h>

#include <catch_amalgamated.hpp>
#include <set>
#include <string>

#include "backend/encoding.h"
#include "backend/limits.h"
#include "shared/str_cat.h"
#include "tests/temporary_folder.h"

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;

const std::string kOne = ToBase64Url(std::string(32, '\x01'));
const std::string kTwo = ToBase64Url(std::string(32, '\x02'));

unsigned ModeOf(const std::filesystem::path& path) {
  struct stat about = {};
  ::stat(path.c_str(), &about);
  return about.st_mode & 0777U;
}

KeyFile Load(const std::filesystem::path& path) {
  Result<KeyFile> keys = KeyFile::Load(path);
  if (!keys.ok()) FAIL(keys.error().message);
  return TakeValue(&keys);
}

TEST_CASE("The first start makes a key that only the owner can read", "[key_file]") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "keys" / "server.key";
  const Result<KeyFile> made = KeyFile::LoadOrMake(path);
  REQUIRE(made.ok());
  CHECK(ModeOf(path) == 0600);
  CHECK(ModeOf(path.parent_path()) == 0700);
  CHECK(std::distance(std::filesystem::directory_iterator(path.parent_path()), {}) == 1);
}

TEST_CASE("A key file that exists is never written", "[key_file]") {
  const TemporaryFolder folder;
  const auto path = folder / "server.key";
  const Result<KeyFile> first = KeyFile::LoadOrMake(path);
  const std::string bytes = ReadFile(path);
  const Result<KeyFile> second = KeyFile::LoadOrMake(path);
  REQUIRE(second.ok());
  CHECK(ReadFile(path) == bytes);
  CHECK(second.value().current_id() == first.value().current_id());
}

TEST_CASE("Two servers make different keys", "[key_file]") {
  const TemporaryFolder folder;
  CHECK(KeyFile::LoadOrMake(folder / "a").value().current_id() !=
        KeyFile::LoadOrMake(folder / "b").value().current_id());
}

TEST_CASE("A key file that others may use is refused with what to do", "[key_file]") {
  const TemporaryFolder folder;
  const unsigned mode = GENERATE(0640U, 0604U, 0644U, 0660U, 0620U, 0601U);
  WriteFile(folder / "server.key", kOne, mode);
  const Result<KeyFile> keys = KeyFile::Load(folder / "server.key");
  REQUIRE_FALSE(keys.ok());
  CHECK_THAT(keys.error().message, ContainsSubstring("chmod 600"));
}

TEST_CASE("A key file that only its owner may read is taken", "[key_file]") {
  const TemporaryFolder folder;
  WriteFile(folder / "server.key", kOne, GENERATE(0600U, 0400U));
  CHECK(KeyFile::Load(folder / "server.key").ok());
}

TEST_CASE("A missing key file is a sentence with its name", "[key_file]") {
  const Result<KeyFile> keys = KeyFile::Load("/nowhere/server.key");
  REQUIRE_FALSE(keys.ok());
  CHECK_THAT(keys.error().message, ContainsSubstring("/nowhere/server.key"));
}

TEST_CASE("A damaged key file is refused with the line", "[key_file]") {
  const TemporaryFolder folder;
  const std::string line = GENERATE(as<std::string>{}, "not a key", kOne.substr(1), kOne + "A");
  WriteFile(folder / "server.key", StrCat("# keys\n", kTwo, "\n", line, "\n"));
  const Result<KeyFile> keys = KeyFile::Load(folder / "server.key");
  REQUIRE_FALSE(keys.ok());
  CHECK_THAT(keys.error().message, ContainsSubstring("Line 3"));
}

TEST_CASE("A key file without a key is refused", "[key_file]") {
  const TemporaryFolder folder;
  WriteFile(folder / "server.key", GENERATE(as<std::string>{}, "", "# no key\n", "\n\n"));
  CHECK_FALSE(KeyFile::Load(folder / "server.key").ok());
}

TEST_CASE("A key file may have its largest size and no more", "[key_file][limits]") {
  const TemporaryFolder folder;
  std::string text = kOne + "\n";
  text.append(kMaxKeyFileBytes - text.size(), '#');
  WriteFile(folder / "server.key", text);
  CHECK(KeyFile::Load(folder / "server.key").ok());
  WriteFile(folder / "server.key", text + "#");
  CHECK_FALSE(KeyFile::Load(folder / "server.key").ok());
}

TEST_CASE("The first key is current and the others still open", "[key_file]") {
  const TemporaryFolder folder;
  WriteFile(folder / "old.key", kOne);
  WriteFile(folder / "new.key", StrCat("# new\r\n", kTwo, "  \n\n", kOne, "\n"));
  const KeyFile old_keys = Load(folder / "old.key");
  const KeyFile new_keys = Load(folder / "new.key");
  CHECK(new_keys.current_id() != old_keys.current_id());
  CHECK(new_keys.Has(old_keys.current_id()));
  CHECK_FALSE(old_keys.Has(new_keys.current_id()));
  CHECK(new_keys.Derive(old_keys.current_id(), KeyUse::kTotp) == old_keys.Derive(KeyUse::kTotp));
}

TEST_CASE("Every use of a key has a key of its own", "[key_file]") {
  const TemporaryFolder folder;
  WriteFile(folder / "server.key", kOne);
  const KeyFile keys = Load(folder / "server.key");
  std::set<std::string> derived;
  for (const KeyUse use : {KeyUse::kPepper, KeyUse::kTotp, KeyUse::kObjects, KeyUse::kKnownDevice,
                           KeyUse::kBodyMark}) {
    CHECK(keys.Derive(use).size() == 32);
    derived.insert(keys.Derive(use));
  }
  CHECK(derived.size() == 5);
}

TEST_CASE("The id of a key is the same everywhere and is no part of it", "[key_file]") {
  const TemporaryFolder folder;
  WriteFile(folder / "server.key", kOne);
  const std::string id = Load(folder / "server.key").current_id();
  CHECK(id.size() == 12);
  CHECK(id == ToHex(HkdfSha256(std::string(32, '\x01'), "", "insitu/server/key-id/v1", 6)));
}

}  // namespace
}  // namespace insitu
