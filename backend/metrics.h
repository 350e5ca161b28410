// Numbers about the server, in Prometheus' text format. Labels are words of the program, never
// what a client sent: so there is a bounded number of series.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "backend/http.h"

namespace insitu {

// Counters of one name, one for each combination of label values. For any number of threads.
class Counters {
 public:
  explicit Counters(std::vector<std::string> labels) : labels_(std::move(labels)) {}

  // As many values as there are labels, in their order.
  void Add(std::initializer_list<std::string_view> values = {}, uint64_t count = 1);
  uint64_t Get(std::initializer_list<std::string_view> values = {}) const;

 private:
  friend class Registry;
  void Write(const std::string& name, std::string* out) const;

  const std::vector<std::string> labels_;
  mutable std::mutex mutex_;
  std::map<std::vector<std::string>, uint64_t> counts_;
};

// How long something took. For any number of threads.
class Histogram {
 public:
  void Observe(double seconds);

 private:
  friend class Registry;
  void Write(const std::string& name, std::string* out) const;

  static constexpr std::array kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                         0.25,  0.5,    1.0,   2.5,  5.0,   10.0};
  std::array<std::atomic<uint64_t>, kBounds.size() + 1> counts_{};  // the last: beyond all bounds
  std::atomic<double> sum_{0};
};

// All numbers of one server. What Add returns lives as long as the registry.
class Registry {
 public:
  // Names are Prometheus': "insitu_requests_total". The help is one line.
  Counters& AddCounters(std::string name, std::string help, std::vector<std::string> labels = {});
  Histogram& AddHistogram(std::string name, std::string help);
  // A number that is asked for when it is read; the function may be called on any thread.
  void AddGauge(std::string name, std::string help, std::function<double()> read);

  std::string Text() const;

 private:
  struct Entry {
    std::string name;
    std::string help;
    std::string type;
    std::function<void(const std::string& name, std::string* out)> write;
  };
  void AddEntry(Entry entry);

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;  // in their order
};

// What every server counts.
struct ServerMetrics {
  explicit ServerMetrics(Registry* registry);

  Counters& requests;     // route, status
  Histogram& latency;     // of every request
  Counters& connections;  // outcome: "refused" at the limits, "reaped" for being slow
  Counters& logins;       // outcome: "accepted", "invalid", "throttled", "busy", "other"
  Counters& throttled;    // route
};

// GET /metrics, for a listener of its own.
Response MetricsPage(const Registry& registry);

}  // namespace insitu
