// The order in which this node makes records visible, and takes them away: what harvesters follow.
//
// Every visible change of an entry takes a number: microseconds since 1970 on this node's clock, made unique and
// growing whatever the clock does. One connection writes, so a number is committed after every lower one: whoever has
// read up to a number has missed nothing below it. The clock of whoever published has no part in it. Public entries
// have numbers of their own, so that gaps in them tell nothing of what the public may not see. All others share theirs:
// those who may see some of them are told a mark that moves with the clock (MarkChanges), not with what others see.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/store/database.h"

namespace cairn {

// Gives out numbers within one write.
class ChangeNumbers {
 public:
  static absl::StatusOr<ChangeNumbers> Begin(Connection& db, bool is_public, absl::Time now);

  bool is_public() const { return is_public_; }
  // The next one.
  int64_t Take() { return ++last_; }
  // Keeps what was given out. Call before the write ends.
  absl::Status Save(Connection& db) const;

 private:
  ChangeNumbers(bool is_public, int64_t last) : is_public_(is_public), last_(last) {}
  bool is_public_;
  int64_t last_;
};

// The last number that was given out; 0: none. Runs in reads as well.
absl::StatusOr<int64_t> LastChangeNumber(Connection& db, bool is_public);

// All numbers that are given out later, of both kinds, are greater than the mark. Runs in reads as well.
absl::StatusOr<int64_t> ChangeMark(Connection& db);
// Sets it to `now`; within a write. To be called at equal times, whatever happens.
absl::Status MarkChanges(Connection& db, absl::Time now);

// Remembers that an entry which is about to be deleted was there. Only of public entries; others leave no trace.
absl::Status NoteGone(Connection& db, ChangeNumbers* numbers, int kind, absl::string_view id16);

// The organization that the service's entry names now; empty: none, or no service.
absl::StatusOr<std::string> OrganizationOf(Connection& db, int64_t entry_id);
// For NoteServiceLeft: the service's feed goes as a whole, so that nobody is left who reads it; whoever may read the
// organization sees the difference.
inline constexpr int64_t kFeedAsAWhole = 0;
// Remembers that an organization no longer shows a service of the feed; see table service_left. Within a write.
absl::Status NoteServiceLeft(Connection& db, ChangeNumbers* numbers, int64_t feed_id,
                             absl::string_view organization_id);

// Changes up to this number may be missing: what went then is no longer known. Whoever has come no further starts over.
absl::StatusOr<int64_t> ChangeFloor(Connection& db);
// Raises it, within a write.
absl::Status RaiseChangeFloor(Connection& db, int64_t change_no);

// Forgets those that went before `before`; within a write.
absl::Status PurgeGone(Connection& db, absl::Time before);

// That something of a record changed; what is left of it is to be looked up.
struct RecordChange {
  int64_t change_no = 0;
  int kind = 0;
  std::string id16;
};

// The changes of one kind after `after` in order, up to `limit`, fewer only at the end. Of public entries each record
// once, at its last change; of others each feed's. Runs in reads as well.
absl::StatusOr<std::vector<RecordChange>> ReadRecordChanges(Connection& db, bool is_public, int kind, int64_t after,
                                                            size_t limit);

// Public feeds that the public could not read when that was last looked at, by SetHidden within a write.
absl::StatusOr<std::vector<int64_t>> HiddenFeeds(Connection& db);
absl::Status SetHidden(Connection& db, int64_t feed_id, bool hidden);

// Gives new numbers to all entries of a public feed after a place, up to a slice of them, for when the whole feed comes
// into sight or goes out of it, and notes the organizations that show its services. Returns the next place; nullopt:
// that was all. Within a write.
struct FeedPlace {
  int64_t seq = -1;
  int64_t entry_id = 0;
};
absl::StatusOr<std::optional<FeedPlace>> RenumberFeed(Connection& db, int64_t feed_id, const FeedPlace& after,
                                                      absl::Time now);

// Gives new numbers to entries that show `change`'s record within them (services their organization and places) and
// have lower ones; up to a slice of them. What the public may not see moves only what the same audience sees. Returns
// whether there may be more. Within a write.
absl::StatusOr<bool> RenumberDependents(Connection& db, bool is_public, const RecordChange& change, absl::Time now);

}  // namespace cairn
