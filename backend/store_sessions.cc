#include "backend/store_sessions.h"

#include "backend/sql.h"

namespace insitu {
namespace {

Session ReadSession(const Statement& row) {
  Session session;
  session.token_hash = row.Blob(0);
  session.id = row.Text(1);
  session.user_id = row.Text(2);
  session.created_at = row.Integer(3);
  session.last_seen_at = row.Integer(4);
  session.expires_at = row.Integer(5);
  session.auth_at = row.Integer(6);
  session.amr = row.Text(7);
  session.address = row.Text(8);
  session.browser = row.Text(9);
  return session;
}

}  // namespace

Result<bool> StartSession(Transaction& transaction, const Session& session,
                          int64_t expected_credential_version, int64_t max_sessions) {
  ASSIGN_OR_RETURN(const bool started, transaction.Prepare(sql::kStartSession)
                                           .BindBlob(1, session.token_hash)
                                           .Bind(2, session.id)
                                           .Bind(3, session.user_id)
                                           .Bind(4, session.created_at)
                                           .Bind(5, session.last_seen_at)
                                           .Bind(6, session.expires_at)
                                           .Bind(7, session.auth_at)
                                           .Bind(8, session.amr)
                                           .Bind(9, session.address)
                                           .Bind(10, session.browser)
                                           .Bind(11, expected_credential_version)
                                           .RunToOne());
  if (!started) return false;
  RETURN_IF_ERROR(
      transaction.Prepare(sql::kForgetFailedSignIns).Bind(1, session.user_id).RunToStatus());
  RETURN_IF_ERROR(transaction.Prepare(sql::kEndSessionsBeyond)
                      .Bind(1, session.user_id)
                      .Bind(2, max_sessions)
                      .RunToStatus());
  return true;
}

Result<std::optional<SignedIn>> FindSession(Transaction& transaction, std::string_view token_hash,
                                            int64_t seen_after, int64_t now) {
  Statement& find = transaction.Prepare(sql::kFindSession)
                        .BindBlob(1, token_hash)
                        .Bind(2, seen_after)
                        .Bind(3, now);
  ASSIGN_OR_RETURN(const bool row, find.Step());
  if (!row) return std::optional<SignedIn>();
  return std::optional<SignedIn>(
      {.session = ReadSession(find), .user = ReadUser(find, sql::kSessionColumns)});
}

Result<bool> TouchSession(Transaction& transaction, std::string_view token_hash,
                          std::string_view address, int64_t now) {
  return transaction.Prepare(sql::kTouchSession)
      .BindBlob(1, token_hash)
      .Bind(2, address)
      .Bind(3, now)
      .RunToOne();
}

Result<bool> RotateSession(Transaction& transaction, std::string_view token_hash,
                           std::string_view new_token_hash, int64_t auth_at, std::string_view amr,
                           int64_t now) {
  return transaction.Prepare(sql::kRotateSession)
      .BindBlob(1, token_hash)
      .BindBlob(2, new_token_hash)
      .Bind(3, auth_at)
      .Bind(4, amr)
      .Bind(5, now)
      .RunToOne();
}

Result<bool> EndSession(Transaction& transaction, std::string_view token_hash) {
  return transaction.Prepare(sql::kEndSession).BindBlob(1, token_hash).RunToOne();
}

Result<bool> EndSessionById(Transaction& transaction, std::string_view user_id,
                            std::string_view session_id) {
  return transaction.Prepare(sql::kEndSessionById).Bind(1, user_id).Bind(2, session_id).RunToOne();
}

Result<int64_t> EndOtherSessions(Transaction& transaction, std::string_view user_id,
                                 std::string_view kept_session_id) {
  return transaction.Prepare(sql::kEndOtherSessions)
      .Bind(1, user_id)
      .Bind(2, kept_session_id)
      .Run();
}

Result<int64_t> EndAllSessions(Transaction& transaction) {
  return transaction.Prepare(sql::kEndAllSessions).Run();
}

Result<std::vector<Session>> ListSessions(Transaction& transaction, std::string_view user_id,
                                          int64_t seen_after, int64_t now) {
  Statement& list =
      transaction.Prepare(sql::kListSessions).Bind(1, user_id).Bind(2, seen_after).Bind(3, now);
  std::vector<Session> sessions;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, list.Step());
    if (!row) return sessions;
    sessions.push_back(ReadSession(list));
  }
}

Result<int64_t> CountSessions(Transaction& transaction) {
  Statement& count = transaction.Prepare(sql::kCountSessions);
  ASSIGN_OR_RETURN(const bool row, count.Step());
  return row ? count.Integer(0) : int64_t{0};
}

Result<int64_t> SweepSessions(Transaction& transaction, int64_t seen_after, int64_t now) {
  return transaction.Prepare(sql::kSweepSessions).Bind(1, seen_after).Bind(2, now).Run();
}

}  // namespace insitu
