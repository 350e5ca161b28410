// What a client will take, from its request headers (RFC 9110, sections 12.5.3 and 13.1.2).
#pragma once

#include <string_view>

namespace insitu {

// True if a reply in brotli is acceptable and no less wanted than the same bytes as they are.
// "gzip, br;q=0.5, identity;q=0" → true; "br;q=0" or an empty value → false.
bool PrefersBrotli(std::string_view accept_encoding);

// True if an If-None-Match header names this entity tag or is "*". Tags are compared weakly.
bool NamesTag(std::string_view if_none_match, std::string_view etag);

}  // namespace insitu
