#include "backend/known_device.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <vector>

#include "backend/crypto.h"
#include "backend/encoding.h"
#include "backend/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr size_t kDeviceBytes = 16;
constexpr char kBetweenMarks = '~';
constexpr char kBetweenParts = '.';

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

// Another account's mark by its looks; it cannot be checked without that account's name.
bool LooksLikeMark(std::string_view text) {
  constexpr size_t kMaxMarkBytes = 128;
  return text.size() <= kMaxMarkBytes && Split(text, kBetweenParts).size() == 4 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '-' || c == '_' || c == kBetweenParts;
         });
}

std::string Sign(const KeyFile& keys, std::string_view key_id, std::string_view device,
                 int64_t expires_at, std::string_view account) {
  return ToBase64Url(HmacSha256(keys.Derive(key_id, KeyUse::kKnownDevice),
                                StrCat(device, "|", expires_at, "|", account)));
}

// KEY-ID.DEVICE.EXPIRES-AT.SIGNATURE
std::string Mark(const KeyFile& keys, std::string_view device, std::string_view account,
                 int64_t now) {
  const int64_t expires_at =
      now + std::chrono::duration_cast<std::chrono::milliseconds>(kKnownDeviceTime).count();
  return StrCat(keys.current_id(), ".", device, ".", expires_at, ".",
                Sign(keys, keys.current_id(), device, expires_at, account));
}

std::optional<std::string> CheckMark(const KeyFile& keys, std::string_view mark,
                                     std::string_view account, int64_t now) {
  const std::vector<std::string_view> parts = Split(mark, kBetweenParts);
  if (parts.size() != 4 || !keys.Has(parts[0])) return std::nullopt;
  int64_t expires_at = 0;
  const std::string_view time = parts[2];
  const auto read = std::from_chars(time.data(), time.data() + time.size(), expires_at);
  if (read.ec != std::errc() || read.ptr != time.data() + time.size()) return std::nullopt;
  if (expires_at <= now) return std::nullopt;
  const std::string signature = Sign(keys, parts[0], parts[1], expires_at, account);
  if (!EqualInConstantTime(signature, parts[3])) return std::nullopt;
  return std::string(parts[1]);
}

}  // namespace

std::optional<std::string> FindKnownDevice(const KeyFile& keys, std::string_view cookie,
                                           std::string_view account, int64_t now) {
  std::optional<std::string> device;
  size_t looked_at = 0;
  for (const std::string_view mark : Split(cookie, kBetweenMarks)) {
    if (looked_at++ == kMaxKnownAccounts) break;
    if (!device) device = CheckMark(keys, mark, account, now);
  }
  return device;
}

std::string MarkKnownDevice(const KeyFile& keys, std::string_view cookie, std::string_view account,
                            int64_t now) {
  const std::string device =
      FindKnownDevice(keys, cookie, account, now).value_or(ToBase64Url(RandomBytes(kDeviceBytes)));
  std::string value = Mark(keys, device, account, now);
  size_t accounts = 1;
  for (const std::string_view mark : Split(cookie, kBetweenMarks)) {
    if (accounts == kMaxKnownAccounts) break;
    if (!LooksLikeMark(mark) || CheckMark(keys, mark, account, now)) continue;
    value += StrCat("~", mark);
    ++accounts;
  }
  return value;
}

}  // namespace insitu
