// libFuzzer: arbitrary bytes as the configuration file. What is taken is within its ranges; what is
// not is refused in one sentence that names the file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "backend/config_file.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  insitu::Config config;
  const insitu::Status read =
      insitu::ReadConfig({reinterpret_cast<const char*>(data), size}, "insitu.toml", &config);
  if (!read.ok()) {
    Require(read.error().message.starts_with("insitu.toml"));
    return 0;
  }
  Require(config.port >= 0 && config.port <= insitu::kMaxPort);
  Require(config.metrics_port >= -1 && config.metrics_port <= insitu::kMaxPort);
  Require(insitu::IsLoopback(config.metrics_address));
  Require(config.session_idle.count() >= 60 && config.session_absolute.count() >= 60);
  Require(config.max_object_bytes >= (1 << 20) && config.quota_bytes >= (1 << 20));
  return 0;
}
