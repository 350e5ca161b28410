#include "model/evaluation_checkpoint.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "model/files.h"
#include "shared/sha256.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

// A line is so many digits of the SHA-256 of the JSON after them, a blank, and the JSON.
constexpr size_t kDigits = 16;
constexpr int kFormat = 1;  // of the lines' JSON

std::string Digest(std::string_view text) {
  return HexDigits(Sha256({reinterpret_cast<const uint8_t*>(text.data()), text.size()}));
}

std::string LineOf(const Json& json) {
  const std::string text = ToText(json, false);
  return StrCat(Digest(text).substr(0, kDigits), " ", text, "\n");
}

// Nothing of what is no JSON, or nested too deeply.
Json Parsed(std::string_view text) {
  bool too_deep = false;
  Json json = Json::parse(
      text,
      [&too_deep](int depth, Json::parse_event_t event, const Json&) {
        const bool opens =
            event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
        too_deep = too_deep || (opens && depth >= kMaxCheckpointDepth);
        return !too_deep;
      },
      false);
  return too_deep ? Json() : json;
}

// The JSON of a line without its end; nothing of one that is damaged.
std::optional<Json> ContentOf(std::string_view line) {
  if (line.size() <= kDigits || line[kDigits] != ' ') return std::nullopt;
  const std::string_view text = line.substr(kDigits + 1);
  if (Digest(text).substr(0, kDigits) != line.substr(0, kDigits)) return std::nullopt;
  std::optional<Json> json(Parsed(text));
  if (!json->is_object()) return std::nullopt;
  return json;
}

Json HeaderOf(const CheckpointSubject& subject) {
  return {{"checkpoint", kFormat},
          {"command", subject.command},
          {"model", subject.model_sha256},
          {"items", Digest(subject.items)}};
}

Error Refuse(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

Error Damaged(size_t line) {
  return Refuse(StrCat("Line ", line, " is damaged; remove the file and evaluate from the start."));
}

Error Unwritable() {
  return Refuse(StrCat("The file cannot be written: ", std::strerror(errno), "."));
}

Status CheckHeader(std::string_view line, const CheckpointSubject& subject) {
  constexpr std::string_view kElse = ", or another file with --checkpoint.";
  const std::optional<Json> header = ContentOf(line);
  const Json wanted = HeaderOf(subject);
  const auto differs = [&](const char* key) {
    return !header->contains(key) || (*header)[key] != wanted[key];
  };
  if (!header || differs("checkpoint") || differs("command")) {
    return Refuse(StrCat("It is no checkpoint of this program's ", subject.command,
                         ", or its first line is damaged; give another file with --checkpoint."));
  }
  if (differs("model")) {
    return Refuse(StrCat("It is of a model with another SHA-256 than ", subject.model_sha256,
                         "; give the model that it was begun with", kElse));
  }
  if (differs("items")) {
    return Refuse(StrCat("It was begun on other images, labels or folds; give those", kElse));
  }
  return {};
}

}  // namespace

Result<EvaluationCheckpoint> EvaluationCheckpoint::Open(const std::string& path,
                                                        const CheckpointSubject& subject,
                                                        size_t limit) {
  EvaluationCheckpoint checkpoint;
  if (path.empty()) return checkpoint;
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    const auto bytes = ReadFile(path, limit, ErrorCode::kInvalidArgument);
    if (!bytes.ok()) return Located(path, bytes.error());
    const auto* text = reinterpret_cast<const char*>(bytes.value().data());
    auto read = Parse({text, bytes.value().size()}, subject);
    if (!read.ok()) return Located(path, read.error());
    checkpoint = TakeValue(&read);
    std::filesystem::resize_file(path, checkpoint.size_, error);
    if (error) return Located(path, Refuse(StrCat("It cannot be cut: ", error.message(), ".")));
  } else {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  }
  checkpoint.path_ = path;
  checkpoint.limit_ = limit;
  checkpoint.file_.open(path, std::ios::binary | std::ios::app);
  if (!checkpoint.file_) return Located(path, Unwritable());
  if (checkpoint.size_ == 0) RETURN_IF_ERROR(checkpoint.Append(LineOf(HeaderOf(subject))));
  return checkpoint;
}

Result<EvaluationCheckpoint> EvaluationCheckpoint::Parse(std::string_view text,
                                                         const CheckpointSubject& subject) {
  EvaluationCheckpoint checkpoint;
  RETURN_IF_ERROR(checkpoint.ReadLines(text, subject));
  return checkpoint;
}

Result<const Json*> EvaluationCheckpoint::Find(const CheckpointItem& item) const {
  const auto found = kept_.find(item.index);
  if (found == kept_.end()) return static_cast<const Json*>(nullptr);
  if (found->second.sha256 != HexDigits(Sha256(item.bytes))) {
    return Located(path_, Refuse(StrCat("The image ", item.file, " has changed since it was read; ",
                                        "give another file with --checkpoint.")));
  }
  return &found->second.answer;
}

Status EvaluationCheckpoint::Keep(const CheckpointItem& item, const Json& answer) {
  if (path_.empty()) return {};
  return Append(LineOf({{"index", item.index},
                        {"file", item.file},
                        {"sha256", HexDigits(Sha256(item.bytes))},
                        {"answer", answer}}));
}

Error EvaluationCheckpoint::Unusable(const CheckpointItem& item) const {
  return Located(path_,
                 Refuse(StrCat("The answer for ", item.file, " is not of the form it should ",
                               "have; remove the file and evaluate from the start.")));
}

Status EvaluationCheckpoint::ReadLines(std::string_view text, const CheckpointSubject& subject) {
  const std::string header = LineOf(HeaderOf(subject));
  if (header.starts_with(text) && text != header) return {};  // ended while it wrote the first line
  for (size_t line = 1; !text.empty(); ++line) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos && line > 1) break;
    if (line == 1) {
      RETURN_IF_ERROR(CheckHeader(text.substr(0, end), subject));
    } else if (!ReadLine(text.substr(0, end))) {
      return Damaged(line);
    }
    size_ += end + 1;
    text.remove_prefix(end + 1);
  }
  return {};
}

bool EvaluationCheckpoint::ReadLine(std::string_view line) {
  const std::optional<Json> read = ContentOf(line);
  if (!read || !read->contains("answer")) return false;
  const auto index = read->find("index");
  const auto sha256 = read->find("sha256");
  if (index == read->end() || !index->is_number_unsigned()) return false;
  if (sha256 == read->end() || !sha256->is_string()) return false;
  const Kept kept{sha256->get<std::string>(), (*read)["answer"]};
  const auto [known, is_new] = kept_.emplace(index->get<size_t>(), kept);
  // Two runs at a time write the same answer twice.
  return is_new || (known->second.sha256 == kept.sha256 && known->second.answer == kept.answer);
}

Status EvaluationCheckpoint::Append(const std::string& line) {
  if (size_ + line.size() > limit_) {
    return Located(path_,
                   Refuse(StrCat("It would have more than ", limit_, " bytes, which are the ",
                                 "most that are read; evaluate fewer images at a time, or ",
                                 "without --checkpoint.")));
  }
  file_ << line << std::flush;
  if (!file_) return Located(path_, Unwritable());
  size_ += line.size();
  return {};
}

}  // namespace insitu
