// Codes that are good once and that a person may have to type: recovery codes of the second factor,
// invitations, and the code with which an administrator lets someone set a new password.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace insitu {

// 125 random bits in five groups of five characters: "0ABCD-1EFGH-2JKMN-3PQRS-4TVWX".
std::string MakeOneTimeCode();

// What the database keeps of one (32 bytes), for any way of typing it; nothing for what cannot be
// one.
std::optional<std::string> HashOneTimeCode(std::string_view typed);

}  // namespace insitu
