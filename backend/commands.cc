#include "backend/commands.h"

#include <algorithm>
#include <filesystem>
#include <memory>

#include "backend/admin.h"
#include "backend/audit.h"
#include "backend/backup.h"
#include "backend/config.h"
#include "backend/database.h"
#include "backend/encoding.h"
#include "backend/sqlite.h"
#include "shared/str_cat.h"

namespace insitu {
namespace {

constexpr int kSuccess = 0;
constexpr int kFailure = 1;
constexpr int kUsageError = 2;

struct Console {
  std::ostream& out;
  std::ostream& err;

  int Fail(std::string_view message) const {
    err << "insitu-server: " << message << std::endl;
    return kFailure;
  }
  int NotUnderstood() const {
    err << "insitu-server: This command is not understood. There are:\n" << CommandsUsage();
    return kUsageError;
  }
};

// The words of a command without --data FOLDER or --config FILE, which may stand anywhere.
struct Words {
  std::vector<std::string> words;
  std::filesystem::path data;
  int64_t quota_bytes = static_cast<int64_t>(Config().quota_bytes);
  bool understood = true;
};

Result<Words> TakeFlags(const std::vector<std::string>& arguments) {
  Words taken;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const bool is_data = arguments[i] == "--data";
    if (!is_data && arguments[i] != "--config") {
      taken.words.push_back(arguments[i]);
      continue;
    }
    if (i + 1 == arguments.size() || arguments[i + 1].empty() || !taken.data.empty()) {
      taken.understood = false;
      return taken;
    }
    ++i;
    if (is_data) {
      taken.data = arguments[i];
    } else {
      ASSIGN_OR_RETURN(const Config config,
                       ParseArguments({"config", "check", "--config", arguments[i]}));
      taken.data = config.data;
      taken.quota_bytes = static_cast<int64_t>(config.quota_bytes);
    }
  }
  return taken;
}

int NoData(const Console& console) {
  return console.Fail("Name the data folder: --data FOLDER, or --config FILE that names it.");
}

int Admin(const Words& given, const Console& console) {
  if (given.data.empty()) return NoData(console);
  const std::vector<std::string> arguments(given.words.begin() + 1, given.words.end());
  std::optional<AdminReply> reply = AskServer(given.data, arguments);
  if (!reply) {
    Result<std::unique_ptr<Database>> database = Database::Open(given.data);
    if (!database.ok()) return console.Fail(database.error().message);
    reply = RunAdmin(database.value().get(), arguments, given.quota_bytes);
  }
  console.out << reply->out << std::flush;
  console.err << reply->err << std::flush;
  return reply->status;
}

int VerifyAuditOf(const Words& given, const Console& console) {
  if (given.words.size() != 2 || given.words[1] != "verify") return console.NotUnderstood();
  if (given.data.empty()) return NoData(console);
  // Beside a running server: it only reads.
  const auto connection = SqlConnection::Open(DatabaseFile(given.data), SqlAccess::kRead);
  if (!connection.ok()) return console.Fail(connection.error().message);
  Transaction transaction(connection.value().get());
  const Result<AuditVerdict> verdict = VerifyAudit(transaction);
  if (!verdict.ok()) return console.Fail(verdict.error().message);
  const AuditHead& head = verdict.value().head;
  if (verdict.value().broken_at) {
    return console.Fail(StrCat("The audit log was changed: row ", *verdict.value().broken_at,
                               " does not follow from row ", head.rows, "."));
  }
  console.out << "The audit log is whole: " << head.rows << " rows, the last with hash "
              << ToHex(head.hash) << std::endl;
  return kSuccess;
}

int Report(const Result<BackupReport>& report, std::string_view what, const Console& console) {
  if (!report.ok()) return console.Fail(report.error().message);
  const BackupReport& done = report.value();
  console.out << what << ": " << done.users << " users, " << done.objects << " objects, "
              << done.bytes << " bytes, schema " << done.schema_version << ", audit head "
              << done.audit_head << std::endl;
  return kSuccess;
}

int Backup(const Words& given, const Console& console) {
  const std::string& command = given.words[0];
  if (given.words.size() != 2) return console.NotUnderstood();
  const std::filesystem::path folder = given.words[1];
  if (command == "verify") return Report(VerifyBackup(folder), "A whole backup", console);
  if (given.data.empty()) return NoData(console);
  if (command == "backup") {
    return Report(BackUp(given.data, folder, SystemTime()),
                  "Backed up, without the key file, which belongs elsewhere", console);
  }
  return Report(Restore(folder, given.data, SystemTime()),
                "Restored, with everybody signed out; put the key file back too", console);
}

}  // namespace

std::string CommandsUsage() {
  return AdminUsage() +
         "  audit verify                   check that the audit log is whole\n"
         "  backup FOLDER                  copy the data folder, while the server runs or not\n"
         "  restore BACKUP                 make the data folder, which must be new, of a backup\n"
         "  verify BACKUP                  check a backup, changing nothing\n"
         "All but verify take --data FOLDER, or --config FILE that names it.\n";
}

std::optional<int> RunCommand(const std::vector<std::string>& arguments, std::ostream& out,
                              std::ostream& err) {
  if (arguments.empty()) return std::nullopt;
  const std::string& command = arguments[0];
  const Console console{.out = out, .err = err};
  const bool is_backup = command == "backup" || command == "restore" || command == "verify";
  if (command != "admin" && command != "audit" && !is_backup) return std::nullopt;
  const Result<Words> taken = TakeFlags(arguments);
  if (!taken.ok()) return console.Fail(taken.error().message);
  const Words& given = taken.value();
  if (!given.understood || given.words.empty()) return console.NotUnderstood();
  if (command == "admin") return Admin(given, console);
  if (command == "audit") return VerifyAuditOf(given, console);
  return Backup(given, console);
}

}  // namespace insitu
