// The audit log: rows that are only ever added, each with the SHA-256 of itself and of the hash
// before it, so that a row changed, taken out or put in shows. Written in the same job as what it
// records.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/database.h"
#include "shared/result.h"

namespace insitu {

struct AuditEvent {
  std::string actor;    // a user's id, "" for nobody known, "admin" for the command line
  std::string address;  // shortened, "" if there is none
  std::string event;    // "sign_in", "password_changed", …
  std::string target;   // an id: of the user, session or object concerned
  std::string outcome;  // "ok" or a problem's code
  std::string detail;   // JSON without secrets or typed names, or ""
};

struct AuditRow : AuditEvent {
  int64_t sequence = 0;  // 1, 2, 3 …
  int64_t at = 0;
  std::string previous_hash;  // 32 bytes; of the first row: zeros
  std::string hash;
};

// Adds an event to the chain, as a step of a job of Database::Write.
Status AppendAudit(Transaction& transaction, const AuditEvent& event, int64_t now);

// Events whose actor or target is that user, oldest first.
Result<std::vector<AuditRow>> ListAuditOfUser(Transaction& transaction, std::string_view user_id,
                                              int64_t limit);

struct AuditHead {
  int64_t rows = 0;
  std::string hash;  // of the last row; zeros without one
};
Result<AuditHead> FindAuditHead(Transaction& transaction);

struct AuditVerdict {
  AuditHead head;
  std::optional<int64_t> broken_at;  // the first sequence number that is missing or does not fit
};

// Reads the whole chain.
Result<AuditVerdict> VerifyAudit(Transaction& transaction);

}  // namespace insitu
