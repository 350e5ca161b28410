#include "model/augment.h"

#include <algorithm>
#include <catch_amalgamated.hpp>
#include <cstdlib>
#include <set>

namespace insitu {
namespace {

Image Numbered(int side) {
  Image image{side, side, 3, {}};
  for (int i = 0; i < side * side * 3; ++i) image.pixels.push_back(static_cast<uint8_t>(i % 251));
  return image;
}

TEST_CASE("The eight turns of an asymmetric image are all different", "[augment]") {
  std::set<std::vector<uint8_t>> seen;
  for (int which = 0; which < 8; ++which) seen.insert(Turned(Numbered(5), which).pixels);
  CHECK(seen.size() == 8);
  CHECK(Turned(Numbered(5), 0).pixels == Numbered(5).pixels);
}

TEST_CASE("A turn moves whole pixels", "[augment]") {
  // 2x2, red channel 1 2 / 3 4; transposed 1 3 / 2 4; mirrored 2 1 / 4 3.
  const Image image{2, 2, 3, {1, 9, 9, 2, 9, 9, 3, 9, 9, 4, 9, 9}};
  CHECK(Turned(image, 4).pixels == std::vector<uint8_t>{1, 9, 9, 3, 9, 9, 2, 9, 9, 4, 9, 9});
  CHECK(Turned(image, 1).pixels == std::vector<uint8_t>{2, 9, 9, 1, 9, 9, 4, 9, 9, 3, 9, 9});
}

TEST_CASE("A stain jitter of zero leaves every value as it is", "[augment]") {
  Image image = Numbered(16);
  for (uint8_t& value : image.pixels) value = std::max<uint8_t>(value, 1);
  const Image before = image;
  Random random(1);
  JitterStain({0, 0, 0}, &random, &image);
  CHECK(image.pixels == before.pixels);
}

TEST_CASE("A stain jitter keeps white white and changes stained pixels", "[augment]") {
  Image image{1, 2, 3, {255, 255, 255, 150, 80, 160}};
  Random random(1);
  JitterStain({0.2, 0, 0}, &random, &image);
  CHECK(std::equal(image.pixels.begin(), image.pixels.begin() + 3, "\xff\xff\xff",
                   [](uint8_t a, char b) { return a == static_cast<uint8_t>(b); }));
  const int change = std::abs(image.pixels[3] - 150) + std::abs(image.pixels[4] - 80) +
                     std::abs(image.pixels[5] - 160);
  CHECK(change > 0);
  CHECK(change < 150);
}

TEST_CASE("The same random state gives the same augmented image", "[augment]") {
  Random a(5), b(5), c(6);
  const Image image = Numbered(8);
  const Image first = Augmented(image, {}, &a);
  CHECK(first.pixels == Augmented(image, {}, &b).pixels);
  CHECK(first.pixels != Augmented(image, {}, &c).pixels);
}

TEST_CASE("A blur is the mean over three pixels in each direction, edges repeated", "[augment]") {
  Image image{3, 1, 1, {0, 100, 200}};
  Random random(1);
  Blur({.blur = 1}, &random, &image);
  CHECK(image.pixels == std::vector<uint8_t>{25, 100, 175});
  Image rgb{1, 2, 3, {0, 40, 80, 40, 40, 0}};
  Blur({.blur = 1}, &random, &rgb);
  CHECK(rgb.pixels == std::vector<uint8_t>{10, 40, 60, 30, 40, 20});
}

TEST_CASE("A blur of share zero leaves the image as it is", "[augment]") {
  Image image = Numbered(8);
  Random random(1);
  Blur({.blur = 0}, &random, &image);
  CHECK(image.pixels == Numbered(8).pixels);
}

TEST_CASE("A grey image's density is scaled as a whole and keeps its order", "[augment]") {
  Image image{4, 1, 1, {10, 100, 100, 255}};
  Random random(3);
  JitterStain({.stain_scale = 0.4, .stain_shift = 0, .brightness = 0}, &random, &image);
  CHECK(image.pixels[1] == image.pixels[2]);
  CHECK(image.pixels[1] != 100);
  CHECK(image.pixels[0] < image.pixels[1]);
  CHECK(image.pixels[3] == 255);
}

}  // namespace
}  // namespace insitu
