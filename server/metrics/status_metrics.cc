#include "server/metrics/status_metrics.h"

#include <algorithm>
#include <utility>

#include "server/metrics/families.h"

namespace cairn {
namespace {

using Families = std::vector<prometheus::MetricFamily>;

double Seconds(const google::protobuf::Timestamp& time) {
  return static_cast<double>(time.seconds()) + static_cast<double>(time.nanos()) / 1e9;
}

// All feeds of a partner together.
struct PartnerSums {
  double heard = 0;
  uint64_t behind = 0;
  uint64_t records = 0;
  uint64_t stale = 0;
  uint64_t staged = 0;
  std::map<std::string, int> states;
};

std::map<std::string, PartnerSums> SumsOf(const v1::GetStatusResponse& status) {
  std::map<std::string, PartnerSums> sums;
  for (const v1::FeedStatus& feed : status.feeds()) {
    PartnerSums& sum = sums[feed.partner()];
    sum.heard = std::max(sum.heard, Seconds(feed.as_of()));
    sum.behind += feed.announced_seq() > feed.seq() ? feed.announced_seq() - feed.seq() : 0;
    sum.records += feed.live_records();
    sum.stale += feed.stale_records();
    sum.staged += feed.staged_entries();
    ++sum.states[feed.state()];
  }
  return sums;
}

void AddPartners(const v1::GetStatusResponse& status, Families* families) {
  FamilyMaker heard("cairn_partner_heard_timestamp_seconds",
                    "When the partner signed the newest head that this node holds, by the partner's clock; 0: never.");
  FamilyMaker behind("cairn_partner_behind_changes",
                     "Replication lag: changes of the partner that peers have announced and this node does not hold.");
  FamilyMaker records("cairn_partner_records", "Live records of the partner.");
  FamilyMaker stale("cairn_partner_stale_records", "Records of the partner whose verification is overdue or missing.");
  FamilyMaker staged("cairn_partner_staged_entries", "Entries staged of a larger change of the partner.");
  FamilyMaker feeds("cairn_partner_feeds", "Feeds of the partner by state, as `cairn status` names it.");
  for (const auto& [partner, sum] : SumsOf(status)) {
    const FamilyMaker::Labels labels = {{"partner", partner}};
    heard.Add(sum.heard, labels);
    behind.Add(static_cast<double>(sum.behind), labels);
    records.Add(static_cast<double>(sum.records), labels);
    stale.Add(static_cast<double>(sum.stale), labels);
    staged.Add(static_cast<double>(sum.staged), labels);
    for (const auto& [state, count] : sum.states) feeds.Add(count, {{"partner", partner}, {"state", state}});
  }
  for (FamilyMaker* family : {&heard, &behind, &records, &stale, &staged, &feeds}) families->push_back(family->Take());
}

void AddPeers(const v1::GetStatusResponse& status, Families* families) {
  FamilyMaker connected("cairn_peer_connected", "1: a stream to the other node is open.");
  FamilyMaker heard("cairn_peer_heard_timestamp_seconds", "When the last message of the node came; 0: never.");
  FamilyMaker round_trip("cairn_peer_round_trip_seconds", "Round trip to the node; 0: not measured yet.");
  FamilyMaker behind("cairn_peer_behind_changes", "Changes of this node's own feeds that the other node lacks.");
  for (const v1::PeerStatus& peer : status.peers()) {
    const FamilyMaker::Labels labels = {{"node", peer.node()}};
    connected.Add(peer.state() == "connected" ? 1 : 0, labels);
    heard.Add(Seconds(peer.last_heard()), labels);
    round_trip.Add(static_cast<double>(peer.round_trip_micros()) / 1e6, labels);
    behind.Add(static_cast<double>(peer.behind()), labels);
  }
  for (FamilyMaker* family : {&connected, &heard, &round_trip, &behind}) families->push_back(family->Take());
}

void AddNode(const v1::GetStatusResponse& status, Families* families) {
  const auto gauge = [&](const char* name, const char* help, double value, FamilyMaker::Labels labels = {}) {
    families->push_back(FamilyMaker(name, help).Add(value, std::move(labels)).Take());
  };
  gauge("cairn_build_info", "1, labelled with the program's version.", 1, {{"version", status.version()}});
  gauge("cairn_alerts", "Things that a person must look at, as `cairn status` lists them.", status.alerts_size());
  gauge("cairn_can_publish", "1: this node may publish now.", status.can_publish() ? 1 : 0);
  gauge("cairn_write_failing", "1: nothing is being written, as with a full disk.",
        status.disk().write_error().empty() ? 0 : 1);
  gauge("cairn_erasure_pending_timestamp_seconds",
        "Since when something withdrawn may have left a trace in the files; 0: nothing has.",
        Seconds(status.disk().erasure_pending_since()));
  gauge("cairn_charter_version", "Version of the charter in force.", static_cast<double>(status.charter().version()));
  gauge("cairn_charter_expiry_timestamp_seconds", "When the charter in force runs out.",
        Seconds(status.charter().expires_at()));
}

}  // namespace

Families StatusMetrics(const v1::GetStatusResponse& status) {
  Families families;
  AddNode(status, &families);
  AddPartners(status, &families);
  AddPeers(status, &families);
  return families;
}

Families RecordMetrics(const std::map<std::string, uint64_t>& records_by_kind) {
  FamilyMaker records("cairn_records", "Live records by kind.");
  for (const auto& [kind, count] : records_by_kind) records.Add(static_cast<double>(count), {{"kind", kind}});
  return {records.Take()};
}

namespace {

void AddGauge(const char* name, const char* help, uint64_t value, Families* families) {
  families->push_back(FamilyMaker(name, help).Add(static_cast<double>(value)).Take());
}

}  // namespace

Families HttpLoadMetrics(const HttpServer::Load& load) {
  Families families;
  AddGauge("cairn_http_connections", "Open connections of readers.", static_cast<uint64_t>(load.connections),
           &families);
  AddGauge("cairn_http_queue_length", "Requests that wait for a worker.", load.waiting, &families);
  return families;
}

Families StoreMetrics(const Store::Sizes& sizes, std::optional<size_t> write_queue) {
  Families families;
  AddGauge("cairn_database_bytes", "Size of the database file.", sizes.database, &families);
  AddGauge("cairn_database_wal_bytes", "Size of its write-ahead log.", sizes.wal, &families);
  AddGauge("cairn_disk_free_bytes", "Bytes free on the file system of the data directory.", sizes.disk_free, &families);
  if (write_queue.has_value()) {
    AddGauge("cairn_write_queue_length", "Changes that wait for the writer.", *write_queue, &families);
  }
  return families;
}

}  // namespace cairn
