#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "backend/admin.h"
#include "backend/descriptor.h"
#include "backend/folders.h"
#include "backend/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

using nlohmann::json;

constexpr time_t kSecondsToAsk = 5;
constexpr time_t kSecondsToAnswer = 60;  // it may wait for a disk
constexpr size_t kMaxReplyBytes = size_t{64} << 20;

std::filesystem::path SocketFile(const std::filesystem::path& data) { return data / "admin.sock"; }

// The address of a socket in a folder whose own path may be longer than an address can be.
sockaddr_un AddressIn(const Descriptor& folder) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = StrCat("/proc/self/fd/", folder.number(), "/admin.sock");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

void SetPatience(int socket, time_t seconds) {
  const timeval patience{.tv_sec = seconds, .tv_usec = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

// To the end that the other side makes; nothing if it is too much or takes too long.
std::optional<std::string> ReceiveAll(int socket, size_t limit) {
  std::string text;
  std::array<char, 4'096> buffer;
  while (true) {
    const ssize_t count = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(count));
    if (text.size() > limit) return std::nullopt;
  }
}

bool SendAll(int socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    text.remove_prefix(static_cast<size_t>(count));
  }
  return ::shutdown(socket, SHUT_WR) == 0;
}

// Beside the folder's own mode, which keeps others out already.
bool IsOwner(int socket) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         (peer.uid == 0 || peer.uid == ::geteuid());
}

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

Result<std::unique_ptr<AdminSocket>> AdminSocket::Listen(const std::filesystem::path& data,
                                                         Handler handler) {
  const Descriptor folder(::open(data.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder.open()) return FileFault("open the folder", data);
  RETURN_IF_ERROR(RemoveFile(SocketFile(data)));  // of a server that was killed
  Descriptor listening(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_un address = AddressIn(folder);
  if (!listening.open() ||
      ::bind(listening.number(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
          0 ||
      ::chmod(SocketFile(data).c_str(), 0600) != 0 || ::listen(listening.number(), 8) != 0) {
    return FileFault("listen at", SocketFile(data));
  }
  const int stopped = ::eventfd(0, EFD_CLOEXEC);
  if (stopped < 0) return FileFault("make what stops", SocketFile(data));
  return std::unique_ptr<AdminSocket>(
      new AdminSocket(SocketFile(data), listening.Release(), stopped, std::move(handler)));
}

AdminSocket::AdminSocket(std::filesystem::path path, int listening, int stopped, Handler handler)
    : path_(std::move(path)),
      listening_(listening),
      stopped_(stopped),
      handler_(std::move(handler)),
      thread_([this] { Serve(); }) {}

AdminSocket::~AdminSocket() {
  const uint64_t one = 1;
  (void)!::write(stopped_, &one, sizeof(one));
  thread_.join();
  ::close(listening_);
  ::close(stopped_);
  ::unlink(path_.c_str());
}

void AdminSocket::Serve() {
  while (true) {
    std::array<pollfd, 2> waited{pollfd{listening_, POLLIN, 0}, pollfd{stopped_, POLLIN, 0}};
    if (::poll(waited.data(), waited.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return;
    }
    if (waited[1].revents != 0) return;
    const Descriptor connection(::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.open()) Answer(connection.number());
  }
}

void AdminSocket::Answer(int connection) {
  SetPatience(connection, kSecondsToAsk);
  if (!IsOwner(connection)) return;
  const std::optional<std::string> asked = ReceiveAll(connection, kMaxJsonBytes);
  if (!asked) return;
  const json request = json::parse(*asked, nullptr, /*allow_exceptions=*/false);
  std::vector<std::string> arguments;
  if (!request.is_array()) return;
  for (const json& word : request) {
    if (!word.is_string()) return;
    arguments.push_back(word.get<std::string>());
  }
  const AdminReply reply = handler_(arguments);
  SendAll(connection, Dump({{"status", reply.status}, {"out", reply.out}, {"err", reply.err}}));
}

std::optional<AdminReply> AskServer(const std::filesystem::path& data,
                                    const std::vector<std::string>& arguments) {
  const Descriptor folder(::open(data.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const Descriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!folder.open() || !connection.open()) return std::nullopt;
  SetPatience(connection.number(), kSecondsToAnswer);
  const sockaddr_un address = AddressIn(folder);
  if (::connect(connection.number(), reinterpret_cast<const sockaddr*>(&address),
                sizeof(address)) != 0 ||
      !SendAll(connection.number(), Dump(json(arguments)))) {
    return std::nullopt;
  }
  AdminReply silent{.status = 1,
                    .out = "",
                    .err = "The server did not answer; see its log, and whether it did it.\n"};
  const std::optional<std::string> answer = ReceiveAll(connection.number(), kMaxReplyBytes);
  if (!answer) return silent;
  const json reply = json::parse(*answer, nullptr, /*allow_exceptions=*/false);
  try {
    return AdminReply{.status = reply.at("status").get<int>(),
                      .out = reply.at("out").get<std::string>(),
                      .err = reply.at("err").get<std::string>()};
  } catch (const json::exception&) {
    return silent;
  }
}

}  // namespace insitu
