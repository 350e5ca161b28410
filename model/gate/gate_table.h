// How often the input gate is right, family by family.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/gate/gate_fit.h"
#include "model/json.h"

namespace insitu {

// A share of images with its 95 % interval, where images of one group (case, woman, file) are not
// independent: from kLeastBootstrapped groups on the groups are drawn again, 2,000 times, seeded;
// of fewer, and where all images went the same way, it is Wilson's for as many images as there are
// groups.
struct Share {
  double value = 0;
  double low = 0;
  double high = 0;
};
inline constexpr size_t kLeastBootstrapped = 20;

// Images of one group, and how many of them count.
struct GroupCount {
  double counted = 0;
  double images = 0;
};
Share ShareOf(const std::vector<GroupCount>& groups);

struct GateRow {
  std::string family;
  std::string variant;
  bool right = false;
  size_t images = 0;
  size_t groups = 0;
  std::optional<Share>
      held_out;             // refused by a gate fitted without the family; none for right ones
  Share shipped;            // refused by the gate that this program was built with
  double warned = 0;        // share accepted with a warning by it
  double reason_right = 0;  // share of the refused whose reason is the one it was listed with
};

// Whether the table also has what a gate fitted without each wrong family refuses, which takes all
// the images that a gate is fitted to. The gate that this program was built with takes any images.
enum class Refit { kWithoutEachFamily, kNever };

// part: which model's gate. Right images first.
std::vector<GateRow> GateTable(const std::vector<GateImage>& images, GatePart part, Refit refit);

std::string TableText(const std::vector<GateRow>& rows);
Json TableJson(const std::vector<GateRow>& rows);

}  // namespace insitu
