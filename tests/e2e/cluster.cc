#include "tests/e2e/cluster.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/clock.h"
#include "common/base/data_dir.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

// Starts a program with its output in files; returns its process id.
pid_t Spawn(const std::vector<std::string>& args, const std::string& out, const std::string& err) {
  std::vector<char*> argv;
  for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = fork();
  if (pid != 0) return pid;
  const int out_file = open(out.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const int err_file = open(err.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const int in_file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(in_file, 0);
  dup2(out_file, 1);
  dup2(err_file, 2);
  execv(argv[0], argv.data());
  _exit(127);
}

}  // namespace

std::string BinDirectory() {
  const char* bin = std::getenv("CAIRN_BIN_DIR");
  return bin != nullptr ? bin : "build/release/bin";
}

std::string FileText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

int PortIn(const std::string& said, const std::string& before) {
  const size_t at = said.find(before);
  return at == std::string::npos ? 0 : std::atoi(said.c_str() + at + before.size());
}

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool bound = bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(fd);
  return bound ? ntohs(address.sin_port) : 0;
}

CommandResult RunCommand(const std::vector<std::string>& args) {
  const std::filesystem::path base = std::filesystem::temp_directory_path();
  static int serial = 0;
  const std::string stem = absl::StrCat((base / "cairn-command-").string(), getpid(), "-", serial++);
  const pid_t pid = Spawn(args, stem + ".out", stem + ".err");
  int status = 0;
  CommandResult result;
  if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  result.out = FileText(stem + ".out");
  result.err = FileText(stem + ".err");
  std::filesystem::remove(stem + ".out");
  std::filesystem::remove(stem + ".err");
  return result;
}

Cluster::Cluster(std::string directory, std::string bin) : directory_(std::move(directory)), bin_(std::move(bin)) {
  std::filesystem::remove_all(directory_);
  std::filesystem::create_directories(directory_);
}

Cluster::~Cluster() {
  for (int i = 0; i < size(); ++i) Stop(i, SIGKILL);
  if (std::getenv("CAIRN_KEEP") == nullptr) std::filesystem::remove_all(directory_);
}

absl::Status Cluster::Run(std::vector<std::string> args) const {
  const CommandResult result = Cairn(args);
  if (result.exit_code == 0) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("cairn ", absl::StrJoin(args, " "), " ended with ", result.exit_code, ": ", result.err));
}

CommandResult Cluster::Cairn(std::vector<std::string> args) const {
  args.insert(args.begin(), bin_ + "/cairn");
  return RunCommand(args);
}

CommandResult Cluster::Cairn(int i, std::vector<std::string> args) const {
  args.insert(args.begin(), {"--data", data(i)});
  return Cairn(std::move(args));
}

absl::Status Cluster::Found(const std::vector<Member>& members) {
  const std::string key = directory_ + "/governor.pem";
  RETURN_IF_ERROR(Run({"charter", "key", "--out", key}));
  RETURN_IF_ERROR(Run({"charter", "init", "--consortium", "test-consortium", "--name", "Test consortium", "--threshold",
                       "1", "--governor", absl::StrCat("secretariat=", key, ".pub"), "--out", charter_file()}));
  std::vector<std::string> admit = {"charter", "admit", charter_file()};
  for (const Member& member : members) {
    RETURN_IF_ERROR(AddMember(member));
    admit.push_back(JoinPath(data(size() - 1), data_dir::join_request));
  }
  RETURN_IF_ERROR(Run(admit));
  RETURN_IF_ERROR(Run({"charter", "sign", charter_file(), "--key", key}));
  for (int i = 0; i < size(); ++i) RETURN_IF_ERROR(HandOverCharter(i));
  return absl::OkStatus();
}

absl::Status Cluster::AddMember(const Member& member) {
  nodes_.push_back({member, FreePort(), -1});
  std::vector<std::string> init = {"node",      "init",         "--data", data(size() - 1),
                                   "--partner", member.partner, "--name", absl::StrCat("Partner ", member.partner),
                                   "--country", member.country};
  if (member.dial_out_only) {
    init.push_back("--dial-out-only");
  } else {
    init.insert(init.end(), {"--listen", absl::StrCat("127.0.0.1:", nodes_.back().port)});
  }
  return Run(init);
}

absl::Status Cluster::ChangeCharter(const std::string& command, const std::vector<std::string>& args) {
  std::vector<std::string> change = {"charter", command, charter_file()};
  change.insert(change.end(), args.begin(), args.end());
  RETURN_IF_ERROR(Run(change));
  return Run({"charter", "sign", charter_file(), "--key", directory_ + "/governor.pem"});
}

absl::Status Cluster::Admit(int i) { return ChangeCharter("admit", {JoinPath(data(i), data_dir::join_request)}); }

absl::Status Cluster::HandOverCharter(int i) {
  std::error_code error;
  std::filesystem::copy_file(charter_file(), JoinPath(data(i), data_dir::charter),
                             std::filesystem::copy_options::overwrite_existing, error);
  return error ? absl::InternalError(error.message()) : absl::OkStatus();
}

absl::Status Cluster::Start(int i, const std::vector<std::string>& more) {
  Node& node = nodes_[static_cast<size_t>(i)];
  std::filesystem::remove(log(i) + ".ready");
  std::vector<std::string> args = {bin_ + "/cairnd", "--data", data(i)};
  args.insert(args.end(), more.begin(), more.end());
  node.pid = Spawn(args, log(i) + ".ready", log(i));
  const bool ready = Eventually([&] {
    int status = 0;
    if (waitpid(node.pid, &status, WNOHANG) == node.pid) node.pid = -1;
    return node.pid < 0 || absl::StrContains(FileText(log(i) + ".ready"), "cairnd ready") ||
           absl::StrContains(FileText(log(i)), "cairnd ready");
  });
  if (ready && node.pid > 0) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("node ", node_id(i), " did not start: ", FileText(log(i)), FileText(log(i) + ".ready")));
}

absl::Status Cluster::ChangeSettings(int i, absl::string_view from, absl::string_view to) {
  const std::string path = JoinPath(data(i), data_dir::config);
  const std::vector<std::string> parts = absl::StrSplit(FileText(path), from);
  if (parts.size() != 2)
    return absl::InvalidArgumentError(absl::StrCat(path, ": \"", from, "\" stands there ", parts.size() - 1, " times"));
  std::ofstream(path, std::ios::binary) << absl::StrJoin(parts, to);
  return absl::OkStatus();
}

absl::Status Cluster::StartAll() {
  for (int i = 0; i < size(); ++i) RETURN_IF_ERROR(Start(i));
  return absl::OkStatus();
}

int Cluster::Stop(int i, int signal) {
  Node& node = nodes_[static_cast<size_t>(i)];
  int status = 0;
  if (node.pid <= 0) return status;
  kill(node.pid, signal);
  waitpid(node.pid, &status, 0);
  node.pid = -1;
  return status;
}

std::unique_ptr<Client> Cluster::client(int i) const {
  const absl::StatusOr<NodeTarget> target = ParseTarget(data(i), data_dir::socket);
  if (!target.ok()) return nullptr;
  return std::make_unique<Client>(*target);
}

bool Eventually(const std::function<bool()>& condition, absl::Duration limit) {
  const absl::Duration end = Clock::Real()->Monotonic() + limit;
  while (!condition()) {
    if (Clock::Real()->Monotonic() >= end) return false;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return true;
}

int64_t RecordsOf(Client* client, const std::string& partner) {
  const auto partners = client->ListPartners();
  if (!partners.ok()) return -1;
  for (const v1::PartnerSummary& summary : partners->partners()) {
    if (summary.id() == partner) return static_cast<int64_t>(summary.live_records());
  }
  return 0;
}

}  // namespace cairn
