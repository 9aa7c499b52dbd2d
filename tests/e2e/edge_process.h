// A `cairnd --role=edge` that a test runs.
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/e2e/cluster.h"

namespace cairn {

// Killed on destruction. Used by one thread.
class EdgeProcess {
 public:
  explicit EdgeProcess(std::string bin) : bin_(std::move(bin)) {}
  ~EdgeProcess() { Stop(SIGKILL); }
  EdgeProcess(const EdgeProcess&) = delete;
  EdgeProcess& operator=(const EdgeProcess&) = delete;

  // Starts it on a node's data directory, as user `user` (0: as this process), and waits until it listens; an error
  // has what it said.
  absl::Status Start(const std::string& data, uid_t user = 0) {
    log_ = absl::StrCat(data, ".edge.log");
    unlink(log_.c_str());
    pid_ = fork();
    if (pid_ == 0) Execute(data, user);
    const std::string before = " http=127.0.0.1:";
    if (!Eventually([&] { return log().find(before) != std::string::npos || Ended(); }) || pid_ < 0) {
      return absl::InternalError(log());
    }
    port_ = PortIn(log(), before);
    return port_ != 0 ? absl::OkStatus() : absl::InternalError(log());
  }

  // Sends a signal and waits for the end; returns how it ended (waitpid's status).
  int Stop(int signal) {
    int status = 0;
    if (pid_ <= 0) return status;
    kill(pid_, signal);
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }
  // True once it has ended by itself.
  bool Ended() {
    if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
    return pid_ < 0;
  }

  int port() const { return port_; }
  pid_t pid() const { return pid_; }
  std::string log() const { return FileText(log_); }

 private:
  [[noreturn]] void Execute(const std::string& data, uid_t user) const {
    const int out = open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2(out, 1);
    dup2(out, 2);
    // Opened before the change of user, who may have no way to a checkout in a home directory.
    const std::string path = bin_ + "/cairnd";
    const int program = open(path.c_str(), O_PATH | O_CLOEXEC);
    if (user != 0 && (setgroups(0, nullptr) != 0 || setgid(user) != 0 || setuid(user) != 0)) _exit(126);
    const char* const arguments[] = {path.c_str(), "--role=edge", "--data", data.c_str(), nullptr};
    fexecve(program, const_cast<char* const*>(arguments), environ);
    _exit(127);
  }

  const std::string bin_;
  std::string log_;
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace cairn
