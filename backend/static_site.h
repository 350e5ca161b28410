// The built site, read into memory once: a closed table of exact names. There is no path to
// follow, so none can lead out of the folder; a file that changes is served after a restart.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "backend/http.h"
#include "backend/limits.h"
#include "shared/result.h"

namespace insitu {

// Immutable once loaded: any number of threads may read it.
class StaticSite {
 public:
  // Reads every file below the folder. Beside the site's files it may hold
  //   headers.json  {"csp": POLICY, "worker_csp": POLICY, "workers": [FILE, …]}: the
  //                 Content-Security-Policy of the site and of its worker scripts. Needed, not
  //                 served. "frame-ancestors 'none'" is added to both.
  //   NAME.br       NAME compressed by brotli; sent in its place to who accepts it.
  // Fails with one sentence if the folder cannot be read or has no index.html, on a link, a hidden
  // file or a NAME.br without NAME, on a headers.json that is not understood, or beyond the limits.
  static Result<StaticSite> Load(const std::filesystem::path& folder,
                                 const SiteLimits& limits = {});

  // Answers GET and HEAD: 200, 304 where If-None-Match names the file as it is, or 404.
  Response Serve(const Request& request) const;

  size_t file_count() const { return files_.size(); }
  size_t bytes() const { return bytes_; }  // of all files with their brotli forms

 private:
  struct Representation {
    std::shared_ptr<const std::string> bytes;
    std::string etag;  // strong, from the bytes: each representation has its own
  };
  struct File {
    Representation plain;
    std::optional<Representation> brotli;
    std::string content_type;
    const char* cache_control = nullptr;
    std::string policy;
  };

  std::unordered_map<std::string, File> files_;  // by path: "/app-0a1b2c3d4e.js"
  size_t bytes_ = 0;
};

// Content type by the extension of a file name; application/octet-stream for any other.
std::string ContentTypeOf(const std::string& name);

// True for a name that carries a hash of its content, "app-0a1b2c3d4e.js" and
// "app-0a1b2c3d4e.js.map": what it names never changes, so a browser may keep it.
bool HasContentHash(const std::string& name);

}  // namespace insitu
