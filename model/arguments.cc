#include "model/arguments.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

#include "model/decimal_text.h"
#include "shared/decimal.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

Error Usage(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

}  // namespace

Result<Arguments> Arguments::Parse(const std::vector<std::string>& arguments,
                                   const std::vector<Flag>& flags) {
  Arguments parsed;
  bool flags_ended = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--" && !flags_ended) {
      flags_ended = true;
      continue;
    }
    if (flags_ended || !argument.starts_with("--")) {
      parsed.positional_.push_back(argument);
      continue;
    }
    const size_t equals = argument.find('=');
    const bool has_value = equals != std::string::npos;
    const std::string name = argument.substr(2, has_value ? equals - 2 : std::string::npos);
    const auto flag = std::find_if(flags.begin(), flags.end(),
                                   [&name](const Flag& known) { return known.name == name; });
    if (flag == flags.end()) return Usage(StrCat("There is no flag --", name, "."));
    if (parsed.Has(name)) return Usage(StrCat("The flag --", name, " is given twice."));
    if (!flag->takes_value && has_value) {
      return Usage(StrCat("The flag --", name, " takes no value."));
    }
    std::string value = has_value ? argument.substr(equals + 1) : "";
    if (flag->takes_value && !has_value) {
      if (++i == arguments.size()) return Usage(StrCat("The flag --", name, " needs a value."));
      value = arguments[i];
    }
    parsed.values_.emplace(name, std::move(value));
  }
  return parsed;
}

std::string Arguments::Text(std::string_view name, std::string_view fallback) const {
  const auto found = values_.find(std::string(name));
  return found == values_.end() ? std::string(fallback) : found->second;
}

Result<int64_t> Arguments::Integer(std::string_view name, int64_t fallback, int64_t least,
                                   int64_t most) const {
  if (!Has(name)) return fallback;
  const std::string text = Text(name);
  const char* const end = text.data() + text.size();
  int64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end || value < least || value > most) {
    return Usage(StrCat("The value of --", name, " must be a whole number from ", least, " to ",
                        most, ", not '", text, "'."));
  }
  return value;
}

Result<double> Arguments::Number(std::string_view name, double fallback, double least,
                                 double most) const {
  if (!Has(name)) return fallback;
  const std::string text = Text(name);
  const std::optional<double> value = ParseDecimal(text);
  if (!value || *value < least || *value > most) {
    return Usage(StrCat("The value of --", name, " must be a number from ", DecimalText(least, 6),
                        " to ", DecimalText(most, 6), ", not '", text, "'."));
  }
  return *value;
}

}  // namespace insitu
