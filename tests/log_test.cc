#include "backend/log.h"

#include <catch_amalgamated.hpp>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace insitu {
namespace {

using Json = nlohmann::json;
using Catch::Matchers::Matches;

Json OnlyLine(const std::ostringstream& out) {
  const std::string text = out.str();
  CHECK(text.find('\n') == text.size() - 1);
  return Json::parse(text);
}

TEST_CASE("An event is one line of JSON with its time, level and fields", "[log]") {
  std::ostringstream out;
  Log log(&out);
  log.Write(LogLevel::kWarning, "disk_low",
            {{"free", int64_t{12}}, {"share", 0.5}, {"folder", "/data"}, {"none", ""}});
  const Json line = OnlyLine(out);
  CHECK_THAT(line["ts"].get<std::string>(), Matches(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"));
  CHECK(line["level"] == "warning");
  CHECK(line["event"] == "disk_low");
  CHECK(line["free"] == 12);
  CHECK(line["share"] == 0.5);
  CHECK(line["folder"] == "/data");
  CHECK_FALSE(line.contains("none"));
}

TEST_CASE("Nothing in a field can pretend to be a line of its own", "[log]") {
  std::ostringstream out;
  Log log(&out);
  const std::string forged = "a\n{\"fake\":1}\r\"\\\x1b[31m\xFF\xE2\x80\xA8";
  log.Write(LogLevel::kError, "fault", {{"message", forged}});
  const Json line = OnlyLine(out);
  CHECK(line.size() == 4);
  const std::string text = out.str();
  CHECK(std::all_of(text.begin(), text.end(),
                    [](char c) { return (c >= 0x20 && c < 0x7F) || c == '\n'; }));
}

TEST_CASE("A reply is told by its route, and nothing that the client typed", "[log]") {
  std::ostringstream out;
  Log log(&out);
  Request request;
  request.method = "DELETE";
  request.path = "/api/objects/secret-path";
  request.query = "secret-query";
  request.headers = {{"Cookie", "secret-cookie"}};
  request.body = "secret-body";
  request.id = "0190";
  request.remote_address = "192.0.2.77";
  Response reply;
  reply.status = 204;
  reply.route = "/api/objects/{id}";
  reply.user_id = "u1";
  const IpAddress peer = *IpAddress::Parse("127.0.0.1");
  log.WriteAnswer({&request, &reply, &peer, std::chrono::milliseconds(12)});
  const Json line = OnlyLine(out);
  CHECK(line["event"] == "request");
  CHECK(line["level"] == "info");
  CHECK(line["req_id"] == "0190");
  CHECK(line["method"] == "DELETE");
  CHECK(line["route"] == "/api/objects/{id}");
  CHECK(line["status"] == 204);
  CHECK(line["ms"] == 12.0);
  CHECK(line["user_id"] == "u1");
  CHECK(line["ip"] == "192.0.2.0");
  CHECK(out.str().find("secret") == std::string::npos);
}

TEST_CASE("A request that was refused unread is told by its peer alone", "[log]") {
  std::ostringstream out;
  Log log(&out);
  Response reply;
  reply.status = 500;
  const IpAddress peer = *IpAddress::Parse("2001:db8:1:2::3");
  log.WriteAnswer({nullptr, &reply, &peer, std::chrono::milliseconds(1)});
  const Json line = OnlyLine(out);
  CHECK(line["level"] == "error");
  CHECK(line["ip"] == "2001:db8:1::");
  CHECK_FALSE(line.contains("route"));
  CHECK_FALSE(line.contains("method"));
}

TEST_CASE("A method that no route has is not repeated", "[log]") {
  std::ostringstream out;
  Log log(&out);
  Request request;
  request.method = "HUNTER2";
  Response reply;
  reply.status = 405;
  const IpAddress peer = *IpAddress::Parse("127.0.0.1");
  log.WriteAnswer({&request, &reply, &peer, std::chrono::milliseconds(1)});
  CHECK(out.str().find("HUNTER2") == std::string::npos);
}

TEST_CASE("Lines of many threads stay whole", "[log]") {
  std::ostringstream out;
  Log log(&out);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 50; ++j) log.Write(LogLevel::kInfo, "event", {{"j", int64_t{j}}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::istringstream lines(out.str());
  int whole = 0;
  for (std::string line; std::getline(lines, line);) whole += Json::accept(line);
  CHECK(whole == 400);
}

}  // namespace
}  // namespace insitu
