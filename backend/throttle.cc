#include "backend/throttle.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "shared/str_cat.h"

namespace insitu {
namespace {

using std::chrono::seconds;

constexpr int kMaxDoublings = 20;  // 1 s doubled that often is far beyond kLongestWait

seconds WaitAfter(int failures) {
  if (failures < kFreeFailures) return seconds(0);
  const int doublings = std::min(failures - kFreeFailures, kMaxDoublings);
  return std::min<seconds>(kFirstWait * (1 << doublings), kLongestWait);
}

// Removes those that `forgettable` says, and if the map is still full, the older half of it.
template <typename Map, typename Forgettable, typename TimeOf>
void Shrink(Map* map, size_t max, Forgettable forgettable, TimeOf time_of) {
  if (map->size() < max) return;
  std::erase_if(*map, [&](const auto& entry) { return forgettable(entry.second); });
  if (map->size() < max) return;
  std::vector<Throttle::TimePoint> times;
  for (const auto& entry : *map) times.push_back(time_of(entry.second));
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  const Throttle::TimePoint cut = *middle;
  std::erase_if(*map, [&](const auto& entry) { return time_of(entry.second) <= cut; });
}

}  // namespace

Throttle::Throttle(const ThrottleLimits& limits, SteadyClock clock)
    : limits_(limits),
      clock_(std::move(clock)),
      all_{static_cast<double>(limits.failures_in_all_per_minute), clock_()} {}

std::string Throttle::KeyOf(const Attempt& attempt) {
  return StrCat(attempt.account, std::string_view("\0", 1), attempt.device);
}

void Throttle::Refill(Bucket* bucket, int per_minute, TimePoint now) const {
  const double minutes = std::chrono::duration<double, std::ratio<60>>(now - bucket->at).count();
  bucket->tokens = std::min<double>(per_minute, bucket->tokens + minutes * per_minute);
  bucket->at = now;
}

std::optional<seconds> Throttle::WaitOf(const Bucket& bucket, int per_minute) const {
  if (bucket.tokens >= 1) return std::nullopt;
  return seconds(static_cast<int64_t>(std::ceil((1 - bucket.tokens) * 60 / per_minute)));
}

Throttle::Bucket& Throttle::AddressBucket(std::string_view address, TimePoint now) {
  const double full = limits_.failures_per_address_and_minute;
  Bucket& bucket = addresses_.try_emplace(AddressGroup(address), Bucket{full, now}).first->second;
  Refill(&bucket, limits_.failures_per_address_and_minute, now);
  return bucket;
}

std::optional<seconds> Throttle::ChargeAddress(std::string_view address) {
  if (limits_.failures_per_address_and_minute == 0) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const TimePoint now = clock_();
  MakeRoom(now);
  Bucket& bucket = AddressBucket(address, now);
  if (const auto wait = WaitOf(bucket, limits_.failures_per_address_and_minute)) return wait;
  bucket.tokens -= 1;
  return std::nullopt;
}

std::optional<seconds> Throttle::Charge(const Attempt& attempt) {
  const std::lock_guard lock(mutex_);
  const TimePoint now = clock_();
  MakeRoom(now);
  Failures& failures = failures_[KeyOf(attempt)];
  if (now - failures.last > kFailuresForgottenAfter) failures = {};
  if (now < failures.before) {
    return std::chrono::ceil<seconds>(failures.before - now);
  }
  const bool by_address = limits_.failures_per_address_and_minute != 0;
  if (by_address) {
    const Bucket& bucket = AddressBucket(attempt.address, now);
    if (const auto wait = WaitOf(bucket, limits_.failures_per_address_and_minute)) return wait;
  }
  // A botnet must not keep out who is known here.
  const bool in_all = attempt.device.empty();
  if (in_all) {
    Refill(&all_, limits_.failures_in_all_per_minute, now);
    if (const auto wait = WaitOf(all_, limits_.failures_in_all_per_minute)) return wait;
    all_.tokens -= 1;
  }
  if (by_address) AddressBucket(attempt.address, now).tokens -= 1;
  ++failures.count;
  failures.last = now;
  failures.before = now + WaitAfter(failures.count);
  return std::nullopt;
}

void Throttle::GiveBack(const Attempt& attempt) {
  const auto address = addresses_.find(AddressGroup(attempt.address));
  if (address != addresses_.end()) address->second.tokens += 1;  // Refill() keeps it below the top
  if (attempt.device.empty()) all_.tokens += 1;
}

void Throttle::Forgive(const Attempt& attempt) {
  const std::lock_guard lock(mutex_);
  GiveBack(attempt);
  failures_.erase(KeyOf(attempt));
}

void Throttle::Refund(const Attempt& attempt) {
  const std::lock_guard lock(mutex_);
  GiveBack(attempt);
  const auto found = failures_.find(KeyOf(attempt));
  if (found == failures_.end()) return;
  Failures& failures = found->second;
  failures.count = std::max(0, failures.count - 1);
  failures.before = failures.last + WaitAfter(failures.count);
}

void Throttle::MakeRoom(TimePoint now) {
  Shrink(
      &failures_, limits_.max_remembered,
      [now](const Failures& failures) { return now - failures.last > kFailuresForgottenAfter; },
      [](const Failures& failures) { return failures.last; });
  Shrink(
      &addresses_, limits_.max_remembered,
      [now](const Bucket& bucket) { return now - bucket.at > std::chrono::minutes(1); },
      [](const Bucket& bucket) { return bucket.at; });
}

std::string AddressGroup(std::string_view address) {
  std::string text(address);
  in6_addr six;
  if (::inet_pton(AF_INET6, text.c_str(), &six) != 1) return text;
  if (IN6_IS_ADDR_V4MAPPED(&six)) {
    char four[INET_ADDRSTRLEN];
    ::inet_ntop(AF_INET, &six.s6_addr[12], four, sizeof(four));
    return four;
  }
  std::fill(six.s6_addr + 8, six.s6_addr + 16, uint8_t{0});
  char group[INET6_ADDRSTRLEN];
  ::inet_ntop(AF_INET6, &six, group, sizeof(group));
  return StrCat(std::string_view(group), "/64");
}

}  // namespace insitu
