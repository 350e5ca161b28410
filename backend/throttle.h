// Slows down whoever guesses passwords and codes: by account, by address and in all. Nothing here
// locks for good, and an owner on a device that signed in before has a counter of its own, so that
// nobody else's guesses keep them out. Kept in memory, by the steady clock: a clock that is set
// changes nothing, a restart forgets.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "backend/limits.h"

namespace insitu {

// Who tries. The account is whatever names it, whether there is one or not.
struct Attempt {
  std::string account;
  std::string device;  // of a known-device mark for this account, or empty
  std::string address;
};

class Throttle {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using SteadyClock = std::function<TimePoint()>;

  explicit Throttle(const ThrottleLimits& limits = {},
                    SteadyClock clock = std::chrono::steady_clock::now);

  // Before an attempt: counts it as a failure and lets it go on, or says how long to wait, which
  // counts nothing.
  std::optional<std::chrono::seconds> Charge(const Attempt& attempt);

  // After it succeeded: it is not counted, and the failures before it are forgotten.
  void Forgive(const Attempt& attempt);

  // After a step that is not the last one, or a fault of the server: only this one is not counted.
  void Refund(const Attempt& attempt);

  // An attempt of which only the address is limited, such as to register.
  std::optional<std::chrono::seconds> ChargeAddress(std::string_view address);

 private:
  struct Failures {
    int count = 0;
    TimePoint last;
    TimePoint before;  // the next attempt may not come before this
  };
  struct Bucket {
    double tokens;
    TimePoint at;
  };

  static std::string KeyOf(const Attempt& attempt);
  std::optional<std::chrono::seconds> WaitOf(const Bucket& bucket, int per_minute) const;
  void Refill(Bucket* bucket, int per_minute, TimePoint now) const;
  void GiveBack(const Attempt& attempt);
  Bucket& AddressBucket(std::string_view address, TimePoint now);
  void MakeRoom(TimePoint now);

  const ThrottleLimits limits_;
  const SteadyClock clock_;
  std::mutex mutex_;  // guards what follows
  std::unordered_map<std::string, Failures> failures_;
  std::unordered_map<std::string, Bucket> addresses_;
  Bucket all_;
};

// What an address counts as: an IPv4 address as it is, IPv6 by its first 64 bits, which is what one
// customer gets; IPv4 inside IPv6 as IPv4.
std::string AddressGroup(std::string_view address);

}  // namespace insitu
