// libFuzzer: arbitrary bytes as the JSON body of a request. What is taken is an object that is
// written and read again as the same; whatever it holds, its fields can be asked for.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "backend/json_body.h"
#include "backend/limits.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void AskForAll(const nlohmann::json& object) {
  insitu::JsonFields fields(object);
  (void)fields.Text("username", 1, 64);
  (void)fields.Integer("user_key_version", 0, 1'000);
  (void)fields.OptionalBoolean("recovery_confirmed");
  insitu::JsonFields inner(fields.Object("recovery"), "/recovery");
  (void)inner.OptionalText("auth_key", 43, 43);
  fields.Take(inner);
  if (fields.Complete()) return;
  const insitu::Response refusal = fields.Refusal();
  Require(refusal.status == 422 && nlohmann::json::accept(*refusal.body));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = insitu::ParseJsonObject(text);
  if (const auto* refusal = std::get_if<insitu::Response>(&parsed)) {
    Require(refusal->status == (size > insitu::kMaxJsonBytes ? 413 : 400));
    Require(nlohmann::json::accept(*refusal->body));
    return 0;
  }
  const auto& object = std::get<nlohmann::json>(parsed);
  Require(object.is_object() && text.find('\0') == std::string_view::npos);
  const auto again = insitu::ParseJsonObject(object.dump());
  const auto* same = std::get_if<nlohmann::json>(&again);
  Require(same == nullptr ? object.dump().size() > insitu::kMaxJsonBytes : *same == object);
  AskForAll(object);
  return 0;
}
