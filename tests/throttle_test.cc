#include "backend/throttle.h"

#include <atomic>
#include <catch_amalgamated.hpp>
#include <string>
#include <thread>
#include <vector>

#include "shared/str_cat.h"

namespace insitu {
namespace {

using std::chrono::seconds;

// A clock that tests move.
struct HandClock {
  Throttle::TimePoint now{std::chrono::hours(1'000)};
  Throttle::SteadyClock Read() {
    return [this] { return now; };
  }
};

Attempt Of(const std::string& account, const std::string& device = "",
           const std::string& address = "192.0.2.1") {
  return {account, device, address};
}

constexpr ThrottleLimits kAccountsOnly{.failures_per_address_and_minute = 0};

int64_t WaitOf(Throttle& throttle, const Attempt& attempt) {
  const auto wait = throttle.Charge(attempt);
  return wait ? wait->count() : 0;
}

TEST_CASE("Five failures are free, then an account waits", "[throttle][limits]") {
  HandClock clock;
  Throttle throttle(kAccountsOnly, clock.Read());
  for (int i = 0; i < kFreeFailures; ++i) {
    CAPTURE(i);
    CHECK_FALSE(throttle.Charge(Of("ada")));
  }
  CHECK(WaitOf(throttle, Of("ada")) == 1);
}

TEST_CASE("Each failure after that doubles the wait, up to fifteen minutes", "[throttle]") {
  HandClock clock;
  Throttle throttle(kAccountsOnly, clock.Read());
  for (int i = 0; i < kFreeFailures; ++i) CHECK_FALSE(throttle.Charge(Of("ada")));
  for (const int64_t wait : {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900}) {
    CHECK(WaitOf(throttle, Of("ada")) == wait);
    clock.now += seconds(wait) - std::chrono::milliseconds(1);
    CHECK(WaitOf(throttle, Of("ada")) == 1);
    clock.now += std::chrono::milliseconds(1);
    CHECK_FALSE(throttle.Charge(Of("ada")));
  }
}

TEST_CASE("No number of failures locks for longer than the longest wait", "[throttle]") {
  HandClock clock;
  Throttle throttle(kAccountsOnly, clock.Read());
  for (int i = 0; i < 200; ++i) {
    CHECK_FALSE(throttle.Charge(Of("ada")));
    clock.now += kLongestWait;
  }
  CHECK_FALSE(throttle.Charge(Of("ada")));
}

TEST_CASE("Who is told to wait and does not is not made to wait longer", "[throttle]") {
  HandClock clock;
  Throttle throttle(kAccountsOnly, clock.Read());
  for (int i = 0; i < kFreeFailures; ++i) CHECK_FALSE(throttle.Charge(Of("ada")));
  for (int i = 0; i < 100; ++i) CHECK(WaitOf(throttle, Of("ada")) == 1);
  clock.now += seconds(1);
  CHECK_FALSE(throttle.Charge(Of("ada")));
}

TEST_CASE("A success forgets the failures before it", "[throttle]") {
  HandClock clock;
  Throttle throttle(kAccountsOnly, clock.Read());
  for (int i = 0; i < kFreeFailures; ++i) CHECK_FALSE(throttle.Charge(Of("ada")));
  clock.now += seconds(1);
  CHECK_FALSE(throttle.Charge(Of("ada")));
  throttle.Forgive(Of("ada"));
  for (int i = 0; i < kFreeFailures; ++i) CHECK_FALSE(throttle.Charge(Of("ada")));
  CHECK(WaitOf(throttle, Of("ada")) == 1);
}

TEST_CASE("A refund takes back one attempt and no failure before it", "[throttle]") {
  HandClock clock;
  Throttle throttle(kAccountsOnly, clock.Read());
  for (int i = 0; i < kFreeFailures - 1; ++i) CHECK_FALSE(throttle.Charge(Of("ada")));
  for (int i = 0; i < 10; ++i) {
    CHECK_FALSE(throttle.Charge(Of("ada")));
    throttle.Refund(Of("ada"));
  }
  CHECK_FALSE(throttle.Charge(Of("ada")));
  CHECK(WaitOf(throttle, Of("ada")) == 1);
}

TEST_CASE("Failures are forgotten a day after the last", "[throttle]") {
  HandClock clock;
  Throttle throttle(kAccountsOnly, clock.Read());
  for (int i = 0; i < kFreeFailures; ++i) CHECK_FALSE(throttle.Charge(Of("ada")));
  clock.now += kFailuresForgottenAfter;
  CHECK_FALSE(throttle.Charge(Of("ada")));  // the sixth
  CHECK(WaitOf(throttle, Of("ada")) == 2);
  clock.now += kFailuresForgottenAfter + seconds(1);
  for (int i = 0; i < kFreeFailures; ++i) CHECK_FALSE(throttle.Charge(Of("ada")));
}

TEST_CASE("One account's failures are not another's", "[throttle]") {
  HandClock clock;
  Throttle throttle(kAccountsOnly, clock.Read());
  for (int i = 0; i < kFreeFailures; ++i) CHECK_FALSE(throttle.Charge(Of("ada")));
  CHECK(throttle.Charge(Of("ada")));
  CHECK_FALSE(throttle.Charge(Of("grace")));
}

TEST_CASE("Nobody can lock an owner out of a device that signed in before", "[throttle]") {
  HandClock clock;
  Throttle throttle(kAccountsOnly, clock.Read());
  for (int i = 0; i < 50; ++i) {
    CHECK_FALSE(throttle.Charge(Of("ada")));
    clock.now += kLongestWait;
  }
  CHECK_FALSE(throttle.Charge(Of("ada")));
  CHECK(throttle.Charge(Of("ada")));
  CHECK_FALSE(throttle.Charge(Of("ada", "device-1")));
}

TEST_CASE("A known device has limits of its own", "[throttle]") {
  HandClock clock;
  Throttle throttle(kAccountsOnly, clock.Read());
  for (int i = 0; i < kFreeFailures; ++i) CHECK_FALSE(throttle.Charge(Of("ada", "device-1")));
  CHECK(WaitOf(throttle, Of("ada", "device-1")) == 1);
  CHECK_FALSE(throttle.Charge(Of("ada", "device-2")));
  CHECK_FALSE(throttle.Charge(Of("ada")));
}

TEST_CASE("A known device's success does not forgive strangers", "[throttle]") {
  HandClock clock;
  Throttle throttle(kAccountsOnly, clock.Read());
  for (int i = 0; i < kFreeFailures; ++i) CHECK_FALSE(throttle.Charge(Of("ada")));
  CHECK_FALSE(throttle.Charge(Of("ada", "device-1")));
  throttle.Forgive(Of("ada", "device-1"));
  CHECK(throttle.Charge(Of("ada")));
}

TEST_CASE("The name of an account and of a device do not run together", "[throttle]") {
  HandClock clock;
  Throttle throttle(kAccountsOnly, clock.Read());
  for (int i = 0; i < kFreeFailures; ++i) CHECK_FALSE(throttle.Charge(Of("ada", "x")));
  CHECK(throttle.Charge(Of("ada", "x")));
  CHECK_FALSE(throttle.Charge(Of("adax", "")));
}

TEST_CASE("An address has 20 failures a minute over all accounts", "[throttle][limits]") {
  HandClock clock;
  Throttle throttle({}, clock.Read());
  for (int i = 0; i < kFailuresPerAddressAndMinute; ++i) {
    CHECK_FALSE(throttle.Charge(Of(StrCat("user", i))));
  }
  CHECK(WaitOf(throttle, Of("another")) == 3);
  CHECK_FALSE(throttle.Charge(Of("another", "", "192.0.2.2")));
  clock.now += seconds(3);
  CHECK_FALSE(throttle.Charge(Of("another")));
  CHECK(throttle.Charge(Of("one more")));
}

TEST_CASE("An address saves up a minute's failures and no more", "[throttle][limits]") {
  HandClock clock;
  Throttle throttle({}, clock.Read());
  clock.now += std::chrono::hours(5);
  for (int i = 0; i < kFailuresPerAddressAndMinute; ++i) {
    CHECK_FALSE(throttle.Charge(Of(StrCat("user", i))));
  }
  CHECK(throttle.Charge(Of("another")));
}

TEST_CASE("Successes do not use up an address", "[throttle]") {
  HandClock clock;
  Throttle throttle({}, clock.Read());
  for (int i = 0; i < 5 * kFailuresPerAddressAndMinute; ++i) {
    CHECK_FALSE(throttle.Charge(Of("ada")));
    throttle.Forgive(Of("ada"));
  }
}

TEST_CASE("An address that is refused does not use up an account", "[throttle]") {
  HandClock clock;
  Throttle throttle({.failures_per_address_and_minute = 1}, clock.Read());
  CHECK_FALSE(throttle.Charge(Of("someone")));
  for (int i = 0; i < 20; ++i) CHECK(throttle.Charge(Of("ada")));
  CHECK_FALSE(throttle.Charge(Of("ada", "", "192.0.2.2")));
}

TEST_CASE("All addresses together have a limit, which known devices do not feel",
          "[throttle][limits]") {
  HandClock clock;
  Throttle throttle({.failures_per_address_and_minute = 0, .failures_in_all_per_minute = 10},
                    clock.Read());
  for (int i = 0; i < 10; ++i) CHECK_FALSE(throttle.Charge(Of(StrCat("user", i))));
  CHECK(WaitOf(throttle, Of("ada")) == 6);
  CHECK_FALSE(throttle.Charge(Of("ada", "device-1")));
  clock.now += seconds(6);
  CHECK_FALSE(throttle.Charge(Of("ada")));
}

TEST_CASE("To register counts against the address alone", "[throttle]") {
  HandClock clock;
  Throttle throttle({}, clock.Read());
  for (int i = 0; i < kFailuresPerAddressAndMinute; ++i) {
    CHECK_FALSE(throttle.ChargeAddress("192.0.2.1"));
  }
  CHECK(throttle.ChargeAddress("192.0.2.1") == seconds(3));
  CHECK_FALSE(throttle.ChargeAddress("192.0.2.2"));
  CHECK(throttle.Charge(Of("ada")) == seconds(3));
}

TEST_CASE("Without a limit for addresses one may try as often as all", "[throttle]") {
  HandClock clock;
  Throttle throttle(kAccountsOnly, clock.Read());
  for (int i = 0; i < 100; ++i) CHECK_FALSE(throttle.ChargeAddress("192.0.2.1"));
  for (int i = 0; i < 100; ++i) CHECK_FALSE(throttle.Charge(Of(StrCat("user", i))));
}

TEST_CASE("A flood of names does not take all memory, nor forget who failed last",
          "[throttle][limits]") {
  HandClock clock;
  Throttle throttle({.failures_per_address_and_minute = 0,
                     .failures_in_all_per_minute = 1'000'000,
                     .max_remembered = 100},
                    clock.Read());
  for (int i = 0; i < 1'000; ++i) {
    clock.now += seconds(1);
    CHECK_FALSE(throttle.Charge(Of(StrCat("user", i))));
  }
  for (int i = 0; i < kFreeFailures - 1; ++i) CHECK_FALSE(throttle.Charge(Of("user999")));
  CHECK(throttle.Charge(Of("user999")));
}

TEST_CASE("IPv4 addresses count one by one, IPv6 by their network", "[throttle]") {
  CHECK(AddressGroup("192.0.2.1") == "192.0.2.1");
  CHECK(AddressGroup("::ffff:192.0.2.1") == "192.0.2.1");
  CHECK(AddressGroup("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64");
  CHECK(AddressGroup("2001:db8:1:2::") == AddressGroup("2001:0db8:1:2:ffff::1"));
  CHECK(AddressGroup("2001:db8:1:3::1") != AddressGroup("2001:db8:1:2::1"));
  CHECK(AddressGroup("") == "");
}

TEST_CASE("One IPv6 network cannot try from each of its addresses anew", "[throttle]") {
  HandClock clock;
  Throttle throttle({.failures_per_address_and_minute = 2}, clock.Read());
  CHECK_FALSE(throttle.Charge(Of("a", "", "2001:db8::1")));
  CHECK_FALSE(throttle.Charge(Of("b", "", "2001:db8::2")));
  CHECK(throttle.Charge(Of("c", "", "2001:db8::3")));
  CHECK_FALSE(throttle.Charge(Of("d", "", "2001:db8:0:1::1")));
}

TEST_CASE("Of fifty guesses at the same time five are let through", "[throttle][race]") {
  HandClock clock;
  Throttle throttle(kAccountsOnly, clock.Read());
  std::atomic<int> let_through = 0;
  std::vector<std::thread> threads;
  threads.reserve(50);
  for (int i = 0; i < 50; ++i) {
    threads.emplace_back([&] {
      if (!throttle.Charge(Of("ada"))) ++let_through;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(let_through == kFreeFailures);
}

}  // namespace
}  // namespace insitu
