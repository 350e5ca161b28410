// Which passwords are taken, by NIST SP 800-63B-4 (3.1.1.2): long ones that are not the first that
// an attacker tries. No rule asks for kinds of characters, none makes a password expire.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace insitu {

struct PasswordFault {
  std::string code;    // "password_too_short"
  std::string detail;  // one sentence that says why and what to do
};

// Nothing if the password may be used. It is judged as the bytes that were sent: clients normalise.
//   password_not_text          not UTF-8, or with a control character
//   password_too_long          more than kMaxPasswordBytes
//   password_too_short         fewer code points than needed, with or without a second factor
//   password_repeated          the same few characters over and over
//   password_sequence          a run of the alphabet, of digits or of the keyboard
//   password_has_username      mostly the user's name
//   password_has_product_name  mostly this product's name or what it is about
//   password_common            mostly one of the passwords that everybody tries
std::optional<PasswordFault> CheckPassword(std::string_view password, std::string_view username,
                                           bool has_second_factor);

}  // namespace insitu
