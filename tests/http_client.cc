#include "tests/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "shared/str_cat.h"

namespace insitu {

HttpClient::HttpClient(int port, const std::string& from, int receive_buffer)
    : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  if (receive_buffer > 0) {
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ::inet_pton(AF_INET, from.c_str(), &address.sin_addr);
  if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return;
  ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  address.sin_port = htons(static_cast<uint16_t>(port));
  connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
}

HttpClient::~HttpClient() { ::close(socket_); }

bool HttpClient::Send(std::string_view bytes) {
  if (!connected_) return false;
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

HttpClient::Received HttpClient::Receive(std::chrono::milliseconds time) {
  pollfd waited{socket_, POLLIN, 0};
  if (::poll(&waited, 1, static_cast<int>(time.count())) != 1) return Received::kNothing;
  std::array<char, 65'536> bytes;
  const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (count <= 0) return Received::kEnd;
  received_.append(bytes.data(), static_cast<size_t>(count));
  return Received::kBytes;
}

std::optional<Reply> HttpClient::Read(bool has_body) {
  while (received_.find("\r\n\r\n") == std::string::npos) {
    if (Receive(kPatience) != Received::kBytes) return std::nullopt;
  }
  Reply reply;
  const size_t head_end = received_.find("\r\n\r\n") + 2;
  reply.status = std::atoi(received_.substr(sizeof("HTTP/1.1 ") - 1, 3).c_str());
  for (size_t line = received_.find("\r\n") + 2; line < head_end;) {
    const size_t colon = received_.find(": ", line);
    const size_t end = received_.find("\r\n", line);
    reply.head.headers.push_back(
        {received_.substr(line, colon - line), received_.substr(colon + 2, end - colon - 2)});
    line = end + 2;
  }
  received_.erase(0, head_end + 2);
  const size_t length = std::strtoull(reply.Header("Content-Length").c_str(), nullptr, 10);
  if (!has_body || length == 0) return reply;
  while (received_.size() < length) {
    if (Receive(kPatience) != Received::kBytes) return std::nullopt;
  }
  reply.body = received_.substr(0, length);
  received_.erase(0, length);
  return reply;
}

bool HttpClient::EndsWithin(std::chrono::milliseconds time) {
  return received_.empty() && Receive(time) == Received::kEnd;
}

std::string HttpClient::ReadToEnd() {
  while (Receive(kPatience) == Received::kBytes) {
  }
  return received_;
}

Reply Ask(int port, const std::string& method, const std::string& path,
          const std::string& header_lines) {
  HttpClient client(port);
  client.Send(StrCat(method, " ", path, " HTTP/1.1\r\nHost: test\r\n", header_lines, "\r\n"));
  return client.Read(/*has_body=*/method != "HEAD").value_or(Reply());
}

int StatusOf(int port, std::string_view bytes) {
  HttpClient client(port);
  client.Send(bytes);
  const std::optional<Reply> reply = client.Read();
  if (!reply) return 0;
  return client.EndsWithin(HttpClient::kPatience) ? reply->status : 0;
}

}  // namespace insitu
