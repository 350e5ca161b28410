#include "model/film_patches.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <optional>
#include <string>

#include "model/random.h"

namespace insitu {
namespace {

constexpr int kHalf = kFilmPatchSide / 2;
constexpr int kTries = 200;  // for one patch, before it is given up

// FNV-1a (Fowler, Noll & Vo).
uint64_t SeedOf(const std::string& id) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : id) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  return hash;
}

template <typename Accept>
std::optional<PatchCentre> DrawCentre(const Accept& accept, Random* random) {
  constexpr size_t kPlaces = kFilmSide - kFilmPatchSide + 1;
  for (int tries = 0; tries < kTries; ++tries) {
    const PatchCentre centre{kHalf + static_cast<int>(random->Below(kPlaces)),
                             kHalf + static_cast<int>(random->Below(kPlaces))};
    if (accept(centre)) return centre;
  }
  return std::nullopt;
}

// Uniform in the disc around the finding, brought onto the film where it is cut by its edge.
PatchCentre DrawInside(const Circle& circle, Random* random) {
  const double reach = std::max(FilmSampling::kLeastCore, FilmSampling::kCore * circle.radius);
  const double distance = reach * std::sqrt(random->Uniform());
  const double angle = 2 * std::numbers::pi * random->Uniform();
  const auto onto = [](double at) {
    return std::clamp(static_cast<int>(std::lround(at)), kHalf, kFilmSide - kHalf);
  };
  return {onto(circle.x + distance * std::cos(angle)), onto(circle.y + distance * std::sin(angle))};
}

void DrawSuspicious(const Circle& circle, const BreastMask& mask, int count, Random* random,
                    std::vector<FilmPatch>* patches) {
  for (int i = 0; i < count; ++i) {
    for (int tries = 0; tries < kTries; ++tries) {
      const PatchCentre centre = DrawInside(circle, random);
      if (!mask.Contains(centre.x, centre.y)) continue;
      patches->push_back({centre, 1});
      break;
    }
  }
}

}  // namespace

Result<OpenFilm> Open(Film* film) {
  ASSIGN_OR_RETURN(Image image, ReadFilm(*film));
  BreastMask breast = FindBreast(image);
  for (Finding& finding : film->findings) {
    if (finding.place && !breast.Contains(static_cast<int>(std::lround(finding.place->x)),
                                          static_cast<int>(std::lround(finding.place->y)))) {
      finding.place.reset();
    }
  }
  return OpenFilm{std::move(image), std::move(breast)};
}

bool OnFilm(PatchCentre centre) {
  const auto fits = [](int at) { return at >= kHalf && at <= kFilmSide - kHalf; };
  return fits(centre.x) && fits(centre.y);
}

Image CutPatch(const Image& film, PatchCentre centre) {
  Image patch{kFilmPatchSide, kFilmPatchSide, 1, {}};
  patch.pixels.reserve(size_t{kFilmPatchSide} * kFilmPatchSide);
  for (int y = centre.y - kHalf; y < centre.y + kHalf; ++y) {
    const auto line = film.pixels.begin() + std::ptrdiff_t{y} * film.width + (centre.x - kHalf);
    patch.pixels.insert(patch.pixels.end(), line, line + kFilmPatchSide);
  }
  return patch;
}

double Distance(const Circle& circle, double x, double y) {
  return std::hypot(x - circle.x, y - circle.y);
}

bool ClearOfFindings(const Film& film, PatchCentre centre) {
  return std::all_of(film.findings.begin(), film.findings.end(), [&](const Finding& finding) {
    return finding.place &&
           Distance(*finding.place, centre.x, centre.y) >= finding.place->radius + kClear;
  });
}

std::vector<FilmPatch> SamplePatches(const Film& film, const BreastMask& mask,
                                     const FilmSampling& sampling) {
  std::vector<FilmPatch> patches;
  if (!film.located()) return patches;
  Random random(SeedOf(film.id));
  for (const Finding& finding : film.findings) {
    DrawSuspicious(*finding.place, mask, sampling.suspicious, &random, &patches);
  }
  const int count = film.abnormal() ? sampling.beside : sampling.normal;
  for (int i = 0; i < count; ++i) {
    const auto centre = DrawCentre(
        [&](PatchCentre at) { return mask.Contains(at.x, at.y) && ClearOfFindings(film, at); },
        &random);
    if (centre) patches.push_back({*centre, 0});
  }
  return patches;
}

}  // namespace insitu
