#include "server/node.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/charter/charter_document.h"
#include "common/charter/charter_file.h"
#include "common/crypto/key_files.h"
#include "common/crypto/keys.h"
#include "common/crypto/tls_identity.h"
#include "server/access/audit_log.h"
#include "server/access/authoriser.h"
#include "server/access/caller_limits.h"
#include "server/access/method_roles.h"
#include "server/access/token_store.h"
#include "server/charter/live_charter.h"
#include "server/directory/change_keeper.h"
#include "server/directory/directory_reader.h"
#include "server/directory/watch_hub.h"
#include "server/edge.h"
#include "server/feed/head_checker.h"
#include "server/http/status_routes.h"
#include "server/metrics/node_metrics.h"
#include "server/publish/publisher.h"
#include "server/replicate/grpc_transport.h"
#include "server/replicate/own_feed_recovery.h"
#include "server/replicate/replicator.h"
#include "server/rpc/admin_server.h"
#include "server/rpc/directory_service.h"
#include "server/rpc/gate.h"
#include "server/rpc/local_server.h"
#include "server/rpc/operations_service.h"
#include "server/rpc/publishing_service.h"
#include "server/rpc/status_reporter.h"
#include "server/rpc/tables_service.h"
#include "server/store/backup.h"
#include "server/store/feed_store.h"
#include "server/store/store.h"
#include "server/upkeep.h"

namespace cairn {
namespace {

std::string ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// The chain that the governors answered with; empty when there is no such file (any more).
absl::StatusOr<v1::CharterChain> ReadCharterFile(const std::string& path) {
  if (!std::filesystem::exists(path)) return v1::CharterChain();
  absl::StatusOr<v1::CharterChain> chain = ChainFromText(ReadText(path));
  if (!chain.ok()) return Annotate(chain.status(), path);
  return chain;
}

// Which consortium a new file is for: the configuration's, else that of the charter at hand.
absl::StatusOr<std::string> ConsortiumOf(const NodeConfig& config, const v1::CharterChain& chain) {
  if (!config.consortium.empty() || chain.versions_size() == 0) return config.consortium;
  ASSIGN_OR_RETURN(const v1::Charter first, ParseCharter(chain.versions(0)));
  return first.consortium();
}

absl::Status NoCharter(const NodeConfig& config) {
  return absl::FailedPreconditionError(
      absl::StrCat("this node has no charter yet; send ", config.data,
                   "/join-request to the governors of your consortium and put the file "
                   "that they answer with at ",
                   config.charter));
}

}  // namespace

// In the order of making; taken down in reverse.
struct Node::Parts {
  NodeConfig config;
  Clock* clock = nullptr;
  std::unique_ptr<Store> store;
  std::unique_ptr<WatchHub> hub;
  std::unique_ptr<FeedStore> feeds;
  std::unique_ptr<LiveCharter> charter;
  std::unique_ptr<HeadChecker> checker;
  std::unique_ptr<DirectoryReader> directory;
  std::unique_ptr<ChangeKeeper> changes;
  std::unique_ptr<Replicator> replicator;
  std::unique_ptr<Publisher> publisher;
  std::unique_ptr<GrpcTransport> transport;
  std::unique_ptr<AuditLog> audit;
  std::unique_ptr<TokenStore> tokens;
  std::unique_ptr<Authoriser> authoriser;
  std::unique_ptr<CallerLimits> caller_limits;
  std::unique_ptr<Gate> gate;
  std::unique_ptr<StatusReporter> reporter;
  std::unique_ptr<NodeMetrics> metrics;
  RpcObserver rpc_observer;
  std::unique_ptr<DirectoryService> directory_service;
  std::unique_ptr<PublishingService> publishing_service;
  std::unique_ptr<OperationsService> operations_service;
  std::unique_ptr<SnapshotMaker> snapshots;
  std::unique_ptr<TablesService> tables_service;
  std::unique_ptr<LocalServer> local;
  std::unique_ptr<AdminServer> admin;
  std::unique_ptr<Upkeep> upkeep;
  std::unique_ptr<Edge> edge;
  std::unique_ptr<Edge> watching;  // for /metrics alone

  absl::Status OpenStore(const v1::CharterChain& chain);
  absl::Status TakeCharter(const v1::CharterChain& chain);
  absl::Status MakeReplication();
  absl::Status MakePublisher();
  absl::Status MakeAccess();
  void ReadKeys();
  void OnGate(const OwnFeedGate& gate);
  absl::Status OpenDoors();
  absl::Status OpenAdminDoor();
  Edge::Options EdgeOptions();
  absl::Status OpenHttp();
  std::string admin_listening() const;
};

absl::Status Node::Parts::OpenStore(const v1::CharterChain& chain) {
  Store::Options options;
  options.path = config.database;
  options.clock = clock;
  options.readers = config.readers;
  ASSIGN_OR_RETURN(options.consortium, ConsortiumOf(config, chain));
  if (options.consortium.empty() && !std::filesystem::exists(config.database)) return NoCharter(config);
  ASSIGN_OR_RETURN(store, Store::Open(options));
  hub = std::make_unique<WatchHub>(store.get());
  feeds = std::make_unique<FeedStore>(store.get(), store->consortium());
  return absl::OkStatus();
}

// The file gives the first version; later ones come by sync or `cairn charter submit`, so an old file is no error.
absl::Status Node::Parts::TakeCharter(const v1::CharterChain& chain) {
  ASSIGN_OR_RETURN(charter, LiveCharter::Load(store.get(), store->consortium()));
  if (chain.versions_size() > 0) {
    const auto submitted = charter->SubmitTrusted(chain);
    if (!submitted.ok()) return Annotate(submitted.status(), config.charter);
  }
  if (charter->current()->empty()) return NoCharter(config);
  checker = std::make_unique<HeadChecker>(charter.get(), store->consortium(), clock);
  directory = std::make_unique<DirectoryReader>(
      store.get(), [this] { return charter->current(); }, clock);
  changes = std::make_unique<ChangeKeeper>(
      store.get(), [this] { return charter->current(); }, clock);
  charter->OnChange([this](std::shared_ptr<const CharterView>) { hub->WakeAll(); });
  return absl::OkStatus();
}

absl::Status Node::Parts::MakeReplication() {
  Replicator::Options options;
  options.consortium = store->consortium();
  options.node = config.node;
  options.partner = config.partner;
  options.seed = SystemRandom()->Uint64();
  ASSIGN_OR_RETURN(const std::string restored, ReadRestoredMark(store.get()));
  RETURN_IF_ERROR(MarkWhenCopied(store.get(), config.database));
  ASSIGN_OR_RETURN(const bool old, ReadOldMark(store.get()));
  options.old_copy = old || !restored.empty();
  ASSIGN_OR_RETURN(options.new_boot, MachineStartedAnew(store.get()));
  options.standalone = restored.empty() ? config.standalone : config.standalone_restored;
  if (!restored.empty()) {
    LogWarning("node.restored", {{"copy_of", restored}, {"standalone", options.standalone}});
  }
  if (options.standalone) {
    LogWarning("node.standalone", {{"why", "the operator vouches that no newer copy of the own feeds exists"}});
  }
  replicator = std::make_unique<Replicator>(options, store.get(), feeds.get(), charter.get(), checker.get(), clock);
  // gRPC reads the files itself: it neither looks who else may, nor says what is wrong with them.
  RETURN_IF_ERROR(SpkiSha256OfTlsFiles(config.tls_key, config.tls_certificate).status());
  GrpcTransport::Options network;
  network.tls_key = config.tls_key;
  network.tls_certificate = config.tls_certificate;
  const auto find_node = [this](absl::string_view spki) -> std::optional<std::string> {
    const auto ref = charter->current()->FindPin(spki);
    if (!ref.has_value()) return std::nullopt;
    return ref->node->id();
  };
  transport = std::make_unique<GrpcTransport>(network, replicator.get(), find_node);
  charter->OnChange([this](std::shared_ptr<const CharterView>) { transport->OnCharterChanged(); });
  return absl::OkStatus();
}

absl::Status Node::Parts::MakePublisher() {
  ASSIGN_OR_RETURN(const std::vector<SigningKey> keys, ReadPublishingKeys(config.publishing_key));
  Publisher::Options options;
  options.consortium = store->consortium();
  options.partner = config.partner;
  options.node = config.node;
  options.scratch_dir = config.data;
  options.redactor = Redactor(config.redact);
  options.gate_wait = absl::Seconds(limits::own_feed_publish_wait_seconds);
  options.on_moved = [this](const std::string& audience) { replicator->OnLocalFeedMoved(audience); };
  publisher =
      std::make_unique<Publisher>(options, store.get(), feeds.get(), charter.get(), checker.get(), keys.front(), clock);
  publisher->SetKeys(keys);
  publisher->SetGate(absl::UnavailableError("the node is starting"));
  replicator->OnGate([this](const OwnFeedGate& gate) { OnGate(gate); });
  replicator->OnAcknowledged([this] { publisher->OnAcknowledged(); });
  return absl::OkStatus();
}

namespace {

// What the settings say of those who come with certificates.
absl::StatusOr<std::vector<CertificateClient>> ClientsOf(const NodeConfig& config) {
  std::vector<CertificateClient> clients;
  for (const NodeConfig::AdminClient& client : config.admin_clients) {
    const std::optional<Role> role = RoleFromName(client.role);
    if (!role.has_value()) return absl::InvalidArgumentError(absl::StrCat("no role ", Quoted(client.role)));
    clients.push_back({client.spki_sha256, client.name, *role, client.audiences});
  }
  return clients;
}

}  // namespace

absl::Status Node::Parts::MakeAccess() {
  audit = std::make_unique<AuditLog>(store.get(), clock);
  ASSIGN_OR_RETURN(tokens, TokenStore::Load({config.partner, store.get(), [this] { return charter->current(); },
                                             audit.get(), clock, SystemRandom()}));
  ASSIGN_OR_RETURN(std::vector<CertificateClient> clients, ClientsOf(config));
  authoriser = std::make_unique<Authoriser>(config.partner, std::move(clients), tokens.get(), audit.get());
  caller_limits = std::make_unique<CallerLimits>(clock);
  gate = std::make_unique<Gate>(authoriser.get(), caller_limits.get());
  return absl::OkStatus();
}

absl::Status Node::Parts::OpenAdminDoor() {
  if (config.admin_listen.empty()) return absl::OkStatus();
  const AdminServer::Options options{config.admin_listen, config.admin_tls_key, config.admin_tls_certificate,
                                     config.admin_client_ca};
  const std::vector<grpc::Service*> services = {directory_service.get(), publishing_service.get(),
                                                operations_service.get(), tables_service.get()};
  absl::StatusOr<std::unique_ptr<AdminServer>> started =
      AdminServer::Start(options, gate.get(), services, rpc_observer);
  if (!started.ok()) return Annotate(started.status(), "admin.listen");
  admin = *std::move(started);
  return absl::OkStatus();
}

Edge::Options Node::Parts::EdgeOptions() {
  Edge::Options options = EdgeOptionsOf(config);
  options.parts =
      EdgeParts{store.get(), [this] { return charter->current(); }, clock, directory.get(), hub.get(), config.partner};
  options.authoriser = authoriser.get();
  options.caller_limits = caller_limits.get();
  options.metrics = metrics.get();
  options.status = [this](const Reader& reader) { return reporter->Report(reader); };
  options.queued_writes = [this] { return store->queued_writes(); };
  options.version = CAIRN_VERSION;
  options.ready = [this, parts = options.parts] {
    const absl::Status writing = CheckWriting(store->write_health());
    return writing.ok() ? CheckReadable(parts) : writing;
  };
  options.remark = [this] { return WritingRemark(store->write_health()); };
  return options;
}

absl::Status Node::Parts::OpenHttp() {
  if (!config.http_listen.empty()) {
    absl::StatusOr<std::unique_ptr<Edge>> started = Edge::Start(EdgeOptions());
    if (!started.ok()) return Annotate(started.status(), "http.listen");
    edge = *std::move(started);
  }
  if (!config.http_metrics_listen.empty()) {
    Edge::Options options = EdgeOptions();
    options.only_watching = true;
    if (edge != nullptr) options.http_load = [this] { return edge->load(); };
    options.server.listen = config.http_metrics_listen;
    options.server.tls_certificate = options.server.tls_key = "";
    absl::StatusOr<std::unique_ptr<Edge>> started = Edge::Start(std::move(options));
    if (!started.ok()) return Annotate(started.status(), "http.metrics_listen");
    watching = *std::move(started);
  }
  return absl::OkStatus();
}

std::string Node::Parts::admin_listening() const {
  if (admin == nullptr) return "";
  return absl::StrCat(config.admin_listen.substr(0, config.admin_listen.rfind(':') + 1), admin->port());
}

// A key that `cairn node new-key` made while the node runs is found without a restart.
void Node::Parts::ReadKeys() {
  const absl::StatusOr<std::vector<SigningKey>> keys = ReadPublishingKeys(config.publishing_key);
  if (keys.ok()) return publisher->SetKeys(*keys);
  LogWarning("publish.keys_unreadable", {{"why", keys.status().message()}});
}

// The writer keeps the order: the mark is on disk before anything that is fetched later.
void Node::Parts::OnGate(const OwnFeedGate& gate) {
  publisher->SetGate(gate.status, gate.go_on);
  if (!(gate.status.ok() && gate.heard_peers) && !gate.old_copy) return;
  store->WriteAsync(gate.status.ok() && gate.heard_peers ? ClearCopyMarks : SetOldMark, [](const absl::Status& status) {
    if (!status.ok()) LogWarning("node.copy_mark_failed", {{"why", status.message()}});
  });
}

absl::Status Node::Parts::OpenDoors() {
  RETURN_IF_ERROR(MakeAccess());
  const auto tls_pin = [this] { return SpkiSha256OfTlsFiles(config.tls_key, config.tls_certificate); };
  reporter = std::make_unique<StatusReporter>(
      StatusReporter::Options{config.node, config.partner, CAIRN_VERSION, tls_pin, feeds.get(), charter.get(),
                              publisher.get(), replicator.get(), caller_limits.get(), clock});
  metrics = std::make_unique<NodeMetrics>(KnownMethods());
  rpc_observer = [seen = metrics.get()](absl::string_view method, int code, bool stream, absl::Duration took) {
    seen->ObserveRpc(method, code, stream, took);
  };
  directory_service = std::make_unique<DirectoryService>(
      DirectoryService::Options{store.get(), [this] { return charter->current(); }, clock, directory.get(), hub.get(),
                                gate.get(), config.watchers});
  publishing_service = std::make_unique<PublishingService>(publisher.get(), gate.get(), audit.get());
  const auto listen_and_pin = [this] {
    return admin == nullptr ? std::pair<std::string, std::string>()
                            : std::pair(admin_listening(), admin->spki_sha256());
  };
  operations_service = std::make_unique<OperationsService>(
      reporter.get(), charter.get(), feeds.get(), replicator.get(),
      OperationsService::Access{gate.get(), tokens.get(), audit.get(), listen_and_pin});
  snapshots = std::make_unique<SnapshotMaker>(
      store.get(), [this] { return charter->current(); }, clock, config.data);
  tables_service =
      std::make_unique<TablesService>(gate.get(), directory.get(), snapshots.get(), directory_service.get());
  RETURN_IF_ERROR(replicator->Start(transport.get()));
  if (!config.listen.empty()) RETURN_IF_ERROR(transport->Listen(config.listen));
  ASSIGN_OR_RETURN(local, LocalServer::Start(config.socket,
                                             {directory_service.get(), publishing_service.get(),
                                              operations_service.get(), tables_service.get()},
                                             rpc_observer));
  RETURN_IF_ERROR(OpenAdminDoor());
  RETURN_IF_ERROR(OpenHttp());
  upkeep = std::make_unique<Upkeep>(
      Upkeep::Options{config.heartbeat, config.tombstone_retention, [this] { ReadKeys(); }, changes.get()}, feeds.get(),
      publisher.get(), charter.get(), audit.get(), clock);
  return absl::OkStatus();
}

Node::Node(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

absl::StatusOr<std::unique_ptr<Node>> Node::Start(const NodeConfig& config, Clock* clock) {
  auto parts = std::make_unique<Parts>();
  parts->config = config;
  parts->clock = clock;
  ASSIGN_OR_RETURN(const v1::CharterChain chain, ReadCharterFile(config.charter));
  auto node = std::unique_ptr<Node>(new Node(std::move(parts)));  // from here on its destructor takes down what stands
  Parts& p = *node->parts_;
  RETURN_IF_ERROR(p.OpenStore(chain));
  RETURN_IF_ERROR(p.TakeCharter(chain));
  RETURN_IF_ERROR(p.MakeReplication());
  RETURN_IF_ERROR(p.MakePublisher());
  RETURN_IF_ERROR(p.OpenDoors());
  return node;
}

Node::~Node() { Stop(); }

std::string Node::listening() const {
  const std::string& listen = parts_->config.listen;
  if (listen.empty()) return "";
  return absl::StrCat(listen.substr(0, listen.rfind(':') + 1), parts_->transport->port());
}

std::string Node::http_listening() const { return parts_->edge == nullptr ? "" : parts_->edge->listening(); }

std::string Node::metrics_listening() const { return parts_->watching == nullptr ? "" : parts_->watching->listening(); }

absl::Status Node::ReloadCertificate() {
  return parts_->edge == nullptr ? absl::OkStatus() : parts_->edge->ReloadCertificate();
}

std::string Node::admin_listening() const { return parts_->admin_listening(); }

absl::Status Node::Reload(const NodeConfig& config) {
  ASSIGN_OR_RETURN(std::vector<CertificateClient> clients, ClientsOf(config));
  for (const std::string& gone : parts_->authoriser->SetClients(std::move(clients))) parts_->gate->CutOffCaller(gone);
  return absl::OkStatus();
}

void Node::Stop() {
  Parts& p = *parts_;
  if (p.upkeep != nullptr) p.upkeep->Stop();
  if (p.edge != nullptr) p.edge->Stop(p.config.drain);
  if (p.watching != nullptr) p.watching->Stop(absl::ZeroDuration());
  if (p.directory_service != nullptr) p.directory_service->Stop();
  if (p.publisher != nullptr) p.publisher->Stop();
  if (p.admin != nullptr) p.admin->Stop(p.config.drain);
  if (p.local != nullptr) p.local->Stop(p.config.drain);
  if (p.replicator != nullptr) p.replicator->Stop();
  if (p.transport != nullptr) p.transport->Stop();
}

}  // namespace cairn
