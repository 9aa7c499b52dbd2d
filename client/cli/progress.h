// How far a long command is, on a terminal; silent elsewhere.
#pragma once

#include <ostream>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace cairn {

// One line that is drawn over and over, at most ten times a second. Thread-safe. Other output to the same terminal goes
// through Print, so that the two do not mix.
class Progress {
 public:
  // `shown` false: draws nothing. `columns`: of the terminal, 0 for 80. Neither stream nor clock are owned.
  Progress(std::ostream* out, bool shown, size_t columns, Clock* clock);
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `total` 0: not known. `unit` follows the numbers: "records".
  void Update(absl::string_view stage, uint64_t done, uint64_t total, absl::string_view unit);
  // Removes the line.
  void Clear();
  // Writes whole lines to the stream, above the progress line.
  void Print(absl::string_view text);

 private:
  void ClearLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::ostream* const out_;
  const bool shown_;
  const size_t columns_;
  Clock* const clock_;
  absl::Mutex mutex_;
  bool drawn_ ABSL_GUARDED_BY(mutex_) = false;
  std::string stage_ ABSL_GUARDED_BY(mutex_);
  absl::Duration last_drawn_ ABSL_GUARDED_BY(mutex_) = -absl::InfiniteDuration();
};

}  // namespace cairn
