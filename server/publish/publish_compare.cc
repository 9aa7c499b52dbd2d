// PublishBatch: what the records of a batch change in the feeds.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/record/diff.h"
#include "common/record/ids.h"
#include "common/record/kinds.h"
#include "common/record/serialise.h"
#include "common/record/supplement.h"
#include "common/text/utf8.h"
#include "server/publish/publish_problem.h"
#include "server/publish/publisher.h"

namespace cairn {

namespace {

using Action = ScratchItem::Action;

constexpr size_t change_value_bytes_max = 400;
constexpr absl::Duration read_budget = absl::Seconds(30);  // a chunk is bounded by entries; a slow disk is no reason
constexpr size_t prune_entries_a_read = 5'000;

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

// At least a second after the version before, whatever the clock says: calendars count versions in whole seconds
// (SEQUENCE), and two versions with one number would be the same to them. Runs ahead of the clock only as far as more
// changes than seconds went by, and the quota is of publishes an hour.
void StampAfter(const v1::Record& before, v1::Record* record) {
  if (record->updated_at().seconds() > before.updated_at().seconds()) return;
  *record->mutable_updated_at() = before.updated_at();
  record->mutable_updated_at()->set_seconds(before.updated_at().seconds() + 1);
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

bool IsLive(const std::optional<v1::Entry>& entry) { return entry.has_value() && !entry->tombstone(); }

// True when every field of the supplement was put there by rules: a file for its audience does not have it and must not
// take it away.
bool IsOfRules(const Redactor& redactor, absl::string_view audience, const v1::Record& record) {
  if (!record.supplement()) return false;
  const std::vector<std::string> fields = FieldsOf(record);
  const std::string body = absl::StrCat(KindName(KindOf(record)), ".");
  return std::all_of(fields.begin(), fields.end(), [&](const std::string& field) {
    return field == "translations" ||
           (field.rfind(body, 0) == 0 && redactor.Governs(KindOf(record), audience, field.substr(body.size())));
  });
}

}  // namespace

absl::Status PublishBatch::RefuseItem(const ScratchItem& item, v1::RecordProblem problem) {
  result_.set_refused(result_.refused() + 1);
  refused_.insert(item.position);
  Refuse(std::move(problem));
  return main().scratch.Decide(item.position, Action::kRefuse, "");
}

absl::Status PublishBatch::WithdrawFrom(PublishPart* part, int kind, const std::string& id16, const v1::Entry& held) {
  RETURN_IF_ERROR(part->Withdraw(kind, id16, held.payload().size()));
  if (!lists()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const v1::Record record, ParseRecord(held.payload()));
  List(ChangeOf(v1::RecordChange::WITHDRAWN, kind, record), *part);
  return absl::OkStatus();
}

absl::Status PublishBatch::CompareWithHeld(PublishPart* part, const ScratchItem& item,
                                           const std::optional<v1::Entry>& held) {
  const bool is_main = part == &main();
  if (!IsLive(held)) {
    part->counts.set_added(part->counts.added() + 1);
    part->change.records_delta += 1;
    part->change.bytes_delta += static_cast<int64_t>(item.payload.size());
    if (lists()) {
      ASSIGN_OR_RETURN(const v1::Record record, ParseRecord(item.payload));
      List(ChangeOf(v1::RecordChange::ADDED, item.kind, record), *part);
    }
    return part->scratch.Decide(item.position, Action::kAdd, "");
  }
  ASSIGN_OR_RETURN(v1::Record record, ParseRecord(item.payload));
  ASSIGN_OR_RETURN(const v1::Record before, ParseRecord(held->payload()));
  KeepVerification(before, &record);
  if (SameContent(before, record)) {
    if (is_main) result_.set_unchanged(result_.unchanged() + 1);
    return part->scratch.Decide(item.position, Action::kKeep, "");
  }
  StampAfter(before, &record);
  const std::string payload = SerialiseRecord(record);
  part->counts.set_changed(part->counts.changed() + 1);
  part->change.bytes_delta += static_cast<int64_t>(payload.size()) - static_cast<int64_t>(held->payload().size());
  if (lists()) List(DifferenceOf(item.kind, before, record), *part);
  return part->scratch.Decide(item.position, Action::kChange, payload);
}

// A supplement has two authors: the rules and whoever publishes to its audience. Each leaves the other's fields alone.
absl::Status PublishBatch::CompareSupplement(PublishPart* part, const ScratchItem& item,
                                             const std::optional<v1::Entry>& held) {
  const bool by_rule = part != &main();
  ScratchItem whole = item;
  ASSIGN_OR_RETURN(v1::Record record, ParseRecord(item.payload));
  if (IsLive(held)) {
    ASSIGN_OR_RETURN(const v1::Record before, ParseRecord(held->payload()));
    if (before.supplement()) {
      KeepOtherHand(publisher_->options_.redactor, part->audience, /*governed=*/!by_rule, before, &record);
    }
  }
  whole.payload = SerialiseRecord(record);
  RETURN_IF_ERROR(part->scratch.Decide(item.position, Action::kKeep, whole.payload));
  if (!IsEmptySupplement(record) || !by_rule) return CompareWithHeld(part, whole, held);
  return IsLive(held) ? WithdrawFrom(part, item.kind, item.id, *held) : absl::OkStatus();
}

// Who has this id already, when that forbids to publish it.
absl::StatusOr<std::optional<Problem>> PublishBatch::CheckHolders(Connection& db, const ScratchItem& item) const {
  const std::string& partner = publisher_->options_.partner;
  const std::string id = UuidToText(item.id);
  ASSIGN_OR_RETURN(const std::vector<FeedKey> holders, FeedStore::FeedsHolding(db, item.kind, item.id));
  for (const FeedKey& holder : holders) {
    const bool may_know = !reader_.has_value() || reader_->MayAsk(holder.audience);
    if (holder.partner != partner) {
      const std::string who = may_know ? absl::StrCat("partner ", holder.partner) : "another partner";
      return std::optional<Problem>({"id", id, absl::StrCat("published by ", who),
                                     "each partner publishes its own records; give this one an id of its own"});
    }
    const bool moves = header_.move() && holder.audience != header_.audience();
    if (moves ? may_know : !IsWiderAudience(header_.audience(), holder.audience)) continue;
    ASSIGN_OR_RETURN(const auto entry, FindHeld(db, holder.audience, item.kind, item.id));
    if (!IsLive(entry)) continue;
    ASSIGN_OR_RETURN(const v1::Record record, ParseRecord(entry->payload()));
    if (record.supplement()) continue;
    return std::optional<Problem>({"id", id,
                                   absl::StrCat("published to ", may_know ? holder.audience : "another audience",
                                                " as a whole, which its readers would go on seeing"),
                                   moves ? "let somebody move it who may read that audience"
                                         : absl::StrCat("with --move it goes from there to ", header_.audience())});
  }
  return std::nullopt;
}

// The record has one audience from now on.
absl::Status PublishBatch::TakeFromOthers(Connection& db, const ScratchItem& item) {
  const Publisher::Options& options = publisher_->options_;
  const std::vector<std::string> split =
      options.redactor.AudiencesOf(static_cast<v1::RecordKind>(item.kind), header_.audience());
  for (const auto& [audience, feed] : held_) {
    if (audience == header_.audience() || std::find(split.begin(), split.end(), audience) != split.end()) continue;
    ASSIGN_OR_RETURN(const auto entry, FeedStore::FindEntry(db, options.partner, audience, item.kind, item.id));
    if (IsLive(entry)) RETURN_IF_ERROR(WithdrawFrom(&PartOf(audience), item.kind, item.id, *entry));
  }
  return absl::OkStatus();
}

absl::Status PublishBatch::CompareItem(Connection& db, PublishPart* part, const ScratchItem& item) {
  if (part != &main() && refused_.contains(item.position)) {
    return part->scratch.Decide(item.position, Action::kRefuse, "");
  }
  // Room is left for what stamping and an earlier verification add.
  if (item.payload.size() + 1024 > limits::record_bytes_max) {
    return RefuseItem(item, ProblemOf(item.origin, UuidToText(item.id), item.position,
                                      {"", absl::StrCat(item.payload.size(), " bytes"), "too large",
                                       absl::StrCat("shorten it to ", limits::record_bytes_max - 1024, " bytes")}));
  }
  if (part == &main()) {
    ASSIGN_OR_RETURN(const std::optional<Problem> taken, CheckHolders(db, item));
    if (taken.has_value()) {
      return RefuseItem(item, ProblemOf(item.origin, UuidToText(item.id), item.position, *taken));
    }
    if (header_.move()) RETURN_IF_ERROR(TakeFromOthers(db, item));
  }
  ASSIGN_OR_RETURN(const auto held, FindHeld(db, part->audience, item.kind, item.id));
  ASSIGN_OR_RETURN(const v1::Record record, ParseRecord(item.payload));
  return record.supplement() ? CompareSupplement(part, item, held) : CompareWithHeld(part, item, held);
}

absl::Status PublishBatch::CompareChunk(PublishPart* part, const std::vector<ScratchItem>& items) {
  RETURN_IF_ERROR(part->scratch.BeginGroup());
  RETURN_IF_ERROR(publisher_->store_->Read(
      [&](Connection& db) -> absl::Status {
        for (const ScratchItem& item : items) RETURN_IF_ERROR(CompareItem(db, part, item));
        return absl::OkStatus();
      },
      read_budget));
  return part->scratch.EndGroup();
}

absl::Status PublishBatch::ComparePart(PublishPart* part, const std::function<void(uint64_t)>& step) {
  uint64_t position = 0;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<ScratchItem> items, part->scratch.Read(position, /*changes_only=*/false));
    if (items.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(CompareChunk(part, items));
    position = items.back().position + 1;
    step(position);
  }
}

absl::Status PublishBatch::Compare(const std::function<void(uint64_t)>& step) {
  // Comparing the main part may add others, which have nothing to compare.
  const size_t with_records = parts_.size();
  for (size_t i = 0; i < with_records; ++i) RETURN_IF_ERROR(ComparePart(parts_[i].get(), step));
  const bool whole = result_.refused() == 0 || header_.keep_going();
  return header_.prune() && whole ? FindWithdrawals(step) : absl::OkStatus();
}

// What the file no longer has goes, and with it the supplements that would have nothing to be laid over.
absl::Status PublishBatch::PruneEntry(const EntryInfo& info) {
  const Publisher::Options& options = publisher_->options_;
  ASSIGN_OR_RETURN(const auto entry,
                   publisher_->feeds_->FindEntry(options.partner, header_.audience(), info.kind, info.id));
  if (!IsLive(entry)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const v1::Record record, ParseRecord(entry->payload()));
  if (IsOfRules(options.redactor, header_.audience(), record)) return absl::OkStatus();
  RETURN_IF_ERROR(WithdrawFrom(&main(), info.kind, info.id, *entry));
  return PruneSupplements(info);
}

absl::Status PublishBatch::PruneSupplements(const EntryInfo& info) {
  const Publisher::Options& options = publisher_->options_;
  for (const auto& [audience, feed] : held_) {
    if (!IsWiderAudience(header_.audience(), audience)) continue;
    ASSIGN_OR_RETURN(const auto other, publisher_->feeds_->FindEntry(options.partner, audience, info.kind, info.id));
    if (!IsLive(other)) continue;
    ASSIGN_OR_RETURN(const v1::Record supplement, ParseRecord(other->payload()));
    if (supplement.supplement()) RETURN_IF_ERROR(WithdrawFrom(&PartOf(audience), info.kind, info.id, *other));
  }
  return absl::OkStatus();
}

absl::Status PublishBatch::FindWithdrawals(const std::function<void(uint64_t)>& step) {
  if (nameless_ > 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(nameless_,
                     " refused records have no id, so it is not known what prune may withdraw; mend them, or publish "
                     "without prune"));
  }
  // Of an abandoned feed nothing is left to withdraw, but what others than its owner withdrew has supplements, too.
  const bool anew = abandoned_.contains(header_.audience());
  std::optional<uint64_t> after = 0;
  while (after.has_value()) {
    std::vector<EntryInfo> found;
    RETURN_IF_ERROR(publisher_->store_->Read(
        [&](Connection& db) -> absl::Status {
          ASSIGN_OR_RETURN(after, FeedStore::VisitEntries(
                                      db, publisher_->options_.partner, header_.audience(), *after,
                                      prune_entries_a_read, [&](const EntryInfo& info) -> absl::Status {
                                        if (info.tombstone && !anew) return absl::OkStatus();
                                        ASSIGN_OR_RETURN(const bool kept, main().scratch.Contains(info.kind, info.id));
                                        if (!kept) found.push_back(info);
                                        return absl::OkStatus();
                                      }));
          return absl::OkStatus();
        },
        read_budget));
    RETURN_IF_ERROR(main().scratch.BeginGroup());
    for (const EntryInfo& info : found) RETURN_IF_ERROR(anew ? PruneSupplements(info) : PruneEntry(info));
    RETURN_IF_ERROR(main().scratch.EndGroup());
    step(count_);
  }
  return absl::OkStatus();
}

}  // namespace cairn
