#include "shared/scan_summary.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "shared/film_map.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

// A map as a summary goes through it.
struct Map {
  const ScanPlan& plan;
  std::span<const float> values;
  std::span<const uint8_t> verdicts;

  size_t columns() const { return static_cast<size_t>(plan.columns); }
  bool IsJudged(size_t at) const {
    return insitu::IsJudged(verdicts[at]) && !std::isnan(values[at]);
  }
  int Column(size_t at) const { return static_cast<int>(at % columns()); }
  int Row(size_t at) const { return static_cast<int>(at / columns()); }
  int X(size_t at) const { return Column(at) * plan.stride + plan.patch_width / 2; }
  int Y(size_t at) const { return Row(at) * plan.stride + plan.patch_height / 2; }
};

ScanPlace PlaceOf(const Map& map, const ModelInfo& info, size_t at) {
  const double probability = map.values[at];
  return {map.Column(at), map.Row(at), map.X(at),
          map.Y(at),      probability, IntervalAt(info, probability)};
}

// Greedily: the most probable cell, then the most probable that no chosen one's patch overlaps.
std::vector<ScanPlace> MostSuspicious(const Map& map, const ModelInfo& info) {
  std::vector<size_t> chosen;
  const auto is_apart = [&](size_t at) {
    return std::all_of(chosen.begin(), chosen.end(), [&](size_t other) {
      return std::abs(map.X(at) - map.X(other)) >= map.plan.patch_width ||
             std::abs(map.Y(at) - map.Y(other)) >= map.plan.patch_height;
    });
  };
  std::vector<ScanPlace> places;
  while (places.size() < kSuspiciousPlaces) {
    size_t best = map.values.size();
    for (size_t at = 0; at < map.values.size(); ++at) {
      if (!map.IsJudged(at)) continue;
      if (best < map.values.size() && map.values[at] <= map.values[best]) continue;
      if (is_apart(at)) best = at;
    }
    if (best == map.values.size()) break;
    chosen.push_back(best);
    places.push_back(PlaceOf(map, info, best));
  }
  return places;
}

// The cells connected with `start`, which become false.
std::vector<size_t> TakePiece(const Map& map, size_t start, std::vector<uint8_t>* positive) {
  std::vector<size_t> piece = {start};
  (*positive)[start] = 0;
  const auto enter = [&](size_t at) {
    if ((*positive)[at] == 0) return;
    (*positive)[at] = 0;
    piece.push_back(at);
  };
  for (size_t next = 0; next < piece.size(); ++next) {
    const size_t at = piece[next];
    if (map.Column(at) > 0) enter(at - 1);
    if (map.Column(at) + 1 < map.plan.columns) enter(at + 1);
    if (map.Row(at) > 0) enter(at - map.columns());
    if (map.Row(at) + 1 < map.plan.rows) enter(at + map.columns());
  }
  return piece;
}

std::optional<ScanFocus> LargestFocus(const Map& map, std::vector<uint8_t> positive) {
  std::vector<size_t> largest;
  for (size_t at = 0; at < positive.size(); ++at) {
    if (positive[at] == 0) continue;
    std::vector<size_t> piece = TakePiece(map, at, &positive);
    if (piece.size() > largest.size()) largest = std::move(piece);
  }
  if (largest.empty()) return std::nullopt;
  int left = map.X(largest[0]), right = left, top = map.Y(largest[0]), bottom = top;
  ScanFocus focus;
  focus.cells = largest.size();
  for (const size_t at : largest) {
    left = std::min(left, map.X(at));
    right = std::max(right, map.X(at));
    top = std::min(top, map.Y(at));
    bottom = std::max(bottom, map.Y(at));
    focus.x += map.X(at) / static_cast<double>(focus.cells);
    focus.y += map.Y(at) / static_cast<double>(focus.cells);
  }
  const int stride = map.plan.stride;
  focus.left = left - stride / 2;
  focus.top = top - stride / 2;
  focus.width = right - left + stride;
  focus.height = bottom - top + stride;
  return focus;
}

std::vector<ScanPlace> Marks(const Map& map, const ModelInfo& info) {
  FilmMap film{map.plan.stride, map.plan.columns, map.plan.rows, {}};
  for (size_t at = 0; at < map.values.size(); ++at) {
    film.values.push_back(map.IsJudged(at) ? double{map.values[at]} : FilmMap::kOutside);
  }
  std::vector<ScanPlace> marks;
  for (const Mark& mark : FindMarks(film, kMarkApart)) {
    const int column = (mark.centre.x - kFilmPatchSide / 2) / film.stride;
    const int row = (mark.centre.y - kFilmPatchSide / 2) / film.stride;
    marks.push_back(
        PlaceOf(map, info, static_cast<size_t>(row) * map.columns() + static_cast<size_t>(column)));
  }
  return marks;
}

// JSON of a number, to the sixth decimal; "null" of what is none.
std::string Decimal(double value) {
  if (!std::isfinite(value)) return "null";
  constexpr int64_t kUnit = 1'000'000;
  const auto parts =
      static_cast<int64_t>(std::llround(std::fabs(value) * static_cast<double>(kUnit)));
  std::string text = value < 0 && parts > 0 ? "-" : "";
  text += StrCat(parts / kUnit);
  if (parts % kUnit == 0) return text;
  std::string digits = StrCat(kUnit + parts % kUnit);
  digits[0] = '.';
  digits.resize(digits.find_last_not_of('0') + 1);
  return text + digits;
}

std::string PlaceJson(const ScanPlace& place) {
  std::string interval = "null";
  if (place.interval) {
    interval = StrCat("[", Decimal(place.interval->low), ",", Decimal(place.interval->high), "]");
  }
  return StrCat("{\"column\":", place.column, ",\"row\":", place.row, ",\"x\":", place.x,
                ",\"y\":", place.y, ",\"probability\":", Decimal(place.probability),
                ",\"interval\":", interval, "}");
}

std::string PlacesJson(const std::vector<ScanPlace>& places) {
  std::string text = "[";
  for (const ScanPlace& place : places) {
    if (text.size() > 1) text += ',';
    text += PlaceJson(place);
  }
  return text + "]";
}

// cells: by GateReason.
std::string ReasonsJson(std::span<const size_t> cells, double cell_mm2) {
  std::string text = "{";
  for (size_t reason = 0; reason < cells.size(); ++reason) {
    if (cells[reason] == 0) continue;
    if (text.size() > 1) text += ',';
    text += StrCat("\"", ReasonName(static_cast<GateReason>(reason)),
                   "\":", Decimal(static_cast<double>(cells[reason]) * cell_mm2));
  }
  return text + "}";
}

std::string AreasJson(const ScanSummary& summary) {
  const auto area = [&summary](size_t cells) {
    return Decimal(static_cast<double>(cells) * summary.cell_mm2);
  };
  return StrCat("{\"image\":", Decimal(summary.image_mm2), ",\"rim\":", Decimal(summary.rim_mm2),
                ",\"judged\":", area(summary.judged),
                ",\"judged_anyway\":", ReasonsJson(summary.judged_anyway, summary.cell_mm2),
                ",\"no_tissue\":", area(summary.no_tissue),
                ",\"outside_region\":", area(summary.outside_region),
                ",\"refused\":", ReasonsJson(summary.refused, summary.cell_mm2), "}");
}

// Of the judged cells.
std::string ShareJson(const ScanSummary& summary, size_t cells) {
  if (summary.judged == 0) return "null";
  return Decimal(static_cast<double>(cells) / static_cast<double>(summary.judged));
}

// The members that positive and uncertain cells have in common.
std::string PartJson(const ScanSummary& summary, size_t cells) {
  return StrCat("\"cells\":", cells,
                ",\"area_mm2\":", Decimal(static_cast<double>(cells) * summary.cell_mm2),
                ",\"fraction\":", ShareJson(summary, cells));
}

std::string PositiveJson(const ScanSummary& summary) {
  std::string interval = "null";
  if (summary.positive_bounds && summary.judged > 0) {
    const auto& [low, high] = *summary.positive_bounds;
    interval = StrCat("[", ShareJson(summary, low), ",", ShareJson(summary, high), "]");
  }
  return StrCat("{", PartJson(summary, summary.positive), ",\"interval\":", interval, "}");
}

std::string UncertainJson(const ScanSummary& summary) {
  if (!summary.uncertain) return "null";
  const auto& [cells, band] = *summary.uncertain;
  return StrCat("{", PartJson(summary, cells), ",\"low\":", Decimal(band.low),
                ",\"high\":", Decimal(band.high), ",\"coverage\":", Decimal(band.coverage), "}");
}

std::string FocusJson(const ScanSummary& summary) {
  if (!summary.focus) return "null";
  const ScanFocus& focus = *summary.focus;
  return StrCat("{\"cells\":", focus.cells,
                ",\"area_mm2\":", Decimal(static_cast<double>(focus.cells) * summary.cell_mm2),
                ",\"x\":", Decimal(focus.x), ",\"y\":", Decimal(focus.y), ",\"left\":", focus.left,
                ",\"top\":", focus.top, ",\"width\":", focus.width, ",\"height\":", focus.height,
                "}");
}

}  // namespace

Result<ScanSummary> Summarise(const ScanPlan& plan, const ModelInfo& info,
                              std::span<const float> values, std::span<const uint8_t> verdicts,
                              double threshold) {
  const size_t cells = static_cast<size_t>(plan.columns) * static_cast<size_t>(plan.rows);
  if (cells == 0 || values.size() != cells || verdicts.size() != cells) {
    return Fail(ErrorCode::kInvalidArgument, "A map of % cells cannot be summed up from % values.",
                cells, values.size());
  }
  const Map map{plan, values, verdicts};
  ScanSummary summary;
  summary.threshold = threshold;
  const double mm = plan.um_per_pixel / 1000;
  summary.cell_mm2 = plan.stride * mm * plan.stride * mm;
  summary.image_mm2 = plan.scaled_width * mm * plan.scaled_height * mm;
  summary.rim_mm2 =
      std::max(0.0, summary.image_mm2 - static_cast<double>(cells) * summary.cell_mm2);
  std::vector<uint8_t> positive(cells);
  std::array<size_t, 2> bounds = {};
  if (const auto band = UncertainAt(info, threshold)) summary.uncertain = {0, *band};
  for (size_t at = 0; at < cells; ++at) {
    const uint8_t verdict = verdicts[at];
    if (verdict >= kRefusedCell) {
      ++summary.refused[verdict - size_t{kRefusedCell}];
    } else if (verdict == kNoTissueCell) {
      ++summary.no_tissue;
    } else if (verdict == kOutsideRegionCell) {
      ++summary.outside_region;
    } else if (map.IsJudged(at)) {
      ++summary.judged;
      if (verdict != kJudgedCell) ++summary.judged_anyway[verdict - size_t{kJudgedAnywayCell}];
      positive[at] = values[at] >= threshold;
      summary.positive += positive[at];
      if (summary.uncertain) {
        const UncertainBand& band = summary.uncertain->band;
        summary.uncertain->cells += values[at] >= band.low && values[at] < band.high;
      }
      if (info.calibration_interval.empty()) continue;
      const auto interval = IntervalAt(info, values[at]);
      bounds[0] += positive[at] != 0 && interval->low >= threshold;
      bounds[1] += positive[at] != 0 || interval->high >= threshold;
    }
  }
  if (!info.calibration_interval.empty()) summary.positive_bounds = bounds;
  summary.focus = LargestFocus(map, std::move(positive));
  summary.suspicious = MostSuspicious(map, info);
  if (plan.film) summary.marks = Marks(map, info);
  return summary;
}

std::string SummaryJson(const ScanPlan& plan, const ScanSummary& summary) {
  std::string film = "null";
  if (plan.film) {
    film = StrCat(
        "{\"score\":", summary.marks.empty() ? "null" : Decimal(summary.marks[0].probability),
        ",\"marks\":", PlacesJson(summary.marks), "}");
  }
  const auto truth = [](bool value) { return value ? "true" : "false"; };
  return StrCat("{\"threshold\":", Decimal(summary.threshold),
                ",\"gate\":{\"says_film\":", truth(plan.image.gate.says_film),
                ",\"judge_anyway\":", truth(plan.image.gate.judge_anyway),
                "},\"cell\":{\"columns\":", plan.columns, ",\"rows\":", plan.rows,
                ",\"stride\":", plan.stride, ",\"um_per_pixel\":", Decimal(plan.um_per_pixel),
                "},\"area_mm2\":", AreasJson(summary), ",\"positive\":", PositiveJson(summary),
                ",\"uncertain\":", UncertainJson(summary),
                ",\"largest_focus\":", FocusJson(summary),
                ",\"suspicious\":", PlacesJson(summary.suspicious), ",\"film\":", film, "}");
}

}  // namespace insitu
