#include "client/cli/progress.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/cli/text_width.h"
#include "client/cli/wording.h"

namespace cairn {
namespace {

constexpr size_t bar_columns = 24;
constexpr absl::Duration redraw_every = absl::Milliseconds(100);

std::string Bar(uint64_t done, uint64_t total) {
  const size_t full = std::min<uint64_t>(bar_columns, done * bar_columns / total);
  std::string bar;
  for (size_t i = 0; i < bar_columns; ++i) bar += i < full ? "█" : "░";
  return bar;
}

std::string LineText(absl::string_view stage, uint64_t done, uint64_t total, absl::string_view unit) {
  if (total == 0) return absl::StrCat(stage, "  ", CountText(done), " ", unit);
  return absl::StrCat(stage, "  ", Bar(done, total), "  ", CountText(done), " of ", CountText(total), " ", unit);
}

}  // namespace

Progress::Progress(std::ostream* out, bool shown, size_t columns, Clock* clock)
    : out_(out), shown_(shown), columns_(columns == 0 ? 80 : columns), clock_(clock) {}

void Progress::Update(absl::string_view stage, uint64_t done, uint64_t total, absl::string_view unit) {
  if (!shown_) return;
  absl::MutexLock lock(&mutex_);
  const absl::Duration now = clock_->Monotonic();
  const bool finished = total > 0 && done >= total;
  if (stage == stage_ && !finished && now - last_drawn_ < redraw_every) return;
  ClearLocked();
  *out_ << CutTo(LineText(stage, done, total, unit), columns_ - 1) << std::flush;
  drawn_ = true;
  stage_ = std::string(stage);
  last_drawn_ = now;
}

void Progress::Clear() {
  absl::MutexLock lock(&mutex_);
  ClearLocked();
}

void Progress::ClearLocked() {
  if (drawn_) *out_ << "\r\x1b[K" << std::flush;
  drawn_ = false;
}

void Progress::Print(absl::string_view text) {
  absl::MutexLock lock(&mutex_);
  ClearLocked();
  *out_ << text << std::flush;
}

}  // namespace cairn
