// The data folder of a running server: its database, its files, its keys, and the accounts on them.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "backend/accounts.h"
#include "backend/config.h"
#include "backend/database.h"
#include "backend/object_files.h"

namespace insitu {

class AccountData {
 public:
  // Opens the folder that the configuration names and starts to sweep it: ended sessions, used
  // tickets and deleted bodies go every few minutes.
  static Result<std::unique_ptr<AccountData>> Open(const Config& config, ErrorLog log);
  // Ends with no request under way.
  ~AccountData();
  AccountData(const AccountData&) = delete;  // its thread points to it
  AccountData& operator=(const AccountData&) = delete;

  Accounts* accounts() { return accounts_.get(); }
  Database* database() { return database_.get(); }

 private:
  AccountData() = default;

  void SweepUntilStopped();
  Status SweepOnce();

  std::unique_ptr<Database> database_;
  std::unique_ptr<ObjectFiles> files_;
  std::unique_ptr<Accounts> accounts_;

  std::mutex mutex_;  // guards stopping_
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread sweeper_;
};

}  // namespace insitu
