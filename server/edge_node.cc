#include "server/edge_node.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "server/access/authoriser.h"
#include "server/access/caller_limits.h"
#include "server/access/token_finder.h"
#include "server/directory/directory_reader.h"
#include "server/directory/watch_hub.h"
#include "server/edge.h"
#include "server/edge_follower.h"
#include "server/http/status_routes.h"
#include "server/store/read_store.h"

namespace cairn {
namespace {

constexpr int missed_heartbeats = 3;  // a node that is only slow is not called silent

// The same file by whatever name.
bool IsSameFile(const std::string& a, const std::string& b) {
  std::error_code error;
  return a == b || std::filesystem::equivalent(a, b, error);
}

absl::Status CheckSettings(const NodeConfig& config) {
  if (config.http_listen.empty()) {
    return absl::InvalidArgumentError(
        "http.listen is empty: this process has nothing to do; write the address that "
        "readers come to, such as \"127.0.0.1:8080\"");
  }
  for (const std::string& key : {config.tls_key, config.publishing_key, config.admin_tls_key}) {
    if (config.http_tls_key.empty() || key.empty() || !IsSameFile(config.http_tls_key, key)) continue;
    return absl::InvalidArgumentError(absl::StrCat("http.tls_key ", Quoted(key, 300),
                                                   " is a key of the node itself, which the process that the internet "
                                                   "talks to must not read; give the HTTP side a key of its own"));
  }
  return absl::OkStatus();
}

}  // namespace

// In the order of making; taken down in reverse.
struct EdgeNode::Parts {
  NodeConfig config;
  Clock* clock = nullptr;
  std::unique_ptr<ReadStore> store;
  std::unique_ptr<WatchHub> hub;
  std::unique_ptr<TokenCopy> tokens;
  std::unique_ptr<EdgeFollower> follower;
  std::unique_ptr<DirectoryReader> directory;
  std::unique_ptr<Authoriser> authoriser;
  std::unique_ptr<CallerLimits> caller_limits;
  NodeMetrics metrics{{}};  // of HTTP: rpcs are the node's
  std::unique_ptr<Edge> edge;

  absl::Status Follow(std::function<void()> on_failed);
  absl::Status OpenHttp(const std::string& version);
  std::string Remark() const;
};

absl::Status EdgeNode::Parts::Follow(std::function<void()> on_failed) {
  ASSIGN_OR_RETURN(store, ReadStore::Open({config.database, config.consortium, clock, config.readers, ""}));
  hub = std::make_unique<WatchHub>();
  tokens = std::make_unique<TokenCopy>(clock);
  ASSIGN_OR_RETURN(follower, EdgeFollower::Start(
                                 {store.get(), config.database, clock, hub.get(), tokens.get(), std::move(on_failed)}));
  directory = std::make_unique<DirectoryReader>(
      store.get(), [this] { return follower->charter(); }, clock);
  return absl::OkStatus();
}

// A node signs its heads anew with every heartbeat, so its file does not stay as it is for long.
std::string EdgeNode::Parts::Remark() const {
  const absl::Duration quiet = follower->quiet();
  if (quiet < config.heartbeat * missed_heartbeats) return "";
  return absl::StrCat("the node has written nothing for ", absl::ToInt64Seconds(quiet),
                      " s and may be down: what is shown is its state from then");
}

absl::Status EdgeNode::Parts::OpenHttp(const std::string& version) {
  authoriser = std::make_unique<Authoriser>(config.partner, std::vector<CertificateClient>(), tokens.get(), nullptr);
  caller_limits = std::make_unique<CallerLimits>(clock);
  Edge::Options options = EdgeOptionsOf(config);
  options.parts =
      EdgeParts{store.get(), [this] { return follower->charter(); }, clock, directory.get(), hub.get(), config.partner};
  options.authoriser = authoriser.get();
  options.caller_limits = caller_limits.get();
  options.metrics = &metrics;
  options.version = version;
  options.ready = [this, parts = options.parts] {
    return follower->failed().ok() ? CheckReadable(parts)
                                   : absl::UnavailableError("the database was exchanged; this process is ending");
  };
  options.remark = [this] { return Remark(); };
  absl::StatusOr<std::unique_ptr<Edge>> started = Edge::Start(std::move(options));
  if (!started.ok()) {
    return Annotate(started.status(),
                    "http.listen (if the node itself listens there: run it as cairnd --role=node, or "
                    "give this process settings of its own with another address)");
  }
  edge = *std::move(started);
  return absl::OkStatus();
}

EdgeNode::EdgeNode(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

absl::StatusOr<std::unique_ptr<EdgeNode>> EdgeNode::Start(const NodeConfig& config, const std::string& version,
                                                          Clock* clock, std::function<void()> on_failed) {
  RETURN_IF_ERROR(CheckSettings(config));
  auto node = std::unique_ptr<EdgeNode>(new EdgeNode(std::make_unique<Parts>()));
  Parts& p = *node->parts_;
  p.config = config;
  p.clock = clock;
  RETURN_IF_ERROR(p.Follow(std::move(on_failed)));
  RETURN_IF_ERROR(p.OpenHttp(version));
  return node;
}

EdgeNode::~EdgeNode() { Stop(); }

std::string EdgeNode::http_listening() const { return parts_->edge->listening(); }

absl::Status EdgeNode::ReloadCertificate() { return parts_->edge->ReloadCertificate(); }

absl::Status EdgeNode::failed() const { return parts_->follower->failed(); }

// The follower goes first: it wakes streams.
void EdgeNode::Stop() {
  if (parts_->follower != nullptr) parts_->follower->Stop();
  if (parts_->edge != nullptr) parts_->edge->Stop(parts_->config.drain);
}

}  // namespace cairn
