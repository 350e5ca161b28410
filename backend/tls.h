// TLS 1.2 and 1.3 for accepted sockets. tls.cc is the one file that sees libssl.
#pragma once

#include <filesystem>
#include <memory>

#include "backend/byte_stream.h"
#include "shared/result.h"

namespace insitu {

// A certificate with its key, and the settings of the connections that use it.
class Tls {
 public:
  // Reads PEM files: the certificate with its chain, and the key, which has no passphrase. Fails
  // with what to do if they cannot be read, do not belong together, or if others than the key
  // file's owner and its group may read it.
  static Result<std::unique_ptr<Tls>> Load(const std::filesystem::path& certificate,
                                           const std::filesystem::path& key);
  ~Tls();
  Tls(const Tls&) = delete;  // its streams may outlive a copy
  Tls& operator=(const Tls&) = delete;

  // Reads the files again, for connections from here on. After a failure the old certificate stays
  // in use. From any thread.
  Status Reload();

  // The server's side of a connection. The handshake is part of its first reads and writes; the
  // socket must outlive it. From any thread.
  std::unique_ptr<ByteStream> MakeStream(int socket) const;

 private:
  struct Context;

  Tls(std::filesystem::path certificate, std::filesystem::path key);

  const std::filesystem::path certificate_;
  const std::filesystem::path key_;
  std::unique_ptr<Context> context_;
};

}  // namespace insitu
