// Following the directory's changes with a browser's own means: Server-Sent Events.
#pragma once

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "server/http/edge_parts.h"
#include "server/http/router.h"

namespace cairn {

// How many event streams there are, in all and for each address. Thread-safe; outlives its slots.
class EventSlots {
 public:
  class Slot {
   public:
    Slot(EventSlots* slots, std::string client) : slots_(slots), client_(std::move(client)) {}
    ~Slot() { slots_->GiveBack(client_); }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

   private:
    EventSlots* const slots_;
    const std::string client_;
  };

  // RESOURCE_EXHAUSTED beyond limits::http_event_streams_max, of which a fifth is for those who have a token, and
  // http_event_streams_per_address_max.
  absl::StatusOr<std::unique_ptr<Slot>> Take(absl::string_view client, bool authorised);
  int taken() const;

 private:
  void GiveBack(const std::string& client);

  mutable absl::Mutex mutex_;
  int all_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<std::string, int> by_client_ ABSL_GUARDED_BY(mutex_);
};

// /events: what WatchRecords streams, filtered as in search. Parameters: the filters of query_filter.h, `since` (a
// token of before; the header Last-Event-ID, which browsers send when they come back, wins), `new=1` (without a token:
// leaves out what is there now).
//
//   event: upsert      data: a DirectoryRecord
//   event: removed     data: a RemovedRecord
//   event: caught_up   data: {}          everything that was there has been sent
//   event: reset       data: a problem   the token is too old; the reader drops what it has. The stream ends, and a
//                                        browser that comes back begins anew, since its last id was taken from it
// `id` is the resume token. A comment comes each limits::http_stream_wait_millis of silence.
void AddEventRoutes(const EdgeParts& parts, EventSlots* slots, Router* router);

}  // namespace cairn
