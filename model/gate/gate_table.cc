#include "model/gate/gate_table.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <map>
#include <set>
#include <sstream>

#include "model/progress.h"
#include "model/random.h"

namespace insitu {
namespace {

const GateVerdict& VerdictOf(const GateImage& image, GatePart part) {
  return part == GatePart::kTissue ? image.as_histology : image.as_film;
}

// Refused by other parameters than the engine's, or by one of its rules, which are not fitted.
bool Refuses(const GateImage& image, const GateModel& model, GatePart part) {
  const bool by_rule = part == GatePart::kTissue
                           ? image.is_empty
                           : !image.is_film_size || image.film[kGreyFeature] < kGreyFilm;
  return by_rule || image.as_histology.reason == GateReason::kTooSmall ||
         ImageOdds(image, model, part) < 0;
}

// Images too small to be films are refused by a rule and would only make the film gate look good.
bool Counts(const GateImage& image, GatePart part) {
  return image.tests && (part == GatePart::kTissue || image.is_film_size);
}

using Members = std::vector<const GateImage*>;

template <typename Counts>
Share ShareWhere(const Members& members, Counts counts) {
  std::map<std::string, GroupCount> groups;
  for (const GateImage* image : members) {
    GroupCount& group = groups[image->group];
    group.images += 1;
    if (counts(*image)) group.counted += 1;
  }
  std::vector<GroupCount> list;
  for (const auto& [name, group] : groups) list.push_back(group);
  return ShareOf(list);
}

size_t GroupsOf(const Members& members) {
  std::set<std::string> groups;
  for (const GateImage* image : members) groups.insert(image->group);
  return groups.size();
}

// without: a gate fitted without the family, or nullptr.
GateRow Row(const Members& members, GatePart part, const FittedGate* without) {
  GateRow row;
  row.family = members.front()->family;
  row.variant = members.front()->variant;
  row.right = IsRight(*members.front(), part);
  row.images = members.size();
  double refused = 0;
  for (const GateImage* image : members) {
    const GateVerdict& verdict = VerdictOf(*image, part);
    if (verdict.accepted && verdict.reason != GateReason::kNone) row.warned += 1;
    if (verdict.accepted) continue;
    refused += 1;
    if (verdict.reason == image->reason) row.reason_right += 1;
  }
  row.groups = GroupsOf(members);
  row.warned /= static_cast<double>(members.size());
  row.reason_right /= std::max(refused, 1.0);
  row.shipped =
      ShareWhere(members, [&](const GateImage& image) { return !VerdictOf(image, part).accepted; });
  if (without != nullptr) {
    row.held_out = ShareWhere(
        members, [&](const GateImage& image) { return Refuses(image, without->model(), part); });
  }
  return row;
}

Share Wilson(double p, size_t count) {
  constexpr double kZ = 1.959964;
  const auto n = static_cast<double>(count);
  const double middle = (p + kZ * kZ / (2 * n)) / (1 + kZ * kZ / n);
  const double half = kZ / (1 + kZ * kZ / n) * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  return {p, std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

Json ShareJson(const Share& share) {
  return {{"share", share.value}, {"interval", {share.low, share.high}}};
}

std::string ShareText(const Share& share) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(3) << share.value << " [" << std::setprecision(2)
       << share.low << ", " << share.high << "]";
  return text.str();
}

}  // namespace

Share ShareOf(const std::vector<GroupCount>& groups) {
  const auto share = [](const GroupCount& sum) { return sum.counted / sum.images; };
  GroupCount all;
  for (const GroupCount& group : groups) {
    all.counted += group.counted;
    all.images += group.images;
  }
  const double p = share(all);
  if (groups.size() < kLeastBootstrapped || p == 0 || p == 1) return Wilson(p, groups.size());
  constexpr size_t kSamples = 2000;
  Random random(1);
  std::vector<double> shares;
  for (size_t i = 0; i < kSamples; ++i) {
    GroupCount drawn;
    for (size_t j = 0; j < groups.size(); ++j) {
      const GroupCount& group = groups[random.Below(groups.size())];
      drawn.counted += group.counted;
      drawn.images += group.images;
    }
    shares.push_back(share(drawn));
  }
  std::sort(shares.begin(), shares.end());
  return {p, shares[kSamples / 40], shares[kSamples - kSamples / 40 - 1]};
}

std::vector<GateRow> GateTable(const std::vector<GateImage>& images, GatePart part, Refit refit) {
  std::map<std::string, std::map<std::string, Members>> families;
  for (const GateImage& image : images) {
    if (Counts(image, part)) families[image.family][image.variant].push_back(&image);
  }
  std::vector<GateRow> right;
  std::vector<GateRow> wrong;
  Progress progress("Measuring families", families.size());
  size_t done = 0;
  for (const auto& [family, variants] : families) {
    const bool is_right = IsRight(*variants.begin()->second.front(), part);
    std::optional<FittedGate> without;
    if (!is_right && refit == Refit::kWithoutEachFamily) without = FitGate(images, part, family);
    for (const auto& [variant, members] : variants) {
      (is_right ? right : wrong).push_back(Row(members, part, without ? &*without : nullptr));
    }
    progress.Update(++done);
  }
  right.insert(right.end(), wrong.begin(), wrong.end());
  return right;
}

std::string TableText(const std::vector<GateRow>& rows) {
  std::ostringstream text;
  text << "| family | images | groups | refused, family held out | refused, as shipped | warned | "
          "reason as listed |\n| --- | --- | --- | --- | --- | --- | --- |\n";
  double caught = 0;
  double caught_families = 0;
  double wrong = 0;
  double wrong_rows = 0;
  for (const GateRow& row : rows) {
    text << "| " << row.variant << " | " << row.images << " | " << row.groups << " | "
         << (row.held_out ? ShareText(*row.held_out) : "right") << " | " << ShareText(row.shipped)
         << " | " << std::fixed << std::setprecision(3) << row.warned << " | "
         << (row.held_out ? ShareText({row.reason_right, 0, 0}).substr(0, 5) : "") << " |\n";
    if (!row.held_out) continue;
    caught += row.held_out->value * static_cast<double>(row.images);
    wrong += static_cast<double>(row.images);
    caught_families += row.held_out->value;
    wrong_rows += 1;
  }
  text << "Wrong images refused, family held out: " << std::setprecision(4) << caught / wrong
       << " of all " << std::setprecision(0) << wrong << "; mean of " << wrong_rows << " rows "
       << std::setprecision(4) << caught_families / wrong_rows << "\n";
  return text.str();
}

Json TableJson(const std::vector<GateRow>& rows) {
  Json json = Json::array();
  for (const GateRow& row : rows) {
    Json one = {{"family", row.family}, {"variant", row.variant},
                {"right", row.right},   {"images", row.images},
                {"groups", row.groups}, {"refused", ShareJson(row.shipped)},
                {"warned", row.warned}};
    if (row.held_out) one["refused_held_out"] = ShareJson(*row.held_out);
    if (!row.right) one["reason_right"] = row.reason_right;
    json.push_back(std::move(one));
  }
  return json;
}

}  // namespace insitu
