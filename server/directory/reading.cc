#include "server/directory/reading.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/record/supplement.h"
#include "server/directory/request_filter.h"
#include "server/store/read_store.h"

namespace cairn {

namespace {

bool IsSupplement(const IndexedEntry& entry) {
  v1::Record record;
  return record.ParseFromString(entry.payload) && record.supplement();
}

// The versions that are laid over each other where `entry` is one of them: the record of the widest audience and the
// supplements. A further whole version, which its owner should not have published, stands for itself.
std::vector<FeedVersion> VersionsOf(const Reading& reading, const IndexedEntry& entry,
                                    const std::vector<IndexedEntry>& group) {
  std::vector<FeedVersion> all;
  for (const IndexedEntry& each : group) all.push_back({&each, &reading.FeedOf(each)});
  std::sort(all.begin(), all.end(), [](const FeedVersion& a, const FeedVersion& b) {
    return AudienceBefore(a.feed->audience, b.feed->audience);
  });
  std::vector<FeedVersion> versions;
  bool has_entry = false;
  for (const FeedVersion& version : all) {
    const bool supplement = IsSupplement(*version.entry);
    if (versions.empty() == supplement) continue;
    versions.push_back(version);
    has_entry |= version.entry->entry_id == entry.entry_id;
  }
  if (!has_entry) return {{&entry, &reading.FeedOf(entry)}};
  return versions;
}

}  // namespace

const FeedKey& Reading::FeedOf(const IndexedEntry& entry) const {
  const auto feed =
      std::find_if(feeds.begin(), feeds.end(), [&](const IndexedFeed& each) { return each.feed_id == entry.feed_id; });
  static const FeedKey kNone;
  return feed == feeds.end() ? kNone : feed->feed;
}

std::vector<int64_t> Reading::FeedsOfOwner(const IndexedEntry& entry) const {
  const std::string& owner = FeedOf(entry).partner;
  std::vector<int64_t> ids;
  for (const IndexedFeed& feed : feeds) {
    if (feed.feed.partner == owner) ids.push_back(feed.feed_id);
  }
  return ids;
}

absl::StatusOr<std::string> Reading::PageKey() const {
  ASSIGN_OR_RETURN(const std::string digits, GetMeta(*connection, page_key_meta));
  return FromHex(digits);
}

absl::StatusOr<v1::DirectoryRecord> Reading::View(const IndexedEntry& entry) const {
  const std::vector<int64_t> own = FeedsOfOwner(entry);
  std::vector<IndexedEntry> group;
  std::vector<FeedVersion> versions = {{&entry, &FeedOf(entry)}};
  if (own.size() > 1) {
    ASSIGN_OR_RETURN(group, EntriesById(*connection, own, entry.kind, UuidToText(entry.id16)));
    versions = VersionsOf(*this, entry, group);
  }
  ASSIGN_OR_RETURN(v1::DirectoryRecord view, ToDirectoryRecord(versions, VerifyDefaultDays(*charter), now));
  view.set_partner_status(charter->MarkOf(view.partner()));
  return view;
}

IndexFilter Reading::Filter(const v1::RecordFilter& normalised) const {
  return ToIndexFilter(normalised, feeds, *charter, now);
}

absl::StatusOr<uint32_t> PageSize(uint32_t asked, uint32_t by_default, uint32_t max) {
  if (asked > max) {
    return absl::InvalidArgumentError(
        absl::StrCat("page_size is ", asked, "; give at most ", max, ", or 0 for ", by_default));
  }
  return asked == 0 ? by_default : asked;
}

void Describe(const CharterView& charter, int64_t as_of_unix_millis, v1::PartnerSummary* summary) {
  const v1::Partner* partner = charter.FindPartner(summary->id());
  if (partner != nullptr) {
    summary->set_name(partner->name());
    summary->set_country(partner->country());
    summary->set_role(partner->role());
    summary->set_status(absl::AsciiStrToLower(v1::PartnerStatus_Name(partner->status())));
  }
  if (as_of_unix_millis == 0) return;
  summary->mutable_as_of()->set_seconds(as_of_unix_millis / 1000);
  summary->mutable_as_of()->set_nanos(static_cast<int32_t>(as_of_unix_millis % 1000 * 1'000'000));
}

}  // namespace cairn
