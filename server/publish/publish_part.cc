#include "server/publish/publish_part.h"

#include <utility>

#include "common/base/status_macros.h"

namespace cairn {

absl::Status PublishPart::Withdraw(int kind, const std::string& id16, uint64_t bytes) {
  RETURN_IF_ERROR(scratch.PutWithdrawal(kind, id16));
  counts.set_withdrawn(counts.withdrawn() + 1);
  change.records_delta -= 1;
  change.bytes_delta -= static_cast<int64_t>(bytes);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Entry>> PublishPart::NextEntries() {
  std::vector<v1::Entry> entries;
  ASSIGN_OR_RETURN(std::vector<ScratchItem> items, scratch.Read(next_position_, /*changes_only=*/true));
  for (ScratchItem& item : items) {
    v1::Entry& entry = entries.emplace_back();
    entry.set_kind(static_cast<v1::RecordKind>(item.kind));
    entry.set_id(std::move(item.id));
    entry.set_payload(std::move(item.payload));
    next_position_ = item.position + 1;
  }
  if (!entries.empty()) return entries;
  ASSIGN_OR_RETURN(const auto withdrawals, scratch.ReadWithdrawals(next_withdrawal_));
  for (const PublishScratch::Withdrawal& withdrawal : withdrawals) {
    v1::Entry& entry = entries.emplace_back();
    entry.set_kind(static_cast<v1::RecordKind>(withdrawal.kind));
    entry.set_id(withdrawal.id);
    entry.set_tombstone(true);
    next_withdrawal_ = withdrawal.number;
  }
  return entries;
}

PublishPart& PartFor(PublishParts* parts, const std::string& audience, const std::string& scratch_dir) {
  for (const std::unique_ptr<PublishPart>& part : *parts) {
    if (part->audience == audience) return *part;
  }
  return *parts->emplace_back(std::make_unique<PublishPart>(audience, scratch_dir));
}

std::vector<OwnFeed::FeedChange> ChangesOf(const PublishParts& parts, const std::map<std::string, HeldFeed>& held) {
  std::vector<OwnFeed::FeedChange> changes;
  for (const std::unique_ptr<PublishPart>& part : parts) {
    if (part->entries() == 0) continue;
    OwnFeed::FeedChange& change = changes.emplace_back();
    change.audience = part->audience;
    if (const auto it = held.find(part->audience); it != held.end()) change.held = it->second;
    change.change = part->change;
    change.change.entries = part->entries();
    change.change.next = [&part = *part] { return part.NextEntries(); };
  }
  return changes;
}

}  // namespace cairn
