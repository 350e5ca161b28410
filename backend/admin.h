// What an administrator does with accounts, on the command line: insitu-server admin VERB …. While
// a server holds the data folder it is asked through a socket there, so that it stays the only one
// that writes; otherwise the command line opens the folder itself.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "backend/database.h"
#include "shared/result.h"

namespace insitu {

struct AdminReply {
  int status = 0;   // of the process: 1 if it was refused, 2 if it was not understood
  std::string out;  // lines for a person
  std::string err;
};

// The verbs, one a line.
std::string AdminUsage();

// Does what the arguments after "admin" say, in one transaction with its entry in the audit log.
// New users get that quota.
AdminReply RunAdmin(Database* database, const std::vector<std::string>& arguments,
                    int64_t quota_bytes);

// The server's side: answers whoever may open the data folder, one at a time, as long as it lives.
class AdminSocket {
 public:
  using Handler = std::function<AdminReply(const std::vector<std::string>&)>;

  static Result<std::unique_ptr<AdminSocket>> Listen(const std::filesystem::path& data,
                                                     Handler handler);
  ~AdminSocket();
  AdminSocket(const AdminSocket&) = delete;  // its thread points to it
  AdminSocket& operator=(const AdminSocket&) = delete;

 private:
  AdminSocket(std::filesystem::path path, int listening, int stopped, Handler handler);

  void Serve();
  void Answer(int connection);

  const std::filesystem::path path_;
  const int listening_;
  const int stopped_;  // an eventfd
  const Handler handler_;
  std::thread thread_;
};

// Asks the server that holds a data folder. Nothing if none answers there.
std::optional<AdminReply> AskServer(const std::filesystem::path& data,
                                    const std::vector<std::string>& arguments);

}  // namespace insitu
