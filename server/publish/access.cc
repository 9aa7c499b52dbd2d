// Publisher: who may read a record of this partner, and who has said that they hold it.
#include <algorithm>
#include <tuple>

#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/record/kinds.h"
#include "common/record/serialise.h"
#include "server/charter/audience_readers.h"
#include "server/charter/may_read.h"
#include "server/publish/publisher.h"

namespace cairn {
namespace {

void SetMillis(int64_t unix_millis, google::protobuf::Timestamp* timestamp) {
  timestamp->set_seconds(unix_millis / 1000);
  timestamp->set_nanos(static_cast<int32_t>(unix_millis % 1000) * 1'000'000);
}

// One own feed that has an entry of the record, and what nodes have said of it.
struct Copies {
  std::string audience;
  uint64_t seq = 0;  // of the entry
  uint32_t generation = 0;
  std::vector<PeerHead> heads;
  std::vector<DropReceipt> erased;

  const PeerHead* HeadOf(const std::string& node) const {
    const auto it = std::find_if(heads.begin(), heads.end(), [&](const PeerHead& head) {
      return head.node == node && head.generation == generation;
    });
    return it == heads.end() ? nullptr : &*it;
  }
  const DropReceipt* ErasedBy(const std::string& node) const {
    const auto it = std::find_if(erased.begin(), erased.end(), [&](const DropReceipt& e) { return e.node == node; });
    return it == erased.end() ? nullptr : &*it;
  }
};

// What one node has said of one feed. nullopt: it may not read it, and never held it.
std::optional<v1::NodeReceipt> ReceiptOf(const Copies& feed, const std::string& node, bool may_read) {
  const PeerHead* const head = feed.HeadOf(node);
  const DropReceipt* const erased = may_read ? nullptr : feed.ErasedBy(node);
  if (!may_read && head == nullptr && erased == nullptr) return std::nullopt;
  v1::NodeReceipt receipt;
  receipt.set_node(node);
  receipt.set_audience(feed.audience);
  receipt.set_erased(erased != nullptr);
  if (erased != nullptr) SetMillis(erased->erased_at_unix_millis, receipt.mutable_confirmed_at());
  if (!may_read || head == nullptr) return receipt;
  receipt.set_seq(head->seq);
  receipt.set_holds_present_state(head->seq >= feed.seq);
  SetMillis(head->confirmed_at_unix_millis, receipt.mutable_confirmed_at());
  return receipt;
}

}  // namespace

absl::StatusOr<v1::ExplainAccessResponse> Publisher::ExplainAccess(const std::string& id, const Reader* reader) const {
  ASSIGN_OR_RETURN(std::vector<OwnEntry> entries, FindReadable(id, reader));
  std::sort(entries.begin(), entries.end(),
            [](const OwnEntry& a, const OwnEntry& b) { return AudienceBefore(a.audience, b.audience); });
  const std::shared_ptr<const CharterView> charter = charter_->current();
  v1::ExplainAccessResponse response;
  for (const OwnEntry& own : entries) {
    if (own.tombstone) continue;
    ASSIGN_OR_RETURN(const std::optional<v1::Entry> entry,
                     feeds_->FindEntry(options_.partner, own.audience, own.kind, own.id));
    if (!entry.has_value() || entry->tombstone()) continue;
    ASSIGN_OR_RETURN(const v1::Record record, ParseRecord(entry->payload()));
    if (response.name().empty()) response.set_name(DisplayName(record));
    v1::AccessRule* rule = response.add_rules();
    rule->set_audience(own.audience);
    rule->set_kind(static_cast<v1::RecordKind>(own.kind));
    rule->set_supplement(record.supplement());
    for (const std::string& field : FieldsOf(record)) rule->add_fields(field);
    *rule->mutable_readers() = ReadersOf(*charter, options_.partner, own.audience);
  }
  return response;
}

absl::StatusOr<v1::GetReceiptsResponse> Publisher::Receipts(const std::string& id, const Reader* reader) const {
  ASSIGN_OR_RETURN(std::vector<OwnEntry> entries, FindReadable(id, reader));
  std::sort(entries.begin(), entries.end(),
            [](const OwnEntry& a, const OwnEntry& b) { return AudienceBefore(a.audience, b.audience); });
  v1::GetReceiptsResponse response;
  response.set_withdrawn(std::all_of(entries.begin(), entries.end(), [](const OwnEntry& e) { return e.tombstone; }));
  response.set_seq(entries.front().seq);
  std::vector<Copies> feeds;
  for (const OwnEntry& entry : entries) {
    ASSIGN_OR_RETURN(const std::optional<HeldFeed> held, feeds_->Find(options_.partner, entry.audience));
    if (!held.has_value()) continue;
    Copies& feed = feeds.emplace_back(Copies{entry.audience, entry.seq, held->feed.generation, {}, {}});
    ASSIGN_OR_RETURN(feed.heads, feeds_->PeerHeads(options_.partner, entry.audience));
    ASSIGN_OR_RETURN(feed.erased, feeds_->DropReceipts(entry.audience));
    if (!entry.tombstone) continue;  // of a version that is there, the newest acknowledgement will do
    ASSIGN_OR_RETURN(const auto since, feeds_->ConfirmedSince(held->feed, entry.seq));
    for (PeerHead& head : feed.heads) {
      const auto first = since.find(head.node);
      if (first != since.end()) head.confirmed_at_unix_millis = first->second;
    }
  }
  const std::shared_ptr<const CharterView> charter = charter_->current();
  for (const v1::Partner& partner : charter->charter().partners()) {
    for (const v1::Node& node : partner.nodes()) {
      if (node.id() == options_.node) continue;
      for (const Copies& feed : feeds) {
        const bool may_read = MayRead(*charter, Reader::Partner(partner.id()), options_.partner, feed.audience);
        std::optional<v1::NodeReceipt> receipt = ReceiptOf(feed, node.id(), may_read);
        if (!receipt.has_value()) continue;
        receipt->set_partner(partner.id());
        *response.add_receipts() = *std::move(receipt);
      }
    }
  }
  std::stable_sort(response.mutable_receipts()->begin(), response.mutable_receipts()->end(),
                   [](const v1::NodeReceipt& a, const v1::NodeReceipt& b) {
                     return std::tie(a.partner(), a.node()) < std::tie(b.partner(), b.node());
                   });
  return response;
}

}  // namespace cairn
