// Gives new numbers to what readers see otherwise although no entry of its own changed.
#pragma once

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "server/directory/directory_reader.h"
#include "server/store/change_order.h"
#include "server/store/store.h"

namespace cairn {

// Two things change what readers see of a record while its entry stays as it is (change_order.h says what the numbers
// are for):
//   - the charter brings a public feed into sight or takes it out, such as when its key is revoked or its partner
//     retired;
//   - a record that is shown within it changes: the organization of a service, the places of both.
// Where this has come to is kept in the database. Used by one thread.
class ChangeKeeper {
 public:
  // `store` and `clock` must outlive this.
  ChangeKeeper(Store* store, CharterSource charter, Clock* clock)
      : store_(store), charter_(std::move(charter)), clock_(clock) {}

  // Does all that is due, in writes of some ten milliseconds. Cheap when nothing is. OK as well when `stopping` said so
  // before the end. While a large change is becoming visible, nothing is done.
  absl::Status Run(const std::function<bool()>& stopping);

 private:
  absl::Status Renumber(int64_t feed_id, bool hidden, const std::function<bool()>& stopping);
  absl::Status FollowFeeds(const std::function<bool()>& stopping);
  // Returns whether there may be more.
  absl::StatusOr<bool> FollowNested(bool is_public, v1::RecordKind kind);

  Store* const store_;
  const CharterSource charter_;
  Clock* const clock_;
};

}  // namespace cairn
