// Command line arguments, read strictly: what is not declared is an error.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result.h"

namespace insitu {

struct Flag {
  std::string_view name;     // without the dashes
  bool takes_value = false;  // --name VALUE or --name=VALUE
};

class Arguments {
 public:
  // Errors: kInvalidArgument for an unknown or repeated flag, a missing value, or a value given to
  // a flag that takes none. "--" ends the flags.
  static Result<Arguments> Parse(const std::vector<std::string>& arguments,
                                 const std::vector<Flag>& flags);

  bool Has(std::string_view name) const { return values_.contains(std::string(name)); }
  std::string Text(std::string_view name, std::string_view fallback = "") const;

  // Errors: kInvalidArgument when the value is not a whole number from least to most.
  Result<int64_t> Integer(std::string_view name, int64_t fallback, int64_t least,
                          int64_t most) const;

  // Errors: kInvalidArgument when the value is not a decimal number from least to most.
  Result<double> Number(std::string_view name, double fallback, double least, double most) const;

  const std::vector<std::string>& positional() const { return positional_; }

 private:
  std::map<std::string, std::string> values_;
  std::vector<std::string> positional_;
};

}  // namespace insitu
