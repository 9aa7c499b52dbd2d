// One batch: put by, compared with what is published, published. See publisher.h.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/record/diff.h"
#include "common/record/ids.h"
#include "common/record/kinds.h"
#include "common/record/serialise.h"
#include "common/record/validate.h"
#include "common/text/utf8.h"
#include "server/publish/publisher.h"

namespace cairn {

namespace {

using Action = ScratchItem::Action;

constexpr size_t problem_value_bytes_max = 120;
constexpr size_t change_value_bytes_max = 400;
constexpr absl::Duration read_budget = absl::Seconds(30);  // a chunk is bounded by entries; a slow disk is no reason
constexpr size_t prune_entries_a_read = 5'000;

v1::RecordProblem ProblemOf(absl::string_view origin, absl::string_view id, uint64_t index, const Problem& problem) {
  v1::RecordProblem out;
  out.set_origin(std::string(origin));
  out.set_id(std::string(id));
  out.set_field(problem.path);
  out.set_value(std::string(Utf8Prefix(problem.value, problem_value_bytes_max)));
  out.set_problem(problem.problem);
  out.set_remedy(problem.remedy);
  out.set_index(index);
  return out;
}

bool Earlier(const google::protobuf::Timestamp& a, const google::protobuf::Timestamp& b) {
  return std::make_pair(a.seconds(), a.nanos()) < std::make_pair(b.seconds(), b.nanos());
}

// The later confirmation counts, whichever side has it: an import that knows of none must not wipe one.
void KeepVerification(const v1::Record& held, v1::Record* record) {
  if (!held.has_verified_at()) return;
  if (record->has_verified_at() && !Earlier(record->verified_at(), held.verified_at())) return;
  *record->mutable_verified_at() = held.verified_at();
  record->set_verified_by(held.verified_by());
}

v1::RecordChange ChangeOf(v1::RecordChange::Action action, int kind, const v1::Record& record) {
  v1::RecordChange change;
  change.set_action(action);
  change.set_id(record.id());
  change.set_kind(static_cast<v1::RecordKind>(kind));
  change.set_name(DisplayName(record));
  return change;
}

v1::RecordChange DifferenceOf(int kind, const v1::Record& held, const v1::Record& record) {
  v1::RecordChange change = ChangeOf(v1::RecordChange::CHANGED, kind, record);
  for (const FieldChange& field : DiffRecords(held, record)) {
    v1::FieldChange* out = change.add_fields();
    out->set_field(field.path);
    out->set_before(std::string(Utf8Prefix(field.before, change_value_bytes_max)));
    out->set_after(std::string(Utf8Prefix(field.after, change_value_bytes_max)));
  }
  return change;
}

}  // namespace

PublishBatch::PublishBatch(Publisher* publisher, v1::PublishHeader header)
    : publisher_(publisher), header_(std::move(header)), scratch_(publisher->options_.scratch_dir) {}

PublishBatch::~PublishBatch() { publisher_->open_batches_.fetch_sub(1); }

absl::Status PublishBatch::Add(v1::PublishRecords* records) {
  RETURN_IF_ERROR(failed_);
  failed_ = [&]() -> absl::Status {
    const Publisher::Options& options = publisher_->options_;
    const std::shared_ptr<const CharterView> charter = publisher_->charter_->current();
    const v1::Partner* const own = charter->FindPartner(options.partner);
    const ValidationContext context{publisher_->clock_->Now(), own == nullptr ? "" : own->country(),
                                    PartnerNamespace(options.consortium, options.partner)};
    RETURN_IF_ERROR(scratch_.BeginGroup());
    for (v1::PublishRecord& record : *records->mutable_records()) RETURN_IF_ERROR(AddRecord(&record, context));
    return scratch_.EndGroup();
  }();
  return failed_;
}

void PublishBatch::Refuse(v1::RecordProblem problem) {
  if (problems_.size() < limits::publish_problems_max) problems_.push_back(std::move(problem));
}

absl::Status PublishBatch::AddRecord(v1::PublishRecord* published, const ValidationContext& context) {
  v1::Record& record = *published->mutable_record();
  record.clear_updated_at();
  const std::vector<Problem> problems = NormaliseAndValidate(&record, context);
  ScratchItem item;
  item.position = count_++;
  item.kind = KindOf(record);
  item.origin = std::move(*published->mutable_origin());
  for (const Problem& problem : problems) Refuse(ProblemOf(item.origin, record.id(), item.position, problem));
  const absl::StatusOr<std::string> id16 = UuidFromText(record.id());
  if (!problems.empty()) {
    result_.set_refused(result_.refused() + 1);
    item.action = Action::kRefuse;
    // What has no kind or id cannot be kept, and cannot be kept from being pruned.
    if (!id16.ok() || item.kind == v1::RECORD_KIND_UNSPECIFIED) {
      ++nameless_;
      return absl::OkStatus();
    }
  } else {
    record.mutable_updated_at()->set_seconds(absl::ToUnixSeconds(context.now));
    item.payload = SerialiseRecord(record);
  }
  RETURN_IF_ERROR(id16.status());
  item.id = *id16;
  const std::string origin = item.origin;
  ASSIGN_OR_RETURN(const std::optional<std::string> taken, scratch_.Put(std::move(item)));
  if (!taken.has_value() || !problems.empty()) return absl::OkStatus();
  result_.set_refused(result_.refused() + 1);
  Refuse(ProblemOf(origin, record.id(), count_ - 1,
                   {"id", record.id(), absl::StrCat("used twice in this batch, first in ", *taken),
                    "give each record an id of its own"}));
  return absl::OkStatus();
}

void PublishBatch::List(v1::RecordChange change) {
  if (listed_ >= header_.changes_max()) return;
  ++listed_;
  changes_.push_back(std::move(change));
}

void PublishBatch::SendChanges(PublishSink* sink) {
  for (v1::RecordChange& change : changes_) {
    v1::PublishResponse response;
    *response.mutable_change() = std::move(change);
    if (sink != nullptr) sink->Send(std::move(response));
  }
  changes_.clear();
}

void PublishBatch::SendProblems(PublishSink* sink) {
  for (v1::RecordProblem& problem : problems_) {
    v1::PublishResponse response;
    *response.mutable_problem() = std::move(problem);
    if (sink != nullptr) sink->Send(std::move(response));
  }
  problems_.clear();
}

absl::Status PublishBatch::RefuseItem(const ScratchItem& item, v1::RecordProblem problem) {
  result_.set_refused(result_.refused() + 1);
  Refuse(std::move(problem));
  return scratch_.Decide(item.position, Action::kRefuse, "");
}

absl::Status PublishBatch::CompareWithHeld(const ScratchItem& item, const std::optional<v1::Entry>& held) {
  const bool lists = header_.dry_run() && listed_ < header_.changes_max();
  if (!held.has_value() || held->tombstone()) {
    result_.set_added(result_.added() + 1);
    change_.records_delta += 1;
    change_.bytes_delta += static_cast<int64_t>(item.payload.size());
    if (lists) {
      ASSIGN_OR_RETURN(const v1::Record record, ParseRecord(item.payload));
      List(ChangeOf(v1::RecordChange::ADDED, item.kind, record));
    }
    return scratch_.Decide(item.position, Action::kAdd, "");
  }
  ASSIGN_OR_RETURN(v1::Record record, ParseRecord(item.payload));
  ASSIGN_OR_RETURN(const v1::Record before, ParseRecord(held->payload()));
  KeepVerification(before, &record);
  if (SameContent(before, record)) {
    result_.set_unchanged(result_.unchanged() + 1);
    return scratch_.Decide(item.position, Action::kKeep, "");
  }
  if (Earlier(record.updated_at(), before.updated_at())) *record.mutable_updated_at() = before.updated_at();
  const std::string payload = SerialiseRecord(record);
  result_.set_changed(result_.changed() + 1);
  change_.bytes_delta += static_cast<int64_t>(payload.size()) - static_cast<int64_t>(held->payload().size());
  if (lists) List(DifferenceOf(item.kind, before, record));
  return scratch_.Decide(item.position, Action::kChange, payload);
}

absl::Status PublishBatch::CompareItem(Connection& db, const ScratchItem& item) {
  const std::string& partner = publisher_->options_.partner;
  const auto problem = [&](const std::string& field, const std::string& value, const std::string& what,
                           const std::string& remedy) {
    return ProblemOf(item.origin, UuidToText(item.id), item.position, {field, value, what, remedy});
  };
  // Room is left for what stamping and an earlier verification add.
  if (item.payload.size() + 1024 > limits::record_bytes_max) {
    return RefuseItem(item, problem("", absl::StrCat(item.payload.size(), " bytes"), "too large",
                                    absl::StrCat("shorten it to ", limits::record_bytes_max - 1024, " bytes")));
  }
  ASSIGN_OR_RETURN(const std::vector<FeedKey> holders, FeedStore::FeedsHolding(db, item.kind, item.id));
  for (const FeedKey& holder : holders) {
    if (holder.partner == partner) continue;
    return RefuseItem(item, problem("id", UuidToText(item.id), absl::StrCat("published by partner ", holder.partner),
                                    "each partner publishes its own records; give this one an id of its own"));
  }
  if (holders.empty()) return CompareWithHeld(item, std::nullopt);
  ASSIGN_OR_RETURN(const auto held, FeedStore::FindEntry(db, partner, header_.audience(), item.kind, item.id));
  return CompareWithHeld(item, held);
}

absl::Status PublishBatch::CompareChunk(const std::vector<ScratchItem>& items) {
  RETURN_IF_ERROR(scratch_.BeginGroup());
  RETURN_IF_ERROR(publisher_->store_->Read(
      [&](Connection& db) -> absl::Status {
        for (const ScratchItem& item : items) RETURN_IF_ERROR(CompareItem(db, item));
        return absl::OkStatus();
      },
      read_budget));
  return scratch_.EndGroup();
}

absl::Status PublishBatch::ListWithdrawal(int kind, const std::string& id) {
  if (!header_.dry_run() || listed_ >= header_.changes_max()) return absl::OkStatus();
  const Publisher::Options& options = publisher_->options_;
  ASSIGN_OR_RETURN(const auto entry, publisher_->feeds_->FindEntry(options.partner, header_.audience(), kind, id));
  if (!entry.has_value()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const v1::Record record, ParseRecord(entry->payload()));
  List(ChangeOf(v1::RecordChange::WITHDRAWN, kind, record));
  return absl::OkStatus();
}

absl::Status PublishBatch::FindWithdrawals(const std::function<void(uint64_t)>& step) {
  if (nameless_ > 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(nameless_,
                     " refused records have no id, so it is not known what prune may withdraw; mend them, or publish "
                     "without prune"));
  }
  std::optional<uint64_t> after = 0;
  while (after.has_value()) {
    std::vector<EntryInfo> found;
    RETURN_IF_ERROR(publisher_->store_->Read(
        [&](Connection& db) -> absl::Status {
          ASSIGN_OR_RETURN(
              after, FeedStore::VisitEntries(db, publisher_->options_.partner, header_.audience(), *after,
                                             prune_entries_a_read, [&](const EntryInfo& info) -> absl::Status {
                                               if (info.tombstone) return absl::OkStatus();
                                               ASSIGN_OR_RETURN(const bool kept, scratch_.Contains(info.kind, info.id));
                                               if (!kept) found.push_back(info);
                                               return absl::OkStatus();
                                             }));
          return absl::OkStatus();
        },
        read_budget));
    RETURN_IF_ERROR(scratch_.BeginGroup());
    for (const EntryInfo& info : found) RETURN_IF_ERROR(scratch_.PutWithdrawal(info.kind, info.id));
    RETURN_IF_ERROR(scratch_.EndGroup());
    for (const EntryInfo& info : found) RETURN_IF_ERROR(ListWithdrawal(info.kind, info.id));
    result_.set_withdrawn(result_.withdrawn() + found.size());
    change_.records_delta -= static_cast<int64_t>(found.size());
    step(count_);
  }
  return absl::OkStatus();
}

absl::Status PublishBatch::Compare(const std::function<void(uint64_t)>& step) {
  uint64_t position = 0;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<ScratchItem> items, scratch_.Read(position, /*changes_only=*/false));
    if (items.empty()) break;
    RETURN_IF_ERROR(CompareChunk(items));
    position = items.back().position + 1;
    step(position);
  }
  const bool whole = result_.refused() == 0 || header_.keep_going();
  return header_.prune() && whole ? FindWithdrawals(step) : absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Entry>> PublishBatch::NextEntries() {
  std::vector<v1::Entry> entries;
  ASSIGN_OR_RETURN(std::vector<ScratchItem> items, scratch_.Read(next_position_, /*changes_only=*/true));
  for (ScratchItem& item : items) {
    v1::Entry& entry = entries.emplace_back();
    entry.set_kind(static_cast<v1::RecordKind>(item.kind));
    entry.set_id(std::move(item.id));
    entry.set_payload(std::move(item.payload));
    next_position_ = item.position + 1;
  }
  if (!entries.empty()) return entries;
  ASSIGN_OR_RETURN(const auto withdrawals, scratch_.ReadWithdrawals(next_withdrawal_));
  for (const PublishScratch::Withdrawal& withdrawal : withdrawals) {
    v1::Entry& entry = entries.emplace_back();
    entry.set_kind(static_cast<v1::RecordKind>(withdrawal.kind));
    entry.set_id(withdrawal.id);
    entry.set_tombstone(true);
    next_withdrawal_ = withdrawal.number;
  }
  return entries;
}

absl::Status PublishBatch::TryOut(PublishSink* sink) {
  {
    absl::MutexLock committing(&publisher_->commit_mutex_);
    RETURN_IF_ERROR(publisher_->CheckReady());
    RETURN_IF_ERROR(publisher_->own_.Settle(header_.audience()).status());
  }
  return Compare([this, sink](uint64_t done) {
    if (sink != nullptr && scratch_.on_disk()) sink->Progress("validating", done, count_);
    SendChanges(sink);
  });
}

absl::Status PublishBatch::Publish(PublishSink* sink) {
  ProgressRelay relay(sink);  // outlives the lock: it may have to wait for the reader
  absl::MutexLock committing(&publisher_->commit_mutex_);
  return PublishLocked(&relay);
}

absl::Status PublishBatch::PublishLocked(ProgressRelay* relay) {
  RETURN_IF_ERROR(publisher_->CheckReady());
  ASSIGN_OR_RETURN(const std::optional<HeldFeed> held, publisher_->own_.Settle(header_.audience()));
  // What is small is done before anybody could read about it.
  const bool tells = scratch_.on_disk();
  RETURN_IF_ERROR(Compare([&](uint64_t done) {
    if (tells) relay->Report("validating", done, count_);
  }));
  if (result_.refused() > 0 && !header_.keep_going()) return absl::OkStatus();
  change_.entries = result_.added() + result_.changed() + result_.withdrawn();
  if (change_.entries == 0) {
    publisher_->FillPosition(header_.audience(), held.has_value() ? held->seq : 0, &result_);
    return absl::OkStatus();
  }
  change_.next = [this] { return NextEntries(); };
  if (tells) change_.progress = [&](uint64_t done) { relay->Report("publishing", done, change_.entries); };
  return publisher_->Write(header_.audience(), held, change_, &result_);
}

absl::StatusOr<v1::PublishResult> PublishBatch::Commit(uint64_t record_count, PublishSink* sink) {
  RETURN_IF_ERROR(failed_);
  if (done_) return absl::FailedPreconditionError("the batch was committed already");
  done_ = true;
  if (record_count != count_) {
    return absl::InvalidArgumentError(
        absl::StrCat("record_count ", record_count, ": ", count_, " records came; send the batch again"));
  }
  const absl::Status done = header_.dry_run() ? TryOut(sink) : Publish(sink);
  SendProblems(sink);
  RETURN_IF_ERROR(done);
  if (result_.committed()) {
    publisher_->WaitForPartners(header_.wait_for_partners(), header_.wait_seconds(), &result_, sink);
  }
  return result_;
}

}  // namespace cairn
