// Bytes as text: base64url (RFC 4648 §5), base64 (§4), base32 (§6) and Crockford's base32, all
// without padding, and read strictly: one text for each byte string, so that none passes for
// another. Byte strings of the server are std::string.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace insitu {

std::string ToBase64Url(std::string_view bytes);
std::optional<std::string> FromBase64Url(std::string_view text);

// As the PHC string format and Content-Digest write it; the latter with padding.
std::string ToBase64(std::string_view bytes);
std::optional<std::string> FromBase64(std::string_view text);
std::string ToPaddedBase64(std::string_view bytes);
std::optional<std::string> FromPaddedBase64(std::string_view text);

// As authenticator apps take a secret.
std::string ToBase32(std::string_view bytes);

// For codes that people type: 0-9 and A-Z without I, L, O and U. `characters` of them, five bits
// each, from the front of the bytes, which must be enough.
std::string ToCrockford(std::string_view bytes, size_t characters);

// What was typed as ToCrockford would have written it: blanks and dashes fall away, small letters
// grow, O is 0, I and L are 1. Nothing if another character is in it.
std::optional<std::string> NormalizeCrockford(std::string_view typed);

// Lower-case hexadecimal digits.
std::string ToHex(std::string_view bytes);

// True if it is UTF-8 of whole, shortest forms without surrogates.
bool IsUtf8(std::string_view text);

// How many code points valid UTF-8 has.
size_t CountCodePoints(std::string_view text);

}  // namespace insitu
