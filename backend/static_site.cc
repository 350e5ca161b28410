#include "backend/static_site.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "backend/negotiation.h"
#include "backend/site_policy.h"
#include "shared/sha256.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBrotliSuffix = ".br";
constexpr char kPolicyFile[] = "headers.json";
constexpr char kStartPage[] = "index.html";

constexpr char kForEver[] = "public, max-age=31536000, immutable";
constexpr char kAskFirst[] = "no-cache";

using Contents = std::map<std::string, std::shared_ptr<const std::string>>;  // by name in the site

Error Refuse(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

Status CheckEntry(const fs::directory_entry& entry) {
  const std::string path = entry.path().string();
  if (entry.path().filename().string().starts_with('.')) {
    return Refuse(StrCat("The site holds the hidden file ", path,
                         ", which may not be meant for the public. Take it out of the folder."));
  }
  std::error_code error;
  const fs::file_type type = entry.symlink_status(error).type();
  if (type != fs::file_type::regular && type != fs::file_type::directory) {
    return Refuse(StrCat("The site holds ", path,
                         ", which is a link or not a plain file. Put the file itself there."));
  }
  return {};
}

// Reads one file, of which no more than `room` bytes are wanted.
Result<std::string> ReadFile(const fs::path& path, size_t room) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  if (error) return Refuse(StrCat("Cannot read ", path.string(), ": ", error.message(), "."));
  if (size > room) {
    return Refuse(StrCat("The site is larger than the server holds in memory (kMaxSiteBytes), by ",
                         path.string(), ". Take files out of the folder."));
  }
  std::string bytes(static_cast<size_t>(size), '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    return Refuse(StrCat("Cannot read ", path.string(), " whole: it changed or is not readable."));
  }
  return bytes;
}

Result<Contents> ReadFolder(const fs::path& folder, const SiteLimits& limits) {
  Contents contents;
  size_t total = 0;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    RETURN_IF_ERROR(CheckEntry(*entry));
    if (entry->is_directory(error)) continue;
    if (contents.size() == limits.max_files) {
      return Refuse(StrCat("The site in ", folder.string(), " has more than ", limits.max_files,
                           " files (kMaxSiteFiles). Is this the folder of the built site?"));
    }
    ASSIGN_OR_RETURN(std::string bytes, ReadFile(entry->path(), limits.max_bytes - total));
    total += bytes.size();
    contents.emplace(entry->path().lexically_relative(folder).generic_string(),
                     std::make_shared<const std::string>(std::move(bytes)));
  }
  if (error) {
    return Refuse(StrCat("Cannot read the site in ", folder.string(), ": ", error.message(),
                         ". Build the site first, or name its folder with --site."));
  }
  return contents;
}

std::string StrongTag(const std::string& bytes) {
  constexpr size_t kDigits = 32;  // 128 bits: two forms of a file never share a tag by chance
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  const Sha256Digest digest = Sha256(std::span(data, bytes.size()));
  return StrCat("\"", HexDigits(digest).substr(0, kDigits), "\"");
}

Status CheckNames(const Contents& contents, const SitePolicy& policy) {
  if (!contents.contains(kStartPage)) {
    return Refuse("The site has no index.html. Name the folder of the built site with --site.");
  }
  for (const auto& [name, bytes] : contents) {
    if (!name.ends_with(kBrotliSuffix)) continue;
    const std::string plain = name.substr(0, name.size() - kBrotliSuffix.size());
    if (!contents.contains(plain)) {
      return Refuse(StrCat("The site holds ", name, " without ", plain, ". Build the site again."));
    }
  }
  for (const std::string& worker : policy.workers) {
    if (!contents.contains(worker)) {
      return Refuse(StrCat("The site's headers.json names the worker ", worker,
                           ", which is not there. Build the site again."));
    }
  }
  return {};
}

}  // namespace

Result<StaticSite> StaticSite::Load(const fs::path& folder, const SiteLimits& limits) {
  ASSIGN_OR_RETURN(Contents contents, ReadFolder(folder, limits));
  const auto policy_file = contents.find(kPolicyFile);
  if (policy_file == contents.end()) {
    return Refuse(StrCat("The site in ", folder.string(),
                         " has no headers.json with its Content-Security-Policy. Build it again."));
  }
  ASSIGN_OR_RETURN(const SitePolicy policy, ParseSitePolicy(*policy_file->second));
  contents.erase(policy_file);
  contents.erase(StrCat(kPolicyFile, kBrotliSuffix));
  RETURN_IF_ERROR(CheckNames(contents, policy));

  StaticSite site;
  for (const auto& [name, bytes] : contents) {
    site.bytes_ += bytes->size();
    if (name.ends_with(kBrotliSuffix)) continue;
    const bool worker =
        std::find(policy.workers.begin(), policy.workers.end(), name) != policy.workers.end();
    File file{.plain = {bytes, StrongTag(*bytes)},
              .brotli = std::nullopt,
              .content_type = ContentTypeOf(name),
              .cache_control = HasContentHash(name) ? kForEver : kAskFirst,
              .policy = worker ? policy.worker : policy.page};
    const auto brotli = contents.find(StrCat(name, kBrotliSuffix));
    if (brotli != contents.end()) {
      file.brotli = Representation{brotli->second, StrongTag(*brotli->second)};
    }
    site.files_.emplace(StrCat("/", name), std::move(file));
  }
  return site;
}

Response StaticSite::Serve(const Request& request) const {
  const auto found = files_.find(request.path == "/" ? StrCat("/", kStartPage) : request.path);
  if (found == files_.end()) return ErrorReply(404);
  const File& file = found->second;
  const bool brotli =
      file.brotli && PrefersBrotli(request.Find("Accept-Encoding").value_or(std::string()));
  const Representation& chosen = brotli ? *file.brotli : file.plain;

  Response reply;
  reply.headers = {{"Cache-Control", file.cache_control},
                   {"Content-Security-Policy", file.policy},
                   {"ETag", chosen.etag}};
  if (file.brotli) reply.headers.push_back({"Vary", "Accept-Encoding"});
  if (NamesTag(request.Find("If-None-Match").value_or(std::string()), chosen.etag)) {
    reply.status = 304;
    return reply;
  }
  reply.headers.push_back({"Accept-Ranges", "none"});
  if (brotli) reply.headers.push_back({"Content-Encoding", "br"});
  reply.content_type = file.content_type;
  reply.body = chosen.bytes;
  return reply;
}

std::string ContentTypeOf(const std::string& name) {
  struct Type {
    std::string_view extension;
    const char* content_type;
  };
  static constexpr auto kTypes = std::to_array<Type>({
      {".css", "text/css; charset=utf-8"},
      {".html", "text/html; charset=utf-8"},
      {".ico", "image/x-icon"},
      {".jpg", "image/jpeg"},
      {".js", "text/javascript; charset=utf-8"},
      {".json", "application/json"},
      {".map", "application/json"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".onnx", "application/octet-stream"},
      {".png", "image/png"},
      {".svg", "image/svg+xml"},
      {".txt", "text/plain; charset=utf-8"},
      {".wasm", "application/wasm"},
      {".webmanifest", "application/manifest+json"},
      {".woff2", "font/woff2"},
  });
  for (const Type& type : kTypes) {
    if (name.ends_with(type.extension)) return type.content_type;
  }
  return "application/octet-stream";
}

bool HasContentHash(const std::string& name) {
  constexpr size_t kHashDigits = 10;
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  const size_t file_start = name.rfind('/') + 1;  // npos + 1 is 0
  for (size_t dash = name.find('-', file_start); dash != std::string::npos;
       dash = name.find('-', dash + 1)) {
    const size_t dot = dash + 1 + kHashDigits;
    if (dash == file_start || dot >= name.size() || name[dot] != '.') continue;
    const std::string_view hash = std::string_view(name).substr(dash + 1, kHashDigits);
    if (hash.find_first_not_of(kHexDigits) == std::string_view::npos) return true;
  }
  return false;
}

}  // namespace insitu
