#include "backend/session_cookies.h"

#include <catch_amalgamated.hpp>
#include <string>

#include "shared/str_cat.h"

namespace insitu {
namespace {

Request With(const std::string& cookies) {
  Request request;
  request.headers = {{"Host", "a"}, {"cookie", cookies}};
  return request;
}

const std::string kToken(43, 'A');

TEST_CASE("A cookie is found by its whole name among others", "[session_cookies]") {
  CHECK(FindCookie(With("a=1; b=2;c=3"), "b") == "2");
  CHECK(FindCookie(With("a=1; b=2;c=3"), "c") == "3");
  CHECK(FindCookie(With("ab=1; b =2"), "b") == std::nullopt);
  CHECK(FindCookie(With("b"), "b") == std::nullopt);
  CHECK(FindCookie(With("b="), "b") == "");
  CHECK(FindCookie(With("b=x=y"), "b") == "x=y");
  CHECK(FindCookie(With(""), "b") == std::nullopt);
  CHECK(FindCookie(With(";;; ;"), "b") == std::nullopt);
  CHECK(FindCookie(Request(), "b") == std::nullopt);
}

TEST_CASE("Of two cookies of a name the first counts, over several headers", "[session_cookies]") {
  Request request = With("b=1; b=2");
  request.headers.push_back({"Cookie", "b=3; d=4"});
  CHECK(FindCookie(request, "b") == "1");
  CHECK(FindCookie(request, "d") == "4");
}

TEST_CASE("A session's cookie holds a token or is none", "[session_cookies]") {
  CHECK(FindSessionToken(With(StrCat("__Host-insitu-session=", kToken))) == kToken);
  CHECK_FALSE(FindSessionToken(With(StrCat("insitu-session=", kToken))));
  CHECK_FALSE(FindSessionToken(With(StrCat("__host-insitu-session=", kToken))));
  CHECK_FALSE(FindSessionToken(With(StrCat("__Host-insitu-session=\"", kToken, "\""))));
  CHECK_FALSE(FindSessionToken(With("__Host-insitu-session=")));
}

TEST_CASE("The cookies are set as __Host- cookies have to be", "[session_cookies]") {
  CHECK(SetSessionCookie(kToken).value ==
        StrCat("__Host-insitu-session=", kToken, "; Path=/; Secure; HttpOnly; SameSite=Strict"));
  CHECK(SetDeviceCookie("x").value ==
        "__Host-insitu-device=x; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=15552000");
  CHECK(ExpireSessionCookie().value ==
        "__Host-insitu-session=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
}

}  // namespace
}  // namespace insitu
