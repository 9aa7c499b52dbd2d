#include "server/directory/record_view.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/record/searchable.h"
#include "common/record/supplement.h"

namespace cairn {
namespace {

void SetMillis(int64_t unix_millis, google::protobuf::Timestamp* timestamp) {
  const int64_t part = (unix_millis % 1000 + 1000) % 1000;  // a Timestamp's nanos are never negative
  timestamp->set_seconds((unix_millis - part) / 1000);
  timestamp->set_nanos(static_cast<int32_t>(part * 1'000'000));
}

absl::StatusOr<v1::Record> Parse(const FeedVersion& version) {
  v1::Record record;
  if (record.ParseFromString(version.entry->payload)) return record;
  return absl::DataLossError(absl::StrCat("record ", UuidToText(version.entry->id16), " of feed ",
                                          version.feed->ToString(), " cannot be read; run: cairn verify --deep"));
}

}  // namespace

absl::StatusOr<v1::DirectoryRecord> ToDirectoryRecord(absl::Span<const FeedVersion> versions,
                                                      uint32_t verify_default_days, absl::Time now) {
  v1::DirectoryRecord view;
  ASSIGN_OR_RETURN(*view.mutable_record(), Parse(versions.front()));
  int64_t visible = versions.front().entry->visible_unix_millis;
  for (const FeedVersion& over : versions.subspan(1)) {
    ASSIGN_OR_RETURN(const v1::Record record, Parse(over));
    *view.mutable_record() = MergeSupplement(view.record(), record);
    visible = std::max(visible, over.entry->visible_unix_millis);
  }
  if (versions.size() > 1) {
    for (const FeedVersion& version : versions) view.add_merged_audiences(version.feed->audience);
  }
  const FeedVersion& narrowest = versions.back();
  view.set_kind(static_cast<v1::RecordKind>(narrowest.entry->kind));
  view.set_partner(narrowest.feed->partner);
  view.set_audience(narrowest.feed->audience);
  view.set_seq(narrowest.entry->seq);
  const absl::Time due = VerifyDueAt(view.record(), verify_default_days);
  view.set_stale(due < now);
  if (view.record().has_verified_at()) SetMillis(absl::ToUnixMillis(due), view.mutable_verify_due_at());
  SetMillis(visible, view.mutable_seen_at());
  return view;
}

}  // namespace cairn
