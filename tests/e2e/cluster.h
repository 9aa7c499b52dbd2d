// A consortium of real processes: `cairn` makes keys, charter and data directories, `cairnd` runs each node. For
// process tests and benchmarks.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/cairn/client.h"

namespace cairn {

// What a finished command left.
struct CommandResult {
  int exit_code = -1;
  std::string out;  // standard output
  std::string err;  // standard error
};

// Where the programs under test are: CAIRN_BIN_DIR of the environment, or where a build from the source's top leaves
// them.
std::string BinDirectory();

// The bytes of a file; empty when it cannot be read.
std::string FileText(const std::string& path);

// The port that stands after `before` in what a program said, such as " http=127.0.0.1:"; 0: it does not.
int PortIn(const std::string& said, const std::string& before);

// Runs a program to its end; `args[0]` is its path.
CommandResult RunCommand(const std::vector<std::string>& args);

// A TCP port of 127.0.0.1 that nobody listens on; 0: there is none.
int FreePort();

// Who takes part.
struct Member {
  std::string partner;
  std::string country;
  bool dial_out_only = false;  // no listener: others cannot reach it
};

// Nodes are killed and files removed on destruction. Used by one thread.
class Cluster {
 public:
  // `directory` is made; `bin` holds the two programs.
  Cluster(std::string directory, std::string bin);
  ~Cluster();

  // Keys, data directories and a signed charter that admits all members. Nothing runs yet.
  absl::Status Found(const std::vector<Member>& members);
  // Makes a data directory for one more; it is in no charter until Admit.
  absl::Status AddMember(const Member& member);
  // Admits member `i` in a new, signed charter version (in charter_file()).
  absl::Status Admit(int i);
  // Changes the charter by `cairn charter COMMAND FILE ARGS…` and signs it.
  absl::Status ChangeCharter(const std::string& command, const std::vector<std::string>& args);
  // Puts the charter file where member `i` looks for it on its first start.
  absl::Status HandOverCharter(int i);
  std::string charter_file() const { return directory_ + "/charter.chain"; }

  // Puts `to` in the place of `from`, which must stand there once, in the settings of node `i`.
  absl::Status ChangeSettings(int i, absl::string_view from, absl::string_view to);

  // Starts node `i`, with further arguments, and waits until it says that it is ready.
  absl::Status Start(int i, const std::vector<std::string>& more = {});
  absl::Status StartAll();
  // Sends a signal and waits for the end; returns how it ended (waitpid's status).
  int Stop(int i, int signal);
  bool running(int i) const { return nodes_[static_cast<size_t>(i)].pid > 0; }
  pid_t pid(int i) const { return nodes_[static_cast<size_t>(i)].pid; }

  int size() const { return static_cast<int>(nodes_.size()); }
  std::string data(int i) const { return directory_ + "/" + nodes_[static_cast<size_t>(i)].member.partner; }
  std::string node_id(int i) const { return nodes_[static_cast<size_t>(i)].member.partner + "-1"; }
  std::string log(int i) const { return data(i) + ".log"; }
  const std::string& directory() const { return directory_; }
  // A new client of node `i` over its socket.
  std::unique_ptr<Client> client(int i) const;
  // `cairn --data … ARGS…` at node `i`.
  CommandResult Cairn(int i, std::vector<std::string> args) const;
  // `cairn ARGS…` without a node.
  CommandResult Cairn(std::vector<std::string> args) const;

 private:
  struct Node {
    Member member;
    int port = 0;
    pid_t pid = -1;
  };

  absl::Status Run(std::vector<std::string> args) const;

  const std::string directory_;
  const std::string bin_;
  std::vector<Node> nodes_;
};

// Asks again every few milliseconds until `condition` holds or `limit` has passed; returns whether it holds.
bool Eventually(const std::function<bool()>& condition, absl::Duration limit = absl::Seconds(30));

// Live records of a partner as node `client` counts them; -1 when it does not answer.
int64_t RecordsOf(Client* client, const std::string& partner);

}  // namespace cairn
