// The schema's history. A migration that was released never changes: each database keeps the
// checksums of those it went through, and one with another history is refused.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "backend/sqlite.h"
#include "shared/result.h"

namespace insitu {

struct Migration {
  const char* name;
  const char* script;  // of sql.h
};

// In their order: the first makes version 1.
std::span<const Migration> Migrations();

// Brings a database, through its writing connection, to the last version: each step in a
// transaction of its own, and before each, but on a database that was empty, a copy in
// `backups`/before-VERSION.db. Refuses a newer schema and another history, and changes nothing
// then.
Status Migrate(SqlConnection* connection, std::span<const Migration> migrations,
               const std::filesystem::path& backups, int64_t now);

// The version of a database, which must have the history that the migrations tell; 0 if it is
// empty.
Result<int64_t> SchemaVersion(SqlConnection* connection, std::span<const Migration> migrations);

}  // namespace insitu
