#include "server/http/trend_keeper.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/record/kinds.h"
#include "server/directory/request_filter.h"
#include "server/http/query_filter.h"

namespace cairn {
namespace {

// Often enough that somebody who starts a node sees it move; ten thousand seconds later the points are half as many.
constexpr absl::Duration kLookEvery = absl::Seconds(10);
constexpr absl::Duration kWakeEvery = absl::Seconds(1);  // to see whether it is time
constexpr uint32_t points_default = 120;

void AddFacets(const v1::GetFacetsResponse& response, TrendFigures* figures) {
  for (const v1::RecordKind kind : AllKinds()) (*figures)[{"kind", std::string(KindName(kind))}] = 0;
  for (const Freshness state : {Freshness::kVerified, Freshness::kOverdue, Freshness::kUnverified}) {
    (*figures)[{"freshness", FreshnessName(state)}] = 0;
  }
  for (const v1::Facet& facet : response.facets()) {
    if (facet.name() != "kind" && facet.name() != "freshness" && facet.name() != "country") continue;
    for (const v1::FacetValue& value : facet.values()) {
      (*figures)[{facet.name(), value.value()}] = static_cast<int64_t>(value.count());
    }
  }
}

void AddPartners(const v1::ListPartnersResponse& response, absl::Time now, TrendFigures* figures) {
  int64_t& entries = (*figures)[{"entries", ""}];
  for (const v1::PartnerSummary& partner : response.partners()) {
    entries += static_cast<int64_t>(partner.live_records());
    if (!partner.has_as_of()) continue;
    const absl::Time as_of =
        absl::FromUnixSeconds(partner.as_of().seconds()) + absl::Nanoseconds(partner.as_of().nanos());
    const int64_t lag = std::max<int64_t>(0, absl::ToInt64Seconds(now - as_of));
    (*figures)[{"lag", partner.id()}] = lag;
    if (partner.status() != "active") continue;
    int64_t& longest = (*figures)[{"longest_lag", ""}];
    longest = std::max(longest, lag);
  }
}

nlohmann::ordered_json ToJson(const TrendName& name, const std::vector<std::optional<int64_t>>& figures) {
  nlohmann::ordered_json curve{{"name", name.name}};
  if (!name.value.empty()) curve["value"] = name.value;
  nlohmann::ordered_json& values = curve["values"] = nlohmann::ordered_json::array();
  for (const std::optional<int64_t>& figure : figures) {
    values.push_back(figure.has_value() ? nlohmann::ordered_json(*figure) : nlohmann::ordered_json(nullptr));
  }
  return curve;
}

nlohmann::ordered_json ToJson(const Trends& trends, absl::Time now) {
  nlohmann::ordered_json json{
      {"startedAt", absl::FormatTime(absl::RFC3339_sec, now - trends.since_first, absl::UTCTimeZone())},
      {"intervalSeconds", absl::ToInt64Seconds(trends.interval)},
      {"seconds", nlohmann::ordered_json::array()},
      {"curves", nlohmann::ordered_json::array()}};
  for (const absl::Duration age : trends.ages) {
    json["seconds"].push_back(absl::ToInt64Seconds(trends.since_first - age));
  }
  for (const auto& [name, figures] : trends.curves) json["curves"].push_back(ToJson(name, figures));
  return json;
}

}  // namespace

absl::StatusOr<TrendFigures> FiguresOf(const DirectoryReader& directory, absl::Time now) {
  ASSIGN_OR_RETURN(const v1::ListPartnersResponse partners, directory.ListPartners(Reader::Anonymous()));
  ASSIGN_OR_RETURN(const v1::GetFacetsResponse facets,
                   directory.GetFacets(Reader::Anonymous(), v1::GetFacetsRequest()));
  TrendFigures figures;
  AddPartners(partners, now, &figures);
  AddFacets(facets, &figures);
  return figures;
}

TrendKeeper::TrendKeeper(const EdgeParts& parts, size_t points_max) : parts_(parts), series_(kLookEvery, points_max) {}

void TrendKeeper::Look() {
  const absl::Duration now = parts_.clock->Monotonic();
  if (now < look_at_) return;
  look_at_ = now + kLookEvery;
  const absl::StatusOr<TrendFigures> figures = FiguresOf(*parts_.directory, parts_.clock->Now());
  if (!figures.ok() && was_read_) LogWarning("trends.unreadable", {{"why", figures.status().message()}});
  was_read_ = figures.ok();
  if (!figures.ok()) return;
  absl::MutexLock lock(&mutex_);
  series_.Add(now, *figures);
}

Trends TrendKeeper::Read(size_t limit) const {
  absl::MutexLock lock(&mutex_);
  return series_.Read(parts_.clock->Monotonic(), limit);
}

TrendThread::TrendThread(TrendKeeper* keeper) : keeper_(keeper), thread_([this] { Run(); }) {}

TrendThread::~TrendThread() { Stop(); }

void TrendThread::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void TrendThread::Run() {
  absl::MutexLock lock(&mutex_);
  while (!stopping_) {
    mutex_.Unlock();
    keeper_->Look();
    mutex_.Lock();
    mutex_.AwaitWithTimeout(absl::Condition(&stopping_), kWakeEvery);
  }
}

void AddTrendRoutes(const EdgeParts& parts, const TrendKeeper* keeper, Router* router) {
  router->Add({"/api/trends",
               {"limit"},
               DependsOn::kFreshness,
               [clock = parts.clock, keeper](const HttpRequest& request) -> absl::StatusOr<HttpResponse> {
                 ASSIGN_OR_RETURN(const uint32_t limit, CountOf(request, "limit", limits::trend_points_max));
                 const Trends trends = keeper->Read(limit == 0 ? points_default : limit);
                 return HttpResponse::Of("application/json", ToJson(trends, clock->Now()).dump());
               }});
}

}  // namespace cairn
