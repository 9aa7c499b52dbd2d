// Keeps a process that only reads the node's file at what the file says now.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "server/access/token_finder.h"
#include "server/charter/charter_view.h"
#include "server/directory/watch_hub.h"
#include "server/store/read_store.h"

namespace cairn {

// What in a node reaches readers by calls - a new charter, a revoked token, a feed that moved - reaches them here by
// looking whether the file changed, every limits::edge_look_millis. In this order: the charter and the tokens are in
// force before anybody is woken, so that nobody who lost access is told of anything more (R7). Thread-safe.
class EdgeFollower {
 public:
  struct Options {
    ReadStore* store = nullptr;
    std::string path;  // of its file
    Clock* clock = nullptr;
    WatchHub* hub = nullptr;
    TokenCopy* tokens = nullptr;
    std::function<void()> on_failed;  // called once, when following has ended for good; must be quick
  };

  // Everything is up to date when it returns. FAILED_PRECONDITION: there is no charter in the file yet.
  static absl::StatusOr<std::unique_ptr<EdgeFollower>> Start(Options options);
  ~EdgeFollower();

  // The charter in force; never null.
  std::shared_ptr<const CharterView> charter() const;
  // OK, or why this process cannot go on: another file lies there, or one of another version.
  absl::Status failed() const;
  // Since when nothing was written to the file, as far as this process has seen.
  absl::Duration quiet() const;

  void Stop();

 private:
  EdgeFollower(Options options, std::unique_ptr<FileWatch> watch);
  absl::Status Look() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status TakeOver() ABSL_LOCKS_EXCLUDED(mutex_);
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);

  const Options options_;
  const std::unique_ptr<FileWatch> watch_;
  bool behind_ = true;  // something changed that has not been taken over
  std::string feeds_;   // where they stood when watchers were last woken
  mutable absl::Mutex mutex_;
  std::shared_ptr<const CharterView> charter_ ABSL_GUARDED_BY(mutex_);
  absl::Status failed_ ABSL_GUARDED_BY(mutex_);
  absl::Duration changed_at_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace cairn
