#include "server/access/caller_limits.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/limits.h"

namespace cairn {
namespace {

struct KindLimit {
  StreamKind kind;
  const char* name;
  int most;
};
constexpr KindLimit kind_limits[] = {{StreamKind::kAny, "streams", limits::caller_streams_max},
                                     {StreamKind::kBatch, "batches", limits::publish_batches_per_caller_max},
                                     {StreamKind::kSnapshot, "snapshots", limits::caller_snapshots_max}};

}  // namespace

absl::Status CallerLimits::Refuse(absl::string_view reader, absl::string_view text, absl::string_view reason) {
  Refusal& refusal = refusals_[{std::string(reader), std::string(reason)}];
  ++refusal.times;
  refusal.last = clock_->Now();
  return WithReason(absl::ResourceExhaustedError(absl::StrCat(reader, text)), reason);
}

void CallerLimits::NoteRefused(absl::string_view reader, absl::string_view reason) {
  absl::MutexLock lock(&mutex_);
  Refuse(reader, "", reason).IgnoreError();
}

std::vector<CallerLimits::Refusal> CallerLimits::Refusals() const {
  std::vector<Refusal> refusals;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [who, refusal] : refusals_) {
      refusals.push_back(refusal);
      std::tie(refusals.back().reader, refusals.back().reason) = who;
    }
  }
  std::stable_sort(refusals.begin(), refusals.end(),
                   [](const Refusal& a, const Refusal& b) { return a.last > b.last; });
  return refusals;
}

absl::Status CallerLimits::TakeRequest(const Caller& caller) {
  if (caller.local()) return absl::OkStatus();
  const absl::Duration now = clock_->Monotonic();
  absl::MutexLock lock(&mutex_);
  Use& use = uses_[caller.name()];
  if (use.requests.Left(limits::caller_requests_burst, limits::caller_requests_per_second, now) < 1) {
    return Refuse(caller.name(),
                  absl::StrCat(" asks too often; at most ", limits::caller_requests_per_second,
                               " requests a second are answered, so ask again a little later"),
                  "TOO_MANY_REQUESTS");
  }
  if (use.bytes.Left(limits::reader_bytes_burst, limits::reader_bytes_per_second, now) <= 0) {
    return Refuse(caller.name(),
                  absl::StrCat(" has fetched very much; over time at most ", limits::reader_bytes_per_second,
                               " bytes a second are sent, so ask again later, and only for what changed"),
                  "TOO_MANY_BYTES");
  }
  use.requests.Use(1);
  return absl::OkStatus();
}

void CallerLimits::UseBytes(const std::string& caller, size_t bytes) {
  const absl::Duration now = clock_->Monotonic();
  absl::MutexLock lock(&mutex_);
  Allowance& left = uses_[caller].bytes;
  left.Left(limits::reader_bytes_burst, limits::reader_bytes_per_second, now);
  left.Use(static_cast<double>(bytes));
}

int& CallerLimits::Use::Of(StreamKind kind) {
  if (kind == StreamKind::kBatch) return batches;
  return kind == StreamKind::kSnapshot ? snapshots : streams;
}

absl::StatusOr<std::unique_ptr<CallerLimits::Slot>> CallerLimits::TakeStream(const Caller& caller, StreamKind kind) {
  if (caller.local()) return nullptr;
  absl::MutexLock lock(&mutex_);
  Use& use = uses_[caller.name()];
  for (const KindLimit& limit : kind_limits) {
    if (limit.kind != StreamKind::kAny && limit.kind != kind) continue;
    if (use.Of(limit.kind) < limit.most) continue;
    return Refuse(caller.name(),
                  absl::StrCat(" has ", use.Of(limit.kind), " ", limit.name,
                               " open, as many as it may; end one before another is begun"),
                  "TOO_MANY_STREAMS");
  }
  ++use.streams;
  if (kind != StreamKind::kAny) ++use.Of(kind);
  return std::make_unique<Slot>(this, caller.name(), kind);
}

void CallerLimits::EndStream(const std::string& caller, StreamKind kind) {
  absl::MutexLock lock(&mutex_);
  Use& use = uses_[caller];
  --use.streams;
  if (kind != StreamKind::kAny) --use.Of(kind);
}

}  // namespace cairn
