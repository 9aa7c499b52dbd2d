#include "server/publish/publisher.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/record/kinds.h"
#include "common/record/serialise.h"
#include "common/record/validate.h"
#include "server/publish/not_own.h"

namespace cairn {

namespace {

constexpr absl::string_view public_audience = "public";
constexpr absl::Duration wait_step = absl::Milliseconds(500);  // how soon a wait sees that its client has gone
constexpr absl::Duration read_budget =
    absl::Seconds(30);  // reads here are bounded by entries; a slow disk is no reason

absl::Status CheckWait(uint32_t seconds) {
  if (seconds <= limits::publish_wait_seconds_max) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("wait_seconds ", seconds, ": at most ",
                                                 limits::publish_wait_seconds_max,
                                                 "; receipts tell later who has confirmed"));
}

absl::Status CheckIds(absl::Span<const std::string> ids) {
  if (!ids.empty() && ids.size() <= static_cast<size_t>(limits::publish_ids_max)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(ids.size(), " ids: write 1 to ", limits::publish_ids_max));
}

absl::Status CheckHeader(const v1::PublishHeader& header) {
  if (!header.audience().empty() && header.audience() != public_audience) {
    return absl::InvalidArgumentError(
        absl::StrCat("audience ", Quoted(header.audience()), ": this version publishes to \"public\" only"));
  }
  return CheckWait(header.wait_seconds());
}

template <typename T>
absl::Span<const T> ChunkOf(const std::vector<T>& all, size_t from, size_t size) {
  return absl::MakeConstSpan(all).subspan(std::min(from, all.size()), size);
}

}  // namespace

Publisher::Publisher(Options options, Store* store, FeedStore* feeds, const LiveCharter* charter,
                     const HeadChecker* checker, SigningKey key, Clock* clock)
    : options_(std::move(options)),
      store_(store),
      feeds_(feeds),
      charter_(charter),
      clock_(clock),
      own_(options_.consortium, options_.partner, store, feeds, charter, checker, std::move(key), clock) {}

Publisher::~Publisher() { Stop(); }

void Publisher::SetGate(absl::Status gate) {
  absl::MutexLock lock(&mutex_);
  gate_ = std::move(gate);
}

absl::Status Publisher::CheckGate() const {
  absl::MutexLock lock(&mutex_);
  if (stopped_) return absl::UnavailableError("the node is stopping");
  if (gate_.ok()) return absl::OkStatus();
  return absl::FailedPreconditionError(gate_.message());
}

absl::Status Publisher::CheckReady() const {
  RETURN_IF_ERROR(CheckGate());
  RETURN_IF_ERROR(own_.CheckCharter());
  return store_->write_health();
}

absl::Status Publisher::CanPublish() const {
  RETURN_IF_ERROR(CheckReady());
  ASSIGN_OR_RETURN(const std::optional<HeldFeed> held, feeds_->Find(options_.partner, public_audience));
  return own_.CheckFeed(held);
}

absl::StatusOr<std::unique_ptr<PublishBatch>> Publisher::Begin(const v1::PublishHeader& header) {
  RETURN_IF_ERROR(CheckHeader(header));
  RETURN_IF_ERROR(CanPublish());
  if (open_batches_.fetch_add(1) >= limits::publish_batches_max) {
    open_batches_.fetch_sub(1);
    return absl::ResourceExhaustedError(
        absl::StrCat(limits::publish_batches_max, " batches are being sent to this node; try again later"));
  }
  v1::PublishHeader filled = header;
  filled.set_audience(std::string(public_audience));
  if (filled.changes_max() == 0) filled.set_changes_max(limits::publish_changes_default);
  return std::unique_ptr<PublishBatch>(new PublishBatch(this, std::move(filled)));
}

absl::Status Publisher::CheckRate() {
  const absl::Duration now = clock_->Monotonic();
  while (!publish_times_.empty() && publish_times_.front() < now - absl::Hours(1)) publish_times_.pop_front();
  const uint32_t allowed = charter_->current()->QuotaOf(options_.partner).publishes_per_hour_max();
  if (publish_times_.size() < allowed) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("published ", publish_times_.size(), " times in the last hour; the charter allows ", allowed,
                   ", so gather records in larger batches; the next one may come in ",
                   absl::FormatDuration(absl::Hours(1) - (now - publish_times_.front()))));
}

absl::Status Publisher::Write(const std::string& audience, const std::optional<HeldFeed>& held,
                              const OwnFeed::Change& change, v1::PublishResult* result) {
  RETURN_IF_ERROR(CheckRate());
  ASSIGN_OR_RETURN(const uint64_t seq, own_.Write(audience, held, change));
  if (options_.on_moved) options_.on_moved(audience);
  publish_times_.push_back(clock_->Monotonic());
  LogInfo("publish.done", {{"audience", audience}, {"seq", seq}, {"entries", change.entries}});
  FillPosition(audience, seq, result);
  return absl::OkStatus();
}

void Publisher::FillPosition(const std::string& audience, uint64_t seq, v1::PublishResult* result) const {
  result->set_committed(true);
  result->mutable_position()->set_audience(audience);
  result->mutable_position()->set_generation(own_.KeyOf(audience).generation);
  result->mutable_position()->set_seq(seq);
}

absl::StatusOr<std::vector<Publisher::OwnEntry>> Publisher::FindOwn(const std::string& audience,
                                                                    absl::Span<const std::string> ids) const {
  std::vector<OwnEntry> found;
  std::vector<std::string> missing;
  const std::set<std::string> distinct(ids.begin(), ids.end());
  const std::vector<std::string> once(distinct.begin(), distinct.end());
  const auto find = [&](Connection& db, const std::string& id) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string id16, UuidFromText(id));
    const size_t before = found.size();
    for (const v1::RecordKind kind : AllKinds()) {
      ASSIGN_OR_RETURN(const auto entry, FeedStore::FindEntry(db, options_.partner, audience, kind, id16));
      if (!entry.has_value()) continue;
      found.push_back({kind, id16, entry->seq(), entry->tombstone(), entry->payload().size()});
    }
    if (found.size() == before) missing.push_back(id);
    return absl::OkStatus();
  };
  for (size_t from = 0; from < once.size(); from += limits::publish_chunk_entries) {
    RETURN_IF_ERROR(store_->Read(
        [&](Connection& db) -> absl::Status {
          for (const std::string& id : ChunkOf(once, from, limits::publish_chunk_entries)) {
            RETURN_IF_ERROR(find(db, id));
          }
          return absl::OkStatus();
        },
        read_budget));
  }
  if (missing.empty()) return found;
  return NotOwn(store_, options_.partner, missing);
}

absl::StatusOr<v1::PublishResult> Publisher::Withdraw(const v1::WithdrawRequest& request, PublishSink* sink) {
  const std::string audience(public_audience);
  const std::vector<std::string> ids(request.ids().begin(), request.ids().end());
  RETURN_IF_ERROR(CheckIds(ids));
  RETURN_IF_ERROR(CheckWait(request.wait_seconds()));
  v1::PublishResult result;
  {
    absl::MutexLock committing(&commit_mutex_);
    RETURN_IF_ERROR(CheckReady());
    ASSIGN_OR_RETURN(const std::optional<HeldFeed> held, own_.Settle(audience));
    ASSIGN_OR_RETURN(std::vector<OwnEntry> entries, FindOwn(audience, ids));
    const auto gone = std::partition(entries.begin(), entries.end(), [](const OwnEntry& e) { return !e.tombstone; });
    result.set_unchanged(static_cast<uint64_t>(entries.end() - gone));
    entries.erase(gone, entries.end());
    result.set_withdrawn(entries.size());
    OwnFeed::Change change;
    change.entries = entries.size();
    change.records_delta = -static_cast<int64_t>(entries.size());
    for (const OwnEntry& entry : entries) change.bytes_delta -= static_cast<int64_t>(entry.bytes);
    size_t given = 0;
    change.next = [&]() -> absl::StatusOr<std::vector<v1::Entry>> {
      std::vector<v1::Entry> chunk;
      for (const OwnEntry& own : ChunkOf(entries, given, limits::publish_chunk_entries)) {
        v1::Entry& entry = chunk.emplace_back();
        entry.set_kind(static_cast<v1::RecordKind>(own.kind));
        entry.set_id(own.id);
        entry.set_tombstone(true);
      }
      given += chunk.size();
      return chunk;
    };
    FillPosition(audience, held.has_value() ? held->seq : 0, &result);
    if (!entries.empty()) RETURN_IF_ERROR(Write(audience, held, change, &result));
  }
  WaitForPartners(request.wait_for_partners(), request.wait_seconds(), &result, sink);
  return result;
}

absl::StatusOr<v1::Entry> Publisher::Verified(const std::string& audience, const OwnEntry& own,
                                              const std::string& verified_by) const {
  ASSIGN_OR_RETURN(std::optional<v1::Entry> entry, feeds_->FindEntry(options_.partner, audience, own.kind, own.id));
  if (!entry.has_value()) return absl::InternalError("an entry of the own feed is gone while it is being changed");
  ASSIGN_OR_RETURN(v1::Record record, ParseRecord(entry->payload()));
  // updated_at stays: a confirmation says that the content is right, not that it is new.
  record.mutable_verified_at()->Clear();
  record.mutable_verified_at()->set_seconds(absl::ToUnixSeconds(clock_->Now()));
  record.set_verified_by(verified_by);
  entry->set_payload(SerialiseRecord(record));
  return *std::move(entry);
}

absl::StatusOr<v1::PublishResult> Publisher::MarkVerified(const v1::MarkVerifiedRequest& request, PublishSink*) {
  const std::string audience(public_audience);
  const std::vector<std::string> ids(request.ids().begin(), request.ids().end());
  RETURN_IF_ERROR(CheckIds(ids));
  std::string verified_by = request.verified_by();
  RETURN_IF_ERROR(NormaliseVerifiedBy(&verified_by));
  absl::MutexLock committing(&commit_mutex_);
  RETURN_IF_ERROR(CheckReady());
  ASSIGN_OR_RETURN(const std::optional<HeldFeed> held, own_.Settle(audience));
  ASSIGN_OR_RETURN(const std::vector<OwnEntry> entries, FindOwn(audience, ids));
  for (const OwnEntry& entry : entries) {
    if (entry.tombstone) {
      return absl::NotFoundError(
          absl::StrCat(UuidToText(entry.id), ": was withdrawn; publish it anew before verifying"));
    }
  }
  v1::PublishResult result;
  result.set_changed(entries.size());
  OwnFeed::Change change;
  change.entries = entries.size();
  size_t given = 0;
  change.next = [&]() -> absl::StatusOr<std::vector<v1::Entry>> {
    std::vector<v1::Entry> chunk;
    for (size_t bytes = 0; given < entries.size() && chunk.size() < limits::publish_chunk_entries &&
                           bytes < limits::publish_chunk_bytes;) {
      ASSIGN_OR_RETURN(v1::Entry entry, Verified(audience, entries[given++], verified_by));
      bytes += entry.payload().size();
      chunk.push_back(std::move(entry));
    }
    return chunk;
  };
  RETURN_IF_ERROR(Write(audience, held, change, &result));
  return result;
}

absl::StatusOr<v1::GetReceiptsResponse> Publisher::Receipts(const std::string& id) const {
  const std::string audience(public_audience);
  ASSIGN_OR_RETURN(const std::vector<OwnEntry> entries, FindOwn(audience, {id}));
  const OwnEntry& present = *std::max_element(entries.begin(), entries.end(),
                                              [](const OwnEntry& a, const OwnEntry& b) { return a.seq < b.seq; });
  ASSIGN_OR_RETURN(const std::optional<HeldFeed> held, feeds_->Find(options_.partner, audience));
  ASSIGN_OR_RETURN(const std::vector<PeerHead> heads, feeds_->PeerHeads(options_.partner, audience));
  v1::GetReceiptsResponse response;
  response.set_seq(present.seq);
  response.set_withdrawn(present.tombstone);
  const std::shared_ptr<const CharterView> charter = charter_->current();
  for (const v1::Partner& partner : charter->charter().partners()) {
    for (const v1::Node& node : partner.nodes()) {
      if (node.id() == options_.node) continue;
      v1::NodeReceipt* receipt = response.add_receipts();
      receipt->set_partner(partner.id());
      receipt->set_node(node.id());
      for (const PeerHead& head : heads) {
        if (head.node != node.id() || !held.has_value() || head.generation != held->feed.generation) continue;
        receipt->set_seq(head.seq);
        receipt->set_holds_present_state(head.seq >= present.seq);
        receipt->mutable_confirmed_at()->set_seconds(head.confirmed_at_unix_millis / 1000);
        receipt->mutable_confirmed_at()->set_nanos(static_cast<int32_t>(head.confirmed_at_unix_millis % 1000) *
                                                   1000000);
      }
    }
  }
  std::sort(response.mutable_receipts()->begin(), response.mutable_receipts()->end(),
            [](const v1::NodeReceipt& a, const v1::NodeReceipt& b) {
              return std::tie(a.partner(), a.node()) < std::tie(b.partner(), b.node());
            });
  return response;
}

absl::Status Publisher::Heartbeat() {
  RETURN_IF_ERROR(CheckGate());
  absl::Status first_error;
  absl::MutexLock committing(&commit_mutex_);
  ASSIGN_OR_RETURN(const std::vector<HeldFeed> own, feeds_->Feeds(options_.partner));
  for (const HeldFeed& feed : own) {
    const absl::StatusOr<bool> signed_anew = [&]() -> absl::StatusOr<bool> {
      RETURN_IF_ERROR(own_.CheckCharter());
      ASSIGN_OR_RETURN(const std::optional<HeldFeed> held, own_.Settle(feed.feed.audience));
      return held.has_value() ? own_.Resign(*held) : false;
    }();
    first_error.Update(Annotate(signed_anew.status(), absl::StrCat("heartbeat of ", feed.feed.ToString())));
    if (signed_anew.ok() && *signed_anew && options_.on_moved) options_.on_moved(feed.feed.audience);
  }
  return first_error;
}

void Publisher::OnAcknowledged() {
  absl::MutexLock lock(&mutex_);
  ++acknowledgements_;
  acknowledged_.SignalAll();
}

void Publisher::Stop() {
  absl::MutexLock lock(&mutex_);
  stopped_ = true;
  acknowledged_.SignalAll();
}

uint32_t Publisher::ConfirmedPartners(const FeedKey& feed, uint64_t seq) const {
  const absl::StatusOr<std::vector<PeerHead>> heads = feeds_->PeerHeads(feed.partner, feed.audience);
  if (!heads.ok()) return 0;
  const std::shared_ptr<const CharterView> charter = charter_->current();
  std::set<std::string> partners;
  for (const PeerHead& head : *heads) {
    if (head.generation != feed.generation || head.seq < seq) continue;
    const auto node = charter->FindNode(head.node);
    if (node.has_value() && node->partner->id() != options_.partner) partners.insert(node->partner->id());
  }
  return static_cast<uint32_t>(partners.size());
}

void Publisher::WaitForPartners(uint32_t partners, uint32_t seconds, v1::PublishResult* result, PublishSink* sink) {
  if (partners == 0) return;
  const absl::Duration limit = absl::Seconds(seconds == 0 ? limits::publish_wait_seconds_default : seconds);
  const absl::Duration deadline = clock_->Monotonic() + limit;
  const FeedKey feed{options_.partner, result->position().audience(), result->position().generation()};
  std::optional<uint32_t> told;
  while (true) {
    uint64_t seen = 0;
    {
      absl::MutexLock lock(&mutex_);
      seen = acknowledgements_;
    }
    const uint32_t confirmed = ConfirmedPartners(feed, result->position().seq());
    result->set_confirmed_partners(confirmed);
    if (sink != nullptr && told != confirmed) sink->Progress("waiting", confirmed, partners);
    told = confirmed;
    const absl::Duration left = deadline - clock_->Monotonic();
    if (confirmed >= partners || left <= absl::ZeroDuration() || (sink != nullptr && sink->cancelled())) return;
    absl::MutexLock lock(&mutex_);
    if (stopped_) return;
    if (seen == acknowledgements_) acknowledged_.WaitWithTimeout(&mutex_, std::min(left, wait_step));
  }
}

}  // namespace cairn
