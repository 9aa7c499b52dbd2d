#include "server/rpc/status_reporter.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "server/directory/request_filter.h"
#include "server/feed/head_format.h"
#include "server/store/erasure.h"
#include "server/store/index_queries.h"

namespace cairn {
namespace {

constexpr absl::string_view own_behind = "behind its copies";
constexpr absl::Duration connecting_time = absl::Seconds(30);  // a start takes this long over a slow line

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  const int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return timestamp;
}

absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

// "3 h", "12 days": as exact as a person needs it.
std::string Age(absl::Duration age) {
  if (age < absl::Minutes(1)) return absl::StrCat(absl::ToInt64Seconds(age), " s");
  if (age < absl::Hours(2)) return absl::StrCat(absl::ToInt64Minutes(age), " min");
  if (age < absl::Hours(48)) return absl::StrCat(absl::ToInt64Hours(age), " h");
  return absl::StrCat(absl::ToInt64Hours(age) / 24, " days");
}

// As `cairn charter inspect` shows pins.
std::string ShortHex(const std::string& bytes) { return ToHex(bytes).substr(0, 16); }

std::string StateName(const HeldFeed& held, uint64_t announced_seq, bool own) {
  switch (held.state) {
    case FeedState::kFrozen:
      return "frozen";
    case FeedState::kDamaged:
      return "damaged";
    case FeedState::kApplying:
      return "applying";
    case FeedState::kOk:
      break;
  }
  if (own) return announced_seq > held.seq ? std::string(own_behind) : "ok";  // it has no one to catch up with
  return held.staging.active || announced_seq > held.seq ? "catching up" : "ok";
}

void FillCharter(const CharterView& view, v1::CharterStatus* status) {
  const v1::Charter& charter = view.charter();
  status->set_consortium(charter.consortium());
  status->set_consortium_name(charter.consortium_name());
  status->set_version(charter.version());
  if (charter.has_expires_at()) *status->mutable_expires_at() = charter.expires_at();
  status->set_active_partners(
      static_cast<uint32_t>(std::count_if(charter.partners().begin(), charter.partners().end(),
                                          [](const v1::Partner& partner) { return partner.status() == v1::ACTIVE; })));
  status->set_governors(static_cast<uint32_t>(charter.governors_size()));
  status->set_threshold(charter.threshold());
}

v1::FeedStatus DescribeFeed(const HeldFeed& held, const std::string& own_partner, uint64_t announced_seq,
                            uint64_t stale) {
  v1::FeedStatus status;
  status.set_partner(held.feed.partner);
  status.set_audience(held.feed.audience);
  status.set_generation(held.feed.generation);
  status.set_seq(held.seq);
  status.set_state_digest(ToHex(held.state_digest));
  status.set_live_records(held.live_count);
  if (held.has_head) *status.mutable_as_of() = ToTimestamp(absl::FromUnixMillis(held.as_of_unix_millis));
  status.set_state(StateName(held, announced_seq, held.feed.partner == own_partner));
  status.set_announced_seq(announced_seq);
  status.set_stale_records(stale);
  status.set_staged_entries(held.staging.entries);
  status.set_own(held.feed.partner == own_partner);
  return status;
}

// Fills in what froze the feeds.
absl::Status DescribeForks(FeedStore* feeds, v1::GetStatusResponse* status) {
  ASSIGN_OR_RETURN(const std::vector<HeldEvidence> evidence, feeds->Evidence());
  for (v1::FeedStatus& feed : *status->mutable_feeds()) {
    for (const HeldEvidence& held : evidence) {
      if (!(held.feed == FeedKey{feed.partner(), feed.audience(), feed.generation()})) continue;
      ASSIGN_OR_RETURN(const ParsedHead first, ParseHead(held.evidence.first()));
      ASSIGN_OR_RETURN(const ParsedHead second, ParseHead(held.evidence.second()));
      v1::ForkStatus* fork = feed.mutable_fork();
      fork->set_first_seq(first.content.seq());
      fork->set_second_seq(second.content.seq());
      *fork->mutable_first_as_of() = ToTimestamp(absl::FromUnixMillis(first.body.as_of_unix_millis()));
      *fork->mutable_second_as_of() = ToTimestamp(absl::FromUnixMillis(second.body.as_of_unix_millis()));
      *fork->mutable_found_at() = ToTimestamp(absl::FromUnixMillis(held.found_at_unix_millis));
    }
  }
  return absl::OkStatus();
}

// "at 12 (as of 2026-01-31 08:00:00 UTC) and at 14 (as of …)"
std::string ForkText(const v1::ForkStatus& fork) {
  const auto head = [](uint64_t seq, const google::protobuf::Timestamp& as_of) {
    return absl::StrCat("at ", seq, " (as of ",
                        absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", FromTimestamp(as_of), absl::UTCTimeZone()), ")");
  };
  return absl::StrCat(head(fork.first_seq(), fork.first_as_of()), " and ",
                      head(fork.second_seq(), fork.second_as_of()));
}

v1::PeerStatus DescribePeer(const PeerView& peer) {
  v1::PeerStatus status;
  status.set_node(peer.node);
  status.set_partner(peer.partner);
  status.set_state(peer.state);
  status.set_endpoint(peer.endpoint);
  status.set_dialled(peer.dialled);
  if (peer.connected_since != absl::InfinitePast())
    *status.mutable_connected_since() = ToTimestamp(peer.connected_since);
  if (peer.last_heard != absl::InfinitePast()) *status.mutable_last_heard() = ToTimestamp(peer.last_heard);
  status.set_round_trip_micros(static_cast<uint64_t>(absl::ToInt64Microseconds(peer.round_trip)));
  status.set_last_error(peer.last_error);
  return status;
}

// Why nothing can be published, when it is one of the own feeds: its alert says the same.
bool IsAboutFeed(absl::string_view reason, const std::string& name) {
  return absl::StartsWith(reason, absl::StrCat("feed ", name, " "));
}

void AlertOfFeeds(const v1::GetStatusResponse& status, std::vector<std::string>* alerts) {
  for (const v1::FeedStatus& feed : status.feeds()) {
    const std::string name = absl::StrCat(feed.partner(), "/", feed.audience());
    // Two copies that both publish are told apart by what refuses to publish, which knows more than a number.
    if (feed.own() && feed.state() == own_behind && IsAboutFeed(status.cannot_publish_reason(), name)) continue;
    if (feed.state() == "frozen") {
      alerts->push_back(absl::StrCat(feed.own() ? "cannot publish now: feed " : "feed ", name, " is frozen at ",
                                     feed.seq(), ": its owner signed two different states",
                                     feed.has_fork() ? absl::StrCat(", ", ForkText(feed.fork())) : "",
                                     "; it stays so until the governors begin a new generation of it"));
    } else if (feed.state() == "revoked") {
      alerts->push_back(absl::StrCat("feed ", name, " is hidden: what is held of it, up to ", feed.seq(),
                                     ", was signed with a key that the charter does not stand for; it is shown again "
                                     "when its owner signs with its new key, or begins its new generation"));
    } else if (feed.state() == "damaged") {
      alerts->push_back(absl::StrCat("feed ", name, " is damaged on this disk and is being fetched anew"));
    } else if (feed.state() == own_behind) {
      alerts->push_back(absl::StrCat("this node's own feed ", name, " is behind its copies: it is at change ",
                                     feed.seq(), " here and at ", feed.announced_seq(),
                                     " on another node, as after an old backup was put back; do not publish before it "
                                     "has caught up"));
    }
    if (!feed.held_back().empty()) {
      alerts->push_back(absl::StrCat("feed ", name, " is not taken further: ", feed.held_back()));
    }
  }
}

// What stands there already is not said twice.
void AlertOfPublishing(const v1::GetStatusResponse& status, std::vector<std::string>* alerts) {
  const std::string& reason = status.cannot_publish_reason();
  if (status.can_publish() || reason.empty() || reason == status.disk().write_error()) return;
  for (const v1::FeedStatus& feed : status.feeds()) {
    const bool frozen = feed.own() && feed.state() == "frozen";
    if (frozen && IsAboutFeed(reason, absl::StrCat(feed.partner(), "/", feed.audience()))) return;
  }
  alerts->push_back(absl::StrCat("cannot publish now: ", reason));
}

void AlertOfPeers(const v1::GetStatusResponse& status, std::vector<std::string>* alerts) {
  const auto connected = [](const v1::PeerStatus& peer) { return peer.state() == "connected"; };
  if (status.peers().empty() || std::any_of(status.peers().begin(), status.peers().end(), connected)) return;
  if (FromTimestamp(status.now()) - FromTimestamp(status.started_at()) < connecting_time) return;
  alerts->push_back(absl::StrCat("none of ", status.peers_size(),
                                 " other nodes is connected: nothing comes in, and what "
                                 "is published here reaches nobody"));
}

void AlertOfCharter(const v1::GetStatusResponse& status, const CharterView& charter,
                    const absl::StatusOr<std::string>& tls_pin, std::vector<std::string>* alerts) {
  const auto self = charter.FindNode(status.node());
  if (!self.has_value() || self->partner->id() != status.partner()) {
    alerts->push_back(absl::StrCat("charter version ", charter.version(), " has no node ", Quoted(status.node()),
                                   " of partner ", Quoted(status.partner()), ": no other node will connect"));
  } else if (!tls_pin.ok()) {
    alerts->push_back(absl::StrCat("no other node will connect: ", tls_pin.status().message()));
  } else if (self->node->spki_sha256() != *tls_pin) {
    alerts->push_back(absl::StrCat("the charter pins another TLS key for this node, ",
                                   ShortHex(self->node->spki_sha256()), "; the one it has is ", ShortHex(*tls_pin),
                                   ": no other node will connect; put back the key that is pinned, or ask the "
                                   "governors to admit this node's join-request"));
  }
  if (!charter.charter().has_expires_at()) return;
  const absl::Time expires = FromTimestamp(charter.charter().expires_at());
  const absl::Duration left = expires - FromTimestamp(status.now());
  if (left <= absl::ZeroDuration()) {
    alerts->push_back(absl::StrCat("the charter ran out ", Age(-left), " ago; the governors must sign a new version"));
  } else if (left < charter_warning) {
    alerts->push_back(absl::StrCat("the charter runs out in ", Age(left), "; the governors must sign a new version"));
  }
}

void AlertOfErasure(const v1::GetStatusResponse& status, std::vector<std::string>* alerts) {
  if (!status.disk().has_erasure_pending_since()) return;
  const absl::Duration age = FromTimestamp(status.now()) - FromTimestamp(status.disk().erasure_pending_since());
  if (age < erasure_late) return;
  alerts->push_back(absl::StrCat("what was withdrawn ", Age(age),
                                 " ago is no longer shown but may still be in this node's files: a long read or the "
                                 "disk holds its erasure up; the log says which"));
}

void AlertOfSilence(const v1::GetStatusResponse& status, const CharterView& charter, std::vector<std::string>* alerts) {
  std::map<std::string, absl::Time> newest;
  for (const v1::FeedStatus& feed : status.feeds()) {
    if (feed.own() || !feed.has_as_of() || charter.FindActivePartner(feed.partner()) == nullptr) continue;
    absl::Time& time = newest.try_emplace(feed.partner(), absl::InfinitePast()).first->second;
    time = std::max(time, FromTimestamp(feed.as_of()));
  }
  for (const auto& [partner, as_of] : newest) {
    const absl::Duration age = FromTimestamp(status.now()) - as_of;
    if (age > silent_after) alerts->push_back(absl::StrCat("nothing was heard of ", partner, " for ", Age(age)));
  }
}

}  // namespace

std::vector<std::string> Alerts(const v1::GetStatusResponse& status, const CharterView& charter,
                                const absl::StatusOr<std::string>& tls_pin) {
  std::vector<std::string> alerts;
  if (!status.disk().write_error().empty()) {
    alerts.push_back(absl::StrCat("nothing is being written: ", status.disk().write_error()));
  }
  AlertOfFeeds(status, &alerts);
  AlertOfErasure(status, &alerts);
  AlertOfPublishing(status, &alerts);
  if (status.disk().write_error().empty() && status.disk().free_bytes() < disk_free_bytes_low) {
    alerts.push_back(
        absl::StrCat("the disk is nearly full: ", status.disk().free_bytes() / (1024 * 1024), " MiB are free"));
  }
  AlertOfCharter(status, charter, tls_pin, &alerts);
  AlertOfPeers(status, &alerts);
  AlertOfSilence(status, charter, &alerts);
  return alerts;
}

// Errors may name a feed; who may read only some of them is told that there is one.
void StatusReporter::Confine(v1::GetStatusResponse* status) {
  const std::string told = "the node's operator sees why";
  if (!status->can_publish()) status->set_cannot_publish_reason(told);
  for (v1::PeerStatus& peer : *status->mutable_peers()) {
    if (!peer.last_error().empty()) peer.set_last_error(told);
  }
  status->clear_refused_readers();
}

StatusReporter::StatusReporter(Options options) : options_(std::move(options)), started_at_(options_.clock->Now()) {}

absl::StatusOr<v1::GetStatusResponse> StatusReporter::Report(const Reader& reader) const {
  v1::GetStatusResponse status;
  const std::shared_ptr<const CharterView> charter = options_.charter->current();
  status.set_node(options_.node);
  status.set_partner(options_.partner);
  status.set_version(options_.version);
  *status.mutable_started_at() = ToTimestamp(started_at_);
  *status.mutable_now() = ToTimestamp(options_.clock->Now());
  FillCharter(*charter, status.mutable_charter());
  RETURN_IF_ERROR(ReportFeeds(*charter, reader, &status));
  RETURN_IF_ERROR(ReportPeers(&status));
  RETURN_IF_ERROR(ReportDisk(status.mutable_disk()));
  const absl::Status can_publish = options_.publisher->CanPublish();
  status.set_can_publish(can_publish.ok());
  status.set_cannot_publish_reason(std::string(can_publish.message()));
  ReportRefusals(&status);
  if (reader.limited()) Confine(&status);
  for (std::string& alert : Alerts(status, *charter, options_.tls_pin())) status.add_alerts(std::move(alert));
  const std::string missing_key = options_.publisher->MissingKey();
  if (!missing_key.empty()) status.add_alerts(missing_key);
  return status;
}

absl::Status StatusReporter::ReportFeeds(const CharterView& charter, const Reader& reader,
                                         v1::GetStatusResponse* status) const {
  ASSIGN_OR_RETURN(const std::vector<HeldFeed> feeds, options_.feeds->Feeds());
  std::map<int64_t, uint64_t> stale;
  RETURN_IF_ERROR(options_.feeds->store()->Read([&](Connection& db) -> absl::Status {
    ASSIGN_OR_RETURN(stale, CountStale(db, absl::ToUnixMillis(options_.clock->Now()), VerifyDefaultDays(charter)));
    return absl::OkStatus();
  }));
  std::map<std::pair<std::string, std::string>, FeedSyncView> synced;
  for (FeedSyncView& view : options_.replicator->Feeds()) synced[{view.partner, view.audience}] = std::move(view);
  for (const HeldFeed& held : feeds) {
    if (!MayRead(charter, reader, held.feed.partner, held.feed.audience)) continue;
    const FeedSyncView& view = synced[{held.feed.partner, held.feed.audience}];
    v1::FeedStatus* const feed = status->add_feeds();
    *feed = DescribeFeed(held, options_.partner, view.announced_seq, stale[held.feed_id]);
    feed->set_held_back(view.held_back);
    feed->set_partner_status(charter.MarkOf(held.feed.partner));
    if (!CheckStanding(charter, held).ok()) feed->set_state("revoked");
  }
  return DescribeForks(options_.feeds, status);
}

absl::Status StatusReporter::ReportPeers(v1::GetStatusResponse* status) const {
  std::map<std::string, uint64_t> behind;
  for (const v1::FeedStatus& feed : status->feeds()) {
    if (!feed.own()) continue;
    std::map<std::string, uint64_t> reached;
    ASSIGN_OR_RETURN(const std::vector<PeerHead> heads, options_.feeds->PeerHeads(feed.partner(), feed.audience()));
    for (const PeerHead& head : heads) {
      if (head.generation == feed.generation()) reached[head.node] = head.seq;
    }
    for (const PeerView& peer : options_.replicator->Peers()) {
      const uint64_t seq = reached[peer.node];
      behind[peer.node] += feed.seq() > seq ? feed.seq() - seq : 0;
    }
  }
  std::vector<PeerView> peers = options_.replicator->Peers();
  std::sort(peers.begin(), peers.end(), [](const PeerView& a, const PeerView& b) { return a.node < b.node; });
  for (const PeerView& peer : peers) {
    v1::PeerStatus* described = status->add_peers();
    *described = DescribePeer(peer);
    described->set_behind(behind[peer.node]);
  }
  return absl::OkStatus();
}

void StatusReporter::ReportRefusals(v1::GetStatusResponse* status) const {
  for (const CallerLimits::Refusal& refusal : options_.caller_limits->Refusals()) {
    v1::RefusedReader* const reader = status->add_refused_readers();
    reader->set_reader(refusal.reader);
    reader->set_reason(refusal.reason);
    reader->set_times(refusal.times);
    *reader->mutable_last_at() = ToTimestamp(refusal.last);
  }
}

absl::Status StatusReporter::ReportDisk(v1::DiskStatus* disk) const {
  const Store::Sizes sizes = options_.feeds->store()->sizes();
  disk->set_database_bytes(sizes.database);
  disk->set_wal_bytes(sizes.wal);
  disk->set_free_bytes(sizes.disk_free);
  disk->set_write_error(std::string(options_.feeds->store()->write_health().message()));
  ASSIGN_OR_RETURN(const ErasureState erasure, ReadErasure(options_.feeds->store()));
  if (erasure.pending()) *disk->mutable_erasure_pending_since() = ToTimestamp(erasure.pending_since);
  if (erasure.completed_at != absl::InfinitePast()) {
    *disk->mutable_erasure_completed_at() = ToTimestamp(erasure.completed_at);
  }
  return absl::OkStatus();
}

}  // namespace cairn
