#include "shared/gate.h"

#include <catch_amalgamated.hpp>
#include <cmath>
#include <string>

#include "model/random.h"
#include "shared/preprocess.h"
#include "tests/make_image.h"
#include "tests/make_tissue.h"

namespace insitu {
namespace {

GateVerdict AsHistology(const Image& image) { return JudgeImage(image, ImageKind::kHistology); }
GateVerdict AsMammogram(const Image& image) { return JudgeImage(image, ImageKind::kMammogram); }

std::string RefusalOf(const GateVerdict& verdict) {
  return verdict.accepted ? "accepted" : ReasonName(verdict.reason);
}

Rgb Grey(const Rgb& colour) {
  const double grey = (colour[0] + 2 * colour[1] + colour[2]) / 4;
  return {grey, grey, grey};
}

Image Filled(int width, int height, const std::function<Rgb(int x, int y)>& colour) {
  return Recoloured(TissueImage(width, height, 1),
                    [&](int x, int y, const Rgb&) { return colour(x, y); });
}

TEST_CASE("Stained tissue at the model's scale is accepted, patches and larger fields", "[gate]") {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    const GateVerdict patch = AsHistology(TissueImage(50, 50, seed));
    CHECK(RefusalOf(patch) == "accepted");
    CHECK(patch.kind == ImageKind::kHistology);
    CHECK(patch.score >= 0.5F);
    CHECK(patch.score <= 1);
  }
  for (const int side : {64, 100, 237, 500}) {
    CHECK(RefusalOf(AsHistology(TissueImage(side, side + 31, 1))) == "accepted");
  }
}

TEST_CASE("A field with more glass than tissue is judged by its tissue", "[gate]") {
  const Image field = Recoloured(TissueImage(300, 300, 1), [](int x, int, const Rgb& colour) {
    return x < 200 ? Rgb{0.95, 0.94, 0.95} : colour;
  });
  CHECK(RefusalOf(AsHistology(field)) == "accepted");
}

TEST_CASE("Glass, with and without noise, is refused as glass", "[gate]") {
  const Image clean = Filled(50, 50, [](int, int) { return Rgb{0.94, 0.93, 0.94}; });
  CHECK(RefusalOf(AsHistology(clean)) == "glass");
  Random random(1);
  const Image noisy = Filled(200, 200, [&](int, int) {
    const double light = 0.92 + random.Uniform(-0.02, 0.02);
    return Rgb{light, light - 0.01, light};
  });
  CHECK(RefusalOf(AsHistology(noisy)) == "glass");
}

TEST_CASE("Pen over much of the tissue is refused as pen", "[gate]") {
  const Image patch = Recoloured(TissueImage(50, 50, 1), [](int x, int y, const Rgb& colour) {
    if (std::abs(x - y) > 14) return colour;
    return Rgb{0.1 * colour[0], 0.25 * colour[1], 0.65 * colour[2]};
  });
  CHECK(RefusalOf(AsHistology(patch)) == "pen");
}

TEST_CASE("Tissue out of focus is refused as blur", "[gate]") {
  CHECK(RefusalOf(AsHistology(Blurred(TissueImage(50, 50, 1), 2))) == "blur");
  CHECK(RefusalOf(AsHistology(Blurred(TissueImage(300, 200, 2), 2))) == "blur");
}

TEST_CASE("Blocks of strong compression are refused as compression", "[gate]") {
  CHECK(RefusalOf(AsHistology(Blocky(TissueImage(50, 50, 1)))) == "compression");
  CHECK(RefusalOf(AsHistology(Blocky(TissueImage(250, 250, 2)))) == "compression");
}

TEST_CASE("Tissue enlarged two and four times is refused for its scale", "[gate]") {
  for (const int times : {2, 4}) {
    const GateVerdict verdict =
        AsHistology(Resize(TissueImage(100, 100, 1), 100 * times, 100 * times));
    CHECK_FALSE(verdict.accepted);
    CHECK(verdict.kind == ImageKind::kHistology);
    CHECK((verdict.reason == GateReason::kScale || verdict.reason == GateReason::kBlur));
  }
}

TEST_CASE("Brown and blue tissue is refused for its stain", "[gate]") {
  const Dyes immunostain = {{0.27, 0.57, 0.78}, {0.5, 0.45, 0.3}};
  const Dyes trichrome = {{0.6, 0.65, 0.4}, {0.85, 0.48, 0.12}};
  for (const Dyes& dyes : {immunostain, trichrome}) {
    const GateVerdict verdict = AsHistology(TissueImage(100, 100, 1, dyes));
    CHECK(RefusalOf(verdict) == "other_stain");
    CHECK(verdict.kind == ImageKind::kHistology);
  }
}

TEST_CASE("Pictures of something else are refused and are no histology", "[gate]") {
  const GateVerdict photograph = AsHistology(SmoothImage(200, 150, 3));
  CHECK_FALSE(photograph.accepted);
  CHECK(photograph.kind == ImageKind::kOther);
  Random random(1);
  const Image text = Filled(200, 120, [&](int, int y) {
    const double ink = y % 14 < 9 && random.Uniform() < 0.4 ? 0.1 : 1;
    return Rgb{ink, ink, ink};
  });
  CHECK(RefusalOf(AsHistology(text)) == "drawing");
  CHECK(AsHistology(text).kind == ImageKind::kOther);
  CHECK_FALSE(AsHistology(NoiseImage(100, 100, 3)).accepted);
}

TEST_CASE("Grey tissue and tissue in inverted colours are refused for their colours", "[gate]") {
  const Image grey = Recoloured(TissueImage(100, 100, 1),
                                [](int, int, const Rgb& colour) { return Grey(colour); });
  CHECK(RefusalOf(AsHistology(grey)) == "colour_not_histology");
  const Image inverted = Recoloured(TissueImage(100, 100, 1), [](int, int, const Rgb& colour) {
    return Rgb{1 - colour[0], 1 - colour[1], 1 - colour[2]};
  });
  CHECK(RefusalOf(AsHistology(inverted)) == "colour_not_histology");
}

TEST_CASE("A film is accepted as a mammogram and refused as histology", "[gate]") {
  const Image film = FilmImage(800, 1000, 1);
  CHECK(RefusalOf(AsMammogram(film)) == "accepted");
  CHECK(AsMammogram(film).kind == ImageKind::kMammogram);
  CHECK(RefusalOf(AsHistology(film)) == "film_not_histology");
}

TEST_CASE("A model for mammograms refuses tissue and other grey images", "[gate]") {
  CHECK(RefusalOf(AsMammogram(TissueImage(50, 50, 1))) == "histology_not_film");
  CHECK(RefusalOf(AsMammogram(TissueImage(500, 500, 1))) == "histology_not_film");
  CHECK(RefusalOf(AsMammogram(SmoothImage(500, 400, 1))) == "grey_not_film");
  CHECK(RefusalOf(AsMammogram(NoiseImage(500, 400, 1))) == "grey_not_film");
}

TEST_CASE("A film of the least side is judged, and one pixel less is refused", "[gate]") {
  CHECK(AsMammogram(FilmImage(kMinFilmSide, 320, 1)).accepted);
  CHECK_FALSE(AsMammogram(FilmImage(kMinFilmSide - 1, 320, 1)).accepted);
}

TEST_CASE("An image of the least side is judged, and one pixel less is too small", "[gate]") {
  const auto reason = [](int side) { return AsHistology(TissueImage(side, 60, 1)).reason; };
  CHECK(reason(kMinGateSide) != GateReason::kTooSmall);
  CHECK(reason(kMinGateSide - 1) == GateReason::kTooSmall);
  CHECK(AsHistology(TissueImage(1, 1, 1)).reason == GateReason::kTooSmall);
}

TEST_CASE("Whatever the shape and the values, a verdict is a number", "[gate]") {
  for (const int width : {16, 17, 49, 51, 400}) {
    for (const int channels : {1, 3}) {
      for (const uint8_t value : {uint8_t{0}, uint8_t{255}}) {
        Image image = NoiseImage(width, 16, channels);
        if (value == 255) std::fill(image.pixels.begin(), image.pixels.end(), value);
        for (const GateVerdict& verdict : {AsHistology(image), AsMammogram(image)}) {
          CHECK(std::isfinite(verdict.score));
          CHECK_FALSE(verdict.accepted);
        }
      }
    }
  }
}

TEST_CASE("Every reason has a name of its own", "[gate]") {
  CHECK(std::string(ReasonName(GateReason::kNone)).empty());
  CHECK(std::string(ReasonName(GateReason::kOtherStain)) == "other_stain");
  CHECK(std::string(ReasonName(GateReason::kTooSmall)) == "too_small");
  CHECK(std::string(KindName(ImageKind::kMammogram)) == "mammogram");
}

}  // namespace
}  // namespace insitu
