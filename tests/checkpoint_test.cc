#include "model/checkpoint.h"

#include <catch_amalgamated.hpp>
#include <string>

#include "tests/temporary_folder.h"

namespace insitu {
namespace {

TEST_CASE("A checkpoint gives back what was stored last, for the same identity only",
          "[checkpoint]") {
  const TemporaryFolder folder;
  const std::string path = folder / "made";  // it is made when it is needed
  const Checkpoint checkpoint(path, "fold", "settings");
  CHECK(!checkpoint.Load());
  REQUIRE(checkpoint.Store("first").ok());
  REQUIRE(checkpoint.Store(std::string("second\0", 7)).ok());
  CHECK(checkpoint.Load() == std::string("second\0", 7));
  CHECK(Checkpoint(path, "fold", "settings").Load().has_value());
  CHECK(!Checkpoint(path, "fold", "other settings").Load());
  CHECK(!Checkpoint(path, "other", "settings").Load());
}

TEST_CASE("A damaged checkpoint does not count", "[checkpoint]") {
  const TemporaryFolder folder;
  const Checkpoint checkpoint(folder.path(), "fold", "settings");
  REQUIRE(checkpoint.Store("state").ok());
  const auto file = folder / "fold.checkpoint";
  const std::string bytes = ReadFile(file);
  WriteFile(file, bytes.substr(0, bytes.size() - 1));
  CHECK(!checkpoint.Load());
  WriteFile(file, "");
  CHECK(!checkpoint.Load());
  WriteFile(file, bytes);
  CHECK(checkpoint.Load() == "state");
}

TEST_CASE("Without a folder nothing is kept", "[checkpoint]") {
  const Checkpoint checkpoint("", "fold", "settings");
  CHECK(checkpoint.Store("state").ok());
  CHECK(!checkpoint.Load());
}

TEST_CASE("A checkpoint that cannot be written is an error", "[checkpoint]") {
  const TemporaryFolder folder;
  WriteFile(folder / "file", "");
  CHECK(!Checkpoint(folder / "file", "fold", "settings").Store("state").ok());
}

}  // namespace
}  // namespace insitu
