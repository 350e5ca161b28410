#include "backend/json_body.h"

#include <algorithm>
#include <set>
#include <utility>

#include "backend/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

using nlohmann::json;

// Looks at a text while it is parsed: how deep it is, and whether a name comes twice.
class Strictness {
 public:
  bool operator()(int depth, json::parse_event_t event, const json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        // Depth counts from 0 at the outermost.
        if (depth >= kMaxJsonDepth) fault_ = "is nested too deeply";
        names_.emplace_back();
        break;
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end:
        names_.pop_back();
        break;
      case json::parse_event_t::key:
        if (!names_.back().insert(parsed.get_ref<const std::string&>()).second) {
          fault_ = "has a name twice in one object";
        }
        break;
      case json::parse_event_t::value:
        break;
    }
    return true;
  }
  const char* fault() const { return fault_; }

 private:
  std::vector<std::set<std::string>> names_;  // of each object or array that is open
  const char* fault_ = nullptr;
};

Response InvalidJson(const char* why) {
  return Problem(400, "invalid_json", StrCat("The body ", why, ". Send one JSON object."));
}

// A reference token of a JSON pointer (RFC 6901).
std::string EscapePointer(std::string_view name) {
  std::string escaped;
  for (char c : name) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped.push_back(c);
    }
  }
  return escaped;
}

}  // namespace

std::variant<json, Response> ParseJsonObject(std::string_view text, size_t max_bytes) {
  if (text.size() > max_bytes) return ProblemOf(413);
  // The parser takes a NUL for the end of the text, whatever follows.
  if (text.find('\0') != std::string_view::npos) return InvalidJson("is not JSON");
  Strictness strictness;
  json parsed = json::parse(
      text.begin(), text.end(),
      [&](int depth, json::parse_event_t event, const json& value) {
        return strictness(depth, event, value);
      },
      /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return InvalidJson("is not JSON");
  if (strictness.fault() != nullptr) return InvalidJson(strictness.fault());
  if (!parsed.is_object()) return InvalidJson("is not an object");
  return parsed;
}

std::string JsonFields::PointerTo(std::string_view name) const {
  return StrCat(pointer_, "/", EscapePointer(name));
}

const json* JsonFields::Find(std::string_view name, bool needed) {
  asked_.emplace_back(name);
  const auto found = object_.find(name);
  if (found != object_.end() && !found->is_null()) return &*found;
  if (needed) Refuse(name, "missing", "This field is needed.");
  return nullptr;
}

bool JsonFields::Has(std::string_view name) const {
  const auto found = object_.find(name);
  return found != object_.end() && !found->is_null();
}

std::optional<std::string> JsonFields::OptionalText(std::string_view name, size_t min_bytes,
                                                    size_t max_bytes) {
  const json* value = Find(name, /*needed=*/false);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) {
    Refuse(name, "wrong_type", "This field is a text.");
    return std::string();
  }
  const auto& text = value->get_ref<const std::string&>();
  if (text.size() < min_bytes) {
    Refuse(name, "too_short", StrCat("This field has at least ", min_bytes, " bytes."));
    return std::string();
  }
  if (text.size() > max_bytes) {
    Refuse(name, "too_long", StrCat("This field has at most ", max_bytes, " bytes."));
    return std::string();
  }
  return text;
}

std::string JsonFields::Text(std::string_view name, size_t min_bytes, size_t max_bytes) {
  if (!Has(name)) {
    Find(name, /*needed=*/true);
    return {};
  }
  return OptionalText(name, min_bytes, max_bytes).value_or(std::string());
}

int64_t JsonFields::Integer(std::string_view name, int64_t min, int64_t max) {
  const json* value = Find(name, /*needed=*/true);
  if (value == nullptr) return 0;
  // Beyond int64_t a whole number is unsigned; those are over every limit.
  const bool whole = value->is_number_integer();
  if (!whole) {
    Refuse(name, "wrong_type", "This field is a whole number.");
    return 0;
  }
  const bool huge = value->is_number_unsigned() && value->get<uint64_t>() > uint64_t{INT64_MAX};
  const int64_t number = huge ? INT64_MAX : value->get<int64_t>();
  if (huge || number < min || number > max) {
    Refuse(name, "out_of_range", StrCat("This field is from ", min, " to ", max, "."));
    return 0;
  }
  return number;
}

std::optional<bool> JsonFields::OptionalBoolean(std::string_view name) {
  const json* value = Find(name, /*needed=*/false);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) {
    Refuse(name, "wrong_type", "This field is true or false.");
    return false;
  }
  return value->get<bool>();
}

bool JsonFields::Boolean(std::string_view name) {
  if (!Has(name)) {
    Find(name, /*needed=*/true);
    return false;
  }
  return OptionalBoolean(name).value_or(false);
}

const json& JsonFields::Object(std::string_view name) {
  static const json* const kEmpty = new json(json::object());
  const json* value = Find(name, /*needed=*/true);
  if (value == nullptr) return *kEmpty;
  if (value->is_object()) return *value;
  Refuse(name, "wrong_type", "This field is an object.");
  return *kEmpty;
}

void JsonFields::Take(JsonFields inner) {
  inner.Complete();
  errors_.insert(errors_.end(), inner.errors_.begin(), inner.errors_.end());
}

void JsonFields::Refuse(std::string_view name, std::string code, std::string detail) {
  errors_.push_back({PointerTo(name), std::move(code), std::move(detail)});
}

bool JsonFields::Complete() {
  for (const auto& [name, value] : object_.items()) {
    if (std::find(asked_.begin(), asked_.end(), name) != asked_.end()) continue;
    Refuse(name, "unknown", "There is no such field here.");
    asked_.push_back(name);
  }
  return errors_.empty();
}

Response JsonFields::Refusal() const {
  return Problem(422, "invalid_fields", "Some fields are not as they should be.", errors_);
}

}  // namespace insitu
