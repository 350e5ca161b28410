// The other end of TLS for tests, and certificates made for them.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace insitu {

// Writes a self-signed certificate for this name, and its key: P-256, PEM.
void MakeCertificate(const std::string& name, const std::filesystem::path& certificate,
                     const std::filesystem::path& key);

struct TlsClientOptions {
  int version = 0;                  // TLS1_1_VERSION and the like; 0: any
  const char* suites = "";          // of TLS 1.2, as OpenSSL names them; "": its default
  std::string_view protocols = {};  // ALPN, as it is sent: "\x02h2"
};

class TlsClient {
 public:
  // Connects to this port of 127.0.0.1. Any certificate is good.
  explicit TlsClient(int port, const TlsClientOptions& options = {});
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool connected() const { return connected_; }
  std::string version() const;           // "TLSv1.3"
  std::string protocol() const;          // by ALPN; empty if none was chosen
  std::string certificate_name() const;  // what MakeCertificate was given

  bool Send(std::string_view bytes);
  // All bytes until the server ends the connection, or `size` of them.
  std::string Read(size_t size = std::string::npos);
  bool ended_properly() const;  // the server said that nothing was cut off

 private:
  struct Session;
  std::unique_ptr<Session> session_;
  bool connected_ = false;
};

}  // namespace insitu
