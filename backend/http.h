// A request and a reply as the whole server sees them. Only transport.cc knows the HTTP library.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result.h"

namespace insitu {

struct Header {
  std::string name;
  std::string value;
};

// True if two header names, or two tokens, are the same but for the case of ASCII letters.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

// The body of a request, as it arrives.
class BodyReader {
 public:
  virtual ~BodyReader() = default;

  // Waits for the next bytes and returns how many it wrote to `out`, 0 once the body has been read
  // whole. Fails if the client left or took too long; the handler then undoes what it began and
  // returns any reply, for another is sent. The connection ends after that, as it does
  // after a reply to a body that was not read to its end.
  virtual Result<size_t> Read(std::span<char> out) = 0;
};

// The body of a reply that is too large to hold. Used by one thread.
class BodySource {
 public:
  virtual ~BodySource() = default;

  virtual uint64_t size() const = 0;  // of the whole; known from the start

  // Returns how many bytes it wrote to `out`; 0 only at the end. After a failure, or an end before
  // size(), the client gets less than Content-Length says and the connection ends.
  virtual Result<size_t> Read(std::span<char> out) = 0;
};

struct Request {
  std::string method;           // a token, as it was sent: "GET"
  std::string path;             // percent-decoded, without the query; begins with '/' or is "*"
  std::string query;            // what follows the '?', as it was sent: see query.h
  std::vector<Header> headers;  // in their order; names as they were sent, values trimmed
  std::optional<uint64_t> body_bytes = 0;  // nothing if the client does not say (chunked)
  std::string body;                        // whole, unless the route streams it
  BodyReader* body_reader = nullptr;       // set for a route that streams it; lives as long as this
  bool expects_continue = false;           // it waits for word before it sends the body
  bool keep_alive = true;                  // the client means to send another request
  // The client's, in digits: the other end of the socket; from a trusted proxy, what that says.
  std::string remote_address;
  bool secure = false;  // came over TLS: ours, or by the word of a trusted proxy
  std::string id;       // a UUID, of this request: in the log and in problem replies

  // The values of all header lines of that name, joined by ", "; nothing if there is none.
  std::optional<std::string> Find(std::string_view name) const;
};

// A reply. The transport adds the security headers it lacks, Date, Content-Length and Connection.
struct Response {
  int status = 200;
  std::string content_type;                 // none without a body
  std::vector<Header> headers;              // without Content-Type and the ones above
  std::shared_ptr<const std::string> body;  // may be shared by many replies; never changed
  std::shared_ptr<BodySource> stream;       // instead of body

  // For the log and the metrics alone.
  std::string_view route = "";  // the pattern that answered, set by the router
  std::string user_id;          // whose session it was
};

using Handler = std::function<Response(const Request&)>;

// Takes one sentence about a fault of the server itself. Called from any thread.
using ErrorLog = std::function<void(std::string_view)>;

// A short text page for a status of 400 or more, never to be cached.
Response ErrorReply(int status);

}  // namespace insitu
