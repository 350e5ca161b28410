#include "backend/metrics.h"

#include <cstdio>
#include <utility>

#include "shared/str_cat.h"

namespace insitu {
namespace {

std::string Number(double value) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.9g", value);
  return text.data();
}

std::string Escape(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    if (c == '\\' || c == '"') escaped.push_back('\\');
    if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped.push_back(c);
    }
  }
  return escaped;
}

}  // namespace

void Counters::Add(std::initializer_list<std::string_view> values, uint64_t count) {
  const std::vector<std::string> key(values.begin(), values.end());
  const std::lock_guard lock(mutex_);
  counts_[key] += count;
}

uint64_t Counters::Get(std::initializer_list<std::string_view> values) const {
  const std::vector<std::string> key(values.begin(), values.end());
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(key);
  return found == counts_.end() ? 0 : found->second;
}

void Counters::Write(const std::string& name, std::string* out) const {
  const std::lock_guard lock(mutex_);
  if (labels_.empty() && counts_.empty()) *out += StrCat(name, " 0\n");
  for (const auto& [values, count] : counts_) {
    std::string labels;
    for (size_t i = 0; i < labels_.size() && i < values.size(); ++i) {
      labels += StrCat(i == 0 ? "{" : ",", labels_[i], "=\"", Escape(values[i]), "\"");
    }
    *out += StrCat(name, labels, labels.empty() ? " " : "} ", count, "\n");
  }
}

void Histogram::Observe(double seconds) {
  size_t bucket = 0;
  while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
  counts_[bucket].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(seconds, std::memory_order_relaxed);
}

void Histogram::Write(const std::string& name, std::string* out) const {
  uint64_t total = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    total += counts_[i].load(std::memory_order_relaxed);
    const std::string bound = i < kBounds.size() ? Number(kBounds[i]) : "+Inf";
    *out += StrCat(name, "_bucket{le=\"", bound, "\"} ", total, "\n");
  }
  *out += StrCat(name, "_sum ", Number(sum_.load(std::memory_order_relaxed)), "\n");
  *out += StrCat(name, "_count ", total, "\n");
}

void Registry::AddEntry(Entry entry) {
  const std::lock_guard lock(mutex_);
  entries_.push_back(std::move(entry));
}

Counters& Registry::AddCounters(std::string name, std::string help,
                                std::vector<std::string> labels) {
  auto counters = std::make_shared<Counters>(std::move(labels));
  AddEntry({std::move(name), std::move(help), "counter",
            [counters](const std::string& of, std::string* out) { counters->Write(of, out); }});
  return *counters;
}

Histogram& Registry::AddHistogram(std::string name, std::string help) {
  auto histogram = std::make_shared<Histogram>();
  AddEntry({std::move(name), std::move(help), "histogram",
            [histogram](const std::string& of, std::string* out) { histogram->Write(of, out); }});
  return *histogram;
}

void Registry::AddGauge(std::string name, std::string help, std::function<double()> read) {
  AddEntry({std::move(name), std::move(help), "gauge",
            [read = std::move(read)](const std::string& of, std::string* out) {
              *out += StrCat(of, " ", Number(read()), "\n");
            }});
}

std::string Registry::Text() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const Entry& entry : entries_) {
    text += StrCat("# HELP ", entry.name, " ", entry.help, "\n# TYPE ", entry.name, " ", entry.type,
                   "\n");
    entry.write(entry.name, &text);
  }
  return text;
}

ServerMetrics::ServerMetrics(Registry* registry)
    : requests(registry->AddCounters("insitu_requests_total", "Replies by route and status.",
                                     {"route", "status"})),
      latency(registry->AddHistogram("insitu_request_seconds",
                                     "From the whole head of a request to the end of its reply.")),
      connections(registry->AddCounters("insitu_connections_total",
                                        "Connections that the guard ended.", {"outcome"})),
      logins(registry->AddCounters("insitu_logins_total", "Attempts to log in.", {"outcome"})),
      throttled(
          registry->AddCounters("insitu_throttled_total", "Attempts refused unseen.", {"by"})) {}

Response MetricsPage(const Registry& registry) {
  Response reply;
  reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
  reply.headers = {{"Cache-Control", "no-store"}};
  reply.body = std::make_shared<const std::string>(registry.Text());
  return reply;
}

}  // namespace insitu
