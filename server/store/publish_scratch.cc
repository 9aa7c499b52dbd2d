#include "server/store/publish_scratch.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"

namespace cairn {

namespace {

// Nothing here survives the process: no journal, no syncing.
constexpr absl::string_view schema = R"sql(
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA secure_delete = OFF;
CREATE TABLE item (
  position INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  id BLOB NOT NULL,
  origin TEXT NOT NULL,
  payload BLOB NOT NULL,
  action INTEGER NOT NULL,
  UNIQUE (id, kind)
) STRICT;
CREATE TABLE withdrawal (number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, id BLOB NOT NULL) STRICT;
)sql";

std::string NewName(const std::string& folder) {
  static std::atomic<uint64_t> counter = 0;
  return absl::StrCat(folder, "/publish-", getpid(), "-", counter++, ".tmp");
}

}  // namespace

PublishScratch::PublishScratch(std::string folder) : folder_(std::move(folder)) {}

PublishScratch::~PublishScratch() = default;

absl::Status PublishScratch::MoveToDisk() {
  Connection::Options options;
  options.path = NewName(folder_);
  options.durable = false;
  ASSIGN_OR_RETURN(db_, Connection::Open(options));
  const absl::Status made = db_->ExecuteScript(schema);
  for (const char* suffix : {"", "-wal", "-shm"}) unlink(absl::StrCat(options.path, suffix).c_str());
  RETURN_IF_ERROR(made);
  RETURN_IF_ERROR(db_->Execute("BEGIN"));
  for (const ScratchItem& item : items_) RETURN_IF_ERROR(PutOnDisk(item).status());
  for (const Withdrawal& withdrawal : withdrawals_) RETURN_IF_ERROR(PutWithdrawal(withdrawal.kind, withdrawal.id));
  items_ = {};
  by_id_ = {};
  withdrawals_ = {};
  return in_group_ ? absl::OkStatus() : db_->Execute("COMMIT");
}

absl::Status PublishScratch::BeginGroup() {
  in_group_ = true;
  return on_disk() ? db_->Execute("BEGIN") : absl::OkStatus();
}

absl::Status PublishScratch::EndGroup() {
  in_group_ = false;
  return on_disk() ? db_->Execute("COMMIT") : absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> PublishScratch::Put(ScratchItem item) {
  if (!on_disk()) {
    const auto [there, is_new] = by_id_.try_emplace({item.kind, item.id}, items_.size());
    if (!is_new) return items_[there->second].origin;
    bytes_ += item.payload.size() + item.origin.size();
    items_.push_back(std::move(item));
    if (items_.size() > limits::small_delta_entries_max || bytes_ > limits::publish_chunk_bytes) {
      RETURN_IF_ERROR(MoveToDisk());
    }
    return std::nullopt;
  }
  return PutOnDisk(item);
}

absl::StatusOr<std::optional<std::string>> PublishScratch::PutOnDisk(const ScratchItem& item) {
  RETURN_IF_ERROR(
      db_->Execute("INSERT INTO item (position, kind, id, origin, payload, action) VALUES (?, ?, ?, ?, ?, ?) "
                   "ON CONFLICT (id, kind) DO NOTHING",
                   item.position, item.kind, Blob{item.id}, item.origin, Blob{item.payload}, item.action));
  if (db_->changes() > 0) return std::nullopt;
  Statement there = db_->Prepare("SELECT origin FROM item WHERE id = ? AND kind = ?");
  there.Bind(Blob{item.id}, item.kind);
  if (!there.Step()) return there.status();
  return there.String(0);
}

std::vector<ScratchItem> PublishScratch::ReadMemory(uint64_t position, bool changes_only) const {
  using Action = ScratchItem::Action;
  std::vector<ScratchItem> found;
  size_t bytes = 0;
  for (const ScratchItem& item : items_) {
    if (bytes >= limits::publish_chunk_bytes || found.size() == limits::publish_chunk_entries) break;
    const bool change = item.action == Action::kAdd || item.action == Action::kChange;
    if (item.position < position || (changes_only ? !change : item.action == Action::kRefuse)) continue;
    bytes += item.payload.size();
    found.push_back(item);
  }
  return found;
}

absl::StatusOr<std::vector<ScratchItem>> PublishScratch::Read(uint64_t position, bool changes_only) {
  if (!on_disk()) return ReadMemory(position, changes_only);
  Statement row = db_->Prepare(changes_only ? "SELECT position, kind, id, origin, payload, action FROM item "
                                              "WHERE position >= ? AND action IN (1, 2) ORDER BY position LIMIT ?"
                                            : "SELECT position, kind, id, origin, payload, action FROM item "
                                              "WHERE position >= ? AND action <> 4 ORDER BY position LIMIT ?");
  row.Bind(position, limits::publish_chunk_entries);
  std::vector<ScratchItem> items;
  size_t bytes = 0;
  while (bytes < limits::publish_chunk_bytes && row.Step()) {
    items.push_back({static_cast<uint64_t>(row.Int64(0)), static_cast<int>(row.Int64(1)), row.String(2), row.String(3),
                     row.String(4), static_cast<ScratchItem::Action>(row.Int64(5))});
    bytes += items.back().payload.size();
  }
  RETURN_IF_ERROR(row.status());
  return items;
}

absl::Status PublishScratch::Decide(uint64_t position, ScratchItem::Action action, absl::string_view payload) {
  if (!on_disk()) {
    const auto item = std::lower_bound(items_.begin(), items_.end(), position,
                                       [](const ScratchItem& a, uint64_t wanted) { return a.position < wanted; });
    item->action = action;
    if (!payload.empty()) item->payload = std::string(payload);
    return absl::OkStatus();
  }
  if (payload.empty()) return db_->Execute("UPDATE item SET action = ? WHERE position = ?", action, position);
  return db_->Execute("UPDATE item SET action = ?, payload = ? WHERE position = ?", action, Blob{payload}, position);
}

absl::StatusOr<bool> PublishScratch::Contains(int kind, absl::string_view id) {
  if (!on_disk()) return by_id_.contains({kind, std::string(id)});
  Statement row = db_->Prepare("SELECT 1 FROM item WHERE id = ? AND kind = ?");
  row.Bind(Blob{id}, kind);
  const bool found = row.Step();
  RETURN_IF_ERROR(row.status());
  return found;
}

absl::Status PublishScratch::PutWithdrawal(int kind, absl::string_view id) {
  if (!on_disk()) {
    withdrawals_.push_back({withdrawals_.size() + 1, kind, std::string(id)});
    return withdrawals_.size() > limits::small_delta_entries_max ? MoveToDisk() : absl::OkStatus();
  }
  return db_->Execute("INSERT INTO withdrawal (kind, id) VALUES (?, ?)", kind, Blob{id});
}

absl::StatusOr<std::vector<PublishScratch::Withdrawal>> PublishScratch::ReadWithdrawals(uint64_t number) {
  if (!on_disk()) return number == 0 ? withdrawals_ : std::vector<Withdrawal>();
  Statement row = db_->Prepare("SELECT number, kind, id FROM withdrawal WHERE number > ? ORDER BY number LIMIT ?");
  row.Bind(number, limits::publish_chunk_entries);
  std::vector<Withdrawal> found;
  while (row.Step()) {
    found.push_back({static_cast<uint64_t>(row.Int64(0)), static_cast<int>(row.Int64(1)), row.String(2)});
  }
  RETURN_IF_ERROR(row.status());
  return found;
}

}  // namespace cairn
