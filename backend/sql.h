// Every SQL text of the server. It keeps to what SQLite (3.37 or newer) and PostgreSQL have in
// common: $1 parameters, ON CONFLICT, RETURNING, no triggers, an explicit ORDER BY. What the schema
// would have otherwise there: BIGINT for INTEGER, BYTEA for BLOB, no STRICT.
#pragma once

#include "backend/sqlite.h"

namespace insitu::sql {

// --- Connections -------------------------------------------------------------------------------

inline constexpr char kSettings[] =
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA mmap_size = 0;"
    "PRAGMA temp_store = MEMORY;";
// A commit is on the disk when it returns, and what was deleted is overwritten.
inline constexpr char kWriterSettings[] =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA secure_delete = ON;"
    "PRAGMA journal_size_limit = 67108864;";
inline constexpr char kCopySettings[] =
    "PRAGMA journal_mode = DELETE;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA secure_delete = ON;";
inline constexpr char kReaderSettings[] = "PRAGMA query_only = ON;";

inline constexpr Sql kIntegrityCheck = "PRAGMA integrity_check(1)";
inline constexpr Sql kForeignKeyCheck = "PRAGMA foreign_key_check";

inline constexpr char kBeginRead[] = "BEGIN";
inline constexpr char kBeginWrite[] = "BEGIN IMMEDIATE";
inline constexpr char kCommit[] = "COMMIT";
inline constexpr char kRollback[] = "ROLLBACK";
inline constexpr char kSavepoint[] = "SAVEPOINT job";
inline constexpr char kRollbackTo[] = "ROLLBACK TO job";
inline constexpr char kRelease[] = "RELEASE job";

// --- Schema: migrations.cc says which of these makes which version ------------------------------

inline constexpr Sql kHasMigrations =
    "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'";
inline constexpr char kMakeMigrations[] =
    "CREATE TABLE schema_migrations ("
    "  version INTEGER PRIMARY KEY,"
    "  name TEXT NOT NULL,"
    "  sha256 TEXT NOT NULL,"
    "  applied_at INTEGER NOT NULL"
    ") STRICT";
inline constexpr Sql kListMigrations =
    "SELECT version, name, sha256 FROM schema_migrations ORDER BY version";
inline constexpr Sql kAddMigration =
    "INSERT INTO schema_migrations (version, name, sha256, applied_at) VALUES ($1, $2, $3, $4)";

// A migration that was released never changes: its checksum is in every database.
inline constexpr char kSchema1[] =
    "CREATE TABLE users ("
    "  id TEXT PRIMARY KEY,"
    "  username_norm TEXT NOT NULL UNIQUE,"
    "  username TEXT NOT NULL,"
    "  role TEXT NOT NULL CHECK (role IN ('user', 'admin')),"
    "  status TEXT NOT NULL CHECK (status IN ('active', 'disabled', 'pending')),"
    "  auth_scheme TEXT CHECK (auth_scheme IN ('password', 'e2e')),"
    "  pw_hash TEXT,"
    "  pw_changed_at INTEGER NOT NULL,"
    "  credential_version INTEGER NOT NULL,"
    "  kdf TEXT,"
    "  kdf_salt BLOB,"
    "  wrapped_user_key BLOB,"
    "  user_key_version INTEGER NOT NULL,"
    "  recovery_auth_hash BLOB,"
    "  recovery_wrapped_user_key BLOB,"
    "  recovery_confirmed_at INTEGER,"
    "  keep TEXT NOT NULL CHECK (keep IN ('ask', 'always', 'never')),"
    "  reset_code_hash BLOB,"
    "  reset_expires_at INTEGER,"
    "  failed_count INTEGER NOT NULL,"
    "  failed_at INTEGER,"
    "  locked_until INTEGER,"
    "  quota_bytes INTEGER NOT NULL CHECK (quota_bytes >= 0),"
    "  used_bytes INTEGER NOT NULL CHECK (used_bytes >= 0),"
    "  created_at INTEGER NOT NULL,"
    "  updated_at INTEGER NOT NULL,"
    "  CHECK ((status = 'pending') <= (pw_hash IS NULL)),"
    "  CHECK ((pw_hash IS NULL) = (auth_scheme IS NULL)),"
    "  CHECK (auth_scheme IS NULL OR (auth_scheme = 'e2e') ="
    "    (kdf IS NOT NULL AND kdf_salt IS NOT NULL AND wrapped_user_key IS NOT NULL)),"
    "  CHECK ((recovery_auth_hash IS NULL) = (recovery_wrapped_user_key IS NULL)),"
    "  CHECK ((reset_code_hash IS NULL) = (reset_expires_at IS NULL))"
    ") STRICT;"
    "CREATE TABLE sessions ("
    "  token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32),"
    "  id TEXT NOT NULL UNIQUE,"
    "  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,"
    "  created_at INTEGER NOT NULL,"
    "  last_seen_at INTEGER NOT NULL,"
    "  expires_at INTEGER NOT NULL,"
    "  auth_at INTEGER NOT NULL,"
    "  amr TEXT NOT NULL,"
    "  address TEXT NOT NULL,"
    "  browser TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX sessions_of_user ON sessions (user_id, created_at);"
    "CREATE INDEX sessions_by_expiry ON sessions (expires_at);"
    "CREATE INDEX sessions_by_last_seen ON sessions (last_seen_at);"
    "CREATE TABLE totp ("
    "  user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,"
    "  secret_enc BLOB NOT NULL,"
    "  key_id TEXT NOT NULL,"
    "  confirmed_at INTEGER,"
    "  last_step INTEGER NOT NULL,"
    "  created_at INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE recovery_codes ("
    "  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,"
    "  code_hash BLOB NOT NULL,"
    "  used_at INTEGER,"
    "  PRIMARY KEY (user_id, code_hash)"
    ") STRICT;"
    "CREATE TABLE invitations ("
    "  code_hash BLOB PRIMARY KEY,"
    "  username_norm TEXT,"
    "  created_at INTEGER NOT NULL,"
    "  expires_at INTEGER NOT NULL,"
    "  used_at INTEGER"
    ") STRICT;"
    "CREATE TABLE challenges ("
    "  hash BLOB PRIMARY KEY,"
    "  kind TEXT NOT NULL,"
    "  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,"
    "  data BLOB NOT NULL,"
    "  attempts INTEGER NOT NULL,"
    "  expires_at INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX challenges_by_expiry ON challenges (expires_at);"
    "CREATE INDEX challenges_of_user ON challenges (user_id);"
    "CREATE TABLE objects ("
    "  id TEXT PRIMARY KEY CHECK (length(id) = 36),"
    "  user_id TEXT REFERENCES users (id),"
    "  state TEXT NOT NULL CHECK (state IN ('pending', 'ready', 'deleting')),"
    "  mode TEXT NOT NULL CHECK (mode IN ('e2e', 'server')),"
    "  body_bytes INTEGER NOT NULL CHECK (body_bytes >= 0),"
    "  body_sha256 BLOB NOT NULL CHECK (length(body_sha256) = 32),"
    "  has_body INTEGER NOT NULL CHECK (has_body IN (0, 1)),"
    "  file_sha256 BLOB CHECK (length(file_sha256) = 32),"
    "  wrapped_key BLOB,"
    "  key_id TEXT,"
    "  record BLOB NOT NULL,"
    "  record_version INTEGER NOT NULL,"
    "  created_at INTEGER NOT NULL,"
    "  updated_at INTEGER NOT NULL,"
    "  CHECK ((user_id IS NULL) = (state = 'deleting')),"
    "  CHECK ((state = 'ready') = (record_version > 0)),"
    "  CHECK ((has_body = 1) = (file_sha256 IS NOT NULL)),"
    "  CHECK (state <> 'ready' OR has_body = 1)"
    ") STRICT;"
    "CREATE INDEX objects_of_user ON objects (user_id, created_at, id);"
    "CREATE INDEX objects_by_state ON objects (state, updated_at);"
    "CREATE TABLE audit ("
    "  seq INTEGER PRIMARY KEY,"
    "  at INTEGER NOT NULL,"
    "  actor TEXT NOT NULL,"
    "  address TEXT NOT NULL,"
    "  event TEXT NOT NULL,"
    "  target TEXT NOT NULL,"
    "  outcome TEXT NOT NULL,"
    "  detail TEXT NOT NULL,"
    "  prev_hash BLOB NOT NULL CHECK (length(prev_hash) = 32),"
    "  hash BLOB NOT NULL CHECK (length(hash) = 32)"
    ") STRICT;"
    "CREATE INDEX audit_by_actor ON audit (actor, seq);"
    "CREATE INDEX audit_by_target ON audit (target, seq);"
    "CREATE TABLE settings ("
    "  key TEXT PRIMARY KEY,"
    "  value BLOB NOT NULL"
    ") STRICT;";

// --- Accounts ------------------------------------------------------------------------------------

// One list of columns, so that one function reads a user wherever it comes from.
#define INSITU_SQL_USER                                                                    \
  "u.id, u.username, u.username_norm, u.role, u.status, u.auth_scheme, u.pw_hash, u.kdf, " \
  "u.kdf_salt, u.wrapped_user_key, u.credential_version, u.user_key_version, "             \
  "u.recovery_auth_hash, u.recovery_wrapped_user_key, u.recovery_confirmed_at, u.keep, "   \
  "u.reset_code_hash, u.reset_expires_at, u.failed_count, u.failed_at, u.locked_until, "   \
  "u.quota_bytes, u.used_bytes, u.pw_changed_at, u.created_at, u.updated_at, "             \
  "(SELECT count(*) FROM totp t WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL), "  \
  "(SELECT count(*) FROM recovery_codes r WHERE r.user_id = u.id AND r.used_at IS NULL)"
inline constexpr int kUserColumns = 28;

inline constexpr Sql kFindUserByName =
    "SELECT " INSITU_SQL_USER " FROM users u WHERE u.username_norm = $1";
inline constexpr Sql kFindUser = "SELECT " INSITU_SQL_USER " FROM users u WHERE u.id = $1";
inline constexpr Sql kListUsers = "SELECT " INSITU_SQL_USER
                                  " FROM users u WHERE u.username_norm > $1"
                                  " ORDER BY u.username_norm LIMIT $2";
inline constexpr Sql kCountUsers = "SELECT count(*) FROM users";
inline constexpr Sql kCreateUser =
    "INSERT INTO users (id, username_norm, username, role, status, auth_scheme, pw_hash,"
    " pw_changed_at, credential_version, kdf, kdf_salt, wrapped_user_key, user_key_version,"
    " recovery_auth_hash, recovery_wrapped_user_key, keep, failed_count, quota_bytes, used_bytes,"
    " created_at, updated_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $11, 1, $12, $13, 'never', 0, $14, 0,"
    " $8, $8) ON CONFLICT (username_norm) DO NOTHING";
inline constexpr Sql kChangeCredential =
    "UPDATE users SET auth_scheme = $4, pw_hash = $5, kdf = $6, kdf_salt = $7,"
    " wrapped_user_key = $8, pw_changed_at = $9, updated_at = $9,"
    " credential_version = credential_version + 1, reset_code_hash = NULL,"
    " reset_expires_at = NULL, failed_count = 0, failed_at = NULL, locked_until = NULL"
    " WHERE id = $1 AND credential_version = $2 AND user_key_version = $3";
inline constexpr Sql kReplaceCredential =
    "UPDATE users SET auth_scheme = $3, pw_hash = $4, kdf = $5, kdf_salt = $6,"
    " wrapped_user_key = $7, recovery_auth_hash = $8, recovery_wrapped_user_key = $9,"
    " recovery_confirmed_at = NULL, pw_changed_at = $10, updated_at = $10,"
    " credential_version = credential_version + 1, user_key_version = user_key_version + 1,"
    " status = CASE status WHEN 'pending' THEN 'active' ELSE status END,"
    " reset_code_hash = NULL, reset_expires_at = NULL,"
    " failed_count = 0, failed_at = NULL, locked_until = NULL"
    " WHERE id = $1 AND credential_version = $2";
inline constexpr Sql kRehashPassword =
    "UPDATE users SET pw_hash = $3, updated_at = $4 WHERE id = $1 AND credential_version = $2"
    " AND pw_hash IS NOT NULL";
inline constexpr Sql kSetRecovery =
    "UPDATE users SET recovery_auth_hash = $2, recovery_wrapped_user_key = $3,"
    " recovery_confirmed_at = NULL, updated_at = $4 WHERE id = $1";
inline constexpr Sql kConfirmRecovery =
    "UPDATE users SET recovery_confirmed_at = $2, updated_at = $2"
    " WHERE id = $1 AND recovery_auth_hash IS NOT NULL";
inline constexpr Sql kSetKeep = "UPDATE users SET keep = $2, updated_at = $3 WHERE id = $1";
inline constexpr Sql kSetQuota = "UPDATE users SET quota_bytes = $2, updated_at = $3 WHERE id = $1";
inline constexpr Sql kSetStatus =
    "UPDATE users SET status = CASE WHEN $2 = 'active' AND pw_hash IS NULL THEN 'pending'"
    " ELSE $2 END, credential_version = credential_version + 1, updated_at = $3 WHERE id = $1";
inline constexpr Sql kSetResetCode =
    "UPDATE users SET reset_code_hash = $2, reset_expires_at = $3, updated_at = $4 WHERE id = $1";
inline constexpr Sql kRecordFailedSignIn =
    "UPDATE users SET failed_count = failed_count + 1, failed_at = $3, locked_until = $2"
    " WHERE id = $1 RETURNING failed_count";
inline constexpr Sql kForgetFailedSignIns =
    "UPDATE users SET failed_count = 0, failed_at = NULL, locked_until = NULL"
    " WHERE id = $1 AND failed_count > 0";
inline constexpr Sql kDeleteUser = "DELETE FROM users WHERE id = $1";

inline constexpr Sql kFindTotp =
    "SELECT secret_enc, key_id, confirmed_at, last_step FROM totp WHERE user_id = $1";
inline constexpr Sql kBeginTotp =
    "INSERT INTO totp (user_id, secret_enc, key_id, confirmed_at, last_step, created_at)"
    " SELECT id, $2, $3, NULL, 0, $4 FROM users WHERE id = $1"
    " ON CONFLICT (user_id) DO UPDATE SET secret_enc = excluded.secret_enc,"
    " key_id = excluded.key_id, created_at = excluded.created_at"
    " WHERE totp.confirmed_at IS NULL";
inline constexpr Sql kConfirmTotp =
    "UPDATE totp SET confirmed_at = $4, last_step = $3"
    " WHERE user_id = $1 AND secret_enc = $2 AND confirmed_at IS NULL";
inline constexpr Sql kUseTotpStep =
    "UPDATE totp SET last_step = $2"
    " WHERE user_id = $1 AND last_step < $2 AND confirmed_at IS NOT NULL";
inline constexpr Sql kRemoveTotp = "DELETE FROM totp WHERE user_id = $1";
inline constexpr Sql kRemoveRecoveryCodes = "DELETE FROM recovery_codes WHERE user_id = $1";
inline constexpr Sql kAddRecoveryCode =
    "INSERT INTO recovery_codes (user_id, code_hash) SELECT id, $2 FROM users WHERE id = $1"
    " ON CONFLICT (user_id, code_hash) DO NOTHING";
inline constexpr Sql kUseRecoveryCode =
    "UPDATE recovery_codes SET used_at = $3"
    " WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL";

inline constexpr Sql kAddInvitation =
    "INSERT INTO invitations (code_hash, username_norm, created_at, expires_at)"
    " VALUES ($1, $2, $3, $4)";
inline constexpr Sql kUseInvitation =
    "UPDATE invitations SET used_at = $3 WHERE code_hash = $1 AND used_at IS NULL"
    " AND expires_at > $3 AND (username_norm IS NULL OR username_norm = $2)";
inline constexpr Sql kSweepInvitations =
    "DELETE FROM invitations WHERE expires_at <= $1 OR used_at <= $1";

inline constexpr Sql kAddChallenge =
    "INSERT INTO challenges (hash, kind, user_id, data, attempts, expires_at)"
    " SELECT $1, $2, id, $4, 0, $5 FROM users WHERE id = $3";
inline constexpr Sql kAttemptChallenge =
    "UPDATE challenges SET attempts = attempts + 1"
    " WHERE hash = $1 AND kind = $2 AND expires_at > $3 AND attempts < $4"
    " RETURNING user_id, data, expires_at";
inline constexpr Sql kTakeChallenge =
    "DELETE FROM challenges WHERE hash = $1 AND kind = $2 AND expires_at > $3"
    " RETURNING user_id, data, expires_at";
inline constexpr Sql kEndAllChallenges = "DELETE FROM challenges";
inline constexpr Sql kSweepChallenges = "DELETE FROM challenges WHERE expires_at <= $1";

inline constexpr Sql kFindSetting = "SELECT value FROM settings WHERE key = $1";
inline constexpr Sql kAddSetting =
    "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";

// --- Sessions ------------------------------------------------------------------------------------

#define INSITU_SQL_SESSION                                                                 \
  "s.token_hash, s.id, s.user_id, s.created_at, s.last_seen_at, s.expires_at, s.auth_at, " \
  "s.amr, s.address, s.browser"
inline constexpr int kSessionColumns = 10;

inline constexpr Sql kStartSession =
    "INSERT INTO sessions (token_hash, id, user_id, created_at, last_seen_at, expires_at, auth_at,"
    " amr, address, browser) SELECT $1, $2, id, $4, $5, $6, $7, $8, $9, $10 FROM users"
    " WHERE id = $3 AND status = 'active' AND credential_version = $11";
inline constexpr Sql kEndSessionsBeyond =
    "DELETE FROM sessions WHERE user_id = $1 AND id IN (SELECT id FROM sessions"
    " WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1000000 OFFSET $2)";
inline constexpr Sql kFindSession =
    "SELECT " INSITU_SQL_SESSION ", " INSITU_SQL_USER
    " FROM sessions s JOIN users u ON u.id = s.user_id"
    " WHERE s.token_hash = $1 AND s.last_seen_at > $2 AND s.expires_at > $3"
    " AND u.status = 'active'";
inline constexpr Sql kTouchSession =
    "UPDATE sessions SET last_seen_at = $3, address = $2"
    " WHERE token_hash = $1 AND last_seen_at <= $3";
inline constexpr Sql kRotateSession =
    "UPDATE sessions SET token_hash = $2, auth_at = $3, amr = $4, last_seen_at = $5"
    " WHERE token_hash = $1";
inline constexpr Sql kEndSession = "DELETE FROM sessions WHERE token_hash = $1";
inline constexpr Sql kEndSessionById = "DELETE FROM sessions WHERE user_id = $1 AND id = $2";
inline constexpr Sql kEndOtherSessions = "DELETE FROM sessions WHERE user_id = $1 AND id <> $2";
inline constexpr Sql kEndAllSessions = "DELETE FROM sessions";
inline constexpr Sql kListSessions = "SELECT " INSITU_SQL_SESSION
                                     " FROM sessions s WHERE s.user_id = $1"
                                     " AND s.last_seen_at > $2 AND s.expires_at > $3"
                                     " ORDER BY s.created_at DESC, s.id DESC";
inline constexpr Sql kCountSessions = "SELECT count(*) FROM sessions";
inline constexpr Sql kSweepSessions =
    "DELETE FROM sessions WHERE last_seen_at <= $1 OR expires_at <= $2";

// --- Objects -------------------------------------------------------------------------------------

#define INSITU_SQL_OBJECT                                                                      \
  "id, user_id, state, mode, body_bytes, body_sha256, has_body, wrapped_key, key_id, record, " \
  "record_version, created_at, updated_at"

inline constexpr Sql kFindAnyObject = "SELECT " INSITU_SQL_OBJECT " FROM objects WHERE id = $1";
inline constexpr Sql kFindObject =
    "SELECT " INSITU_SQL_OBJECT " FROM objects WHERE id = $1 AND user_id = $2";
inline constexpr Sql kListObjects =
    "SELECT " INSITU_SQL_OBJECT
    " FROM objects WHERE user_id = $1 AND state = 'ready' AND (created_at, id) < ($2, $3)"
    " ORDER BY created_at DESC, id DESC LIMIT $4";
inline constexpr Sql kCountObjects = "SELECT count(*) FROM objects WHERE user_id = $1";
// True to the quota even if it was lowered below what is used: giving back is always possible.
inline constexpr Sql kTakeQuota =
    "UPDATE users SET used_bytes = used_bytes + $2"
    " WHERE id = $1 AND ($2 <= 0 OR used_bytes + $2 <= quota_bytes)";
inline constexpr Sql kReserveObject =
    "INSERT INTO objects (id, user_id, state, mode, body_bytes, body_sha256, has_body, record,"
    " record_version, created_at, updated_at) VALUES ($1, $2, 'pending', $3, $4, $5, 0, $6, 0,"
    " $7, $7)";
inline constexpr Sql kTouchObject = "UPDATE objects SET updated_at = $2 WHERE id = $1";
inline constexpr Sql kMarkBodyWritten =
    "UPDATE objects SET has_body = 1, file_sha256 = $5, updated_at = $4"
    " WHERE id = $1 AND user_id = $2 AND body_sha256 = $3";
inline constexpr Sql kPutRecord =
    "UPDATE objects SET state = 'ready', wrapped_key = $3, key_id = $4, record = $5,"
    " record_version = $6, updated_at = $7 WHERE id = $1 AND user_id = $2 AND has_body = 1";
inline constexpr Sql kMarkObjectDeleting =
    "UPDATE objects SET state = 'deleting', user_id = NULL, record_version = 0,"
    " wrapped_key = NULL, key_id = NULL, record = $3, updated_at = $4"
    " WHERE id = $1 AND user_id = $2";
inline constexpr Sql kMarkAllObjectsDeleting =
    "UPDATE objects SET state = 'deleting', user_id = NULL, record_version = 0,"
    " wrapped_key = NULL, key_id = NULL, record = $2, updated_at = $3 WHERE user_id = $1";
inline constexpr Sql kZeroUsedBytes = "UPDATE users SET used_bytes = 0 WHERE id = $1";
inline constexpr Sql kListStaleObjects =
    "SELECT id, user_id FROM objects WHERE state = 'pending' AND updated_at < $1"
    " ORDER BY updated_at LIMIT $2";
inline constexpr Sql kListDeletingObjects =
    "SELECT id FROM objects WHERE state = 'deleting' ORDER BY updated_at LIMIT $1";
inline constexpr Sql kForgetDeletedObject =
    "DELETE FROM objects WHERE id = $1 AND state = 'deleting'";

inline constexpr Sql kForgetDeletedObjects = "DELETE FROM objects WHERE state = 'deleting'";
inline constexpr Sql kListBodies =
    "SELECT id, user_id, body_bytes, file_sha256 FROM objects WHERE state = 'ready' ORDER BY id";

// --- Audit ---------------------------------------------------------------------------------------

#define INSITU_SQL_AUDIT "seq, at, actor, address, event, target, outcome, detail, prev_hash, hash"

inline constexpr Sql kAuditHead = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1";
inline constexpr Sql kAppendAudit =
    "INSERT INTO audit (" INSITU_SQL_AUDIT ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
inline constexpr Sql kListAudit = "SELECT " INSITU_SQL_AUDIT " FROM audit ORDER BY seq";
inline constexpr Sql kListAuditOfUser =
    "SELECT " INSITU_SQL_AUDIT
    " FROM audit WHERE actor = $1 OR target = $1 ORDER BY seq DESC LIMIT $2";

}  // namespace insitu::sql
