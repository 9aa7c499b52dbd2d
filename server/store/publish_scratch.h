// A batch on its way in: in memory while it is small, then in a temporary file of its own, so that memory does not grow
// with the batch and the node's file is not touched before the whole batch is known.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/store/database.h"

namespace cairn {

// One record of the batch.
struct ScratchItem {
  // What is to happen to it.
  enum class Action { kUnknown = 0, kAdd = 1, kChange = 2, kKeep = 3, kRefuse = 4 };

  uint64_t position = 0;  // in the batch, from 0
  int kind = 0;
  std::string id;       // 16 bytes
  std::string origin;   // for messages
  std::string payload;  // empty when refused
  Action action = Action::kUnknown;
};

// Used by one thread at a time. Up to limits::small_delta_entries_max records and limits::publish_chunk_bytes stay in
// memory: a live edit must not wait for a file to be made. The file has no name once it is open, so that it goes with
// the process whatever happens.
class PublishScratch {
 public:
  // The file, when one is needed, is made in `folder`.
  explicit PublishScratch(std::string folder);
  ~PublishScratch();

  // Several Puts in one go; after an error the scratch is of no use any more.
  absl::Status BeginGroup();
  absl::Status EndGroup();

  // Keeps the item; positions rise from one Put to the next. The origin of the one there before when (kind, id) is
  // taken; then nothing is kept. NOT_FOUND and other errors of the file when it cannot be made or written.
  absl::StatusOr<std::optional<std::string>> Put(ScratchItem item);
  // The items from `position` on, in order, until there are publish_chunk_entries or publish_chunk_bytes of payload;
  // with `changes_only`, those to be added or changed. Empty: there are no more.
  absl::StatusOr<std::vector<ScratchItem>> Read(uint64_t position, bool changes_only);
  // Decides on an item; a payload that is not empty replaces the one kept.
  absl::Status Decide(uint64_t position, ScratchItem::Action action, absl::string_view payload);
  // True when the batch has (kind, id), refused or not.
  absl::StatusOr<bool> Contains(int kind, absl::string_view id);

  // What prune takes away: (kind, id), kept in the order given.
  absl::Status PutWithdrawal(int kind, absl::string_view id);
  struct Withdrawal {
    uint64_t number = 0;  // from 1
    int kind = 0;
    std::string id;
  };
  // At most publish_chunk_entries after `number`.
  absl::StatusOr<std::vector<Withdrawal>> ReadWithdrawals(uint64_t number);

  // True when the batch has outgrown memory.
  bool on_disk() const { return db_ != nullptr; }

 private:
  absl::Status MoveToDisk();
  absl::StatusOr<std::optional<std::string>> PutOnDisk(const ScratchItem& item);
  std::vector<ScratchItem> ReadMemory(uint64_t position, bool changes_only) const;

  const std::string folder_;
  bool in_group_ = false;
  // While on_disk() is false.
  std::vector<ScratchItem> items_;  // in order of position
  absl::flat_hash_map<std::pair<int, std::string>, size_t> by_id_;
  std::vector<Withdrawal> withdrawals_;
  size_t bytes_ = 0;  // of payloads and origins in items_
  // Afterwards.
  std::unique_ptr<Connection> db_;
};

}  // namespace cairn
