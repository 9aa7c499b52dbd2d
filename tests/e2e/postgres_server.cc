#include "tests/e2e/postgres_server.h"

#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/follow/postgres.h"
#include "tests/e2e/cluster.h"

namespace cairn {
namespace {

constexpr char programs[] = "/usr/lib/postgresql/15/bin/";

// As the user that PostgreSQL may run as.
std::vector<std::string> AsUser(const std::vector<std::string>& command) {
  std::vector<std::string> args;
  if (geteuid() == 0) args = {"/usr/sbin/runuser", "-u", "postgres", "--"};
  args.insert(args.end(), command.begin(), command.end());
  return args;
}

}  // namespace

bool PostgresServer::Installed() { return access(absl::StrCat(programs, "postgres").c_str(), X_OK) == 0; }

PostgresServer::PostgresServer() {
  std::string name = "/tmp/cairn-pg-XXXXXX";  // short: a socket's path has at most 107 bytes
  folder_ = mkdtemp(name.data());
  const passwd* const user = getpwnam("postgres");
  if (geteuid() == 0 && user != nullptr && chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0) folder_.clear();
}

PostgresServer::~PostgresServer() {
  Kill();
  std::error_code error;
  for (int i = 0; i < 20 && std::filesystem::exists(folder_); ++i) {
    std::filesystem::remove_all(folder_, error);  // its last children may still write
    if (error) usleep(100'000);
  }
}

absl::Status PostgresServer::Run(const std::string& command) const {
  const CommandResult result = RunCommand(AsUser({"/bin/sh", "-c", command}));
  return result.exit_code == 0 ? absl::OkStatus() : absl::InternalError(absl::StrCat(command, ": ", result.err));
}

bool PostgresServer::Answers() const { return Postgres::Connect(where()).ok(); }

// fsync only matters when the machine itself fails, and these tests only kill processes.
absl::Status PostgresServer::Start() {
  const std::string data = folder_ + "/data";
  if (!std::filesystem::exists(data)) {
    const absl::Status made = Run(absl::StrCat("mkdir ", folder_, "/socket && ", programs, "initdb -D ", data,
                                               " -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync"));
    if (!made.ok()) return made;
  }
  const bool up = Eventually(
      [&] {
        if (!Run(absl::StrCat(programs, "pg_ctl -D ", data, " -l ", folder_, "/log -w -t 20 -s -o \"-k ", folder_,
                              "/socket -c listen_addresses='' -c fsync=off\" start"))
                 .ok()) {
          usleep(200'000);
          return false;
        }
        return Answers();
      },
      absl::Seconds(60));
  if (!up) return absl::InternalError("PostgreSQL does not start; see its log in " + folder_);
  std::ifstream(data + "/postmaster.pid") >> pid_;
  return absl::OkStatus();
}

void PostgresServer::Kill() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  Eventually([&] { return kill(pid_, 0) != 0; }, absl::Seconds(10));
  pid_ = -1;
}

}  // namespace cairn
