#include "backend/negotiation.h"

#include <algorithm>
#include <optional>
#include <string>

#include "backend/http.h"

namespace insitu {
namespace {

// Weights in thousandths, as the grammar allows three decimals.
constexpr int kFullWeight = 1000;

// Cuts the first item off a list; items are trimmed.
std::string_view TakeItem(std::string_view* list, char separator) {
  const size_t end = std::min(list->find(separator), list->size());
  std::string_view item = list->substr(0, end);
  list->remove_prefix(std::min(end + 1, list->size()));
  while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
  while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
  return item;
}

// "0.25" → 250. What is not a weight counts as 0: a coding that is asked for unclearly is not used.
int ParseWeight(std::string_view text) {
  constexpr size_t kMaxLength = 5;
  if (text.empty() || text.size() > kMaxLength || (text[0] != '0' && text[0] != '1')) return 0;
  if (text.size() > 1 && text[1] != '.') return 0;
  int weight = (text[0] - '0') * kFullWeight;
  int place = kFullWeight / 10;
  for (const char digit : text.substr(std::min<size_t>(2, text.size()))) {
    if (digit < '0' || digit > '9') return 0;
    weight += (digit - '0') * place;
    place /= 10;
  }
  return std::min(weight, kFullWeight);
}

// Weight of one item, "br;q=0.5" without its name.
int WeightOf(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = TakeItem(&parameters, ';');
    if (parameter.starts_with("q=") || parameter.starts_with("Q=")) {
      return ParseWeight(parameter.substr(2));
    }
  }
  return kFullWeight;
}

// The tag of "W/" tag.
std::string_view StrongForm(std::string_view tag) {
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  return tag;
}

}  // namespace

bool PrefersBrotli(std::string_view accept_encoding) {
  std::optional<int> brotli;
  std::optional<int> identity;
  std::optional<int> any;
  while (!accept_encoding.empty()) {
    std::string_view parameters = TakeItem(&accept_encoding, ',');
    const std::string_view coding = TakeItem(&parameters, ';');
    const int weight = WeightOf(parameters);
    if (EqualsIgnoringCase(coding, "br")) brotli = weight;
    if (EqualsIgnoringCase(coding, "identity")) identity = weight;
    if (coding == "*") any = weight;
  }
  const int brotli_weight = brotli.value_or(any.value_or(0));
  // Unnamed, the plain bytes are the last resort: any coding that was asked for goes before them.
  const int identity_weight = identity.value_or(0);
  return brotli_weight > 0 && brotli_weight >= identity_weight;
}

bool NamesTag(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    const std::string_view tag = TakeItem(&if_none_match, ',');
    if (tag == "*" || StrongForm(tag) == StrongForm(etag)) return true;
  }
  return false;
}

}  // namespace insitu
