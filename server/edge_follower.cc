#include "server/edge_follower.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "server/charter/live_charter.h"
#include "server/store/access_rows.h"
#include "server/store/charter_rows.h"
#include "server/store/index_queries.h"

namespace cairn {
namespace {

// The file of one moment, as far as it is kept in memory here.
struct FileState {
  bool new_charter = false;
  std::vector<TokenRow> tokens;
  std::string feeds;  // where they stand; equal when watchers have nothing to send
};

absl::StatusOr<FileState> ReadState(Connection& db, uint64_t known_charter) {
  FileState state;
  ASSIGN_OR_RETURN(const auto newer, ReadCharters(db, known_charter));
  state.new_charter = !newer.empty();
  ASSIGN_OR_RETURN(state.tokens, ReadTokens(db));
  ASSIGN_OR_RETURN(const std::vector<IndexedFeed> feeds, ReadFeeds(db));
  for (const IndexedFeed& feed : feeds) {
    absl::StrAppend(&state.feeds, feed.feed_id, " ", feed.feed.ToString(), " ", feed.feed.generation, " ", feed.seq,
                    feed.moving ? " moving\n" : "\n");
  }
  return state;
}

bool IsForGood(const absl::Status& status) { return absl::IsFailedPrecondition(status) || absl::IsDataLoss(status); }

}  // namespace

EdgeFollower::EdgeFollower(Options options, std::unique_ptr<FileWatch> watch)
    : options_(std::move(options)),
      watch_(std::move(watch)),
      charter_(std::make_shared<const CharterView>()),
      changed_at_(options_.clock->Monotonic()) {}

absl::StatusOr<std::unique_ptr<EdgeFollower>> EdgeFollower::Start(Options options) {
  ASSIGN_OR_RETURN(std::unique_ptr<FileWatch> watch, FileWatch::Open(options.path));
  std::unique_ptr<EdgeFollower> follower(new EdgeFollower(std::move(options), std::move(watch)));
  RETURN_IF_ERROR(follower->Look());
  if (follower->charter()->empty()) {
    return absl::FailedPreconditionError("there is no charter in the node's file yet; start the node first");
  }
  follower->thread_ = std::thread([self = follower.get()] { self->Run(); });
  return follower;
}

EdgeFollower::~EdgeFollower() { Stop(); }

void EdgeFollower::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const CharterView> EdgeFollower::charter() const {
  absl::MutexLock lock(&mutex_);
  return charter_;
}

absl::Status EdgeFollower::failed() const {
  absl::MutexLock lock(&mutex_);
  return failed_;
}

absl::Duration EdgeFollower::quiet() const {
  absl::MutexLock lock(&mutex_);
  return options_.clock->Monotonic() - changed_at_;
}

absl::Status EdgeFollower::Look() {
  ASSIGN_OR_RETURN(const bool changed, watch_->Changed());
  if (changed) {
    absl::MutexLock lock(&mutex_);
    changed_at_ = options_.clock->Monotonic();
  }
  behind_ |= changed;
  if (!behind_) return absl::OkStatus();
  RETURN_IF_ERROR(TakeOver());
  behind_ = false;
  return absl::OkStatus();
}

absl::Status EdgeFollower::TakeOver() {
  FileState state;
  RETURN_IF_ERROR(options_.store->Read([&](Connection& db) -> absl::Status {
    ASSIGN_OR_RETURN(state, ReadState(db, charter()->version()));
    return absl::OkStatus();
  }));
  options_.tokens->Set(std::move(state.tokens));
  if (state.new_charter) {
    ASSIGN_OR_RETURN(StoredCharter stored, ReadStoredCharter(options_.store, options_.store->consortium()));
    LogInfo("charter.in_force", {{"version", stored.newest->version()}});
    absl::MutexLock lock(&mutex_);
    charter_ = std::move(stored.newest);
  }
  if (!state.new_charter && state.feeds == feeds_) return absl::OkStatus();
  feeds_ = std::move(state.feeds);
  options_.hub->WakeAll();
  return absl::OkStatus();
}

void EdgeFollower::Run() {
  std::string said;  // so that a fault that lasts is logged once
  while (true) {
    const absl::Status looked = Look();
    if (looked.ok()) said.clear();
    if (!looked.ok() && looked.message() != said) {
      said = std::string(looked.message());
      LogWarning("edge.cannot_follow", {{"why", said}});
    }
    absl::MutexLock lock(&mutex_);
    if (IsForGood(looked)) {
      failed_ = looked;
      if (!stopping_ && options_.on_failed) options_.on_failed();
      return;
    }
    mutex_.AwaitWithTimeout(absl::Condition(&stopping_), absl::Milliseconds(limits::edge_look_millis));
    if (stopping_) return;
  }
}

}  // namespace cairn
