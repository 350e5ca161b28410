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
  // what: for instance "Reading patches". total: of the units that Update counts.
  Progress(std::string what, size_t total);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  // note: said after the count, for instance a loss.
  void Update(size_t done, std::string_view note = "");

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_;
  size_t total_;
  bool terminal_;
  bool line_open_ = false;
  Clock::time_point start_;
  Clock::time_point shown_;
};

}  // namespace insitu
