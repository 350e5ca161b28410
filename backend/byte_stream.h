// Bytes over an accepted socket, as they are or through TLS. Nothing here waits: connection.h does.
#pragma once

#include <memory>
#include <span>
#include <string_view>

namespace insitu {

// What one attempt to move bytes did.
struct Transfer {
  size_t bytes = 0;
  short wait_for = 0;  // if none moved: POLLIN or POLLOUT, what to wait for before the next attempt
  bool ended = false;  // the client has left, or broke the protocol
};

// Used by one thread.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  virtual Transfer Read(std::span<char> out) = 0;
  virtual Transfer Write(std::string_view bytes) = 0;
  virtual bool HasUnread() const = 0;  // bytes that the socket has already given up
  virtual void EndWriting() = 0;       // tells the client that nothing follows
};

// The socket must outlive it.
std::unique_ptr<ByteStream> MakeTcpStream(int socket);

}  // namespace insitu
