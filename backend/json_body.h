// JSON from clients. Nothing here throws, whatever the bytes are.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backend/http.h"
#include "backend/limits.h"
#include "backend/problem.h"

namespace insitu {

// Reads a text as one JSON object. Otherwise the reply to send: 413 beyond max_bytes, 400
// "invalid_json" for what is not JSON, not an object, deeper than kMaxJsonDepth, has a name twice
// in one object, or a number that no double holds.
std::variant<nlohmann::json, Response> ParseJsonObject(std::string_view text,
                                                       size_t max_bytes = kMaxJsonBytes);

// Takes the fields of an object one by one and keeps what is wrong with them, so that one reply
// names every wrong field. The object must outlive it.
//
//   JsonFields fields(body);
//   const std::string name = fields.Text("username", 1, 64);
//   if (!fields.Complete()) return fields.Refusal();
class JsonFields {
 public:
  // The pointer is the object's own place in the body: "" or "/recovery".
  explicit JsonFields(const nlohmann::json& object, std::string pointer = "")
      : object_(object), pointer_(std::move(pointer)) {}

  bool Has(std::string_view name) const;  // present and not null

  // A needed field. If it is missing or wrong the value is empty, 0 or false. Sizes are in bytes
  // of UTF-8.
  std::string Text(std::string_view name, size_t min_bytes, size_t max_bytes);
  int64_t Integer(std::string_view name, int64_t min, int64_t max);
  bool Boolean(std::string_view name);

  // The same, or nothing if the field is missing or null.
  std::optional<std::string> OptionalText(std::string_view name, size_t min_bytes,
                                          size_t max_bytes);
  std::optional<bool> OptionalBoolean(std::string_view name);

  // The object in a needed field, or an empty one. Read it with JsonFields of its own and Take()
  // that in.
  const nlohmann::json& Object(std::string_view name);
  void Take(JsonFields inner);

  // Where a field is in the body: what an inner JsonFields is made with.
  std::string PointerTo(std::string_view name) const;

  // Says that a field is wrong in a way of the caller's.
  void Refuse(std::string_view name, std::string code, std::string detail);

  // Called last: true if every field was right and there was none that nobody asked for.
  bool Complete();

  // 422 "invalid_fields", with what was wrong.
  Response Refusal() const;

 private:
  const nlohmann::json* Find(std::string_view name, bool needed);

  const nlohmann::json& object_;
  const std::string pointer_;
  std::vector<std::string> asked_;
  std::vector<FieldError> errors_;
};

}  // namespace insitu
