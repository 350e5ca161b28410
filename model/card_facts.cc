#include "model/card_facts.h"

#include <filesystem>
#include <set>
#include <span>
#include <string_view>

#include "model/checklists.h"
#include "model/files.h"
#include "shared/settings_reader.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr size_t kMaxFactsBytes = size_t{1} << 20;

Failed Refuse(const std::string& message) { return Fail(ErrorCode::kInvalidArgument, message); }

Result<toml::table> ReadToml(const std::filesystem::path& path) {
  const auto bytes = ReadFile(path, kMaxFactsBytes, ErrorCode::kInvalidArgument);
  if (!bytes.ok()) return Located(path, bytes.error());
  const std::string text(bytes.value().begin(), bytes.value().end());
  return ParseToml(path.string(), text);
}

// Adds to facts what only base has; tables are joined key by key.
void AddBase(const toml::table& base, toml::table* facts) {
  for (const auto& [key, node] : base) {
    toml::table* own = (*facts)[key].as_table();
    if (own != nullptr && node.is_table()) {
      AddBase(*node.as_table(), own);
    } else if (!facts->contains(key)) {
      facts->insert(key, node);
    }
  }
}

Result<toml::table> ReadWithBase(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(toml::table facts, ReadToml(path));
  const auto base = facts["base"].value<std::string>();
  if (!base) return facts;
  facts.erase("base");
  ASSIGN_OR_RETURN(const toml::table other, ReadToml(path.parent_path() / *base));
  AddBase(other, &facts);
  return facts;
}

// Takes keys out of a table and keeps the first fault.
class FactsReader {
 public:
  FactsReader(const std::string& path, toml::table* table) : path_(path), table_(table) {}

  bool Has(std::string_view key) const { return table_->contains(key); }

  std::string Text(std::string_view key) {
    const auto text = (*table_)[key].value<std::string>();
    if (!text || text->empty()) Fault(StrCat(key, " has to be a text in quotes"));
    table_->erase(key);
    return text.value_or("");
  }

  Paragraphs Texts(std::string_view key) {
    Paragraphs texts;
    if (const toml::array* array = (*table_)[key].as_array()) {
      for (const toml::node& node : *array) texts.push_back(node.value_or(std::string()));
    }
    bool all = !texts.empty();
    for (const std::string& text : texts) all = all && !text.empty();
    if (!all) Fault(StrCat(key, " has to be a list of texts: [\"…\", \"…\"]"));
    table_->erase(key);
    return texts;
  }

  std::vector<PublishedBar> Published() {
    std::vector<PublishedBar> bars;
    if (const toml::array* array = (*table_)["published"].as_array()) {
      for (const toml::node& node : *array) {
        if (const toml::table* bar = node.as_table()) bars.push_back(ReadBar(*bar));
      }
    }
    table_->erase("published");
    return bars;
  }

  std::map<std::string, std::string> Answers(std::string_view key,
                                             std::span<const ChecklistItem> items) {
    std::map<std::string, std::string> answers;
    std::set<std::string_view> known;
    const toml::table* table = (*table_)[key].as_table();
    for (const ChecklistItem& item : items) {
      known.insert(item.number);
      const auto answer =
          table == nullptr ? std::nullopt : (*table)[item.number].value<std::string>();
      if (!answer || answer->empty()) {
        Fault(StrCat("[", key, "] does not answer item ", item.number, ", ", item.topic));
      }
      answers[std::string(item.number)] = answer.value_or("");
    }
    if (table != nullptr) {
      for (const auto& [number, node] : *table) {
        if (!known.contains(number.str())) Fault(StrCat("[", key, "] has no item ", number.str()));
      }
    }
    table_->erase(key);
    return answers;
  }

  Status Done() {
    for (const auto& [key, node] : *table_) Fault(StrCat("there is no key ", key.str()));
    if (fault_.empty()) return {};
    return Refuse(StrCat(path_, ": ", fault_, "."));
  }

 private:
  PublishedBar ReadBar(const toml::table& bar) {
    const auto bac = bar["bac"].value<double>();
    const auto f1 = bar["f1"].value<double>();
    if (!bac || !f1 || !bar["who"].is_string() || !bar["model"].is_string()) {
      Fault("[[published]] needs who, model, bac and f1");
    }
    return {bar["who"].value_or(std::string()), bar["model"].value_or(std::string()),
            bac.value_or(0), f1.value_or(0), bar["f1_note"].value_or(std::string())};
  }

  void Fault(const std::string& fault) {
    if (fault_.empty()) fault_ = fault;
  }

  std::string path_;
  toml::table* table_;
  std::string fault_;
};

}  // namespace

Result<CardFacts> ReadCardFacts(const std::string& path) {
  ASSIGN_OR_RETURN(toml::table table, ReadWithBase(path));
  FactsReader reader(path, &table);
  CardFacts facts;
  facts.command = reader.Has("command") ? reader.Text("command") : "evaluate";
  facts.evaluate = reader.Text("evaluate");
  facts.summary = reader.Texts("summary");
  facts.intended = reader.Texts("intended");
  facts.excluded = reader.Texts("excluded");
  facts.data = reader.Texts("data");
  facts.split = reader.Texts("split");
  facts.calibration = reader.Texts("calibration");
  facts.failures = reader.Texts("failures");
  facts.is_not = reader.Texts("is_not");
  facts.licences = reader.Texts("licences");
  facts.references = reader.Texts("references");
  facts.published = reader.Published();
  facts.published_notes = reader.Texts("published_notes");
  facts.claim = reader.Answers("claim", kClaim);
  facts.tripod = reader.Answers("tripod", kTripod);
  RETURN_IF_ERROR(reader.Done());
  return facts;
}

}  // namespace insitu
