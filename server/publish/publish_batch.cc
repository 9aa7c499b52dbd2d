// One batch: put by, compared with what is published, published. See publisher.h.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/record/ids.h"
#include "common/record/kinds.h"
#include "common/record/serialise.h"
#include "common/record/supplement.h"
#include "common/record/validate.h"
#include "server/charter/audience_readers.h"
#include "server/publish/publish_problem.h"
#include "server/publish/publisher.h"

namespace cairn {

namespace {

using Action = ScratchItem::Action;

constexpr absl::Duration read_budget = absl::Seconds(30);  // a chunk is bounded by entries; a slow disk is no reason

// What the rules leave must still be a record.
std::vector<Problem> CheckRedacted(const v1::Record& record, ValidationContext context) {
  context.partial = record.supplement();
  v1::Record left = record;
  std::vector<Problem> problems = NormaliseAndValidate(&left, context);
  for (Problem& problem : problems) {
    problem.remedy = absl::StrCat("a rule under [[redact]] in this node's settings keeps it from ", problem.path,
                                  "; change the rule, or publish the record to the narrower audience");
  }
  return problems;
}

}  // namespace

PublishBatch::PublishBatch(Publisher* publisher, v1::PublishHeader header, const Reader* reader,
                           std::set<std::string> abandoned)
    : publisher_(publisher),
      header_(std::move(header)),
      reader_(reader == nullptr ? std::nullopt : std::optional<Reader>(*reader)),
      abandoned_(std::move(abandoned)) {
  PartOf(header_.audience());
}

PublishBatch::~PublishBatch() { publisher_->open_batches_.fetch_sub(1); }

PublishPart& PublishBatch::PartOf(const std::string& audience) {
  return PartFor(&parts_, audience, publisher_->options_.scratch_dir);
}

// --- records come in

absl::Status PublishBatch::Add(v1::PublishRecords* records) {
  RETURN_IF_ERROR(failed_);
  failed_ = [&]() -> absl::Status {
    const Publisher::Options& options = publisher_->options_;
    const std::shared_ptr<const CharterView> charter = publisher_->charter_->current();
    const v1::Partner* const own = charter->FindPartner(options.partner);
    const ValidationContext context{publisher_->clock_->Now(), own == nullptr ? "" : own->country(),
                                    PartnerNamespace(options.consortium, options.partner)};
    for (const auto& part : parts_) RETURN_IF_ERROR(part->scratch.BeginGroup());
    const size_t begun = parts_.size();
    const auto add_all = [&](Connection* db) -> absl::Status {
      for (v1::PublishRecord& record : *records->mutable_records()) RETURN_IF_ERROR(AddRecord(db, &record, context));
      return absl::OkStatus();
    };
    // Whether a record is a supplement, the own feeds tell.
    const bool may_supplement = header_.audience() != audience_public && !header_.move();
    RETURN_IF_ERROR(may_supplement ? publisher_->store_->Read([&](Connection& db) { return add_all(&db); }, read_budget)
                                   : add_all(nullptr));
    for (size_t i = 0; i < begun; ++i) RETURN_IF_ERROR(parts_[i]->scratch.EndGroup());
    return absl::OkStatus();
  }();
  return failed_;
}

void PublishBatch::Refuse(v1::RecordProblem problem) {
  if (problems_.size() < limits::publish_problems_max) problems_.push_back(std::move(problem));
}

absl::StatusOr<std::optional<v1::Entry>> PublishBatch::FindHeld(Connection& db, absl::string_view audience, int kind,
                                                                absl::string_view id16) const {
  if (abandoned_.contains(std::string(audience))) return std::optional<v1::Entry>();
  return FeedStore::FindEntry(db, publisher_->options_.partner, audience, kind, id16);
}

// What the partner's wider audiences read of it; nullopt: nothing.
absl::StatusOr<std::optional<v1::Record>> PublishBatch::WiderRecord(Connection& db, int kind,
                                                                    absl::string_view id16) const {
  std::optional<v1::Record> wider;
  for (const absl::string_view audience : {audience_public, audience_consortium}) {
    if (!IsWiderAudience(audience, header_.audience())) continue;
    ASSIGN_OR_RETURN(const auto entry, FindHeld(db, audience, kind, id16));
    if (!entry.has_value() || entry->tombstone()) continue;
    ASSIGN_OR_RETURN(v1::Record record, ParseRecord(entry->payload()));
    if (wider.has_value()) {
      wider = MergeSupplement(*wider, record);
    } else if (!record.supplement()) {
      wider = std::move(record);
    }
  }
  return wider;
}

// A record that a wider audience has may be a part of one; what readers of both will see must be right as a whole.
absl::StatusOr<std::vector<Problem>> PublishBatch::Validate(Connection* db, v1::Record* record,
                                                            const ValidationContext& context) {
  record->set_supplement(false);
  if (db == nullptr) return NormaliseAndValidate(record, context);
  ValidationContext partial = context;
  partial.partial = true;
  v1::Record part = *record;
  std::vector<Problem> problems = NormaliseAndValidate(&part, partial);
  const absl::StatusOr<std::string> id16 = UuidFromText(part.id());
  if (!id16.ok() || KindOf(part) == v1::RECORD_KIND_UNSPECIFIED) return problems;
  ASSIGN_OR_RETURN(const std::optional<v1::Record> wider, WiderRecord(*db, KindOf(part), *id16));
  if (!wider.has_value()) return NormaliseAndValidate(record, context);
  if (!wider->countries().empty()) partial.country = wider->countries(0);
  problems = NormaliseAndValidate(record, partial);
  record->set_supplement(true);
  if (!problems.empty()) return problems;
  v1::Record merged = MergeSupplement(*wider, *record);
  merged.clear_updated_at();  // a stamp of this node, which many changes in a row let run ahead of its clock
  return NormaliseAndValidate(&merged, context);
}

absl::Status PublishBatch::AddRecord(Connection* db, v1::PublishRecord* published, const ValidationContext& context) {
  // Here and not only when all of it has come: what is collected lies on the node's disk, of a dry run as well.
  const uint64_t allowed = publisher_->charter_->current()->QuotaOf(publisher_->options_.partner).records_max();
  if (count_ >= allowed) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the batch has more records than the ", allowed,
                     " that the charter allows the partner to have; nothing is changed"));
  }
  v1::Record& record = *published->mutable_record();
  record.clear_updated_at();
  ASSIGN_OR_RETURN(std::vector<Problem> problems, Validate(db, &record, context));
  ScratchItem item;
  item.position = count_++;
  item.kind = KindOf(record);
  item.origin = std::move(*published->mutable_origin());
  const absl::StatusOr<std::string> id16 = UuidFromText(record.id());
  std::map<std::string, v1::Record> supplements;
  if (problems.empty()) {
    record.mutable_updated_at()->set_seconds(absl::ToUnixSeconds(context.now));
    supplements = publisher_->options_.redactor.Split(&record, header_.audience());
    if (!supplements.empty()) problems = CheckRedacted(record, context);
    item.payload = SerialiseRecord(record);
  }
  for (const Problem& problem : problems) Refuse(ProblemOf(item.origin, record.id(), item.position, problem));
  if (!problems.empty()) {
    result_.set_refused(result_.refused() + 1);
    item.action = Action::kRefuse;
    item.payload.clear();
    // What has no kind or id cannot be kept, and cannot be kept from being pruned.
    if (!id16.ok() || item.kind == v1::RECORD_KIND_UNSPECIFIED) {
      ++nameless_;
      return absl::OkStatus();
    }
  }
  RETURN_IF_ERROR(id16.status());
  item.id = *id16;
  ASSIGN_OR_RETURN(const std::optional<std::string> taken, main().scratch.Put(item));
  if (!problems.empty()) return absl::OkStatus();
  if (!taken.has_value()) return PutSupplements(item, supplements);
  result_.set_refused(result_.refused() + 1);
  Refuse(ProblemOf(item.origin, record.id(), item.position,
                   {"id", record.id(), absl::StrCat("used twice in this batch, first in ", *taken),
                    "give each record an id of its own"}));
  return absl::OkStatus();
}

// What the rules split off waits in the part of its audience, under the position of the record.
absl::Status PublishBatch::PutSupplements(const ScratchItem& item,
                                          const std::map<std::string, v1::Record>& supplements) {
  for (const auto& [audience, supplement] : supplements) {
    ScratchItem split = item;
    split.payload = SerialiseRecord(supplement);
    RETURN_IF_ERROR(PartOf(audience).scratch.Put(std::move(split)).status());
  }
  return absl::OkStatus();
}

// --- what is told

void PublishBatch::List(v1::RecordChange change, const PublishPart& part) {
  if (listed_ >= header_.changes_max()) return;
  ++listed_;
  change.set_audience(part.audience);
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

absl::Status PublishBatch::Settle() {
  RETURN_IF_ERROR(publisher_->CheckReady());
  ASSIGN_OR_RETURN(abandoned_, publisher_->AbandonedAudiences());
  RETURN_IF_ERROR(CheckAbandoned());
  ASSIGN_OR_RETURN(held_, publisher_->SettleAll());
  return absl::OkStatus();
}

absl::Status PublishBatch::CheckAbandoned() const {
  if (header_.prune()) return absl::OkStatus();
  for (const std::unique_ptr<PublishPart>& part : parts_) {
    if (!abandoned_.contains(part->audience)) continue;
    ASSIGN_OR_RETURN(const std::optional<HeldFeed> held,
                     publisher_->feeds_->Find(publisher_->options_.partner, part->audience));
    RETURN_IF_ERROR(publisher_->own_.CheckFeed(held));
  }
  return absl::OkStatus();
}

absl::Status PublishBatch::TryOut(PublishSink* sink) {
  {
    absl::MutexLock committing(&publisher_->commit_mutex_);
    RETURN_IF_ERROR(Settle());
  }
  RETURN_IF_ERROR(Compare([this, sink](uint64_t done) {
    if (sink != nullptr && main().scratch.on_disk()) sink->Progress("validating", done, count_);
    SendChanges(sink);
  }));
  FillResult();
  return absl::OkStatus();
}

absl::Status PublishBatch::Publish(PublishSink* sink) {
  ProgressRelay relay(sink);  // outlives the lock: it may have to wait for the reader
  absl::MutexLock committing(&publisher_->commit_mutex_);
  return PublishLocked(sink, &relay);
}

absl::Status PublishBatch::PublishLocked(PublishSink* sink, ProgressRelay* relay) {
  RETURN_IF_ERROR(Settle());
  // What is small is done before anybody could read about it.
  const bool tells = main().scratch.on_disk();
  RETURN_IF_ERROR(Compare([&](uint64_t done) {
    if (tells) relay->Report("validating", done, count_);
  }));
  FillResult();
  if (result_.refused() > 0 && !header_.keep_going()) return absl::OkStatus();
  std::vector<OwnFeed::FeedChange> changes = ChangesOf(parts_, held_);
  for (OwnFeed::FeedChange& change : changes) {
    if (tells)
      change.change.progress = [&, all = change.change.entries](uint64_t done) {
        relay->Report("publishing", done, all);
      };
  }
  return publisher_->Write(held_, changes, sink, &result_);
}

void PublishBatch::FillResult() {
  const std::shared_ptr<const CharterView> charter = publisher_->charter_->current();
  for (const auto& part : parts_) {
    const bool is_main = part.get() == &main();
    if (part->entries() == 0 && !is_main) continue;
    v1::AudienceResult* result = result_.add_audiences();
    *result = part->counts;
    *result->mutable_readers() = ReadersOf(*charter, publisher_->options_.partner, part->audience);
  }
  result_.set_added(main().counts.added());
  result_.set_changed(main().counts.changed());
  result_.set_withdrawn(main().counts.withdrawn());
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
