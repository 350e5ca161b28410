#include "backend/object_cipher.h"

#include <catch_amalgamated.hpp>
#include <set>
#include <string>

#include "backend/crypto.h"
#include "backend/encoding.h"
#include "shared/str_cat.h"
#include "tests/temporary_folder.h"

namespace insitu {
namespace {

const ObjectPart kPart{"user-1", "object-1"};
constexpr auto kChunk = static_cast<size_t>(kSealedChunkBytes);
constexpr size_t kSealedChunk = kChunk + kGcmTagBytes;
constexpr auto kHeader = static_cast<size_t>(kSealedHeaderBytes);

KeyFile MakeKeys(char byte, const std::string& more = "") {
  const TemporaryFolder folder;
  WriteFile(folder / "server.key", StrCat(ToBase64Url(std::string(32, byte)), "\n", more));
  Result<KeyFile> keys = KeyFile::Load(folder / "server.key");
  if (!keys.ok()) FAIL(keys.error().message);
  return TakeValue(&keys);
}

// The whole sealed body, given in pieces of that size.
std::string SealBody(const KeyFile& keys, const ObjectPart& part, const std::string& plain,
                     size_t piece = 65'536) {
  BodySealer sealer(keys, part, static_cast<int64_t>(plain.size()));
  std::string sealed;
  for (size_t at = 0; at < plain.size(); at += piece) {
    sealed += sealer.Update(std::span(plain).subspan(at, std::min(piece, plain.size() - at)));
  }
  return sealed + sealer.Finish();
}

std::optional<std::string> OpenBody(const KeyFile& keys, const ObjectPart& part,
                                    const std::string& sealed) {
  auto opener = BodyOpener::Make(keys, part, std::string_view(sealed).substr(0, kHeader));
  if (!opener) return std::nullopt;
  std::string plain;
  for (size_t at = kHeader; at < sealed.size(); at += kSealedChunk) {
    const std::string chunk = sealed.substr(at, kSealedChunk);
    const auto opened = opener->Open(chunk, at + kSealedChunk >= sealed.size());
    if (!opened) return std::nullopt;
    plain += *opened;
  }
  return plain;
}

TEST_CASE("A body of any size opens to what was sealed, at the size foretold", "[object_cipher]") {
  const KeyFile keys = MakeKeys(1);
  const size_t size = GENERATE(size_t{0}, size_t{1}, kChunk - 1, kChunk, kChunk + 1, 2 * kChunk,
                               2 * kChunk + 12'345);
  const std::string plain = RandomBytes(size);
  const std::string sealed = SealBody(keys, kPart, plain);
  CHECK(static_cast<int64_t>(sealed.size()) == SealedSize(static_cast<int64_t>(size)));
  CHECK(PlainSize(static_cast<int64_t>(sealed.size())) == static_cast<int64_t>(size));
  CHECK(OpenBody(keys, kPart, sealed) == plain);
}

TEST_CASE("How the bytes arrive does not matter", "[object_cipher]") {
  const KeyFile keys = MakeKeys(1);
  const std::string plain = RandomBytes(kChunk + 1'000);
  const size_t piece = GENERATE(size_t{777}, kChunk, kChunk + 1'000);
  CHECK(OpenBody(keys, kPart, SealBody(keys, kPart, plain, piece)) == plain);
}

TEST_CASE("A body is bound to its user and object", "[object_cipher]") {
  const KeyFile keys = MakeKeys(1);
  const std::string sealed = SealBody(keys, kPart, "image");
  CHECK_FALSE(OpenBody(keys, {"user-2", "object-1"}, sealed));
  CHECK_FALSE(OpenBody(keys, {"user-1", "object-2"}, sealed));
}

TEST_CASE("A body opens under an older key of the file and not under another file",
          "[object_cipher]") {
  const std::string sealed = SealBody(MakeKeys(1), kPart, "image");
  CHECK(OpenBody(MakeKeys(2, ToBase64Url(std::string(32, '\1'))), kPart, sealed) == "image");
  CHECK_FALSE(OpenBody(MakeKeys(2), kPart, sealed));
}

TEST_CASE("Chunks cannot change places, go missing or be added", "[object_cipher]") {
  const KeyFile keys = MakeKeys(1);
  const std::string sealed = SealBody(keys, kPart, RandomBytes(3 * kChunk));
  const std::string header = sealed.substr(0, kHeader);
  const std::string one = sealed.substr(kHeader, kSealedChunk);
  const std::string two = sealed.substr(kHeader + kSealedChunk, kSealedChunk);
  const std::string three = sealed.substr(kHeader + 2 * kSealedChunk);
  REQUIRE(OpenBody(keys, kPart, header + one + two + three));
  CHECK_FALSE(OpenBody(keys, kPart, header + two + one + three));
  CHECK_FALSE(OpenBody(keys, kPart, header + one + two));
  CHECK_FALSE(OpenBody(keys, kPart, header + one + three));
  CHECK_FALSE(OpenBody(keys, kPart, header + two + three));
  CHECK_FALSE(OpenBody(keys, kPart, header + one + two + two + three));
  CHECK_FALSE(OpenBody(keys, kPart, header + one + two + three + three));
}

TEST_CASE("A changed bit anywhere in a body shows", "[object_cipher]") {
  const KeyFile keys = MakeKeys(1);
  const std::string sealed = SealBody(keys, kPart, "a small image");
  for (size_t at = 0; at < sealed.size(); ++at) {
    std::string changed = sealed;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    CAPTURE(at);
    CHECK_FALSE(OpenBody(keys, kPart, changed));
  }
}

TEST_CASE("A body cut anywhere does not open", "[object_cipher]") {
  const KeyFile keys = MakeKeys(1);
  const std::string sealed = SealBody(keys, kPart, "a small image");
  for (size_t size = kHeader + 1; size < sealed.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(OpenBody(keys, kPart, sealed.substr(0, size)));
  }
  CHECK_FALSE(BodyOpener::Make(keys, kPart, sealed.substr(0, kHeader - 1)));
}

TEST_CASE("Every body has a data key of its own", "[object_cipher]") {
  const KeyFile keys = MakeKeys(1);
  std::set<std::string> sealed;
  for (int i = 0; i < 100; ++i) sealed.insert(SealBody(keys, kPart, "image").substr(kHeader));
  CHECK(sealed.size() == 100);
}

TEST_CASE("What is kept of a digest is the same for the same object and key, and for no other",
          "[object_cipher]") {
  const KeyFile keys = MakeKeys(1);
  const std::string digest = Sha256Bytes("an image");
  const std::string mark = BodySealer(keys, kPart, 8).Mark(digest);
  CHECK(mark.size() == 32);
  CHECK(mark != digest);
  CHECK(BodySealer(keys, kPart, 8).Mark(digest) == mark);
  CHECK(BodySealer(keys, kPart, 8).Mark(Sha256Bytes("another")) != mark);
  CHECK(BodySealer(MakeKeys(2), kPart, 8).Mark(digest) != mark);
  CHECK(BodySealer(keys, {"user-2", kPart.object_id}, 8).Mark(digest) != mark);
  CHECK(BodySealer(keys, {kPart.user_id, "object-2"}, 8).Mark(digest) != mark);
}

TEST_CASE("Sizes that no sealed body has are negative", "[object_cipher]") {
  CHECK(PlainSize(SealedSize(0)) == 0);
  CHECK(PlainSize(SealedSize(0) - 1) < 0);
  CHECK(PlainSize(kSealedHeaderBytes + 1) < 0);
}

TEST_CASE("A record opens for its user, object and version", "[object_cipher]") {
  const KeyFile keys = MakeKeys(1);
  const SealedRecord sealed = SealRecord(keys, kPart, 3, "a record");
  CHECK(OpenRecord(keys, kPart, 3, sealed) == "a record");
  CHECK_FALSE(OpenRecord(keys, kPart, 2, sealed));
  CHECK_FALSE(OpenRecord(keys, {"user-2", "object-1"}, 3, sealed));
  CHECK_FALSE(OpenRecord(keys, {"user-1", "object-2"}, 3, sealed));
  CHECK_FALSE(OpenRecord(MakeKeys(2), kPart, 3, sealed));
}

TEST_CASE("A record under another's wrapped key does not open", "[object_cipher]") {
  const KeyFile keys = MakeKeys(1);
  SealedRecord sealed = SealRecord(keys, kPart, 1, "a record");
  sealed.wrapped_key = SealRecord(keys, {"user-2", "object-1"}, 1, "a record").wrapped_key;
  CHECK_FALSE(OpenRecord(keys, kPart, 1, sealed));
  sealed.wrapped_key = "";
  CHECK_FALSE(OpenRecord(keys, kPart, 1, sealed));
}

TEST_CASE("A body's wrapped key opens no record", "[object_cipher]") {
  const KeyFile keys = MakeKeys(1);
  SealedRecord sealed = SealRecord(keys, kPart, 1, "a record");
  sealed.wrapped_key = SealBody(keys, kPart, "image").substr(20, 60);
  CHECK_FALSE(OpenRecord(keys, kPart, 1, sealed));
}

}  // namespace
}  // namespace insitu
