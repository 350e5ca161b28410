#include "backend/sessions.h"

#include <array>
#include <utility>

#include "backend/crypto.h"
#include "backend/encoding.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr size_t kTokenBytes = 32;
constexpr size_t kTokenCharacters = 43;

using Names = std::pair<std::string_view, std::string_view>;  // in the User-Agent, for people

// The first that is found: browsers also claim to be those they descend from.
constexpr std::array<Names, 6> kBrowsers = {Names{"Edg", "Edge"},    {"OPR/", "Opera"},
                                            {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
                                            {"Chrome/", "Chrome"},   {"Safari/", "Safari"}};
constexpr std::array<Names, 7> kSystems = {
    Names{"Android", "Android"}, {"iPhone", "iOS"},   {"iPad", "iOS"},   {"Windows", "Windows"},
    {"CrOS", "ChromeOS"},        {"Mac OS", "macOS"}, {"Linux", "Linux"}};

template <size_t kCount>
std::string_view NameIn(std::string_view text, const std::array<Names, kCount>& names,
                        std::string_view otherwise) {
  for (const auto& [mark, name] : names) {
    if (text.find(mark) != std::string_view::npos) return name;
  }
  return otherwise;
}

}  // namespace

std::string MakeToken() { return ToBase64Url(RandomBytes(kTokenBytes)); }

bool IsToken(std::string_view text) {
  return text.size() == kTokenCharacters && FromBase64Url(text).has_value();
}

std::string HashToken(std::string_view token) { return Sha256Bytes(token); }

bool IsFresh(const Session& session, int64_t now) { return now - session.auth_at < kFreshMs; }

std::string ShortBrowser(std::string_view user_agent) {
  const std::string_view browser = NameIn(user_agent, kBrowsers, "Another browser");
  const std::string_view system = NameIn(user_agent, kSystems, "");
  return system.empty() ? std::string(browser) : StrCat(browser, " on ", system);
}

}  // namespace insitu
