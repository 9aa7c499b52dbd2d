#include "server/edge.h"

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "server/access/method_roles.h"
#include "server/documents/document_routes.h"
#include "server/hsds/hsds_routes.h"
#include "server/http/directory_routes.h"
#include "server/http/events.h"
#include "server/http/http_door.h"
#include "server/http/status_routes.h"
#include "server/http/trend_keeper.h"
#include "server/http/web_pages.h"
#include "server/metrics/metrics_route.h"
#include "server/rpde/rpde_feed.h"

namespace cairn {
namespace {

// Reading is reading, by whichever door: the row of the table that Search has is that of all of HTTP.
constexpr char reading_method[] = "/cairn.v1.Directory/Search";
// And looking after the node is that of GetStatus.
constexpr char watching_method[] = "/cairn.v1.Operations/GetStatus";

absl::StatusOr<HttpCaller> Admit(const Authoriser* authoriser, CallerLimits* limits, const std::string& token) {
  Credential credential;
  credential.bearer.push_back(token);
  ASSIGN_OR_RETURN(const Caller caller, authoriser->Authorise(credential, reading_method));
  RETURN_IF_ERROR(limits->TakeRequest(caller));
  return HttpCaller{caller.reader(), [authoriser, caller] { return authoriser->StillValid(caller); },
                    caller.role() >= LeastRole(watching_method)};
}

// Never what was asked for: a path has ids, a query has words.
void LogAccess(const HttpObservation& seen) {
  LogInfo("http.request", {{"route", seen.route},
                           {"status", seen.status},
                           {"bytes", seen.bytes},
                           {"millis", absl::ToInt64Milliseconds(seen.took)},
                           {"client", seen.client}});
}

}  // namespace

struct Edge::Parts {
  Options options;
  Router router;
  EventSlots event_slots;
  std::unique_ptr<TrendKeeper> trends;
  std::unique_ptr<DirectoryStates> states;
  std::unique_ptr<HttpDoor> door;
  std::unique_ptr<HttpServer> server;
  std::atomic<const HttpServer*> serving = nullptr;  // `server`, for its own workers, who may come before it is set
  std::unique_ptr<TrendThread> trend_thread;

  void AddRoutes();
  void MakeDoor();
  HttpServer::Load Load() const {
    const HttpServer* const now = serving;
    return now == nullptr ? HttpServer::Load() : now->load();
  }
};

void Edge::Parts::AddRoutes() {
  AddStatusRoutes(options.parts, {options.version, options.ready, options.remark}, &router);
  if (options.metrics != nullptr) {
    if (!options.only_watching) options.http_load = [this] { return Load(); };
    AddMetricsRoute(options.parts, {options.metrics, options.status, options.queued_writes, options.http_load},
                    &router);
  }
  if (options.only_watching) return;
  AddDirectoryRoutes(options.parts, &router);
  AddTrendRoutes(options.parts, trends.get(), &router);
  AddWebRoutes(options.parts, &router);
  AddHsdsRoutes(options.parts, &router);
  AddDocumentRoutes(options.parts, options.data_license, &router);
  AddRpdeRoutes(options.parts, options.data_license, &router);
  AddEventRoutes(options.parts, &event_slots, &router);
  if (options.metrics == nullptr) return;
  for (const Route& route : router.routes()) options.metrics->AddRoute(route.pattern);
}

void Edge::Parts::MakeDoor() {
  HttpDoor::Options door_options;
  door_options.router = &router;
  door_options.states = states.get();
  door_options.clock = options.parts.clock;
  door_options.admit = [this](const std::string& token) {
    return Admit(options.authoriser, options.caller_limits, token);
  };
  door_options.observe = [this](const HttpObservation& seen) {
    if (options.access_log) LogAccess(seen);
    if (options.only_watching) return;
    if (!seen.refused.empty()) options.caller_limits->NoteRefused("addresses of http.listen", seen.refused);
    if (options.metrics != nullptr) options.metrics->ObserveHttp(seen.route, seen.status, seen.bytes, seen.took);
  };
  door_options.public_url = options.public_url;
  door_options.proxies = options.server.proxies;
  door = std::make_unique<HttpDoor>(std::move(door_options));
}

Edge::Edge(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

absl::StatusOr<std::unique_ptr<Edge>> Edge::Start(Options options) {
  std::unique_ptr<Edge> edge(new Edge(std::make_unique<Parts>()));
  Parts& p = *edge->parts_;
  p.options = std::move(options);
  p.states = std::make_unique<DirectoryStates>(p.options.parts);
  p.trends = std::make_unique<TrendKeeper>(p.options.parts);
  p.AddRoutes();
  p.MakeDoor();
  ASSIGN_OR_RETURN(p.server, HttpServer::Start(p.options.server, p.door.get(), p.options.parts.clock));
  p.serving = p.server.get();
  if (!p.options.only_watching) p.trend_thread = std::make_unique<TrendThread>(p.trends.get());
  return edge;
}

Edge::~Edge() { Stop(absl::ZeroDuration()); }

std::string Edge::listening() const {
  const std::string& listen = parts_->options.server.listen;
  return absl::StrCat(listen.substr(0, listen.rfind(':') + 1), parts_->server->port());
}

HttpServer::Load Edge::load() const { return parts_->Load(); }

absl::Status Edge::ReloadCertificate() { return parts_->server->ReloadCertificate(); }

Edge::Options EdgeOptionsOf(const NodeConfig& config) {
  Edge::Options options;
  options.server.listen = config.http_listen;
  options.server.tls_certificate = config.http_tls_certificate;
  options.server.tls_key = config.http_tls_key;
  options.server.workers = config.http_workers;
  options.server.connections_max = config.http_connections;
  options.server.connections_per_address_max = config.http_connections_per_address;
  options.public_url = config.http_public_url;
  options.data_license = config.http_data_license;
  options.server.proxies = config.http_proxies;
  options.access_log = config.http_access_log;
  return options;
}

void Edge::Stop(absl::Duration grace) {
  if (parts_->trend_thread != nullptr) parts_->trend_thread->Stop();
  if (parts_->server != nullptr) parts_->server->Stop(grace);
}

}  // namespace cairn
