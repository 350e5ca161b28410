// A data folder for a test, with people in it, and a clock that the test moves.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "backend/database.h"
#include "backend/store_accounts.h"
#include "backend/store_objects.h"
#include "backend/store_sessions.h"
#include "tests/temporary_folder.h"

namespace insitu {

inline constexpr int64_t kMadeTime = 1'800'000'000'000;
inline constexpr int64_t kMadeQuota = 100'000;

// 32 bytes that begin with the text.
std::string MadeHash(std::string_view text);

// "00000000-0000-7000-8000-0000000000NN".
std::string MadeId(int number);

// A user "NAME" with id MadeId(number) and a password.
NewUser MadeUser(int number, std::string_view name);

Session MadeSession(std::string_view token, int user, int64_t now = kMadeTime);

// One whose body is the text, of the user MadeId(user).
Object MadeObject(int number, int user, std::string_view body);

class MadeData {
 public:
  explicit MadeData(const DatabaseOptions& options = {});

  Database& database() { return *database_; }
  const std::filesystem::path& folder() const { return folder_.path(); }

  // Fails the test if a job does not go through; returns its value.
  template <typename T>
  T Write(const std::function<Result<T>(Transaction&)>& job) {
    return Must(database().WriteFor(job));
  }
  template <typename T>
  T Read(const std::function<Result<T>(Transaction&)>& job) {
    return Must(database().ReadFor(job));
  }
  void Do(const Database::Job& job);

  // Adds MadeUser(number, name).
  void AddUser(int number, std::string_view name);
  User FindUser(int number);

  // Ends the database and starts it again, as after a restart of the server.
  void Reopen();
  void Close() { database_.reset(); }

  int64_t now = kMadeTime;

 private:
  static void Report(const Error& error);

  template <typename T>
  T Must(Result<T> result) {
    if (!result.ok()) Report(result.error());
    return TakeValue(&result);
  }

  TemporaryFolder folder_;
  DatabaseOptions options_;
  std::unique_ptr<Database> database_;
};

}  // namespace insitu
