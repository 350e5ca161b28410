#include "backend/site_policy.h"

#include <catch_amalgamated.hpp>

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;

std::string RefusalOf(const std::string& json) {
  const Result<SitePolicy> policy = ParseSitePolicy(json);
  return policy.ok() ? std::string() : policy.error().message;
}

TEST_CASE("A site's policies are read and may not be framed", "[site_policy]") {
  const Result<SitePolicy> policy = ParseSitePolicy(
      R"({"csp": "default-src 'self'", "worker_csp": "default-src 'none'", "workers": ["w.js"]})");
  REQUIRE(policy.ok());
  CHECK(policy.value().page == "default-src 'self'; frame-ancestors 'none'");
  CHECK(policy.value().worker == "default-src 'none'; frame-ancestors 'none'");
  CHECK(policy.value().workers == std::vector<std::string>{"w.js"});
}

TEST_CASE("A policy's own frame-ancestors stands", "[site_policy]") {
  const Result<SitePolicy> policy = ParseSitePolicy(
      R"({"csp": "frame-ancestors 'self'", "worker_csp": "default-src 'none'", "workers": []})");
  REQUIRE(policy.ok());
  CHECK(policy.value().page == "frame-ancestors 'self'");
}

TEST_CASE("A headers.json that is not understood is refused with the reason", "[site_policy]") {
  CHECK_THAT(RefusalOf("{"), ContainsSubstring("not a JSON object"));
  CHECK_THAT(RefusalOf("[]"), ContainsSubstring("not a JSON object"));
  CHECK_THAT(RefusalOf("{}"), ContainsSubstring("no text \"csp\""));
  CHECK_THAT(RefusalOf(R"({"csp": 1})"), ContainsSubstring("no text \"csp\""));
  CHECK_THAT(RefusalOf(R"({"csp": "a"})"), ContainsSubstring("no text \"worker_csp\""));
  CHECK_THAT(RefusalOf(R"({"csp": "a", "worker_csp": "b"})"), ContainsSubstring("\"workers\""));
  CHECK_THAT(RefusalOf(R"({"csp": "a", "worker_csp": "b", "workers": [1]})"),
             ContainsSubstring("other than a text"));
  CHECK_THAT(RefusalOf(R"({"csp": "a", "worker_csp": "b", "workers": [], "hsts": ""})"),
             ContainsSubstring("unknown key \"hsts\""));
}

TEST_CASE("A policy that could add a header of its own is refused", "[site_policy]") {
  for (const char* policy : {"a\\r\\nSet-Cookie: x", "a\\nb", "\\u00e4", "\\u0000", ""}) {
    CAPTURE(policy);
    CHECK_THAT(
        RefusalOf(std::string(R"({"csp": ")") + policy + R"(", "worker_csp": "b", "workers": []})"),
        ContainsSubstring("visible ASCII"));
  }
}

}  // namespace
}  // namespace insitu
