// A request and a reply as the whole server sees them. Only transport.cc knows the HTTP library.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace insitu {

struct Header {
  std::string name;
  std::string value;
};

// True if two header names, or two tokens, are the same but for the case of ASCII letters.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

struct Request {
  std::string method;           // a token, as it was sent: "GET"
  std::string path;             // percent-decoded, without the query; begins with '/' or is "*"
  std::vector<Header> headers;  // in their order; names as they were sent, values trimmed
  std::optional<uint64_t> body_bytes = 0;  // nothing if the client does not say (chunked)
  bool keep_alive = true;                  // the client means to send another request

  // The values of all header lines of that name, joined by ", "; nothing if there is none.
  std::optional<std::string> Find(std::string_view name) const;
};

// A reply. The transport adds the security headers it lacks, Date, Content-Length and Connection.
struct Response {
  int status = 200;
  std::string content_type;                 // none without a body
  std::vector<Header> headers;              // without Content-Type and the ones above
  std::shared_ptr<const std::string> body;  // may be shared by many replies; never changed
};

using Handler = std::function<Response(const Request&)>;

// Takes one sentence about a fault of the server itself. Called from any thread.
using ErrorLog = std::function<void(std::string_view)>;

// A short text page for a status of 400 or more, never to be cached.
Response ErrorReply(int status);

}  // namespace insitu
