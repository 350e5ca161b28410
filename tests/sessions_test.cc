#include "backend/sessions.h"

#include <catch_amalgamated.hpp>
#include <set>
#include <string>

#include "backend/encoding.h"

namespace insitu {
namespace {

TEST_CASE("A token is 256 random bits as 43 characters", "[sessions]") {
  std::set<std::string> tokens;
  for (int i = 0; i < 1'000; ++i) {
    const std::string token = MakeToken();
    CHECK(IsToken(token));
    CHECK(FromBase64Url(token)->size() == 32);
    tokens.insert(token);
  }
  CHECK(tokens.size() == 1'000);
}

TEST_CASE("What cannot be a token is told before the database is asked", "[sessions]") {
  CHECK_FALSE(IsToken(""));
  CHECK_FALSE(IsToken(std::string(42, 'A')));
  CHECK_FALSE(IsToken(std::string(44, 'A')));
  CHECK_FALSE(IsToken(std::string(43, '=')));
  CHECK_FALSE(IsToken(std::string(42, 'A') + "B"));  // bits that no byte has
  CHECK(IsToken(std::string(43, 'A')));
}

TEST_CASE("The database has a token's SHA-256", "[sessions]") {
  CHECK(ToHex(HashToken("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("A session is fresh for ten minutes after a proof", "[sessions][limits]") {
  Session session;
  session.auth_at = 1'000'000;
  CHECK(IsFresh(session, session.auth_at));
  CHECK(IsFresh(session, session.auth_at + kFreshMs - 1));
  CHECK_FALSE(IsFresh(session, session.auth_at + kFreshMs));
}

TEST_CASE("A browser is named as people name it", "[sessions]") {
  const auto [agent, name] = GENERATE(table<std::string, std::string>(
      {{"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Firefox on Linux"},
       {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/143.0.0.0 Safari/537.36",
        "Chrome on Windows"},
       {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0",
        "Edge on Windows"},
       {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.0 Safari/605.1.15",
        "Safari on macOS"},
       {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
        "Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
        "Safari on iOS"},
       {"Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 "
        "Mobile Safari/537.36",
        "Chrome on Android"},
       {"curl/8.5.0", "Another browser"},
       {"", "Another browser"},
       {"<script>\n", "Another browser"}}));
  CHECK(ShortBrowser(agent) == name);
}

}  // namespace
}  // namespace insitu
