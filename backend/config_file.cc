#include "backend/config_file.h"

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "backend/limits.h"
#include "shared/str_cat.h"
#include "shared/toml.h"

namespace insitu {
namespace {

// One file while it is read: keeps the first fault.
class ConfigReader {
 public:
  ConfigReader(std::string name, Config* config) : name_(std::move(name)), config_(config) {}

  Status Read(const toml::table& file) {
    ReadTable(file, "", Keys());
    if (fault_.empty()) return {};
    return Fail(ErrorCode::kInvalidArgument, fault_);
  }

 private:
  // Reads the value of a key into the config; full_key is for messages.
  using ReadValue = std::function<void(const toml::node&, const std::string& full_key)>;
  struct Key {
    std::string_view name;
    ReadValue read;
  };

  std::vector<Key> Keys();
  std::vector<Key> ListenKeys();

  void Refuse(const toml::node& node, const std::string& message) {
    if (fault_.empty()) fault_ = StrCat(name_, ", line ", node.source().begin.line, ": ", message);
  }

  void ReadTable(const toml::table& table, const std::string& prefix,
                 const std::vector<Key>& keys) {
    for (const auto& [key, node] : table) {
      const std::string full_key = StrCat(prefix, key.str());
      const Key* known = nullptr;
      std::string names;
      for (const Key& candidate : keys) {
        if (candidate.name == key.str()) known = &candidate;
        names += StrCat(names.empty() ? "" : ", ", candidate.name);
      }
      if (known == nullptr) {
        Refuse(node, StrCat("there is no setting ", full_key, ". Here are: ", names, "."));
      } else {
        known->read(node, full_key);
      }
    }
  }

  ReadValue Table(std::vector<Key> keys) {
    return [this, keys = std::move(keys)](const toml::node& node, const std::string& key) {
      const toml::table* table = node.as_table();
      if (table == nullptr) return Refuse(node, StrCat(key, " is a table: [", key, "]."));
      ReadTable(*table, StrCat(key, "."), keys);
    };
  }

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

  ReadValue Flag(bool* flag) {
    return [this, flag](const toml::node& node, const std::string& key) {
      const auto* value = node.as_boolean();
      if (value == nullptr) return Refuse(node, StrCat(key, " is true or false."));
      *flag = value->get();
    };
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
  ReadValue Choice(std::array<std::pair<std::string_view, Enum>, kCount> choices, Enum* chosen) {
    return [this, choices, chosen](const toml::node& node, const std::string& key) {
      const auto* text = node.as_string();
      std::string names;
      for (const auto& [name, value] : choices) {
        names += StrCat(names.empty() ? "" : ", ", "\"", name, "\"");
        if (text == nullptr || text->get() != name) continue;
        *chosen = value;
        return;
      }
      Refuse(node, StrCat(key, " is one of ", names, "."));
    };
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

  const std::string name_;
  Config* const config_;
  std::string fault_;
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
  constexpr int64_t kDay = 24 * 3'600;
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
                                       if (fault_.empty() &&
                                           !IsLoopback(config_->metrics_address)) {
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
}

}  // namespace

Status ReadConfig(std::string_view text, const std::string& name, Config* config) {
  if (text.size() > kMaxConfigBytes) {
    return Fail(ErrorCode::kInvalidArgument,
                "% is larger than % bytes (kMaxConfigBytes). Is it the configuration?", name,
                kMaxConfigBytes);
  }
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return Fail(ErrorCode::kInvalidArgument, "%, line %: %.", name,
                parsed.error().source().begin.line, parsed.error().description());
  }
  return ConfigReader(name, config).Read(parsed.table());
}

}  // namespace insitu
