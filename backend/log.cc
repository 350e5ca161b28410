#include "backend/log.h"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr std::array<const char*, 3> kLevels = {"info", "warning", "error"};

// RFC 3339, UTC, milliseconds.
std::string Now() {
  using std::chrono::milliseconds;
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  const int64_t ms = std::chrono::duration_cast<milliseconds>(since_epoch).count();
  const std::time_t seconds = ms / 1'000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 64> text;
  const size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.", &utc);
  std::snprintf(text.data() + length, text.size() - length, "%03dZ", static_cast<int>(ms % 1'000));
  return text.data();
}

// ASCII alone, so that nothing in a log can pretend to be a line of its own.
std::string Quote(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', /*ensure_ascii=*/true,
                                   nlohmann::json::error_handler_t::replace);
}

std::string ValueOf(const LogField& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) return Quote(*text);
  if (const auto* number = std::get_if<int64_t>(&field.value)) return StrCat(*number);
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.3f", std::get<double>(field.value));
  return text.data();
}

}  // namespace

void Log::Write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string line = StrCat("{\"ts\":\"", Now(), "\",\"level\":\"",
                            kLevels[static_cast<size_t>(level)], "\",\"event\":", Quote(event));
  for (const LogField& field : fields) {
    const auto* text = std::get_if<std::string_view>(&field.value);
    if (text != nullptr && text->empty()) continue;
    line += StrCat(",\"", field.name, "\":", ValueOf(field));
  }
  line += "}\n";
  const std::lock_guard lock(mutex_);
  // The disk of a log may be full: that is no reason to fail a request.
  out_->write(line.data(), static_cast<std::streamsize>(line.size()));
  out_->flush();
  out_->clear();
}

void Log::WriteAnswer(const Answered& answered) {
  const int status = answered.reply->status;
  const double ms = static_cast<double>(answered.time.count()) / 1e6;
  const Request* request = answered.request;
  // A method that is none of ours is what a client typed.
  const bool known = request != nullptr && !answered.reply->route.empty();
  Write(status >= 500 ? LogLevel::kError : LogLevel::kInfo, "request",
        {{"req_id", request == nullptr ? std::string_view() : request->id},
         {"method", known ? std::string_view(request->method) : std::string_view()},
         {"route", answered.reply->route},
         {"status", int64_t{status}},
         {"ms", ms},
         {"user_id", answered.reply->user_id},
         {"ip", TruncatedAddress(request == nullptr ? answered.peer->ToText()
                                                    : request->remote_address)}});
}

}  // namespace insitu
