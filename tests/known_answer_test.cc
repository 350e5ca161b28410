#include <algorithm>
#include <catch_amalgamated.hpp>

#include "shared/model_info.h"

namespace insitu {
namespace {

TEST_CASE("The known answer's image is the texture that its recurrence defines", "[known_answer]") {
  // The generator's first bytes are 60, 94, 129, 180, 12, 94; beyond the border lies 128.
  CHECK(KnownAnswerImage(2, 2, 1).pixels == std::vector<uint8_t>{94, 103, 120, 146});
  CHECK(KnownAnswerImage(2, 1, 3).pixels == std::vector<uint8_t>{94, 111, 129, 146, 66, 111});
}

TEST_CASE("The known answer's image has the size and the channels asked for", "[known_answer]") {
  const Image image = KnownAnswerImage(50, 40, 3);
  CHECK(image.width == 50);
  CHECK(image.height == 40);
  CHECK(image.channels == 3);
  CHECK(image.pixels.size() == size_t{50} * 40 * 3);
}

TEST_CASE("The known answer's image is the same every time and shows both dark and light",
          "[known_answer]") {
  const Image image = KnownAnswerImage(50, 50, 3);
  CHECK(image.pixels == KnownAnswerImage(50, 50, 3).pixels);
  const auto [darkest, lightest] = std::minmax_element(image.pixels.begin(), image.pixels.end());
  CHECK(*darkest < 64);
  CHECK(*lightest > 192);
}

}  // namespace
}  // namespace insitu
