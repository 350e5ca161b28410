#include "tests/tls_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch_amalgamated.hpp>
#include <cstdio>

namespace insitu {
namespace {

constexpr int kPatienceSeconds = 10;

template <typename Write>
void WritePem(const std::filesystem::path& path, mode_t mode, const Write& write) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr || write(file) != 1) FAIL("Cannot write " << path);
  std::fclose(file);
  ::chmod(path.c_str(), mode);
}

}  // namespace

void MakeCertificate(const std::string& name, const std::filesystem::path& certificate,
                     const std::filesystem::path& key) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pair(EVP_EC_gen("P-256"),
                                                                 EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), X509_free);
  constexpr int64_t kDay = 86'400;
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -kDay);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), kDay);
  X509_NAME* subject = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.get(), subject);
  X509_set_pubkey(made.get(), pair.get());
  if (X509_sign(made.get(), pair.get(), EVP_sha256()) == 0) FAIL("Cannot sign.");
  WritePem(certificate, 0644, [&](std::FILE* file) { return PEM_write_X509(file, made.get()); });
  WritePem(key, 0600, [&](std::FILE* file) {
    return PEM_write_PrivateKey(file, pair.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

struct TlsClient::Session {
  int socket = -1;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_client_method()),
                                                            SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl{nullptr, SSL_free};
};

TlsClient::TlsClient(int port, const TlsClientOptions& options)
    : session_(std::make_unique<Session>()) {
  SSL_CTX* context = session_->context.get();
  SSL_CTX_set_security_level(context, 0);  // it may ask for what the server must refuse
  if (options.version != 0) {
    SSL_CTX_set_min_proto_version(context, options.version);
    SSL_CTX_set_max_proto_version(context, options.version);
  }
  if (*options.suites != '\0') SSL_CTX_set_cipher_list(context, options.suites);
  if (!options.protocols.empty()) {
    SSL_CTX_set_alpn_protos(context,
                            reinterpret_cast<const unsigned char*>(options.protocols.data()),
                            static_cast<unsigned int>(options.protocols.size()));
  }
  session_->socket = ::socket(AF_INET, SOCK_STREAM, 0);
  if (session_->socket < 0) return;
  const timeval patience{kPatienceSeconds, 0};
  ::setsockopt(session_->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  if (::connect(session_->socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return;
  }
  session_->ssl.reset(SSL_new(context));
  SSL_set_fd(session_->ssl.get(), session_->socket);
  connected_ = SSL_connect(session_->ssl.get()) == 1;
  ERR_clear_error();
}

TlsClient::~TlsClient() { ::close(session_->socket); }

std::string TlsClient::version() const { return SSL_get_version(session_->ssl.get()); }

std::string TlsClient::protocol() const {
  const unsigned char* name = nullptr;
  unsigned int length = 0;
  SSL_get0_alpn_selected(session_->ssl.get(), &name, &length);
  return {reinterpret_cast<const char*>(name), length};
}

std::string TlsClient::certificate_name() const {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      SSL_get1_peer_certificate(session_->ssl.get()), X509_free);
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name.data(),
                            static_cast<int>(name.size()));
  return name.data();
}

bool TlsClient::Send(std::string_view bytes) {
  const int sent = SSL_write(session_->ssl.get(), bytes.data(), static_cast<int>(bytes.size()));
  ERR_clear_error();
  return sent == static_cast<int>(bytes.size());
}

std::string TlsClient::Read(size_t size) {
  std::string all;
  std::array<char, 16'384> bytes;
  while (all.size() < size) {
    const size_t most = std::min(bytes.size(), size - all.size());
    const int count = SSL_read(session_->ssl.get(), bytes.data(), static_cast<int>(most));
    ERR_clear_error();
    if (count <= 0) break;
    all.append(bytes.data(), static_cast<size_t>(count));
  }
  return all;
}

bool TlsClient::ended_properly() const {
  return (SSL_get_shutdown(session_->ssl.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

}  // namespace insitu
