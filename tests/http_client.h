// A client for tests that speaks HTTP/1.1 byte by byte over a real socket, so that it can also
// send what no proper client would.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "backend/http.h"

namespace insitu {

// What came back. Find() of a header is Request's.
struct Reply {
  int status = 0;
  Request head;  // only its headers are set
  std::string body;

  std::string Header(std::string_view name) const { return head.Find(name).value_or(""); }
};

class HttpClient {
 public:
  static constexpr std::chrono::milliseconds kPatience{10'000};

  // Connects to this port of 127.0.0.1, from an address of this machine, with at most that many
  // bytes of receive buffer if given.
  explicit HttpClient(int port, const std::string& from = "127.0.0.1", int receive_buffer = 0);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // False if there is no server, or once it has closed its side for good.
  bool Send(std::string_view bytes);

  // The next reply, with the body that its Content-Length announces; nothing if the connection
  // ended before it was whole.
  std::optional<Reply> Read(bool has_body = true);

  // True if the server ends the connection within that time, without another byte.
  bool EndsWithin(std::chrono::milliseconds time);

  // All bytes until the server ends the connection.
  std::string ReadToEnd();

 private:
  enum class Received { kBytes, kEnd, kNothing };
  Received Receive(std::chrono::milliseconds time);

  int socket_;
  bool connected_ = false;
  std::string received_;
};

// One request with these further header lines ("Name: value\r\n" each) on a connection of its own.
Reply Ask(int port, const std::string& method, const std::string& path,
          const std::string& header_lines = "");

// Sends these bytes and returns the status of the one reply; 0 if there was none or several.
int StatusOf(int port, std::string_view bytes);

}  // namespace insitu
