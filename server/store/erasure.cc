#include "server/store/erasure.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/status_macros.h"
#include "server/store/derived.h"

namespace cairn {
namespace {

// Of node_meta; times in milliseconds since 1970.
constexpr absl::string_view kPending = "erasure_pending_since";
constexpr absl::string_view kRunning = "erasure_running_since";
constexpr absl::string_view kCompleted = "erasure_completed_at";
constexpr absl::string_view kMerging = "erasure_merging";  // present: the running one's merge has begun

constexpr int64_t map_nodes_a_step = 2'000;  // some 2 MB read, of which few are written
constexpr int log_tries_max = 3;             // each waits a quarter of a second for readers

absl::Status Stopped() { return absl::CancelledError("the erasure was stopped; it goes on when the node runs again"); }

absl::StatusOr<absl::Time> ReadTime(Connection& db, absl::string_view key, absl::Time none) {
  ASSIGN_OR_RETURN(const std::string text, GetMeta(db, key));
  int64_t millis = 0;
  return absl::SimpleAtoi(text, &millis) ? absl::FromUnixMillis(millis) : none;
}

// From here on deletions are pending for the next erasure. One that was stopped goes on first, or publishing without
// a pause could have it begin anew for ever. False: there is nothing to erase.
absl::StatusOr<bool> Begin(Store* store) {
  bool begun = false;
  RETURN_IF_ERROR(store->Write([&](Connection& db) -> absl::Status {
    ASSIGN_OR_RETURN(const absl::Time pending, ReadTime(db, kPending, absl::InfiniteFuture()));
    ASSIGN_OR_RETURN(const absl::Time running, ReadTime(db, kRunning, absl::InfiniteFuture()));
    begun = std::min(pending, running) != absl::InfiniteFuture();
    if (!begun || running != absl::InfiniteFuture()) return absl::OkStatus();
    RETURN_IF_ERROR(SetMeta(db, kRunning, absl::StrCat(absl::ToUnixMillis(pending))));
    return SetMeta(db, kPending, "");
  }));
  return begun;
}

absl::Status CollectStaging(FeedStore* feeds, const std::function<bool()>& stop) {
  for (uint64_t collected = 1; collected > 0;) {
    if (stop()) return Stopped();
    RETURN_IF_ERROR(feeds->store()->Write([&](Connection& db) -> absl::Status {
      ASSIGN_OR_RETURN(collected, feeds->CollectGarbage(db));
      return absl::OkStatus();
    }));
  }
  return absl::OkStatus();
}

absl::Status ScrubMap(Store* store, const std::function<bool()>& stop) {
  for (int64_t after = 0; after >= 0;) {
    if (stop()) return Stopped();
    RETURN_IF_ERROR(store->Write([&](Connection& db) -> absl::Status {
      ASSIGN_OR_RETURN(after, Derived::ScrubMap(db, after, map_nodes_a_step));
      return absl::OkStatus();
    }));
  }
  return absl::OkStatus();
}

// The segments that stand when it begins become one; in a transaction after Begin's, with which what was deleted
// before came into segments.
absl::Status MergeOnce(Store* store, const std::function<bool()>& stop) {
  for (bool more = true; more;) {
    if (stop()) return Stopped();
    RETURN_IF_ERROR(store->Write([&](Connection& db) -> absl::Status {
      ASSIGN_OR_RETURN(const std::string merging, GetMeta(db, kMerging));
      ASSIGN_OR_RETURN(more, Derived::MergeText(db, merging.empty()));
      return merging.empty() ? SetMeta(db, kMerging, "1") : absl::OkStatus();
    }));
  }
  return absl::OkStatus();
}

absl::Status EmptyLog(Store* store, const std::function<bool()>& stop) {
  absl::Status emptied = absl::AbortedError("not tried");
  for (int tries = 0; tries < log_tries_max && absl::IsAborted(emptied); ++tries) {
    if (stop()) return Stopped();
    emptied = store->EmptyLog();
  }
  return emptied;
}

}  // namespace

absl::Status NoteErasure(Connection& db, absl::Time now) {
  return db.Execute("INSERT INTO node_meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING", kPending,
                    absl::StrCat(absl::ToUnixMillis(now)));
}

absl::StatusOr<ErasureState> ReadErasure(Store* store) {
  ErasureState state;
  RETURN_IF_ERROR(store->Read([&](Connection& db) -> absl::Status {
    ASSIGN_OR_RETURN(const absl::Time pending, ReadTime(db, kPending, absl::InfiniteFuture()));
    ASSIGN_OR_RETURN(const absl::Time running, ReadTime(db, kRunning, absl::InfiniteFuture()));
    state.pending_since = std::min(pending, running);
    ASSIGN_OR_RETURN(state.completed_at, ReadTime(db, kCompleted, absl::InfinitePast()));
    return absl::OkStatus();
  }));
  return state;
}

absl::Status MergeText(Store* store, const std::function<bool()>& stop) {
  bool more = true;
  for (bool first = true; more; first = false) {
    if (stop()) return Stopped();
    RETURN_IF_ERROR(store->Write([&](Connection& db) -> absl::Status {
      ASSIGN_OR_RETURN(more, Derived::MergeText(db, first));
      return absl::OkStatus();
    }));
  }
  return absl::OkStatus();
}

absl::Status Erase(FeedStore* feeds, const std::function<bool()>& stop) {
  Store* const store = feeds->store();
  ASSIGN_OR_RETURN(const bool begun, Begin(store));
  if (!begun) return absl::OkStatus();
  RETURN_IF_ERROR(CollectStaging(feeds, stop));
  RETURN_IF_ERROR(ScrubMap(store, stop));
  RETURN_IF_ERROR(MergeOnce(store, stop));
  RETURN_IF_ERROR(EmptyLog(store, stop));
  return store->Write([&](Connection& db) -> absl::Status {
    RETURN_IF_ERROR(SetMeta(db, kRunning, ""));
    RETURN_IF_ERROR(SetMeta(db, kMerging, ""));
    return SetMeta(db, kCompleted, absl::StrCat(absl::ToUnixMillis(store->clock()->Now())));
  });
}

}  // namespace cairn
