#include "model/progress.h"

#include <unistd.h>

#include <cmath>
#include <iostream>
#include <utility>

#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr std::chrono::milliseconds kTerminalInterval(200);
constexpr std::chrono::seconds kLogInterval(5);

std::string Duration(double seconds) {
  const long whole = std::lround(seconds);
  if (whole < 60) return StrCat(whole, " s");
  return StrCat(whole / 60, " min ", whole % 60, " s");
}

}  // namespace

Progress::Progress(std::string what, size_t total, size_t before, Clock::time_point (*now)())
    : what_(std::move(what)),
      total_(total),
      before_(before),
      now_(now),
      terminal_(isatty(STDERR_FILENO) == 1),
      start_(now()),
      shown_(start_) {
  if (before > 0) std::cerr << what_ << ": goes on after " << before << " of " << total << '\n';
}

Progress::~Progress() {
  if (line_open_) std::cerr << '\n';
}

void Progress::Update(size_t done, std::string_view note) {
  const Clock::time_point now = now_();
  const bool due = terminal_ ? now - shown_ >= kTerminalInterval : now - shown_ >= kLogInterval;
  if (done <= before_ || (!due && done != total_)) return;
  shown_ = now;
  const double spent = std::chrono::duration<double>(now - start_).count();
  const double left =
      spent * static_cast<double>(total_ - done) / static_cast<double>(done - before_);
  std::string line = StrCat(what_, ": ", done, " of ", total_);
  if (!note.empty()) line += StrCat(", ", note);
  line += done == total_ ? StrCat(", ", Duration(spent)) : StrCat(", ", Duration(left), " left");
  if (terminal_) {
    std::cerr << "\r\x1b[K" << line << std::flush;
    line_open_ = true;
  } else {
    std::cerr << line << std::endl;
  }
}

}  // namespace insitu
