#include "server/store/feed_rows.h"

#include "common/base/status_macros.h"

namespace cairn {
namespace {

#define CAIRN_STAGING_COLUMNS                                                                                   \
  "set_id, partner, audience, generation, full, base_seq, through_seq, basis_seq, entries, bytes, live_count, " \
  "live_bytes, lthash, pending_head, swept, sweep_seq, sweep_entry_id"

StagingRow ToStagingRow(const Statement& row) {
  StagingRow staging;
  staging.set_id = row.Int64(0);
  staging.feed = {row.String(1), row.String(2), static_cast<uint32_t>(row.Int64(3))};
  staging.state.active = true;
  staging.state.generation = staging.feed.generation;
  staging.state.full = row.Int64(4) != 0;
  staging.state.base_seq = row.Int64(5);
  staging.state.through_seq = row.Int64(6);
  staging.state.basis_seq = row.Int64(7);
  staging.state.entries = row.Int64(8);
  staging.state.bytes = row.Int64(9);
  staging.live_count = row.Int64(10);
  staging.live_bytes = row.Int64(11);
  staging.lthash = row.String(12);
  staging.pending_head = row.String(13);
  staging.swept = row.Int64(14) != 0;
  staging.sweep_seq = row.Int64(15);
  staging.sweep_entry_id = row.Int64(16);
  return staging;
}

}  // namespace

absl::StatusOr<std::optional<StagingRow>> ReadStagingRow(Connection& db, absl::string_view partner,
                                                         absl::string_view audience) {
  Statement row = db.Prepare("SELECT " CAIRN_STAGING_COLUMNS
                             " FROM staging_set WHERE partner = ? AND audience = ? AND dropped = 0");
  row.Bind(partner, audience);
  if (row.Step()) return ToStagingRow(row);
  RETURN_IF_ERROR(row.status());
  return std::nullopt;
}

absl::StatusOr<std::vector<StagingRow>> ReadStagingRows(Connection& db) {
  std::vector<StagingRow> rows;
  Statement row =
      db.Prepare("SELECT " CAIRN_STAGING_COLUMNS " FROM staging_set WHERE dropped = 0 ORDER BY partner, audience");
  while (row.Step()) rows.push_back(ToStagingRow(row));
  RETURN_IF_ERROR(row.status());
  return rows;
}

absl::StatusOr<SetDigest> ReadFeedDigest(Connection& db, int64_t feed_id) {
  Statement row = db.Prepare("SELECT lthash FROM feed_digest WHERE feed_id = ?");
  row.Bind(feed_id);
  if (row.Step()) return SetDigest::FromBytes(row.Bytes(0));
  RETURN_IF_ERROR(row.status());
  return SetDigest();
}

absl::StatusOr<ParsedHead> ParseStoredHead(absl::string_view signed_head) {
  ParsedHead parsed;
  if (!parsed.signed_head.ParseFromArray(signed_head.data(), static_cast<int>(signed_head.size())) ||
      !parsed.body.ParseFromString(parsed.signed_head.body()) ||
      !parsed.content.ParseFromString(parsed.body.content())) {
    return absl::DataLossError("a stored head cannot be parsed: the data file is damaged; fetch the directory anew");
  }
  return parsed;
}

}  // namespace cairn
