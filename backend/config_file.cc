#include "backend/config_file.h"

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "backend/limits.h"
#include "shared/settings_reader.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

class ConfigReader : public SettingsReader {
 public:
  ConfigReader(const std::string& name, Config* config) : SettingsReader(name), config_(config) {}

  Status Read(const toml::table& file) {
    ReadTable(file, "", Keys());
    return status();
  }

 private:
  std::vector<Key> Keys();
  std::vector<Key> ListenKeys();

  ReadValue Text(std::function<void(const std::string&)> take) {
    return [this, take = std::move(take)](const toml::node& node, const std::string& key) {
      const auto* text = node.as_string();
      if (text == nullptr) return Refuse(node, StrCat(key, " is a text in quotes."));
      take(text->get());
    };
  }

  ReadValue Path(std::filesystem::path* path) {
    return Text([path](const std::string& text) { *path = text; });
  }

  ReadValue Number(int64_t min, int64_t max, std::function<void(int64_t)> take) {
    return
        [this, min, max, take = std::move(take)](const toml::node& node, const std::string& key) {
          const auto* value = node.as_integer();
          if (value == nullptr || value->get() < min || value->get() > max) {
            return Refuse(node, StrCat(key, " is a whole number from ", min, " to ", max, "."));
          }
          take(value->get());
        };
  }

  template <typename Enum, size_t kCount>
  ReadValue Choice(const std::array<std::pair<std::string_view, Enum>, kCount>& choices,
                   Enum* chosen) {
    std::vector<std::string_view> names;
    for (const auto& [name, value] : choices) names.push_back(name);
    return SettingsReader::Choice(
        std::move(names), [choices, chosen](size_t index) { *chosen = choices[index].second; });
  }

  // Each text of an array goes to `take`, which says whether it is good.
  ReadValue Texts(std::function<bool(const std::string&)> take, std::string what) {
    return [this, take = std::move(take), what = std::move(what)](const toml::node& node,
                                                                  const std::string& key) {
      const toml::array* array = node.as_array();
      if (array == nullptr) return Refuse(node, StrCat(key, " is a list of ", what, "."));
      for (const toml::node& element : *array) {
        const auto* text = element.as_string();
        if (text == nullptr || !take(text->get())) {
          return Refuse(element, StrCat(key, " is a list of ", what, "."));
        }
      }
    };
  }

  ReadValue ListenAddress(std::string* address) {
    return [this, address](const toml::node& node, const std::string& key) {
      const auto* text = node.as_string();
      if (text == nullptr) return Refuse(node, StrCat(key, " is a text in quotes."));
      Result<std::string> parsed = ParseListenAddress(key, text->get());
      if (!parsed.ok()) return Refuse(node, parsed.error().message);
      *address = parsed.value();
    };
  }

  Config* const config_;
};

// As browsers write it: a scheme, a host, perhaps a port, and nothing else.
bool IsOrigin(std::string_view text) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const std::string_view host = text.substr(scheme.size());
    constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789.-:[]";
    return !host.empty() && host.find_first_not_of(kAllowed) == std::string_view::npos;
  }
  return false;
}

std::vector<ConfigReader::Key> ConfigReader::ListenKeys() {
  return {
      {"host", ListenAddress(&config_->address)},
      {"port",
       Number(0, kMaxPort, [this](int64_t port) { config_->port = static_cast<int>(port); })},
      {"behind_proxy", Flag(&config_->behind_proxy)},
      {"trusted_proxies", Texts(
                              [this](const std::string& text) {
                                const auto range = AddressRange::Parse(text);
                                if (range) config_->trusted_proxies.push_back(*range);
                                return range.has_value();
                              },
                              "addresses or ranges like \"10.0.0.0/8\"")},
      {"origins", Texts(
                      [this](const std::string& text) {
                        config_->origins.push_back(text);
                        return IsOrigin(text);
                      },
                      "origins like \"https://insitu.example.org\"")},
      {"drain_seconds",
       Number(0, 60, [this](int64_t time) { config_->drain_time = std::chrono::seconds(time); })},
  };
}

std::vector<ConfigReader::Key> ConfigReader::Keys() {
  constexpr int64_t kMebibyte = int64_t{1} << 20;
  constexpr int64_t kDay = int64_t{24} * 3'600;
  std::vector<Key> keys = ListenKeys();
  keys.push_back({"site", Path(&config_->site)});
  keys.push_back({"data", Path(&config_->data)});
  keys.push_back({"key_file", Path(&config_->key_file)});
  keys.push_back({"tls", Table({{"certificate", Path(&config_->certificate)},
                                {"key", Path(&config_->certificate_key)}})});
  keys.push_back({"metrics", Table({{"host",
                                     [this, read = ListenAddress(&config_->metrics_address)](
                                         const toml::node& node, const std::string& key) {
                                       read(node, key);
                                       if (good() && !IsLoopback(config_->metrics_address)) {
                                         Refuse(node, StrCat(key, " is an address of loopback."));
                                       }
                                     }},
                                    {"port", Number(0, kMaxPort, [this](int64_t port) {
                                       config_->metrics_port = static_cast<int>(port);
                                     })}})});
  keys.push_back(
      {"accounts",
       Table({{"registration", Choice(std::to_array<std::pair<std::string_view, Registration>>(
                                          {{"closed", Registration::kClosed},
                                           {"invitation", Registration::kInvitation},
                                           {"open", Registration::kOpen}}),
                                      &config_->registration)},
              {"failures_per_address_and_minute", Number(0, 1'000'000, [this](int64_t failures) {
                 config_->failures_per_address_and_minute = static_cast<int>(failures);
               })}})});
  keys.push_back(
      {"storage",
       Table({{"mode", Choice(std::to_array<std::pair<std::string_view, StorageMode>>(
                                  {{"off", StorageMode::kOff},
                                   {"e2e", StorageMode::kEndToEnd},
                                   {"server", StorageMode::kServer}}),
                              &config_->storage)},
              {"max_object_bytes", Number(kMebibyte, 1'024 * kMebibyte,
                                          [this](int64_t bytes) {
                                            config_->max_object_bytes =
                                                static_cast<uint64_t>(bytes);
                                          })},
              {"quota_bytes", Number(kMebibyte, kMebibyte * kMebibyte, [this](int64_t bytes) {
                 config_->quota_bytes = static_cast<uint64_t>(bytes);
               })}})});
  keys.push_back(
      {"sessions", Table({{"idle_seconds", Number(60, kDay,
                                                  [this](int64_t time) {
                                                    config_->session_idle =
                                                        std::chrono::seconds(time);
                                                  })},
                          {"absolute_seconds", Number(60, 30 * kDay, [this](int64_t time) {
                             config_->session_absolute = std::chrono::seconds(time);
                           })}})});
  return keys;
}  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): what a std::function in a key holds

}  // namespace

Status ReadConfig(std::string_view text, const std::string& name, Config* config) {
  if (text.size() > kMaxConfigBytes) {
    return Fail(ErrorCode::kInvalidArgument,
                "% is larger than % bytes (kMaxConfigBytes). Is it the configuration?", name,
                kMaxConfigBytes);
  }
  ASSIGN_OR_RETURN(const toml::table table, ParseToml(name, text));
  return ConfigReader(name, config).Read(table);
}

}  // namespace insitu
