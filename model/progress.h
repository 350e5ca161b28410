// How far a long task has come, on stderr: one line that is rewritten on a terminal, a line every
// few seconds elsewhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace insitu {

class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  // what: for instance "Reading patches". total: of the units that Update counts. before: of these,
  // what an earlier run has done, which tells nothing of the time left. now: the time, for a test.
  Progress(std::string what, size_t total, size_t before = 0,
           Clock::time_point (*now)() = &Clock::now);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  // note: said after the count, for instance a loss. The time left is what those that are left take
  // if they take as long as those since the start.
  void Update(size_t done, std::string_view note = "");

 private:
  std::string what_;
  size_t total_;
  size_t before_;
  Clock::time_point (*now_)();
  bool terminal_;
  bool line_open_ = false;
  Clock::time_point start_;
  Clock::time_point shown_;
};

}  // namespace insitu
