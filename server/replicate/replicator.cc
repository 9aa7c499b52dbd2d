#include "server/replicate/replicator.h"

#include <algorithm>
#include <map>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "server/replicate/store_executor.h"
#include "server/replicate/strand_pool.h"
#include "server/replicate/sync_core.h"

namespace cairn {
namespace {
constexpr int kReadThreads = 2;
constexpr int kWriteThreads = limits::pulls_running_max + 2;  // a large commit each, and room for the small things
}  // namespace

// One mutex around the machine; what its outbox says is done after the mutex is free, so that neither the transport nor
// the store is called under it.
struct Replicator::Impl {
  Impl(Options o, Store* store, FeedStore* f, LiveCharter* c, const HeadChecker* checker, Clock* k)
      : options(std::move(o)),
        feeds(f),
        charter(c),
        clock(k),
        executor(store, f, c, checker),
        core({options.consortium, options.node, options.partner, options.seed}, c, checker),
        reads(kReadThreads),
        writes(kWriteThreads) {}

  absl::Duration Now() { return clock->Monotonic(); }

  // Feeds one event to the machine, then does what it asks for.
  template <typename Event>
  void Run(Event event) {
    SyncOutbox outbox;
    std::map<SessionId, std::shared_ptr<PeerStream>> streams_now;
    {
      absl::MutexLock lock(&mutex);
      if (stopped || !started) return;
      ++running;
      event();
      outbox = core.TakeOutbox();
      if (outbox.gate.has_value() && on_gate) on_gate(*outbox.gate);  // under the mutex: in the machine's order
      for (StoreRequest& request : outbox.requests)
        Post(std::move(request));  // under the mutex: in the machine's order
      for (SessionId id : outbox.wake) Keep(id, &streams_now);
      for (const auto& [id, why] : outbox.close) Keep(id, &streams_now);
      timer_due = core.NextTimer();
    }
    CarryOut(std::move(outbox), streams_now);
    absl::MutexLock lock(&mutex);
    --running;
  }

  void Keep(SessionId id, std::map<SessionId, std::shared_ptr<PeerStream>>* kept) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    const auto it = streams.find(id);
    if (it != streams.end()) kept->insert(*it);
  }

  void CarryOut(SyncOutbox outbox, const std::map<SessionId, std::shared_ptr<PeerStream>>& streams_now) {
    for (SessionId id : outbox.wake) {
      const auto it = streams_now.find(id);
      if (it != streams_now.end()) it->second->Wake();
    }
    for (const auto& [id, why] : outbox.close) {
      const auto it = streams_now.find(id);
      if (it != streams_now.end()) it->second->Close(why);
    }
    for (const DialTarget& target : outbox.dial) dialler->Dial(target);
    if (!outbox.acknowledged) return;
    std::function<void()> callback;
    {
      absl::MutexLock lock(&mutex);
      callback = on_acknowledged;
    }
    if (callback) callback();
  }

  void Post(StoreRequest request) {
    const FeedKey feed = StoreExecutor::FeedOf(request.action);
    const bool reads_only = StoreExecutor::ReadsOnly(request.action);
    const std::string key = absl::StrCat(feed.partner, "/", feed.audience);
    auto shared = std::make_shared<StoreRequest>(std::move(request));  // std::function must be copyable
    (reads_only ? reads : writes).Post(key, [this, shared] {
      StoreResult result = executor.Execute(std::move(*shared));
      Run([&] { core.OnStoreResult(std::move(result), Now()); });
    });
  }

  void TimerLoop() {
    while (true) {
      {
        absl::MutexLock lock(&mutex);
        const absl::Duration due = timer_due;
        const auto changed = [this, due]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopped || timer_due < due; };
        const absl::Duration wait = std::clamp(due - Now(), absl::Milliseconds(1), absl::Seconds(60));
        mutex.AwaitWithTimeout(absl::Condition(&changed), wait);
        if (stopped) return;
        if (timer_due > Now()) continue;
      }
      Run([&] { core.OnTimer(Now()); });
    }
  }

  const Options options;
  FeedStore* const feeds;
  LiveCharter* const charter;
  Clock* const clock;
  StoreExecutor executor;
  Dialler* dialler = nullptr;
  mutable absl::Mutex mutex;
  std::function<void()> on_acknowledged ABSL_GUARDED_BY(mutex);
  std::function<void(const OwnFeedGate&)> on_gate ABSL_GUARDED_BY(mutex);
  SyncCore core ABSL_GUARDED_BY(mutex);
  std::map<SessionId, std::shared_ptr<PeerStream>> streams ABSL_GUARDED_BY(mutex);
  std::map<SessionId, absl::Time> connected_at ABSL_GUARDED_BY(mutex);
  std::map<std::string, absl::Time> last_heard ABSL_GUARDED_BY(mutex);
  SessionId next_session ABSL_GUARDED_BY(mutex) = 1;
  absl::Duration timer_due ABSL_GUARDED_BY(mutex) = absl::InfiniteDuration();
  bool stopped ABSL_GUARDED_BY(mutex) = false;
  bool started ABSL_GUARDED_BY(mutex) = false;
  int running ABSL_GUARDED_BY(mutex) = 0;  // events being carried out
  StrandPool reads;
  StrandPool writes;
  std::thread timer;
};

Replicator::Replicator(Options options, Store* store, FeedStore* feeds, LiveCharter* charter,
                       const HeadChecker* checker, Clock* clock)
    : impl_(std::make_unique<Impl>(std::move(options), store, feeds, charter, checker, clock)) {
  charter->OnChange([impl = impl_.get()](std::shared_ptr<const CharterView>) {
    impl->Run([impl] { impl->core.OnCharterChanged(impl->Now()); });
  });
}

Replicator::~Replicator() { Stop(); }

absl::Status Replicator::Start(Dialler* dialler) {
  RETURN_IF_ERROR(impl_->executor.Recover());
  ASSIGN_OR_RETURN(std::vector<HeldFeed> held, impl_->feeds->Feeds());
  ASSIGN_OR_RETURN(std::vector<HeldEvidence> evidence, impl_->feeds->Evidence());
  ASSIGN_OR_RETURN(const std::vector<DroppedFeed> dropped, impl_->feeds->DroppedFeeds());
  const Options& options = impl_->options;
  const OwnFeedRecovery::Options own{
      options.standalone, options.old_copy || LooksOld(held, options.partner, impl_->clock->Now()), options.new_boot};
  {
    absl::MutexLock lock(&impl_->mutex);
    impl_->dialler = dialler;
    impl_->started = true;
  }
  impl_->Run([&] {
    impl_->core.NoteDropped(dropped);
    impl_->core.Start(std::move(held), std::move(evidence), impl_->Now(), own);
    impl_->core.OnCharterChanged(impl_->Now());  // it may have moved since the machine was made
  });
  impl_->timer = std::thread([impl = impl_.get()] { impl->TimerLoop(); });
  return absl::OkStatus();
}

void Replicator::Stop() {
  std::map<SessionId, std::shared_ptr<PeerStream>> streams;
  {
    absl::MutexLock lock(&impl_->mutex);
    impl_->stopped = true;
    streams.swap(impl_->streams);
  }
  for (const auto& [id, stream] : streams) stream->Close(absl::UnavailableError("the node is stopping"));
  if (impl_->timer.joinable()) impl_->timer.join();
  impl_->reads.Stop();
  impl_->writes.Stop();
  absl::MutexLock lock(&impl_->mutex);
  const auto quiet = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return impl_->running == 0; };
  impl_->mutex.Await(absl::Condition(&quiet));
}

absl::StatusOr<SessionId> Replicator::OnConnected(const std::string& node, bool dialled_by_us,
                                                  std::shared_ptr<PeerStream> stream) {
  absl::StatusOr<SessionId> id = absl::UnavailableError("the node is stopping");
  impl_->Run([&] {
    const SessionId next = impl_->next_session++;
    const absl::Status status = impl_->core.OnConnected(next, node, dialled_by_us, impl_->Now());
    id = status.ok() ? absl::StatusOr<SessionId>(next) : status;
    if (!status.ok()) return;
    impl_->streams[next] = std::move(stream);
    impl_->connected_at[next] = impl_->last_heard[node] = impl_->clock->Now();
    LogInfo("sync.connected", {{"peer", node}, {"dialled", dialled_by_us ? "by us" : "by the peer"}});
  });
  return id;
}

void Replicator::OnMessage(SessionId session, v1::SyncMessage message) {
  impl_->Run([&] {
    const auto it = impl_->core.sessions().find(session);
    if (it != impl_->core.sessions().end()) impl_->last_heard[it->second->node()] = impl_->clock->Now();
    impl_->core.OnMessage(session, std::move(message), impl_->Now());
  });
}

std::optional<v1::SyncMessage> Replicator::NextMessage(SessionId session) {
  std::optional<v1::SyncMessage> message;
  impl_->Run([&] { message = impl_->core.NextMessage(session, impl_->Now()); });
  return message;
}

void Replicator::OnClosed(SessionId session, const absl::Status& why) {
  impl_->Run([&] {
    const auto it = impl_->core.sessions().find(session);
    if (it != impl_->core.sessions().end())
      LogInfo("sync.closed", {{"peer", it->second->node()}, {"why", why.message()}});
    impl_->streams.erase(session);
    impl_->connected_at.erase(session);
    impl_->core.OnClosed(session, why, impl_->Now());
  });
}

void Replicator::OnDialFailed(const std::string& node, const absl::Status& why) {
  LogDebug("sync.dial_failed", {{"peer", node}, {"why", why.message()}});
  impl_->Run([&] { impl_->core.OnDialFailed(node, why, impl_->Now()); });
}

void Replicator::OnLocalFeedMoved(const std::string& audience) {
  const FeedKey feed{impl_->options.partner, audience, 0};
  const std::optional<HeldFeed> held = impl_->executor.HeldNow(feed);
  if (held.has_value()) impl_->Run([&] { impl_->core.OnLocalFeedMoved(*held, impl_->Now()); });
}

void Replicator::Heal(const std::string& partner, const std::string& audience) {
  const std::optional<HeldFeed> held = impl_->executor.HeldNow({partner, audience, 0});
  impl_->Run([&] {
    if (held.has_value()) impl_->core.NoteHeld(*held);
    impl_->core.Heal({partner, audience}, impl_->Now());
  });
}

std::vector<PeerView> Replicator::Peers() const {
  absl::MutexLock lock(&impl_->mutex);
  std::vector<PeerView> views;
  for (const auto& [node, entry] : impl_->core.dial_plan().entries()) {
    PeerView view;
    view.node = node;
    view.endpoint = entry.target.endpoint;
    view.last_error = entry.last_error;
    view.connected_since = absl::InfinitePast();
    const auto heard = impl_->last_heard.find(node);
    view.last_heard = heard == impl_->last_heard.end() ? absl::InfinitePast() : heard->second;
    const auto ref = impl_->charter->current()->FindNode(node);
    if (ref.has_value()) view.partner = ref->partner->id();
    using State = DialPlan::Entry::State;
    view.state = entry.faulty                      ? "faulty"
                 : entry.target.endpoint.empty()   ? "unreachable"
                 : entry.state == State::kDialling ? "connecting"
                                                   : "waiting";
    for (const auto& [id, session] : impl_->core.sessions()) {
      if (session->node() != node) continue;
      view.state = "connected";
      view.dialled = session->dialled_by_us();
      view.round_trip = session->round_trip();
      view.last_error = entry.trouble;
      const auto since = impl_->connected_at.find(id);
      if (since != impl_->connected_at.end()) view.connected_since = since->second;
    }
    views.push_back(std::move(view));
  }
  return views;
}

std::vector<FeedSyncView> Replicator::Feeds() const {
  absl::MutexLock lock(&impl_->mutex);
  std::map<FeedName, FeedSyncView> views;
  for (const auto& [id, session] : impl_->core.sessions()) {
    for (const auto& [feed, position] : session->heard()) {
      FeedSyncView& view = views[feed];
      view.announced_seq = std::max(view.announced_seq, position.seq);
    }
  }
  for (const auto& [feed, held] : impl_->core.feeds()) views[feed];
  std::vector<FeedSyncView> list;
  for (auto& [feed, view] : views) {
    view.partner = feed.first;
    view.audience = feed.second;
    view.pulling = impl_->core.Pulling(feed);
    view.held_back = impl_->core.HeldBack(feed);
    list.push_back(std::move(view));
  }
  return list;
}

void Replicator::OnGate(std::function<void(const OwnFeedGate&)> callback) {
  absl::MutexLock lock(&impl_->mutex);
  impl_->on_gate = std::move(callback);
}

void Replicator::OnAcknowledged(std::function<void()> callback) {
  absl::MutexLock lock(&impl_->mutex);
  impl_->on_acknowledged = std::move(callback);
}

}  // namespace cairn
