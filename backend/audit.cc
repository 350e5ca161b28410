#include "backend/audit.h"

#include <algorithm>
#include <span>

#include "backend/sql.h"
#include "shared/sha256.h"

namespace insitu {
namespace {

const std::string kZeros(32, '\0');  // NOLINT: allocates at start, nothing to catch

class CanonicalHash {
 public:
  void Add(int64_t number) {
    std::array<uint8_t, 8> bytes;
    for (size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<uint8_t>(static_cast<uint64_t>(number) >> (56 - 8 * i));
    }
    sha256_.Update(bytes);
  }
  // Its length goes before it, so that no two rows are the same bytes.
  void Add(std::string_view text) {
    Add(static_cast<int64_t>(text.size()));
    sha256_.Update({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }
  std::string Finish() {
    const Sha256Digest digest = sha256_.Finish();
    return {digest.begin(), digest.end()};
  }

 private:
  Sha256Stream sha256_;
};

std::string HashOf(const AuditRow& row) {
  CanonicalHash hash;
  hash.Add("insitu/audit/v1");
  hash.Add(row.sequence);
  hash.Add(row.at);
  for (const std::string* text :
       {&row.actor, &row.address, &row.event, &row.target, &row.outcome, &row.detail}) {
    hash.Add(*text);
  }
  hash.Add(row.previous_hash);
  return hash.Finish();
}

AuditRow ReadRow(const Statement& row) {
  AuditRow read;
  read.sequence = row.Integer(0);
  read.at = row.Integer(1);
  read.actor = row.Text(2);
  read.address = row.Text(3);
  read.event = row.Text(4);
  read.target = row.Text(5);
  read.outcome = row.Text(6);
  read.detail = row.Text(7);
  read.previous_hash = row.Blob(8);
  read.hash = row.Blob(9);
  return read;
}

}  // namespace

Result<AuditHead> FindAuditHead(Transaction& transaction) {
  Statement& head = transaction.Prepare(sql::kAuditHead);
  ASSIGN_OR_RETURN(const bool row, head.Step());
  if (!row) return AuditHead{.rows = 0, .hash = kZeros};
  return AuditHead{.rows = head.Integer(0), .hash = head.Blob(1)};
}

Status AppendAudit(Transaction& transaction, const AuditEvent& event, int64_t now) {
  ASSIGN_OR_RETURN(AuditHead head, FindAuditHead(transaction));
  AuditRow row;
  static_cast<AuditEvent&>(row) = event;
  row.sequence = head.rows + 1;
  row.at = now;
  row.previous_hash = std::move(head.hash);
  return transaction.Prepare(sql::kAppendAudit)
      .Bind(1, row.sequence)
      .Bind(2, row.at)
      .Bind(3, row.actor)
      .Bind(4, row.address)
      .Bind(5, row.event)
      .Bind(6, row.target)
      .Bind(7, row.outcome)
      .Bind(8, row.detail)
      .BindBlob(9, row.previous_hash)
      .BindBlob(10, HashOf(row))
      .RunToStatus();
}

Result<std::vector<AuditRow>> ListAuditOfUser(Transaction& transaction, std::string_view user_id,
                                              int64_t limit) {
  Statement& list = transaction.Prepare(sql::kListAuditOfUser).Bind(1, user_id).Bind(2, limit);
  std::vector<AuditRow> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, list.Step());
    if (!row) break;
    rows.push_back(ReadRow(list));
  }
  std::reverse(rows.begin(), rows.end());
  return rows;
}

Result<AuditVerdict> VerifyAudit(Transaction& transaction) {
  Statement& list = transaction.Prepare(sql::kListAudit);
  AuditVerdict verdict{.head = {.rows = 0, .hash = kZeros}, .broken_at = {}};
  while (true) {
    ASSIGN_OR_RETURN(const bool more, list.Step());
    if (!more) return verdict;
    const AuditRow row = ReadRow(list);
    if (row.sequence != verdict.head.rows + 1 || row.previous_hash != verdict.head.hash ||
        row.hash != HashOf(row)) {
      verdict.broken_at = verdict.head.rows + 1;
      return verdict;
    }
    verdict.head = {.rows = row.sequence, .hash = row.hash};
  }
}

}  // namespace insitu
