#include "model/progress.h"

#include <catch_amalgamated.hpp>
#include <iostream>
#include <sstream>
#include <string>

namespace insitu {
namespace {

// The clock that Progress is given: it stands still until a test moves it.
std::chrono::seconds elapsed;
Progress::Clock::time_point Now() { return Progress::Clock::time_point(elapsed); }

// What is written to stderr while it lives.
class Stderr {
 public:
  Stderr() : before_(std::cerr.rdbuf(text_.rdbuf())) { elapsed = {}; }
  ~Stderr() { std::cerr.rdbuf(before_); }
  Stderr(const Stderr&) = delete;
  Stderr& operator=(const Stderr&) = delete;

  // Since the last call, without what rewrites a line on a terminal and without its end.
  std::string Take() {
    std::string text = text_.str();
    text_.str("");
    if (text.starts_with("\r\x1b[K")) text.erase(0, 4);
    if (text.ends_with('\n')) text.pop_back();
    return text;
  }

 private:
  std::ostringstream text_;
  std::streambuf* before_;
};

TEST_CASE("The time left is what the rest takes at the pace so far", "[progress]") {
  Stderr shown;
  Progress progress("Reading patches", 40, 0, Now);
  elapsed = std::chrono::seconds(6);
  progress.Update(10);
  CHECK(shown.Take() == "Reading patches: 10 of 40, 18 s left");
  elapsed = std::chrono::seconds(60);
  progress.Update(20, "loss 0.5");
  CHECK(shown.Take() == "Reading patches: 20 of 40, loss 0.5, 1 min 0 s left");
}

TEST_CASE("Progress is shown when some time has passed, and at the end with the time it took",
          "[progress]") {
  Stderr shown;
  Progress progress("Reading patches", 3, 0, Now);
  progress.Update(0);
  progress.Update(1);
  CHECK(shown.Take().empty());
  elapsed = std::chrono::seconds(5);
  progress.Update(2);
  CHECK(shown.Take() == "Reading patches: 2 of 3, 3 s left");  // 2.5, rounded
  progress.Update(3);
  CHECK(shown.Take() == "Reading patches: 3 of 3, 5 s");
}

TEST_CASE("What an earlier run has done does not shorten the time left", "[progress]") {
  Stderr shown;
  Progress progress("Reading patches", 100, 60, Now);
  CHECK(shown.Take() == "Reading patches: goes on after 60 of 100");
  elapsed = std::chrono::seconds(10);
  progress.Update(60);
  CHECK(shown.Take().empty());
  progress.Update(70);
  CHECK(shown.Take() == "Reading patches: 70 of 100, 30 s left");
}

TEST_CASE("An hour and more is told in minutes and seconds", "[progress]") {
  Stderr shown;
  Progress progress("Reading films", 2, 0, Now);
  elapsed = std::chrono::seconds(3725);
  progress.Update(1);
  CHECK(shown.Take() == "Reading films: 1 of 2, 62 min 5 s left");
}

}  // namespace
}  // namespace insitu
