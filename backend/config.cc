#include "backend/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <utility>

#include "backend/config_file.h"
#include "backend/limits.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr auto kFlags = std::to_array<std::string_view>(
    {"--config", "--site", "--host", "--port", "--behind-proxy", "--help"});

Error Refuse(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

Error RefuseUnknown(const std::string& argument) {
  std::string known;
  for (std::string_view flag : kFlags) known += StrCat(known.empty() ? "" : ", ", flag);
  return Refuse(StrCat("Unknown argument ", argument, ". The flags are ", known, "."));
}

Status ReadValue(const std::string& flag, const std::string& value, Config* config) {
  if (flag == "--site") {
    config->site = value;
  } else if (flag == "--host") {
    ASSIGN_OR_RETURN(config->address, ParseListenAddress(flag, value));
  } else if (flag == "--port") {
    const char* end = value.data() + value.size();
    const auto [parsed, fault] = std::from_chars(value.data(), end, config->port);
    if (fault != std::errc() || parsed != end || config->port < 0 || config->port > kMaxPort) {
      return Refuse(StrCat("--port ", value, " is not a port. Give a number up to ", kMaxPort,
                           ", 0 for any free one."));
    }
  }
  return {};
}

struct Flag {
  std::string name;
  std::string value;
};

Result<std::vector<Flag>> SplitFlags(const std::vector<std::string>& arguments, size_t first) {
  std::vector<Flag> flags;
  for (size_t i = first; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (std::find(kFlags.begin(), kFlags.end(), name) == kFlags.end()) return RefuseUnknown(name);
    const bool twice = std::any_of(flags.begin(), flags.end(),
                                   [&](const Flag& flag) { return flag.name == name; });
    if (twice) return Refuse(StrCat(name, " is given twice. Give it once."));
    flags.push_back({name, ""});
    if (name == "--help" || name == "--behind-proxy") continue;
    if (i + 1 == arguments.size()) return Refuse(StrCat(name, " needs a value after it."));
    flags.back().value = arguments[++i];
  }
  return flags;
}

// One byte more than is taken, so that a larger file is seen to be one.
Status ReadConfigFile(const std::string& path, Config* config) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Refuse(StrCat("Cannot read the configuration ", path, ". Is it there?"));
  std::string text(kMaxConfigBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  return ReadConfig(text, path, config);
}

// What cannot be said of one value alone.
Status CheckWhole(const Config& config) {
  if (config.site.empty() && config.data.empty()) {
    return Refuse("The folder of the built site is not given. Add it: --site build/site.");
  }
  const bool tls = !config.certificate.empty();
  if (tls != !config.certificate_key.empty()) {
    return Refuse("TLS needs both tls.certificate and tls.key. Give both or neither.");
  }
  if (!config.behind_proxy && !tls && !IsLoopback(config.address)) {
    constexpr char kWhy[] =
        "Plain HTTP can be read and changed by anyone between this server and the browser, so on ";
    return Refuse(StrCat(kWhy, config.address,
                         " it starts only with a certificate in [tls], or with --behind-proxy, "
                         "behind a proxy that adds TLS."));
  }
  if (!config.trusted_proxies.empty() && !config.behind_proxy) {
    return Refuse("trusted_proxies are believed only with behind_proxy. Set it, or take them out.");
  }
  if (config.storage != StorageMode::kOff && config.data.empty()) {
    return Refuse("Storage needs a data folder. Set data, or storage.mode = \"off\".");
  }
  if (config.session_idle > config.session_absolute) {
    return Refuse("sessions.idle_seconds is more than sessions.absolute_seconds. Lower it.");
  }
  return {};
}

}  // namespace

std::string Usage() {
  return "insitu-server: serves the built InSitu site from memory, and accounts if it is told to.\n"
         "\n"
         "  insitu-server --site FOLDER [--config FILE] [--host ADDRESS] [--port NUMBER]\n"
         "                [--behind-proxy]\n"
         "  insitu-server config check --config FILE   says whether a configuration is good\n"
         "  insitu-server health --config FILE         ends with 0 if the server answers there\n"
         "\n"
         "  --config FILE    settings in TOML; backend/deploy/insitu.toml lists all of them with\n"
         "                   their defaults. Flags win over the file.\n"
         "  --site FOLDER    the built site, for instance build/site; it is read once, so\n"
         "                   a changed file is served after a restart\n"
         "  --host ADDRESS   IP address to listen on, or localhost; 127.0.0.1 if not given\n"
         "  --port NUMBER    TCP port, 0 for any free one; 8080 if not given\n"
         "  --behind-proxy   a proxy with TLS stands in front; off loopback the server starts\n"
         "                   only with it or with a certificate of its own\n"
         "  --help           prints this\n"
         "\n"
         "It logs one line of JSON a request to stderr, without what people typed and with only\n"
         "the beginning of their address. Ctrl+C or SIGTERM stops it; replies under way are\n"
         "finished. SIGHUP reads the certificate again.\n";
}

Result<Config> ParseArguments(const std::vector<std::string>& arguments) {
  Config config;
  size_t words = 0;
  if (arguments.size() >= 2 && arguments[0] == "config" && arguments[1] == "check") {
    config.command = Command::kCheckConfig;
    words = 2;
  } else if (!arguments.empty() && arguments[0] == "health") {
    config.command = Command::kHealth;
    words = 1;
  }
  ASSIGN_OR_RETURN(const std::vector<Flag> flags, SplitFlags(arguments, words));
  for (const Flag& flag : flags) {
    if (flag.name == "--help") {
      config.help = true;
      return config;
    }
  }
  for (const Flag& flag : flags) {
    if (flag.name != "--config") continue;
    RETURN_IF_ERROR(ReadConfigFile(flag.value, &config));
  }
  for (const Flag& flag : flags) {
    if (flag.name == "--behind-proxy") config.behind_proxy = true;
    RETURN_IF_ERROR(ReadValue(flag.name, flag.value, &config));
  }
  RETURN_IF_ERROR(CheckWhole(config));
  if (config.behind_proxy && config.trusted_proxies.empty()) {
    for (const char* loopback : {"127.0.0.0/8", "::1"}) {
      config.trusted_proxies.push_back(*AddressRange::Parse(loopback));
    }
  }
  if (config.key_file.empty() && !config.data.empty())
    config.key_file = DefaultKeyFile(config.data);
  return config;
}

Result<std::string> ParseListenAddress(std::string_view what, const std::string& value) {
  if (value == "localhost") return std::string("127.0.0.1");
  if (IpAddress::Parse(value)) return value;
  return Refuse(StrCat(what, " ", value, " is not an IP address. Give one like 127.0.0.1."));
}

std::filesystem::path DefaultKeyFile(const std::filesystem::path& data) {
  return data / "keys" / "server.key";
}

bool IsLoopback(const std::string& address) {
  const bool mapped =
      address.find(':') != std::string::npos && address.find('.') != std::string::npos;
  const auto parsed = IpAddress::Parse(address);
  return parsed && parsed->IsLoopback() && !mapped;
}

std::string AddressInBrowser(const std::string& address, int port, bool tls) {
  const bool v6 = address.find(':') != std::string::npos;
  return StrCat(tls ? "https://" : "http://", v6 ? "[" : "", address, v6 ? "]" : "", ":", port);
}

}  // namespace insitu
