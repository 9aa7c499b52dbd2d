// The charter in force on this node. It changes while the node runs: by the operator's hand or by sync.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "cairn/v1/charter.pb.h"
#include "server/charter/charter_view.h"
#include "server/store/store.h"

namespace cairn {

// What the file holds.
struct StoredCharter {
  v1::CharterChain chain;
  std::shared_ptr<const CharterView> newest;  // never null; empty when there is none
};
// Reads the chain in the store and checks all of it anew. Errors as LiveCharter::Load has them.
absl::StatusOr<StoredCharter> ReadStoredCharter(ReadStore* store, const std::string& consortium);

// Thread-safe. A version is in force once it is on disk; there is no way back to an older one.
class LiveCharter {
 public:
  // What a submission did.
  struct Submission {
    uint64_t version = 0;   // now in force
    uint32_t accepted = 0;  // versions that were new
  };
  using Listener = std::function<void(std::shared_ptr<const CharterView>)>;

  // The chain in the store, checked anew; without one, the view is empty. `store` must outlive this. DATA_LOSS when the
  // stored chain does not hold; FAILED_PRECONDITION when it is of another consortium than `consortium`, the one that
  // the node is configured for (empty: any).
  static absl::StatusOr<std::unique_ptr<LiveCharter>> Load(Store* store, std::string consortium);

  // Checks the versions that are new against what is held, writes them and puts the newest in force; known ones are
  // skipped, all of them when nothing is new. Atomic. INVALID_ARGUMENT names the version that fails; ABORTED when a
  // known version is held with other content; FAILED_PRECONDITION for
  // another consortium, a gap, or no charter held (the first one must come by SubmitTrusted).
  absl::StatusOr<Submission> Submit(const v1::CharterChain& chain) ABSL_LOCKS_EXCLUDED(submit_mutex_, mutex_);

  // As Submit, but where no charter is held the chain's first version is trusted: only for what the operator hands
  // over, never for what a peer sent.
  absl::StatusOr<Submission> SubmitTrusted(const v1::CharterChain& chain) ABSL_LOCKS_EXCLUDED(submit_mutex_, mutex_);

  // The version in force; never null. Keep the pointer for as long as one consistent view is needed.
  std::shared_ptr<const CharterView> current() const ABSL_LOCKS_EXCLUDED(mutex_);

  // `listener` is called after each change, in order, on the thread that submitted it, with no lock that current()
  // needs. It must not submit. Register before the node takes connections.
  void OnChange(Listener listener) ABSL_LOCKS_EXCLUDED(mutex_);

  // The versions after `version`, lowest first, for a peer that lacks them; empty when there are none, and when the
  // chain held begins later than `version` + 1.
  v1::CharterChain ChainAfter(uint64_t version) const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  LiveCharter(Store* store, std::string consortium);
  absl::StatusOr<Submission> SubmitChecked(const v1::CharterChain& chain, bool trusted)
      ABSL_LOCKS_EXCLUDED(submit_mutex_, mutex_);

  Store* const store_;
  const std::string consortium_;
  absl::Mutex submit_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);  // one change at a time, its write and its listeners included
  mutable absl::Mutex mutex_;
  v1::CharterChain chain_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const CharterView> view_ ABSL_GUARDED_BY(mutex_);
  std::vector<Listener> listeners_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cairn
