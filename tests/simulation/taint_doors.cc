#include "tests/simulation/taint_doors.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cairn/channel.h"
#include "common/base/status_macros.h"
#include "common/crypto/secret_file.h"
#include "common/crypto/tls_identity.h"
#include "server/documents/document_routes.h"
#include "server/hsds/hsds_routes.h"
#include "server/http/directory_routes.h"
#include "server/http/status_routes.h"
#include "server/http/web_pages.h"
#include "server/metrics/metrics_route.h"
#include "server/rpc/gate.h"
#include "server/rpde/rpde_feed.h"
#include "tests/server/http/call_route.h"
#include "tests/simulation/sim_node.h"

namespace cairn {
namespace {

constexpr char kTerms[] = "https://example.org/terms";
constexpr char kReading[] = "/cairn.v1.Directory/Search";

// One for all nodes: who is at the other end is not what is tested.
const TlsIdentity& NodeIdentity() {
  // gRPC would say at each connection that the node is recognised by its pin and not by its name.
  static const bool quiet = setenv("GRPC_VERBOSITY", "NONE", 0) == 0;
  EXPECT_TRUE(quiet);
  static const TlsIdentity* const identity =
      new TlsIdentity(*MakeTlsIdentity("node", absl::FromUnixSeconds(1'790'000'000)));
  return *identity;
}

}  // namespace

TaintDoors::TaintDoors(SimWorld* world, int node)
    : world_(world),
      index_(node),
      partner_(TestConsortium::Partner(node)),
      node_(TestConsortium::Node(node)),
      folder_(world->node(node).directory()),
      sim_(&world->node(node)) {
  Store* const store = &sim_->store();
  charter_ = [sim = sim_] { return sim->charter().current(); };
  hub_ = std::make_unique<WatchHub>(store);
  directory_ = std::make_unique<DirectoryReader>(store, charter_, world->clock());
  snapshots_ = std::make_unique<SnapshotMaker>(store, charter_, world->clock(), folder_);
  audit_ = std::make_unique<AuditLog>(store, world->clock());
  tokens_ = *TokenStore::Load({partner_, store, charter_, audit_.get(), world->clock(), SystemRandom()});
  authoriser_ = std::make_unique<Authoriser>(partner_, std::vector<CertificateClient>(), tokens_.get(), audit_.get());
  limits_ = std::make_unique<CallerLimits>(&limits_clock_);
  gate_ = std::make_unique<Gate>(authoriser_.get(), limits_.get());
  MakeReporter();
  AddRoutes();
  OpenListener();
}

TaintDoors::~TaintDoors() {
  channels_.clear();
  directory_service_->Stop();
  admin_->Stop(absl::Seconds(1));
  replicator_->Stop();
}

void TaintDoors::MakeReporter() {
  const std::string& consortium = world_->consortium().id();
  still_charter_ = *LiveCharter::Load(&sim_->store(), consortium);
  checker_ = std::make_unique<HeadChecker>(still_charter_.get(), consortium, world_->clock());
  Replicator::Options replication;
  replication.consortium = consortium;
  replication.node = node_;
  replication.partner = partner_;
  replicator_ = std::make_unique<Replicator>(replication, &sim_->store(), &sim_->feeds(), still_charter_.get(),
                                             checker_.get(), world_->clock());
  reporter_ = std::make_unique<StatusReporter>(
      StatusReporter::Options{node_, partner_, "1.0", [] { return std::string(); }, &sim_->feeds(), &sim_->charter(),
                              &sim_->publisher(), replicator_.get(), limits_.get(), world_->clock()});
  metrics_ = std::make_unique<NodeMetrics>(std::vector<std::string>{kReading});
}

void TaintDoors::AddRoutes() {
  const EdgeParts parts{&sim_->store(), charter_, world_->clock(), directory_.get(), hub_.get(), partner_};
  AddDirectoryRoutes(parts, &router_);
  AddWebRoutes(parts, &router_);
  AddHsdsRoutes(parts, &router_);
  AddDocumentRoutes(parts, kTerms, &router_);
  AddRpdeRoutes(parts, kTerms, &router_);
  AddEventRoutes(parts, &event_slots_, &router_);
  AddStatusRoutes(parts, {"1.0", [] { return absl::OkStatus(); }, [] { return std::string(); }}, &router_);
  AddMetricsRoute(
      parts,
      {metrics_.get(), [this](const Reader& reader) { return reporter_->Report(reader); }, [] { return size_t{0}; }},
      &router_);
}

void TaintDoors::OpenListener() {
  directory_service_ = std::make_unique<DirectoryService>(DirectoryService::Options{
      &sim_->store(), charter_, world_->clock(), directory_.get(), hub_.get(), gate_.get(), 32});
  publishing_service_ = std::make_unique<PublishingService>(&sim_->publisher(), gate_.get(), audit_.get());
  operations_service_ = std::make_unique<OperationsService>(
      reporter_.get(), &sim_->charter(), &sim_->feeds(), replicator_.get(),
      OperationsService::Access{gate_.get(), tokens_.get(), audit_.get(),
                                [] { return std::pair<std::string, std::string>(); }});
  tables_service_ =
      std::make_unique<TablesService>(gate_.get(), directory_.get(), snapshots_.get(), directory_service_.get());
  if (!std::filesystem::exists(folder_ + "/key")) {
    EXPECT_TRUE(WriteSecretFile(folder_ + "/key", NodeIdentity().key_pem).ok());
  }
  std::ofstream(folder_ + "/crt") << NodeIdentity().certificate_pem;
  admin_ = *AdminServer::Start(
      {"127.0.0.1:0", folder_ + "/key", folder_ + "/crt", ""}, gate_.get(),
      {directory_service_.get(), publishing_service_.get(), operations_service_.get(), tables_service_.get()});
}

absl::StatusOr<TaintVisitor> TaintDoors::GiveToken(const std::string& name, const std::set<int>& audiences) {
  v1::CreateTokenRequest request;
  request.set_name(name);
  request.set_role(v1::EDITOR);
  request.set_days(3'000);
  for (const int audience : audiences) request.add_audiences(TaintAudience(audience));
  ASSIGN_OR_RETURN(const Caller local,
                   authoriser_->Authorise(Credential{true, {}, ""}, "/cairn.v1.Operations/CreateToken"));
  ASSIGN_OR_RETURN(const v1::CreateTokenResponse made, tokens_->Create(local, request));

  return TaintVisitor{{absl::StrCat("token ", name, " of ", partner_), index_, audiences}, made.secret()};
}

Reader TaintDoors::ReaderOf(const TaintVisitor& visitor) const {
  if (visitor.who.partner < 0) return Reader::Anonymous();
  if (visitor.secret.empty()) return Reader::LocalOperator(partner_);
  const auto caller = authoriser_->Authorise(Credential{false, {visitor.secret}, ""}, kReading);
  EXPECT_TRUE(caller.ok()) << caller.status();
  return caller.ok() ? caller->reader() : Reader::Anonymous();
}

std::string TaintDoors::Get(const TaintVisitor& visitor, const std::string& target) {
  HttpRequest request;
  request.reader = ReaderOf(visitor);
  request.client = "192.0.2.1";
  request.authorised = !visitor.secret.empty();
  request.may_watch = visitor.who.partner >= 0;
  HttpResponse response = CallRoute(router_, target, std::move(request));
  std::string all = absl::StrCat(response.status, "\n");
  for (const auto& [name, value] : response.headers) absl::StrAppend(&all, name, ": ", value, "\n");
  return all + BodyOf(std::move(response));
}

std::shared_ptr<grpc::Channel> TaintDoors::Channel(const TaintVisitor& visitor) {
  limits_clock_.Advance(absl::Seconds(10));
  std::shared_ptr<grpc::Channel>& channel = channels_[visitor.secret];
  if (channel != nullptr) return channel;
  ChannelSecurity security;
  security.pin_sha256 = NodeIdentity().spki_sha256;
  security.token = visitor.secret;
  const std::string address = absl::StrCat("127.0.0.1:", admin_->port());
  channel = *OpenChannel({absl::StrCat("dns:///", address), address, ""}, security);
  return channel;
}

}  // namespace cairn
