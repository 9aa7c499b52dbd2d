// A batch on its way in: a temporary file of its own, so that memory does not grow with the batch and the node's file
// is not touched before the whole batch is known.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

// Used by one thread at a time. The file has no name once it is open, so that it goes with the process whatever
// happens.
class PublishScratch {
 public:
  // A new file in `folder`.
  static absl::StatusOr<std::unique_ptr<PublishScratch>> Create(const std::string& folder);
  ~PublishScratch();

  // Several Puts in one go; after an error the scratch is of no use any more.
  absl::Status BeginGroup();
  absl::Status EndGroup();

  // Keeps the item. The origin of the one there before when (kind, id) is taken; then nothing is kept.
  absl::StatusOr<std::optional<std::string>> Put(const ScratchItem& item);
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

 private:
  explicit PublishScratch(std::unique_ptr<Connection> db) : db_(std::move(db)) {}
  const std::unique_ptr<Connection> db_;
};

}  // namespace cairn
