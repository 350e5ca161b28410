// libFuzzer: arbitrary bytes as each of the small texts that are read: lists of films and of their
// models, of cases and of their counts, names of patches, the site's policy, a backup's manifest,
// digests, names and hashes. What is taken is what the parser promises.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "backend/content_digest.h"
#include "backend/manifest.h"
#include "backend/password_hash.h"
#include "backend/site_policy.h"
#include "backend/username.h"
#include "model/calibration.h"
#include "model/dataset.h"
#include "model/film_models.h"
#include "model/film_set.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

template <typename T>
bool Taken(const insitu::Result<T>& read) {
  if (!read.ok()) Require(!read.error().message.empty());
  return read.ok();
}

void ReadSet(std::string_view text) {
  if (const auto films = insitu::ParseFilmLabels(text); Taken(films)) {
    for (const insitu::Film& film : films.value()) Require(!film.id.empty() && !film.woman.empty());
  }
  if (const auto models = insitu::ParseFilmModels(text, "folder"); Taken(models)) {
    Require(!models.value().empty() && !models.value().back().empty());
  }
  if (const auto cases = insitu::ParseCaseList(text, "cases.txt"); Taken(cases)) {
    Require(!cases.value().empty());
    for (const std::string& id : cases.value()) {
      Require(!id.empty() && id.find_first_of(" \t\r\n") == std::string::npos);
    }
  }
  if (const auto counts = insitu::ParseCaseCounts(std::string(text), "counts"); Taken(counts)) {
    for (const auto& [id, labels] : counts.value()) {
      Require(std::all_of(labels.begin(), labels.end(), [](double n) { return n >= 0; }));
    }
  }
  if (const auto patch = insitu::ParsePatchName(text); Taken(patch)) {
    Require(!patch.value().case_id.empty());
    Require(patch.value().label == 0 || patch.value().label == 1);
  }
}

void ReadServers(std::string_view text) {
  if (const auto policy = insitu::ParseSitePolicy(std::string(text)); Taken(policy)) {
    Require(policy.value().page.find_first_of("\r\n") == std::string::npos);
    Require(policy.value().page.find("frame-ancestors") != std::string::npos);
  }
  if (const auto manifest = insitu::ParseManifest(text, "backup"); Taken(manifest)) {
    for (const auto& [path, file] : manifest.value().files) {
      Require(path.find("..") == std::string::npos && !path.starts_with('/'));
      Require(file.sha256.size() == 64);
    }
  }
  if (const auto digest = insitu::ParseContentDigest(text)) Require(digest->size() == 32);
  if (const auto phc = insitu::ParsePhc(text)) Require(insitu::FormatPhc(*phc) == text);
  (void)insitu::ParseUsername(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ReadSet(text);
  ReadServers(text);
  return 0;
}
