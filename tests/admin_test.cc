#include "backend/admin.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch_amalgamated.hpp>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "backend/audit.h"
#include "backend/commands.h"
#include "backend/one_time_code.h"
#include "backend/store_accounts.h"
#include "backend/store_sessions.h"
#include "tests/made_data.h"

namespace insitu {
namespace {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

AdminReply Run(MadeData& data, const std::vector<std::string>& arguments) {
  return RunAdmin(&data.database(), arguments, kMadeQuota);
}

std::optional<User> FindByName(MadeData& data, std::string_view name) {
  return data.Read<std::optional<User>>(
      [&](Transaction& transaction) { return FindUserByName(transaction, name); });
}

// The code on a line of its own.
std::string CodeIn(const std::string& text) {
  const size_t end = text.rfind('\n');
  const size_t begin = text.rfind('\n', end - 1);
  return text.substr(begin + 1, end - begin - 1);
}

std::string LastEvent(MadeData& data) {
  const auto rows = data.Read<std::vector<AuditRow>>(
      [](Transaction& t) { return ListAuditOfUser(t, "admin", 1); });
  return rows.empty() ? "" : rows[0].event;
}

TEST_CASE("A user is made without a password, with a code to choose one", "[admin]") {
  MadeData data;
  const AdminReply reply = Run(data, {"create", "Ada L"});
  CHECK(reply.status == 0);
  CHECK_THAT(reply.out, StartsWith("Made the user Ada L"));
  const auto user = FindByName(data, "ada l");
  REQUIRE(user);
  CHECK(user->username == "Ada L");
  CHECK(user->status == "pending");
  CHECK(user->role == "user");
  CHECK(user->quota_bytes == kMadeQuota);
  CHECK(user->reset_code_hash == HashOneTimeCode(CodeIn(reply.out)));
  CHECK(user->reset_expires_at == kMadeTime + int64_t{7} * 24 * 3'600 * 1'000);
  CHECK(LastEvent(data) == "user_created");

  const AdminReply again = Run(data, {"create", "ADA L"});
  CHECK(again.status == 1);
  CHECK_THAT(again.err, ContainsSubstring("already"));
  CHECK(Run(data, {"create", "root", "--admin"}).status == 0);
  CHECK(FindByName(data, "root")->role == "admin");
}

TEST_CASE("An invitation is printed once and kept as a hash", "[admin]") {
  MadeData data;
  const AdminReply reply = Run(data, {"invite", "Bob"});
  CHECK(reply.status == 0);
  CHECK(LastEvent(data) == "invited");
  const auto use = [&](const std::string& code, const char* name) {
    return data.Write<bool>(
        [&](Transaction& t) { return UseInvitation(t, *HashOneTimeCode(code), name, data.now); });
  };
  CHECK_FALSE(use(CodeIn(reply.out), "ada"));
  CHECK(use(CodeIn(reply.out), "bob"));
  CHECK(use(CodeIn(Run(data, {"invite"}).out), "ada"));
}

TEST_CASE("A reset code is good for a day and the old password until then", "[admin]") {
  MadeData data;
  data.AddUser(1, "ada");
  const AdminReply reply = Run(data, {"reset", "ADA"});
  CHECK(reply.status == 0);
  CHECK_THAT(reply.out, ContainsSubstring("recovery key"));
  const User user = data.FindUser(1);
  CHECK(user.reset_code_hash == HashOneTimeCode(CodeIn(reply.out)));
  CHECK(user.reset_expires_at == kMadeTime + int64_t{24} * 3'600 * 1'000);
  CHECK(user.credential->password_hash == "$argon2id$of-ada");
  CHECK(LastEvent(data) == "reset_code_made");
}

TEST_CASE("Who is disabled is signed out, until enabled", "[admin]") {
  MadeData data;
  data.AddUser(1, "ada");
  data.Write<bool>([](Transaction& t) { return StartSession(t, MadeSession("a", 1), 1, 20); });
  CHECK(Run(data, {"disable", "ada"}).status == 0);
  CHECK(data.FindUser(1).status == "disabled");
  CHECK(data.Read<int64_t>([](Transaction& t) { return CountSessions(t); }) == 0);
  CHECK(LastEvent(data) == "user_disabled");
  CHECK(Run(data, {"enable", "ada"}).status == 0);
  CHECK(data.FindUser(1).status == "active");
}

TEST_CASE("Sessions end, of one or of all", "[admin]") {
  MadeData data;
  data.AddUser(1, "ada");
  data.AddUser(2, "bob");
  for (const int user : {1, 2}) {
    data.Write<bool>([&](Transaction& t) {
      return StartSession(t, MadeSession(std::to_string(user), user), 1, 20);
    });
  }
  const auto sessions = [&] {
    return data.Read<int64_t>([](Transaction& t) { return CountSessions(t); });
  };
  CHECK(Run(data, {"end-sessions", "ada"}).status == 0);
  CHECK(sessions() == 1);
  CHECK_THAT(Run(data, {"end-sessions", "--all"}).out, ContainsSubstring("1 sessions"));
  CHECK(sessions() == 0);
}

TEST_CASE("Users are listed without anything secret", "[admin]") {
  MadeData data;
  CHECK_THAT(Run(data, {"list"}).out, ContainsSubstring("no users"));
  data.AddUser(1, "ada");
  Run(data, {"create", "Bob"});
  const std::string list = Run(data, {"list"}).out;
  CHECK_THAT(list, ContainsSubstring("The ada\tactive\tuser\tpassword\t-\t0 of 100000 bytes\t"
                                     "since 2027-01-15\n") &&
                       ContainsSubstring("Bob\tpending\tuser\tno password yet"));
  CHECK_THAT(list, !ContainsSubstring("argon2"));
}

TEST_CASE("What is not understood, or is about nobody, is said and changes nothing", "[admin]") {
  MadeData data;
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{},
                                                    {"creat", "ada"},
                                                    {"create"},
                                                    {"create", "ada", "--root"},
                                                    {"list", "ada"},
                                                    {"end-sessions"}}) {
    const AdminReply reply = Run(data, arguments);
    CHECK(reply.status == 2);
    CHECK_THAT(reply.err, ContainsSubstring("admin create NAME"));
  }
  for (const char* verb : {"reset", "disable", "enable", "end-sessions"}) {
    CHECK_THAT(Run(data, {verb, "nobody"}).err, ContainsSubstring("no user nobody"));
  }
  CHECK(Run(data, {"create", "--admin"}).status == 1);
  CHECK(Run(data, {"create", "line\nbreak"}).status == 1);
  CHECK(LastEvent(data).empty());
}

// --- The socket ----------------------------------------------------------------------------------

TEST_CASE("A server is asked through its socket, however long its folder's path", "[admin]") {
  const TemporaryFolder base;
  const std::filesystem::path folder = base / std::string(120, 'x');
  std::filesystem::create_directory(folder);
  CHECK_FALSE(AskServer(folder, {"list"}));
  {
    auto socket = AdminSocket::Listen(folder, [](const std::vector<std::string>& arguments) {
      return AdminReply{.status = 3, .out = arguments.at(0), .err = arguments.at(1)};
    });
    REQUIRE(socket.ok());
    CHECK((std::filesystem::status(folder / "admin.sock").permissions() &
           std::filesystem::perms(0777)) == std::filesystem::perms(0600));
    for (int i = 0; i < 3; ++i) {
      const auto reply = AskServer(folder, {"two words", std::string("\xff\xfe", 2)});
      REQUIRE(reply);
      CHECK(reply->status == 3);
      CHECK(reply->out == "two words");
      CHECK(reply->err == "\xEF\xBF\xBD\xEF\xBF\xBD");  // not UTF-8: replaced, never refused
    }
  }
  CHECK_FALSE(std::filesystem::exists(folder / "admin.sock"));
  CHECK_FALSE(AskServer(folder, {"list"}));
}

TEST_CASE("The socket of a server that was killed is in nobody's way", "[admin]") {
  const TemporaryFolder folder;
  WriteFile(folder / "admin.sock", "left");
  CHECK_FALSE(AskServer(folder.path(), {"list"}));
  auto socket = AdminSocket::Listen(folder.path(),
                                    [](const std::vector<std::string>&) { return AdminReply{}; });
  REQUIRE(socket.ok());
  CHECK(AskServer(folder.path(), {"list"}));
}

TEST_CASE("Nonsense at the socket is not answered, and it goes on", "[admin]") {
  const TemporaryFolder folder;
  auto socket = AdminSocket::Listen(folder.path(),
                                    [](const std::vector<std::string>&) { return AdminReply{}; });
  REQUIRE(socket.ok());
  for (const std::string& nonsense :
       std::vector<std::string>{"nonsense", "[1]", "{}", "[[", std::string(100'000, '['), ""}) {
    const int client = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(client >= 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = (folder / "admin.sock").string();
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    REQUIRE(::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
    (void)!::send(client, nonsense.data(), nonsense.size(), MSG_NOSIGNAL);
    ::shutdown(client, SHUT_WR);
    char byte = 0;
    CHECK(::recv(client, &byte, 1, 0) <= 0);
    ::close(client);
  }
  CHECK(AskServer(folder.path(), {"list"}));
}

// --- The command line ----------------------------------------------------------------------------

struct Ended {
  std::optional<int> status;
  std::string out;
  std::string err;
};

Ended Command(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const std::optional<int> status = RunCommand(arguments, out, err);
  return {.status = status, .out = out.str(), .err = err.str()};
}

TEST_CASE("Commands leave other arguments to the server", "[commands]") {
  CHECK_FALSE(Command({}).status);
  CHECK_FALSE(Command({"--site", "x"}).status);
  CHECK(Command({"backup"}).status == 2);
  CHECK(Command({"audit", "change", "--data", "x"}).status == 2);
  CHECK(Command({"verify", "x", "--data"}).status == 2);
  CHECK_THAT(Command({"admin", "list"}).err, ContainsSubstring("--data FOLDER"));
  CHECK_THAT(Command({"backup", "x"}).err, ContainsSubstring("--data FOLDER"));
}

TEST_CASE("The command line administers a folder that no server holds", "[commands]") {
  const TemporaryFolder folder;
  const std::string data = (folder / "data").string();
  CHECK(Command({"admin", "create", "ada", "--data", data}).status == 0);
  CHECK_THAT(Command({"admin", "--data", data, "list"}).out, ContainsSubstring("ada\tpending"));
  CHECK(Command({"admin", "disable", "bob", "--data", data}).status == 1);
}

TEST_CASE("The configuration file names the data folder too", "[commands]") {
  const TemporaryFolder folder;
  const std::string config = (folder / "insitu.toml").string();
  WriteFile(config,
            "data = \"" + (folder / "data").string() + "\"\n[storage]\nquota_bytes = 1048576\n");
  CHECK(Command({"admin", "create", "ada", "--config", config}).status == 0);
  CHECK_THAT(Command({"admin", "list", "--config", config}).out,
             ContainsSubstring("0 of 1048576 bytes"));
  CHECK(Command({"admin", "list", "--config", config, "--data", "x"}).status == 2);
  WriteFile(config, "datum = \"x\"\n");
  CHECK_THAT(Command({"admin", "list", "--config", config}).err, ContainsSubstring("datum"));
}

TEST_CASE("The command line never writes beside a server, but asks it", "[commands]") {
  MadeData data;
  const std::string folder = data.folder().string();
  const Ended refused = Command({"admin", "create", "ada", "--data", folder});
  CHECK(refused.status == 1);  // held by this process, which does not listen
  CHECK_THAT(refused.err, ContainsSubstring("in use"));
  auto socket = AdminSocket::Listen(data.folder(), [&](const std::vector<std::string>& arguments) {
    return RunAdmin(&data.database(), arguments, 7);
  });
  REQUIRE(socket.ok());
  CHECK(Command({"admin", "create", "ada", "--data", folder}).status == 0);
  CHECK(FindByName(data, "ada")->quota_bytes == 7);
}

TEST_CASE("The audit log is verified beside a server", "[commands]") {
  MadeData data;
  Run(data, {"create", "ada"});
  const std::string folder = data.folder().string();
  const Ended whole = Command({"audit", "verify", "--data", folder});
  CHECK(whole.status == 0);
  CHECK_THAT(whole.out, ContainsSubstring("whole: 1 rows"));
  data.Do([](Transaction& t) {
    constexpr Sql kChange = "UPDATE audit SET actor = 'nobody'";
    return t.Prepare(kChange).RunToStatus();
  });
  const Ended changed = Command({"audit", "verify", "--data", folder});
  CHECK(changed.status == 1);
  CHECK_THAT(changed.err, ContainsSubstring("row 1"));
  CHECK(Command({"audit", "verify", "--data", folder + "/none"}).status == 1);
}

TEST_CASE("A backup is made, verified and restored on the command line", "[commands]") {
  MadeData data;
  data.AddUser(1, "ada");
  const TemporaryFolder elsewhere;
  const std::string folder = data.folder().string();
  const std::string backup = (elsewhere / "backup").string();
  const std::string restored = (elsewhere / "restored").string();
  CHECK_THAT(Command({"backup", backup, "--data", folder}).out, ContainsSubstring("1 users"));
  CHECK(Command({"verify", backup}).status == 0);
  CHECK(Command({"restore", backup, "--data", restored}).status == 0);
  CHECK(Command({"restore", backup, "--data", restored}).status == 1);
  CHECK_THAT(Command({"admin", "list", "--data", restored}).out, ContainsSubstring("The ada"));
}

}  // namespace
}  // namespace insitu
