// The server's log: one line of JSON an event, for journald or whoever reads stderr. What people
// typed, cookies, bodies and whole addresses have no place in it.
#pragma once

#include <initializer_list>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>

#include "backend/transport.h"

namespace insitu {

enum class LogLevel { kInfo, kWarning, kError };

// A field without a text is left out.
struct LogField {
  std::string_view name;
  std::variant<std::string_view, int64_t, double> value;
};

// Any number of threads may use it. The stream must outlive it.
class Log {
 public:
  explicit Log(std::ostream* out) : out_(out) {}

  // {"ts":"2026-11-24T18:00:00.000Z","level":"info","event":EVENT,FIELDS…}
  void Write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

  // One reply: {…,"event":"request","req_id":,"method":,"route":,"status":,"ms":,"user_id":,"ip":}.
  // The route is its pattern, never the path that was asked for.
  void WriteAnswer(const Answered& answered);

 private:
  std::mutex mutex_;
  std::ostream* const out_;
};

}  // namespace insitu
