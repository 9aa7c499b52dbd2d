#include "server/directory/change_keeper.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/record/kinds.h"
#include "common/record/supplement.h"
#include "server/directory/request_filter.h"

namespace cairn {
namespace {

constexpr size_t kChangesAWrite = 50;  // of organizations and places, whose services are few as a rule

std::string CursorKey(bool is_public, v1::RecordKind kind) {
  return absl::StrCat("change_nested_", is_public ? "public_" : "other_", KindName(kind));
}

absl::StatusOr<int64_t> ReadCursor(Connection& db, const std::string& key) {
  ASSIGN_OR_RETURN(const std::string text, GetMeta(db, key));
  int64_t cursor = 0;
  if (!text.empty() && !absl::SimpleAtoi(text, &cursor)) cursor = 0;  // from the start: some numbers move once more
  return cursor;
}

// A feed whose being hidden has changed.
struct Turned {
  int64_t feed_id;
  bool hidden;
};

bool Holds(const std::vector<int64_t>& ids, int64_t id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); }

}  // namespace

absl::Status ChangeKeeper::Run(const std::function<bool()>& stopping) {
  bool moving = false;
  RETURN_IF_ERROR(store_->Read([&](Connection& db) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<IndexedFeed> feeds, ReadFeeds(db));
    moving = std::any_of(feeds.begin(), feeds.end(), [](const IndexedFeed& feed) { return feed.moving; });
    return absl::OkStatus();
  }));
  if (moving) return absl::OkStatus();
  RETURN_IF_ERROR(FollowFeeds(stopping));
  // Places first: an organization that shows a place is then a change of its own.
  for (const v1::RecordKind kind : {v1::LOCATION, v1::ORGANIZATION}) {
    for (const bool is_public : {true, false}) {
      for (bool more = true; more && !stopping();) {
        ASSIGN_OR_RETURN(more, FollowNested(is_public, kind));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status ChangeKeeper::FollowFeeds(const std::function<bool()>& stopping) {
  std::vector<Turned> turned;
  RETURN_IF_ERROR(store_->Read([&](Connection& db) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<IndexedFeed> feeds, ReadFeeds(db));
    ASSIGN_OR_RETURN(const std::vector<IndexedFeed> shown, ReadableFeeds(db, *charter_(), Reader::Anonymous()));
    ASSIGN_OR_RETURN(const std::vector<int64_t> hidden_before, HiddenFeeds(db));
    for (const IndexedFeed& feed : feeds) {
      if (feed.feed.audience != audience_public) continue;
      const bool hidden = std::none_of(shown.begin(), shown.end(),
                                       [&](const IndexedFeed& each) { return each.feed_id == feed.feed_id; });
      if (hidden != Holds(hidden_before, feed.feed_id)) turned.push_back({feed.feed_id, hidden});
    }
    return absl::OkStatus();
  }));
  for (const Turned& feed : turned) RETURN_IF_ERROR(Renumber(feed.feed_id, feed.hidden, stopping));
  return absl::OkStatus();
}

// The mark comes last: after a crash all of it is done again.
absl::Status ChangeKeeper::Renumber(int64_t feed_id, bool hidden, const std::function<bool()>& stopping) {
  std::optional<FeedPlace> place = FeedPlace();
  while (place.has_value() && !stopping()) {
    RETURN_IF_ERROR(store_->Write([&](Connection& db) -> absl::Status {
      ASSIGN_OR_RETURN(place, RenumberFeed(db, feed_id, *place, clock_->Now()));
      return place.has_value() ? absl::OkStatus() : SetHidden(db, feed_id, hidden);
    }));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> ChangeKeeper::FollowNested(bool is_public, v1::RecordKind kind) {
  const std::string key = CursorKey(is_public, kind);
  std::vector<RecordChange> changes;
  RETURN_IF_ERROR(store_->Read([&](Connection& db) -> absl::Status {
    ASSIGN_OR_RETURN(const int64_t cursor, ReadCursor(db, key));
    ASSIGN_OR_RETURN(changes, ReadRecordChanges(db, is_public, kind, cursor, kChangesAWrite));
    return absl::OkStatus();
  }));
  if (changes.empty()) return false;
  RETURN_IF_ERROR(store_->Write([&](Connection& db) -> absl::Status {
    for (const RecordChange& change : changes) {
      // A change that many records show takes writes of its own, and stays the next one until the last of them.
      ASSIGN_OR_RETURN(const bool more, RenumberDependents(db, is_public, change, clock_->Now()));
      if (more) return absl::OkStatus();
      RETURN_IF_ERROR(SetMeta(db, key, absl::StrCat(change.change_no)));
    }
    return absl::OkStatus();
  }));
  return true;
}

}  // namespace cairn
