// What the sync state machine asks of the store, and what comes back. Plain values, so that the same machine runs over
// threads and in the simulator.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "cairn/v1/charter.pb.h"
#include "cairn/v1/feed.pb.h"
#include "server/store/feed_key.h"
#include "server/store/feed_store.h"
#include "server/store/verified_head.h"

namespace cairn {

// Reads the next page of a feed for a peer. Answered by a page.
struct ReadPage {
  FeedKey feed;
  uint64_t after_seq = 0;
};

// Reads what changed after `after_seq`, when it is small enough to travel with the announcement. Answered by `inlined`.
struct ReadInline {
  FeedKey feed;
  uint64_t after_seq = 0;
};

// Puts received entries into the feed's staging. Answered by a status.
struct StagePage {
  FeedKey feed;
  bool restart = false;  // drop what is staged first
  bool full = false;     // the staging collects the whole set
  std::vector<v1::Entry> entries;
  uint64_t through_seq = 0;
  uint64_t basis_seq = 0;
};

// Checks what is staged against `head` and makes it visible; entries come along when they are few (an inlined change).
// Answered when all of it is visible, or by DATA_LOSS when the set is not the head's: then the staging is dropped and
// nothing changed.
struct CommitHead {
  AuthenticHead head;
  bool inlined = false;  // `entries` are all that changed after `after_seq`; nothing is staged yet
  uint64_t after_seq = 0;
  std::vector<v1::Entry> entries;
};

// Stores a head that says the same with a newer as_of.
struct RefreshHead {
  AuthenticHead head;
};

// Forgets what is staged of a feed.
struct DropStaged {
  FeedKey feed;
};

// Stores the proof that an owner contradicted itself and freezes the feed.
struct FreezeFeed {
  FeedKey feed;
  v1::ForkEvidence evidence;
};

// Stores what a node announced of one of this node's own feeds: an acknowledgement.
struct RecordAcknowledgement {
  FeedKey feed;
  std::string node;
  uint64_t seq = 0;
};

// Erases a feed that this node may no longer read. Answered by `dropped` when nothing of it is left.
struct DropFeed {
  FeedKey feed;
};

// Stores the word of a node that it has erased its copy of an own feed.
struct RecordErasure {
  FeedKey feed;
  std::string node;
  int64_t erased_at_unix_millis = 0;
};

// Checks and stores newer charter versions.
struct AcceptCharter {
  v1::CharterChain chain;
};

using StoreAction = std::variant<ReadPage, ReadInline, StagePage, CommitHead, RefreshHead, DropStaged, FreezeFeed,
                                 RecordAcknowledgement, DropFeed, RecordErasure, AcceptCharter>;

// One request. Requests of one feed are executed in the order given.
struct StoreRequest {
  uint64_t id = 0;
  StoreAction action;
};

// The answer to one request.
struct StoreResult {
  uint64_t id = 0;
  absl::Status status;
  std::optional<FeedStore::Page> page;            // ReadPage
  std::optional<std::vector<v1::Entry>> inlined;  // ReadInline; empty: too large
  std::optional<DroppedFeed> dropped;             // DropFeed; empty: nothing had been held
  std::optional<HeldFeed> held;                   // the feed as it stands now, after every write to it
};

}  // namespace cairn
