// The gate in front of the HTTP library: the head of a request, read strictly by RFC 9112 and
// RFC 9110. What two readers could understand differently is refused, never guessed, so that no
// request can hide inside another. The library is given only a head that the transport wrote.
#pragma once

#include <string_view>
#include <variant>

#include "backend/http.h"

namespace insitu {

// Why a head was not taken: the status to answer with. The connection ends after it.
struct Refusal {
  int status;
};

// What the first bytes on a connection are.
enum class HeadState {
  kIncomplete,  // more is needed
  kComplete,    // an empty line ends it
  kMalformed,   // a line that does not end in CR LF: nothing that may follow makes it a request
  kTooLong,     // beyond kMaxRequestHeadBytes without an end
};

// Looks at the bytes received so far. When kComplete, *length is the size of the head with its
// empty line; what follows belongs to the next request.
HeadState FindHeadEnd(std::string_view bytes, size_t* length);

// How to refuse a head of kTooLong bytes: with 414 if its first line alone is too long, else 431.
Refusal RefuseLongHead(std::string_view bytes);

// Reads one whole head. Refused with
//   400  anything malformed; no Host or several; Content-Length twice or not a number; a transfer
//        coding beside a Content-Length, twice or in HTTP/1.0; a target with a fragment, a NUL, a
//        space or a broken percent escape
//   414, 431  beyond the limits of limits.h
//   417  an Expect other than 100-continue
//   501  a transfer coding other than chunked
//   505  a version other than HTTP/1.0 and HTTP/1.1
std::variant<Request, Refusal> ParseRequestHead(std::string_view head);

}  // namespace insitu
