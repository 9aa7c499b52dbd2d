// cairnd: one node of a consortium.
#include <grpc/support/log.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <functional>
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/data_dir.h"
#include "common/base/log.h"
#include "server/config.h"
#include "server/edge_node.h"
#include "server/node.h"
#include "server/restore.h"

namespace cairn {
namespace {

// An outsider who knocks must not fill the log with gRPC's own lines.
void LogOfGrpc(gpr_log_func_args* args) {
  if (args->severity == GPR_LOG_SEVERITY_ERROR) LogDebug("grpc", {{"text", args->message}});
}

struct Flags {
  std::string data;
  std::string config;
  std::string charter;
  std::string restore;
  std::string role = "all";
  bool check_config = false;
  bool standalone = false;
  bool standalone_restored = false;
};

int Refuse(const absl::Status& status) {
  std::cerr << "cairnd: " << status.message() << "\n";
  return 1;
}

// SIGTERM and SIGINT end the node; SIGHUP reads anew what can change while it runs.
struct Reloads {
  std::function<absl::Status(const NodeConfig&)> settings;
  std::function<absl::Status()> certificate;
  std::string changed;  // what they change
};

void ServeUntilTold(const std::string& config_path, const sigset_t& signals, const Reloads& reloads) {
  while (true) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) return;
    const absl::StatusOr<NodeConfig> config = LoadConfig(config_path);
    const absl::Status reloaded = config.ok() ? reloads.settings(*config) : config.status();
    if (!reloaded.ok()) {
      LogError("config.refused", {{"error", reloaded.message()}, {"in_force", "the settings from before"}});
      continue;
    }
    SetLogLevel(config->log_level);
    const absl::Status certificate = reloads.certificate();
    if (!certificate.ok()) {
      LogError("http.certificate_refused", {{"error", certificate.message()}, {"in_force", "the one from before"}});
    }
    LogInfo("config.reloaded", {{"result", absl::StrCat("ok; ", reloads.changed, " change without a restart")}});
  }
}

// Readers' connections: the system's default of 1,024 is for programs that use select().
void UseAllDescriptors() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

// A core file would hold the keys, and what is for a circle.
void LeaveNoCore() {
  const rlimit none{};
  if (setrlimit(RLIMIT_CORE, &none) != 0) LogWarning("node.core_files", {{"why", std::strerror(errno)}});
}

std::string ReadyLine(const NodeConfig& config) {
  return absl::StrCat("cairnd ready partner=", config.partner, " node=", config.node);
}

int RunNode(const NodeConfig& config, const std::string& path, const sigset_t& signals) {
  gpr_set_log_function(LogOfGrpc);
  absl::StatusOr<std::unique_ptr<Node>> started = Node::Start(config, Clock::Real());
  if (!started.ok()) return Refuse(started.status());
  Node* const node = started->get();
  std::cout << ReadyLine(config) << " listen=" << node->listening() << " socket=" << config.socket;
  if (!config.admin_listen.empty()) std::cout << " admin=" << node->admin_listening();
  if (!config.http_listen.empty()) std::cout << " http=" << node->http_listening();
  if (!config.http_metrics_listen.empty()) std::cout << " metrics=" << node->metrics_listening();
  std::cout << std::endl;
  ServeUntilTold(
      path, signals,
      {[node](const NodeConfig& fresh) { return node->Reload(fresh); }, [node] { return node->ReloadCertificate(); },
       "log_level, admin.clients and the HTTP side's certificate"});
  LogInfo("node.stopping");
  node->Stop();
  return 0;
}

int RunEdge(const NodeConfig& config, const std::string& path, const sigset_t& signals) {
  absl::StatusOr<std::unique_ptr<EdgeNode>> started =
      EdgeNode::Start(config, CAIRN_VERSION, Clock::Real(), [] { kill(getpid(), SIGTERM); });
  if (!started.ok()) return Refuse(started.status());
  EdgeNode* const edge = started->get();
  std::cout << ReadyLine(config) << " role=edge http=" << edge->http_listening() << std::endl;
  ServeUntilTold(path, signals,
                 {[](const NodeConfig&) { return absl::OkStatus(); }, [edge] { return edge->ReloadCertificate(); },
                  "log_level and the certificate"});
  LogInfo("edge.stopping");
  edge->Stop();
  return edge->failed().ok() ? 0 : Refuse(edge->failed());
}

int Run(const Flags& flags) {
  const std::string path = flags.config.empty() ? JoinPath(flags.data, data_dir::config) : flags.config;
  absl::StatusOr<NodeConfig> config = LoadConfig(path);
  if (!config.ok()) return Refuse(config.status());
  if (!flags.charter.empty()) config->charter = flags.charter;
  config->standalone = flags.standalone || flags.standalone_restored;
  config->standalone_restored = flags.standalone_restored;
  if (flags.check_config) {
    std::cout << EffectiveSettings(*config);
    return 0;
  }
  SetLogLevel(config->log_level);
  if (!flags.restore.empty()) {
    umask(0027);
    const absl::Status restored = Restore(*config, flags.restore, Clock::Real(), std::cout);
    return restored.ok() ? 0 : Refuse(restored);
  }
  umask(0027);
  // Blocked before any thread is made, so that only sigwait sees them.
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  UseAllDescriptors();
  LeaveNoCore();
  if (flags.role == "edge") return RunEdge(*config, path, signals);
  if (flags.role == "node") config->http_listen.clear();
  return RunNode(*config, path, signals);
}

}  // namespace
}  // namespace cairn

int main(int argc, char** argv) {
  CLI::App app{"cairnd runs one node of a Cairn consortium. `cairn node init` makes its data directory.", "cairnd"};
  cairn::Flags flags;
  app.add_option("--data", flags.data, "The node's data directory")->type_name("DIR");
  app.add_option("--config", flags.config, "Its settings, when they are not DIR/node.toml")->type_name("FILE");
  app.add_option("--charter", flags.charter, "The charter to start from, when it is not DIR/charter.chain")
      ->type_name("FILE");
  app.add_option("--restore", flags.restore, "Make this backup the node's database, and end; see `cairn restore`")
      ->type_name("FILE");
  app.add_option("--role", flags.role,
                 "What this process does. all: everything. edge: only the HTTP side, from the database of a node that "
                 "runs beside it; reads no key of the node and writes nothing. node: everything but the HTTP side")
      ->check(CLI::IsMember({"all", "node", "edge"}))
      ->capture_default_str();
  app.add_flag("--check-config", flags.check_config, "Check the settings, print those in effect, and end");
  app.add_flag(
      "--standalone", flags.standalone,
      "Publish although no other node has said what it holds of this partner's feeds. Only when this is surely "
      "the newest copy: otherwise numbers are given out twice, and the feed is frozen everywhere");
  app.add_flag("--standalone-restored", flags.standalone_restored,
               "The same for a data directory that was restored from a backup: what was published after the backup is "
               "lost, and contradicts what is published now wherever it arrived");
  app.set_version_flag("--version", std::string("cairnd ") + CAIRN_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (flags.data.empty() && flags.config.empty()) {
    std::cerr << "cairnd: which node? write --data DIR, the directory that `cairn node init` made\n";
    return 2;
  }
  if (flags.role == "edge" && (!flags.restore.empty() || flags.standalone || flags.standalone_restored)) {
    std::cerr << "cairnd: --role=edge only reads; --restore and --standalone are for the node\n";
    return 2;
  }
  return cairn::Run(flags);
}
