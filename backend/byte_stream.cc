#include "backend/byte_stream.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <cerrno>

namespace insitu {
namespace {

class TcpStream final : public ByteStream {
 public:
  explicit TcpStream(int socket) : socket_(socket) {}

  Transfer Read(std::span<char> out) override {
    const ssize_t count = ::recv(socket_, out.data(), out.size(), MSG_DONTWAIT);
    if (count == 0) return {.ended = true};
    return Moved(count, POLLIN);
  }
  Transfer Write(std::string_view bytes) override {
    return Moved(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT), POLLOUT);
  }
  bool HasUnread() const override { return false; }
  void EndWriting() override { ::shutdown(socket_, SHUT_WR); }

 private:
  static Transfer Moved(ssize_t count, short event) {
    if (count >= 0) return {.bytes = static_cast<size_t>(count)};
    if (errno == EAGAIN || errno == EINTR) return {.wait_for = event};
    return {.ended = true};
  }

  const int socket_;
};

}  // namespace

std::unique_ptr<ByteStream> MakeTcpStream(int socket) {
  return std::make_unique<TcpStream>(socket);
}

}  // namespace insitu
