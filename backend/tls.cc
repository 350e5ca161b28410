#include "backend/tls.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <climits>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "shared/str_cat.h"

namespace insitu {
namespace {

using SslContext = std::shared_ptr<SSL_CTX>;

// Forward secrecy and authenticated encryption only; TLS 1.3 has nothing else.
constexpr char kTls12Suites[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr char kTls13Suites[] =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr char kGroups[] = "X25519:P-256:P-384";

constexpr std::string_view kHttp11("\x08http/1.1", 9);  // as ALPN writes it (RFC 7301)

// The reason of OpenSSL's first error on this thread; forgets them all.
std::string TakeReason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  return reason == nullptr ? "not readable" : reason;
}

Failed Refuse(std::string_view what, const std::filesystem::path& file, std::string_view advice) {
  return Fail(ErrorCode::kInvalidArgument, "Cannot use the ", what, " ", file.string(), ": ",
              TakeReason(), ". ", advice);
}

// A client that names protocols has to name ours (RFC 7301); one that names none speaks it anyway.
int ChooseProtocol(SSL*, const unsigned char** chosen, unsigned char* chosen_length,
                   const unsigned char* offered, unsigned int offered_length, void*) {
  auto* out = const_cast<unsigned char**>(chosen);
  const int found = SSL_select_next_proto(
      out, chosen_length, reinterpret_cast<const unsigned char*>(kHttp11.data()),
      static_cast<unsigned int>(kHttp11.size()), offered, offered_length);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

Status CheckKeyMode(const std::filesystem::path& key) {
  struct stat found{};
  if (::stat(key.c_str(), &found) != 0 || (found.st_mode & S_IRWXO) == 0) return {};
  return Fail(ErrorCode::kInvalidArgument, "Others may read the key of the certificate, ",
              key.string(), ". Take that right away: chmod o= ", key.string(), ".");
}

Result<SslContext> MakeContext(const std::filesystem::path& certificate,
                               const std::filesystem::path& key) {
  RETURN_IF_ERROR(CheckKeyMode(key));
  const SslContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return Refuse("TLS library for", certificate, "Is memory short?");
  SSL_CTX* raw = context.get();
  const bool set = SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) == 1 &&
                   SSL_CTX_set_cipher_list(raw, kTls12Suites) == 1 &&
                   SSL_CTX_set_ciphersuites(raw, kTls13Suites) == 1 &&
                   SSL_CTX_set1_groups_list(raw, kGroups) == 1;
  if (!set) return Refuse("TLS settings with", certificate, "Is OpenSSL older than 3?");
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(raw, 0);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(raw, ChooseProtocol, nullptr);
  // A key with a passphrase would make OpenSSL ask for it on the terminal.
  SSL_CTX_set_default_passwd_cb(raw, [](char*, int, int, void*) { return 0; });
  if (SSL_CTX_use_certificate_chain_file(raw, certificate.c_str()) != 1) {
    return Refuse("certificate", certificate, "It is PEM: the certificate, then its chain.");
  }
  if (SSL_CTX_use_PrivateKey_file(raw, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return Refuse("key", key, "It is PEM, without a passphrase, and belongs to the certificate.");
  }
  return context;
}

class TlsStream final : public ByteStream {
 public:
  TlsStream(const SslContext& context, int socket)
      : socket_(socket), ssl_(SSL_new(context.get()), SSL_free) {
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
    broken_ = !ssl_ || SSL_set_fd(ssl_.get(), socket) != 1;
    if (!broken_) SSL_set_accept_state(ssl_.get());
  }

  Transfer Read(std::span<char> out) override {
    if (broken_) return {.ended = true};
    return Moved(SSL_read(ssl_.get(), out.data(), Length(out.size())));
  }
  Transfer Write(std::string_view bytes) override {
    if (broken_) return {.ended = true};
    return Moved(SSL_write(ssl_.get(), bytes.data(), Length(bytes.size())));
  }
  bool HasUnread() const override { return !broken_ && SSL_pending(ssl_.get()) > 0; }
  void EndWriting() override {
    // The alert says that nothing was cut off. If it does not fit the socket now, so be it.
    if (!broken_ && SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
    ERR_clear_error();
    ::shutdown(socket_, SHUT_WR);
  }

 private:
  static int Length(size_t size) { return static_cast<int>(std::min(size, size_t{INT_MAX})); }

  Transfer Moved(int count) {
    if (count > 0) return {.bytes = static_cast<size_t>(count)};
    const int reason = SSL_get_error(ssl_.get(), count);
    ERR_clear_error();  // the queue is the thread's, and other connections use it too
    if (reason == SSL_ERROR_WANT_READ) return {.wait_for = POLLIN};
    if (reason == SSL_ERROR_WANT_WRITE) return {.wait_for = POLLOUT};
    broken_ = true;
    return {.ended = true};
  }

  const int socket_;
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  bool broken_ = false;
};

}  // namespace

struct Tls::Context {
  mutable std::mutex mutex;
  SslContext current;

  SslContext Get() const {
    const std::lock_guard lock(mutex);
    return current;
  }
};

Tls::Tls(std::filesystem::path certificate, std::filesystem::path key)
    : certificate_(std::move(certificate)),
      key_(std::move(key)),
      context_(std::make_unique<Context>()) {}

Tls::~Tls() = default;

Result<std::unique_ptr<Tls>> Tls::Load(const std::filesystem::path& certificate,
                                       const std::filesystem::path& key) {
  std::unique_ptr<Tls> tls(new Tls(certificate, key));
  RETURN_IF_ERROR(tls->Reload());
  return tls;
}

Status Tls::Reload() {
  ASSIGN_OR_RETURN(SslContext context, MakeContext(certificate_, key_));
  const std::lock_guard lock(context_->mutex);
  context_->current = std::move(context);
  return {};
}

std::unique_ptr<ByteStream> Tls::MakeStream(int socket) const {
  return std::make_unique<TlsStream>(context_->Get(), socket);
}

}  // namespace insitu
