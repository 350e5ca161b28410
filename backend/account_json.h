// The shapes of the account API's JSON, both ways.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "backend/accounts.h"
#include "backend/crypto.h"
#include "backend/json_body.h"
#include "backend/username.h"

namespace insitu {

using Json = nlohmann::ordered_json;

// --- From clients. What is wrong is kept in `fields`, for its Refusal()
// -----------------------------

// A user's name that could be one; elsewhere than at registration, one that could not is no error,
// but nobody's.
Username ReadNewUsername(JsonFields* fields);
Username ReadUsername(JsonFields* fields);

// Bytes as base64url, of that size.
std::string ReadBytes(JsonFields* fields, std::string_view name, size_t min, size_t max);

// What a person proves to know: the password, or the key that the browser made of it.
struct Proof {
  std::string scheme;  // "password" or "e2e"
  Secret secret;
};
Proof ReadProof(JsonFields* fields);

// A new credential of that scheme, still to be hashed.
struct NewCredential {
  Proof proof;
  Credential credential;  // without the hash
  std::optional<Recovery> recovery;
};
NewCredential ReadCredential(std::string_view scheme, JsonFields* fields, bool with_recovery);
Recovery ReadRecovery(JsonFields fields, JsonFields* outer);

// --- To clients
// -------------------------------------------------------------------------------------

// The derivation that browsers are told to use and that new credentials must have: with one for
// all, it does not tell users that exist from those that do not.
Json KdfJson();

// "password" where the server encrypts, else "e2e".
std::string SchemeOf(const Accounts& accounts);

Json UserJson(const User& user);
Json SessionJson(const Accounts& accounts, const Session& session, bool current);

// {user, session, wrapped_user_key, user_key_version}, or all null for nobody.
Json SignedInJson(const Accounts& accounts, const Caller& caller);
Json NobodyJson();

}  // namespace insitu
