#include "backend/problem.h"

#include <catch_amalgamated.hpp>
#include <nlohmann/json.hpp>

namespace insitu {
namespace {

nlohmann::json Read(const Response& reply) { return nlohmann::json::parse(*reply.body); }

TEST_CASE("A problem says its status, type, code and what to do", "[problem]") {
  const Response reply = Problem(401, "invalid_credentials", "User name or password is wrong.");
  CHECK(reply.status == 401);
  CHECK(reply.content_type == "application/problem+json");
  REQUIRE(reply.headers.size() == 1);
  CHECK(reply.headers[0].value == "no-store");
  CHECK(Read(reply) == nlohmann::json({{"type", "/problems/invalid_credentials"},
                                       {"title", "Invalid credentials"},
                                       {"status", 401},
                                       {"detail", "User name or password is wrong."},
                                       {"code", "invalid_credentials"}}));
}

TEST_CASE("A problem names every wrong field", "[problem]") {
  const Response reply = Problem(422, "invalid_fields", "x",
                                 {{"/a", "missing", "needed"}, {"/b/c", "too_long", "shorter"}});
  const auto errors = Read(reply)["errors"];
  REQUIRE(errors.size() == 2);
  CHECK(errors[1]["pointer"] == "/b/c");
  CHECK(errors[1]["code"] == "too_long");
  CHECK(errors[1]["detail"] == "shorter");
}

TEST_CASE("A problem with bytes that are no UTF-8 is still JSON", "[problem]") {
  CHECK(Read(Problem(400, "x", "\xFF"))["detail"] == "\xEF\xBF\xBD");
}

TEST_CASE("The instance of a problem is the request", "[problem]") {
  Response reply = ProblemOf(404);
  AddInstance("0190-1", &reply);
  CHECK(Read(reply)["instance"] == "urn:uuid:0190-1");
  CHECK(Read(reply)["code"] == "not_found");

  Response page = ErrorReply(404);
  const std::string before = *page.body;
  AddInstance("0190-1", &page);
  CHECK(*page.body == before);
}

TEST_CASE("Each status that the server answers by itself has its problem", "[problem]") {
  for (int status : {400, 403, 404, 405, 408, 411, 413, 415, 500, 503}) {
    CHECK(ProblemOf(status).status == status);
    CHECK(Read(ProblemOf(status))["status"] == status);
  }
  CHECK(ProblemOf(599).status == 500);
}

}  // namespace
}  // namespace insitu
