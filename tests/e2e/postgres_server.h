// A PostgreSQL server of Debian's, in a folder of its own, reached over a socket there. For tests that need a real one.
#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"

namespace cairn {

// Ends with the server killed and the folder removed. PostgreSQL does not run as root: then the user "postgres" of the
// package does it. Used by one thread.
class PostgresServer {
 public:
  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // False: no server program is installed.
  static bool Installed();
  // Makes the cluster on the first call, and waits until it takes connections.
  absl::Status Start();
  // kill -9 of the server; its children notice and end.
  void Kill();

  // For Postgres::Connect.
  std::string where() const { return "host=" + folder_ + "/socket user=postgres dbname=postgres"; }

 private:
  absl::Status Run(const std::string& command) const;
  bool Answers() const;

  std::string folder_;
  pid_t pid_ = -1;  // of the server itself
};

}  // namespace cairn
