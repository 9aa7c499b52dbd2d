#include "server/directory/record_view.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/hex.h"
#include "common/record/searchable.h"

namespace cairn {
namespace {

void SetMillis(int64_t unix_millis, google::protobuf::Timestamp* timestamp) {
  const int64_t part = (unix_millis % 1000 + 1000) % 1000;  // a Timestamp's nanos are never negative
  timestamp->set_seconds((unix_millis - part) / 1000);
  timestamp->set_nanos(static_cast<int32_t>(part * 1'000'000));
}

}  // namespace

absl::StatusOr<v1::DirectoryRecord> ToDirectoryRecord(const IndexedEntry& entry, const FeedKey& feed,
                                                      uint32_t verify_default_days, absl::Time now) {
  v1::DirectoryRecord view;
  if (!view.mutable_record()->ParseFromString(entry.payload)) {
    return absl::DataLossError(absl::StrCat("record ", UuidToText(entry.id16), " of feed ", feed.ToString(),
                                            " cannot be read; run: cairn verify --deep"));
  }
  view.set_kind(static_cast<v1::RecordKind>(entry.kind));
  view.set_partner(feed.partner);
  view.set_audience(feed.audience);
  view.set_seq(entry.seq);
  const absl::Time due = VerifyDueAt(view.record(), verify_default_days);
  view.set_stale(due < now);
  if (view.record().has_verified_at()) SetMillis(absl::ToUnixMillis(due), view.mutable_verify_due_at());
  SetMillis(entry.visible_unix_millis, view.mutable_seen_at());
  return view;
}

}  // namespace cairn
