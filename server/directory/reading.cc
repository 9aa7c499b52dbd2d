#include "server/directory/reading.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/directory/request_filter.h"

namespace cairn {

const FeedKey& Reading::FeedOf(const IndexedEntry& entry) const {
  const auto feed =
      std::find_if(feeds.begin(), feeds.end(), [&](const IndexedFeed& each) { return each.feed_id == entry.feed_id; });
  static const FeedKey kNone;
  return feed == feeds.end() ? kNone : feed->feed;
}

absl::StatusOr<v1::DirectoryRecord> Reading::View(const IndexedEntry& entry) const {
  return ToDirectoryRecord(entry, FeedOf(entry), VerifyDefaultDays(*charter), now);
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
