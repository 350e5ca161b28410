#include "backend/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <catch_amalgamated.hpp>
#include <string>

namespace insitu {
namespace {

bool IsOpen(int number) { return ::fcntl(number, F_GETFD) >= 0; }

TEST_CASE("A descriptor is closed with its owner, unless another took it", "[descriptor]") {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  {
    const Descriptor owner(pipe[0]);
    CHECK(owner.open());
    Descriptor giver(pipe[1]);
    CHECK(giver.Release() == pipe[1]);
    CHECK_FALSE(giver.open());
  }
  CHECK_FALSE(IsOpen(pipe[0]));
  CHECK(IsOpen(pipe[1]));
  ::close(pipe[1]);
  CHECK_FALSE(Descriptor(-1).open());
}

TEST_CASE("All bytes are written, or it is told that they are not", "[descriptor]") {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const Descriptor reading(pipe[0]);
  const Descriptor writing(pipe[1]);
  const std::string text = "kept";
  CHECK(WriteAll(writing.number(), text));
  std::string read(text.size(), '\0');
  CHECK(::read(reading.number(), read.data(), read.size()) == 4);
  CHECK(read == text);
  CHECK_FALSE(WriteAll(reading.number(), text));
}

}  // namespace
}  // namespace insitu
