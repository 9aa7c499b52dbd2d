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
#include "server/charter/audience_readers.h"
#include "server/publish/not_own.h"

namespace cairn {

namespace {

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

const Reader* ReaderOf(const PublishSink* sink) { return sink == nullptr ? nullptr : sink->reader(); }

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

void Publisher::SetGate(absl::Status gate, std::vector<GoOnAbove> go_on) {
  absl::MutexLock lock(&mutex_);
  gate_ = std::move(gate);
  go_on_.insert(go_on_.end(), std::make_move_iterator(go_on.begin()), std::make_move_iterator(go_on.end()));
}

absl::Status Publisher::CheckGate() const {
  absl::MutexLock lock(&mutex_);
  if (stopped_) return absl::UnavailableError("the node is stopping");
  if (gate_.ok()) return absl::OkStatus();
  return absl::FailedPreconditionError(gate_.message());
}

void Publisher::AwaitGate() const {
  absl::MutexLock lock(&mutex_);
  const auto decided = [this]()
                           ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopped_ || !absl::IsUnavailable(gate_); };
  mutex_.AwaitWithTimeout(absl::Condition(&decided), options_.gate_wait);
}

absl::Status Publisher::CheckReady() const {
  RETURN_IF_ERROR(CheckGate());
  RETURN_IF_ERROR(own_.CheckCharter());
  return store_->write_health();
}

absl::Status Publisher::CanPublish() const {
  RETURN_IF_ERROR(CheckReady());
  ASSIGN_OR_RETURN(const std::vector<HeldFeed> own, feeds_->Feeds(options_.partner));
  for (const HeldFeed& feed : own) RETURN_IF_ERROR(own_.CheckFeed(feed));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<PublishBatch>> Publisher::Begin(const v1::PublishHeader& header, const Reader* reader) {
  v1::PublishHeader filled = header;
  if (filled.audience().empty()) filled.set_audience(std::string(audience_public));
  if (filled.changes_max() == 0) filled.set_changes_max(limits::publish_changes_default);
  RETURN_IF_ERROR(CheckWait(header.wait_seconds()));
  AwaitGate();
  RETURN_IF_ERROR(CheckReady());
  ASSIGN_OR_RETURN(const std::vector<HeldFeed> own, feeds_->Feeds(options_.partner));
  for (const HeldFeed& feed : own) {
    const bool let_be = own_.Abandoned(feed) && (filled.prune() || feed.feed.audience != filled.audience());
    if (!let_be) RETURN_IF_ERROR(own_.CheckFeed(feed));
  }
  RETURN_IF_ERROR(CheckAudience(*charter_->current(), filled.audience()));
  ASSIGN_OR_RETURN(std::set<std::string> abandoned, AbandonedAudiences());
  if (open_batches_.fetch_add(1) >= limits::publish_batches_max) {
    open_batches_.fetch_sub(1);
    return absl::ResourceExhaustedError(
        absl::StrCat(limits::publish_batches_max, " batches are being sent to this node; try again later"));
  }
  return std::unique_ptr<PublishBatch>(new PublishBatch(this, std::move(filled), reader, std::move(abandoned)));
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

absl::Status Publisher::GoOn() {
  while (true) {
    GoOnAbove next;
    {
      absl::MutexLock lock(&mutex_);
      if (go_on_.empty()) return absl::OkStatus();
      next = go_on_.front();
    }
    ASSIGN_OR_RETURN(const bool moved, own_.GoOn(next));
    if (moved && options_.on_moved) options_.on_moved(next.feed.audience);
    absl::MutexLock lock(&mutex_);
    go_on_.pop_front();  // only this function removes, under commit_mutex_
  }
}

absl::StatusOr<std::set<std::string>> Publisher::AbandonedAudiences() const {
  ASSIGN_OR_RETURN(const std::vector<HeldFeed> own, feeds_->Feeds(options_.partner));
  std::set<std::string> abandoned;
  for (const HeldFeed& feed : own) {
    if (own_.Abandoned(feed)) abandoned.insert(feed.feed.audience);
  }
  return abandoned;
}

absl::StatusOr<Publisher::HeldByAudience> Publisher::SettleAll() {
  RETURN_IF_ERROR(GoOn());
  HeldByAudience held;
  ASSIGN_OR_RETURN(const std::vector<HeldFeed> own, feeds_->Feeds(options_.partner));
  for (const HeldFeed& feed : own) {
    if (own_.Abandoned(feed)) continue;
    ASSIGN_OR_RETURN(std::optional<HeldFeed> settled, own_.Settle(feed.feed.audience));
    if (settled.has_value()) held.emplace(feed.feed.audience, *std::move(settled));
  }
  return held;
}

absl::Status Publisher::Write(const HeldByAudience& held, const std::vector<OwnFeed::FeedChange>& changes,
                              PublishSink* sink, v1::PublishResult* result) {
  std::map<std::string, uint64_t> seqs;
  for (const auto& [audience, feed] : held) seqs[audience] = feed.seq;
  if (!changes.empty()) {
    RETURN_IF_ERROR(CheckRate());
    OwnFeed::Committing committing;
    if (sink != nullptr) committing = std::bind_front(&PublishSink::Committing, sink);
    ASSIGN_OR_RETURN(const std::vector<uint64_t> written, own_.Write(changes, committing));
    for (size_t i = 0; i < changes.size(); ++i) {
      seqs[changes[i].audience] = written[i];
      if (options_.on_moved) options_.on_moved(changes[i].audience);
      publish_times_.push_back(clock_->Monotonic());
      LogInfo("publish.done", {{"seq", written[i]}, {"entries", changes[i].change.entries}});
    }
  }
  for (v1::AudienceResult& each : *result->mutable_audiences()) {
    v1::FeedPosition* position = each.mutable_position();
    position->set_audience(each.audience());
    position->set_generation(own_.KeyOf(each.audience()).generation);
    position->set_seq(seqs[each.audience()]);
  }
  if (result->audiences_size() > 0) *result->mutable_position() = result->audiences(0).position();
  result->set_committed(true);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Publisher::OwnEntry>> Publisher::FindOwn(absl::Span<const std::string> ids,
                                                                    const Reader* reader) const {
  ASSIGN_OR_RETURN(std::vector<HeldFeed> own, feeds_->Feeds(options_.partner));
  std::erase_if(own, [&](const HeldFeed& feed) { return own_.Abandoned(feed); });
  std::vector<OwnEntry> found;
  std::vector<std::string> missing;
  const std::set<std::string> distinct(ids.begin(), ids.end());
  const std::vector<std::string> once(distinct.begin(), distinct.end());
  const auto find = [&](Connection& db, const std::string& id) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string id16, UuidFromText(id));
    const size_t before = found.size();
    for (const HeldFeed& feed : own) {
      for (const v1::RecordKind kind : AllKinds()) {
        const std::string& audience = feed.feed.audience;
        ASSIGN_OR_RETURN(const auto entry, FeedStore::FindEntry(db, options_.partner, audience, kind, id16));
        if (!entry.has_value()) continue;
        found.push_back({audience, kind, id16, entry->seq(), entry->tombstone(), entry->payload().size()});
      }
    }
    const auto first = found.begin() + static_cast<ptrdiff_t>(before);
    const auto hidden = [&](const OwnEntry& e) { return reader != nullptr && !reader->MayAsk(e.audience); };
    // Who may read a live version decides about all of them. To others the record is what they may still know of it:
    // one that was withdrawn, when it went from there to a narrower audience, or none.
    if (std::none_of(first, found.end(), [&](const OwnEntry& e) { return !e.tombstone && !hidden(e); })) {
      found.erase(std::remove_if(first, found.end(), hidden), found.end());
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
  return NotOwn(store_, options_.partner, reader, missing);
}

absl::StatusOr<std::vector<Publisher::OwnEntry>> Publisher::FindReadable(const std::string& id,
                                                                         const Reader* reader) const {
  ASSIGN_OR_RETURN(std::vector<OwnEntry> entries, FindOwn({id}, reader));
  const auto hidden = [&](const OwnEntry& entry) { return reader != nullptr && !reader->MayAsk(entry.audience); };
  entries.erase(std::remove_if(entries.begin(), entries.end(), hidden), entries.end());
  return entries;
}

namespace {

// How many records a list of entries is about: the versions of one for several audiences count once.
template <typename Entries>
uint64_t CountRecords(const Entries& entries) {
  std::set<std::pair<int, std::string>> records;
  for (const auto& entry : entries) records.emplace(entry.kind, entry.id);
  return records.size();
}

}  // namespace

absl::StatusOr<v1::PublishResult> Publisher::Withdraw(const v1::WithdrawRequest& request, PublishSink* sink) {
  const std::vector<std::string> ids(request.ids().begin(), request.ids().end());
  RETURN_IF_ERROR(CheckIds(ids));
  RETURN_IF_ERROR(CheckWait(request.wait_seconds()));
  AwaitGate();
  v1::PublishResult result;
  {
    absl::MutexLock committing(&commit_mutex_);
    RETURN_IF_ERROR(CheckReady());
    ASSIGN_OR_RETURN(const HeldByAudience held, SettleAll());
    ASSIGN_OR_RETURN(std::vector<OwnEntry> entries, FindOwn(ids, ReaderOf(sink)));
    const uint64_t named = CountRecords(entries);
    std::erase_if(entries, [&](const OwnEntry& e) { return e.tombstone || !held.contains(e.audience); });
    result.set_withdrawn(CountRecords(entries));
    result.set_unchanged(named - result.withdrawn());
    PublishParts parts;
    for (const OwnEntry& entry : entries) {
      PublishPart& part = PartFor(&parts, entry.audience, options_.scratch_dir);
      RETURN_IF_ERROR(part.Withdraw(entry.kind, entry.id, entry.bytes));
    }
    for (const auto& [audience, feed] : held) PartFor(&parts, audience, options_.scratch_dir);
    for (const auto& part : parts) *result.add_audiences() = part->counts;
    RETURN_IF_ERROR(Write(held, ChangesOf(parts, held), sink, &result));
  }
  WaitForPartners(request.wait_for_partners(), request.wait_seconds(), &result, sink);
  return result;
}

absl::StatusOr<v1::Entry> Publisher::Verified(const OwnEntry& own, const std::string& verified_by) const {
  ASSIGN_OR_RETURN(std::optional<v1::Entry> entry, feeds_->FindEntry(options_.partner, own.audience, own.kind, own.id));
  if (!entry.has_value()) return absl::InternalError("an entry of the own feed is gone while it is being changed");
  ASSIGN_OR_RETURN(v1::Record record, ParseRecord(entry->payload()));
  // updated_at stays: a confirmation says that the content is right, not that it is new.
  record.mutable_verified_at()->Clear();
  record.mutable_verified_at()->set_seconds(absl::ToUnixSeconds(clock_->Now()));
  record.set_verified_by(verified_by);
  entry->set_payload(SerialiseRecord(record));
  return *std::move(entry);
}

absl::StatusOr<v1::PublishResult> Publisher::MarkVerified(const v1::MarkVerifiedRequest& request, PublishSink* sink) {
  const std::vector<std::string> ids(request.ids().begin(), request.ids().end());
  RETURN_IF_ERROR(CheckIds(ids));
  std::string verified_by = request.verified_by();
  RETURN_IF_ERROR(NormaliseVerifiedBy(&verified_by));
  AwaitGate();
  absl::MutexLock committing(&commit_mutex_);
  RETURN_IF_ERROR(CheckReady());
  ASSIGN_OR_RETURN(const HeldByAudience held, SettleAll());
  ASSIGN_OR_RETURN(const std::vector<OwnEntry> found, FindOwn(ids, ReaderOf(sink)));
  std::map<std::string, std::vector<OwnEntry>> live;
  std::set<std::string> live_ids;
  for (const OwnEntry& entry : found) {
    if (entry.tombstone || !held.contains(entry.audience)) continue;
    live[entry.audience].push_back(entry);
    live_ids.insert(entry.id);
  }
  for (const OwnEntry& entry : found) {
    if (live_ids.contains(entry.id)) continue;
    return absl::NotFoundError(absl::StrCat(UuidToText(entry.id), ": was withdrawn; publish it anew before verifying"));
  }
  v1::PublishResult result;
  std::vector<OwnFeed::FeedChange> changes;
  std::map<std::string, size_t> given;
  for (const auto& [audience, entries] : live) {
    v1::AudienceResult* counts = result.add_audiences();
    counts->set_audience(audience);
    counts->set_changed(entries.size());
    OwnFeed::Change change;
    change.entries = entries.size();
    change.next = [this, &entries, &done = given[audience], &verified_by]() -> absl::StatusOr<std::vector<v1::Entry>> {
      std::vector<v1::Entry> chunk;
      for (size_t bytes = 0; done < entries.size() && chunk.size() < limits::publish_chunk_entries &&
                             bytes < limits::publish_chunk_bytes;) {
        ASSIGN_OR_RETURN(v1::Entry entry, Verified(entries[done++], verified_by));
        bytes += entry.payload().size();
        chunk.push_back(std::move(entry));
      }
      return chunk;
    };
    changes.push_back({audience, held.at(audience), std::move(change)});
  }
  result.set_changed(live_ids.size());
  RETURN_IF_ERROR(Write(held, changes, sink, &result));
  return result;
}

absl::Status Publisher::Heartbeat() {
  RETURN_IF_ERROR(CheckGate());
  absl::Status first_error;
  absl::MutexLock committing(&commit_mutex_);
  RETURN_IF_ERROR(Annotate(GoOn(), "going on above numbers that were seen"));
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

// A partner has confirmed when its nodes hold every feed of the result that it may read.
uint32_t Publisher::ConfirmedPartners(const v1::PublishResult& result) const {
  const std::shared_ptr<const CharterView> charter = charter_->current();
  std::map<std::string, bool> confirmed;
  for (const v1::AudienceResult& each : result.audiences()) {
    if (each.position().seq() == 0) continue;
    const absl::StatusOr<std::vector<PeerHead>> heads = feeds_->PeerHeads(options_.partner, each.audience());
    if (!heads.ok()) return 0;
    std::set<std::string> holders;
    for (const PeerHead& head : *heads) {
      if (head.generation != each.position().generation() || head.seq < each.position().seq()) continue;
      const auto node = charter->FindNode(head.node);
      if (node.has_value()) holders.insert(node->partner->id());
    }
    const v1::AudienceReaders readers = ReadersOf(*charter, options_.partner, each.audience());
    for (const v1::PartnerReader& reader : readers.partners()) {
      const bool holds = holders.contains(reader.partner());
      const auto [it, first] = confirmed.emplace(reader.partner(), holds);
      if (!first) it->second = it->second && holds;
    }
  }
  return static_cast<uint32_t>(
      std::count_if(confirmed.begin(), confirmed.end(), [](const auto& partner) { return partner.second; }));
}

void Publisher::WaitForPartners(uint32_t partners, uint32_t seconds, v1::PublishResult* result, PublishSink* sink) {
  if (partners == 0) return;
  const absl::Duration limit = absl::Seconds(seconds == 0 ? limits::publish_wait_seconds_default : seconds);
  const absl::Duration deadline = clock_->Monotonic() + limit;
  std::optional<uint32_t> told;
  while (true) {
    uint64_t seen = 0;
    {
      absl::MutexLock lock(&mutex_);
      seen = acknowledgements_;
    }
    const uint32_t confirmed = ConfirmedPartners(*result);
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
