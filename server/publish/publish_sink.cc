#include "server/publish/publish_sink.h"

#include <utility>

namespace cairn {

void PublishSink::Progress(absl::string_view stage, uint64_t done, uint64_t total) {
  v1::PublishResponse response;
  response.mutable_progress()->set_stage(std::string(stage));
  response.mutable_progress()->set_done(done);
  response.mutable_progress()->set_total(total);
  Send(std::move(response));
}

ProgressRelay::~ProgressRelay() {
  {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void ProgressRelay::Report(absl::string_view stage, uint64_t done, uint64_t total) {
  if (sink_ == nullptr) return;
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  absl::MutexLock lock(&mutex_);
  waiting_ = Progress{std::string(stage), done, total};
}

void ProgressRelay::Run() {
  while (true) {
    Progress next;
    {
      absl::MutexLock lock(&mutex_);
      const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return ended_ || waiting_.has_value(); };
      mutex_.Await(absl::Condition(&ready));
      if (!waiting_.has_value()) return;
      next = *std::exchange(waiting_, std::nullopt);
    }
    sink_->Progress(next.stage, next.done, next.total);
  }
}

}  // namespace cairn
