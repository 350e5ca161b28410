#include "backend/account_data.h"

#include "backend/limits.h"
#include "backend/store_accounts.h"
#include "backend/store_sessions.h"

namespace insitu {

Result<std::unique_ptr<AccountData>> AccountData::Open(const Config& config, ErrorLog log) {
  std::unique_ptr<AccountData> data(new AccountData);
  ASSIGN_OR_RETURN(data->database_, Database::Open(config.data));
  ASSIGN_OR_RETURN(data->files_, ObjectFiles::Open(data->database_.get()));
  // Made only where it is ours to make, once: a named file that is missing is a mistake, and so is
  // a data folder in use, restored perhaps, whose keys are missing.
  const auto ours = DefaultKeyFile(config.data);
  const auto& named = config.key_file.empty() ? ours : config.key_file;
  ASSIGN_OR_RETURN(const bool in_use, Accounts::HaveKeys(data->database_.get()));
  ASSIGN_OR_RETURN(KeyFile keys,
                   named == ours && !in_use ? KeyFile::LoadOrMake(ours) : KeyFile::Load(named));
  ASSIGN_OR_RETURN(data->accounts_,
                   Accounts::Open(data->database_.get(), data->files_.get(), std::move(keys),
                                  AccountSettingsOf(config), std::move(log)));
  data->sweeper_ = std::thread([swept = data.get()] { swept->SweepUntilStopped(); });
  return data;
}

AccountData::~AccountData() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  if (sweeper_.joinable()) sweeper_.join();
}

Status AccountData::SweepOnce() {
  const int64_t now = database_->Now();
  const int64_t seen_after = now - accounts_->settings.session_idle_ms;
  RETURN_IF_ERROR(database_->Write([&](Transaction& transaction) -> Status {
    RETURN_IF_ERROR(SweepSessions(transaction, seen_after, now));
    RETURN_IF_ERROR(SweepChallenges(transaction, now));
    return {};
  }));
  RETURN_IF_ERROR(files_->Sweep());
  return {};
}

void AccountData::SweepUntilStopped() {
  std::unique_lock lock(mutex_);
  do {  // at once: a crash may have cut a deletion off
    lock.unlock();
    const Status swept = SweepOnce();
    if (!swept.ok()) accounts_->log(swept.error().message);
    lock.lock();
  } while (!stop_.wait_for(lock, kSweepInterval, [this] { return stopping_; }));
}

}  // namespace insitu
