#include "server/http/events.h"

#include <google/protobuf/util/json_util.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "server/directory/watcher.h"
#include "server/http/client_address.h"
#include "server/http/problem_json.h"
#include "server/http/query_filter.h"

namespace cairn {
namespace {

constexpr char beginning[] = "retry: 3000\n\n";
constexpr char sign_of_life[] = ": still here\n\n";

absl::StatusOr<std::string> JsonLineOf(const google::protobuf::Message& message) {
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json).ok()) {
    return absl::InternalError(absl::StrCat(message.GetTypeName(), " cannot be written as JSON"));
  }
  return json;
}

// JSON without line ends inside, so that one data line takes it.
std::string EventText(absl::string_view type, const std::string& id, absl::string_view json) {
  return absl::StrCat("event: ", type, "\n", id.empty() ? "" : absl::StrCat("id: ", id, "\n"), "data: ", json, "\n\n");
}

absl::StatusOr<std::string> EventOf(const v1::WatchRecordsResponse& event) {
  switch (event.event_case()) {
    case v1::WatchRecordsResponse::kUpsert: {
      ASSIGN_OR_RETURN(const std::string json, JsonLineOf(event.upsert()));
      return EventText("upsert", event.resume_token(), json);
    }
    case v1::WatchRecordsResponse::kRemoved: {
      ASSIGN_OR_RETURN(const std::string json, JsonLineOf(event.removed()));
      return EventText("removed", event.resume_token(), json);
    }
    default:
      return EventText("caught_up", event.resume_token(), "{}");
  }
}

// An `id` without a value makes a browser forget the last one.
std::string ResetEvent(const absl::Status& why) {
  return absl::StrCat("event: reset\nid\ndata: ", absl::StrReplaceAll(Problem(why).body, {{"\n", ""}}), "\n\n");
}

class EventStream : public HttpStream {
 public:
  EventStream(std::unique_ptr<EventSlots::Slot> slot, std::unique_ptr<Watcher> watcher, WatchHub* hub, Clock* clock)
      : slot_(std::move(slot)), watcher_(std::move(watcher)), hub_(hub), clock_(clock) {}

  void OnWake(std::function<void()> wake) override { subscription_ = hub_->Subscribe(std::move(wake)); }

  absl::StatusOr<Piece> Next() override {
    Piece piece;
    if (!begun_) piece.bytes = beginning;
    begun_ = true;
    absl::StatusOr<std::vector<v1::WatchRecordsResponse>> events = watcher_->Next();
    if (absl::IsAborted(events.status())) return Piece{piece.bytes + ResetEvent(events.status()), true};
    RETURN_IF_ERROR(events.status());
    for (const v1::WatchRecordsResponse& event : *events) {
      ASSIGN_OR_RETURN(const std::string text, EventOf(event));
      piece.bytes += text;
    }
    const absl::Duration now = clock_->Monotonic();
    const absl::Duration silence = absl::Milliseconds(limits::http_stream_wait_millis);
    // Timers and clocks need not agree to the millisecond.
    if (piece.bytes.empty() && now - said_ >= silence * 0.9) piece.bytes = sign_of_life;
    if (!piece.bytes.empty()) said_ = now;
    return piece;
  }

 private:
  const std::unique_ptr<EventSlots::Slot> slot_;
  const std::unique_ptr<Watcher> watcher_;
  WatchHub* const hub_;
  Clock* const clock_;
  bool begun_ = false;
  absl::Duration said_;
  std::unique_ptr<WatchHub::Subscription> subscription_;  // goes first: it calls into this
};

absl::StatusOr<HttpResponse> AnswerEvents(const EdgeParts& parts, EventSlots* slots, const HttpRequest& request) {
  v1::WatchRecordsRequest watch;
  ASSIGN_OR_RETURN(*watch.mutable_filter(), FilterOf(request));
  const absl::string_view last = request.Header("last-event-id");
  watch.set_resume_token(std::string(last.empty() ? request.Query("since") : last));
  watch.set_only_new(request.Query("new") == "1");
  ASSIGN_OR_RETURN(auto slot, slots->Take(request.client, request.authorised));
  ASSIGN_OR_RETURN(auto watcher, Watcher::Start(parts.store, parts.charter, parts.clock, request.reader, watch));
  HttpResponse response = HttpResponse::Streaming(
      "text/event-stream", std::make_unique<EventStream>(std::move(slot), std::move(watcher), parts.hub, parts.clock));
  response.With("X-Accel-Buffering", "no");  // nginx would collect events before it passes them on
  return response;
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventSlots::Slot>> EventSlots::Take(absl::string_view client, bool authorised) {
  const int most_of_all = authorised ? limits::http_event_streams_max : limits::http_event_streams_max * 4 / 5;
  std::string key = LimitKey(client);
  absl::MutexLock lock(&mutex_);
  int& of_client = by_client_[key];
  const bool full = all_ >= most_of_all;
  if (full || of_client >= limits::http_event_streams_per_address_max) {
    const int most = full ? most_of_all : limits::http_event_streams_per_address_max;
    if (of_client == 0) by_client_.erase(key);
    return WithReason(absl::ResourceExhaustedError(
                          absl::StrCat(most, " event streams are open", full ? "" : " from your address",
                                       ", as many as there may be; end one, or ask /api/list now and then instead")),
                      "TOO_MANY_STREAMS");
  }
  ++of_client;
  ++all_;
  return std::make_unique<Slot>(this, std::move(key));
}

int EventSlots::taken() const {
  absl::MutexLock lock(&mutex_);
  return all_;
}

void EventSlots::GiveBack(const std::string& client) {
  absl::MutexLock lock(&mutex_);
  --all_;
  const auto found = by_client_.find(client);
  if (--found->second == 0) by_client_.erase(found);
}

void AddEventRoutes(const EdgeParts& parts, EventSlots* slots, Router* router) {
  router->Add({"/events", FilterParametersAnd({"since", "new"}), DependsOn::kMoment,
               [parts, slots](const HttpRequest& request) { return AnswerEvents(parts, slots, request); }});
}

}  // namespace cairn
