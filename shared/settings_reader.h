// Settings in TOML, for every program that has some: unknown keys are refused with the known ones,
// and the first fault is kept with its line.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/result.h"
#include "shared/str_cat.h"
#include "shared/toml.h"

namespace insitu {

// name: of the text, for messages. Errors: kInvalidArgument, with the line.
inline Result<toml::table> ParseToml(const std::string& name, std::string_view text) {
  toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return Fail(ErrorCode::kInvalidArgument, "%, line %: %.", name,
                parsed.error().source().begin.line, parsed.error().description());
  }
  return std::move(parsed).table();
}

// One text while it is read. What it hands out refers to it.
class SettingsReader {
 public:
  // Takes the value of a key; full_key is for messages.
  using ReadValue = std::function<void(const toml::node&, const std::string& full_key)>;
  struct Key {
    std::string_view name;
    ReadValue read;
  };

  explicit SettingsReader(std::string name) : name_(std::move(name)) {}
  SettingsReader(const SettingsReader&) = delete;  // what it handed out refers to it
  SettingsReader& operator=(const SettingsReader&) = delete;

  // The first fault, as kInvalidArgument.
  Status status() const {
    if (fault_.empty()) return {};
    return Fail(ErrorCode::kInvalidArgument, "%", fault_);
  }
  bool good() const { return fault_.empty(); }

  void Refuse(const toml::node& node, const std::string& message) {
    if (fault_.empty()) fault_ = StrCat(name_, ", line ", node.source().begin.line, ": ", message);
  }

  // prefix: of the keys, for messages; "" or ends in a dot.
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

  ReadValue Flag(bool* flag) {
    return [this, flag](const toml::node& node, const std::string& key) {
      const auto* value = node.as_boolean();
      if (value == nullptr) return Refuse(node, StrCat(key, " is true or false."));
      *flag = value->get();
    };
  }

  // take: gets the index of the text among the names.
  ReadValue Choice(std::vector<std::string_view> names, std::function<void(size_t)> take) {
    return [this, names = std::move(names), take = std::move(take)](const toml::node& node,
                                                                    const std::string& key) {
      const auto* text = node.as_string();
      std::string all;
      for (size_t i = 0; i < names.size(); ++i) {
        if (text != nullptr && text->get() == names[i]) return take(i);
        all += StrCat(all.empty() ? "" : ", ", "\"", names[i], "\"");
      }
      Refuse(node, StrCat(key, " is one of ", all, "."));
    };
  }

 private:
  const std::string name_;
  std::string fault_;
};

}  // namespace insitu
