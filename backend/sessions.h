// Sessions and tickets: 256 random bits that a client holds and of which the database has the
// SHA-256 only, so that a copy of it signs nobody in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "backend/store_sessions.h"

namespace insitu {

inline constexpr int64_t kSeenAgainMs =
    60'000;                                    // from one note that a session was seen to the next
inline constexpr int64_t kFreshMs = 600'000;   // that a proof of who one is counts for
inline constexpr int64_t kTicketMs = 300'000;  // that a ticket is good for
inline constexpr int64_t kMaxTicketAttempts = 5;  // wrong codes with one ticket
inline constexpr int64_t kMaxSessionsPerUser = 20;

// 43 characters of base64url.
std::string MakeToken();
bool IsToken(std::string_view text);

// What the database keeps of a token or a ticket.
std::string HashToken(std::string_view token);

// True while a proof of who the person is counts, for what a stolen session must not be able to do.
bool IsFresh(const Session& session, int64_t now);

// "Firefox on Linux", of a User-Agent: for people to tell their sessions apart, and nothing that
// tells more about them.
std::string ShortBrowser(std::string_view user_agent);

}  // namespace insitu
