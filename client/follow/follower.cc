#include "client/follow/follower.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/errors.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

constexpr size_t batch_bytes_max = 2 * 1024 * 1024;  // some 1,500 records: a commit costs PostgreSQL some milliseconds

bool TooOld(const absl::Status& status) { return ReasonOf(status) == "WATCH_TOKEN_TOO_OLD"; }

// The audience is none any more, or this reader is not in it.
bool IsNoLongerGiven(const absl::Status& status) {
  return ReasonOf(status) == "NO_SUCH_AUDIENCE" || ReasonOf(status) == "AUDIENCE_NOT_GIVEN";
}

}  // namespace

Follower::Follower(TablesClient* client, Options options, Events events)
    : client_(client), options_(std::move(options)), events_(std::move(events)) {}

absl::Status Follower::Run() {
  const CallOptions call = Complete(options_.call);
  for (int failures = 0; !stopped_;) {
    advanced_ = false;
    const absl::Status status = WithConnection();
    if (stopped_ || done_) return absl::OkStatus();
    if (!absl::IsUnavailable(status) && !TooOld(status)) return status;
    failures = advanced_ ? 1 : failures + 1;
    if (options_.once && failures >= call.attempts_max) return status;
    const absl::Duration wait = BackoffBefore(call, failures);
    if (events_.interrupted) events_.interrupted(status, wait);
    if (!WaitUnlessStopped(wait)) break;
  }
  return absl::OkStatus();
}

void Follower::Stop() {
  stopped_ = true;
  client_->Stop();
}

absl::Status Follower::WithConnection() {
  ASSIGN_OR_RETURN(const std::unique_ptr<Postgres> postgres, Postgres::Connect(options_.to));
  TableWriter writer(postgres.get(), options_.schema);
  ASSIGN_OR_RETURN(const std::optional<FollowProgress> found, writer.Find(options_.audience));
  progress_ = found.value_or(FollowProgress{options_.audience, "", false});
  absl::Status status = Watch(&writer);
  // The node cannot say what changed since the token: it is too old, of another node, or of another program.
  if (TooOld(status) || (absl::IsInvalidArgument(status) && !progress_.resume_token.empty())) {
    if (events_.starts_over) events_.starts_over(status);
    status = StartOver(&writer);
  }
  if (IsNoLongerGiven(status)) RETURN_IF_ERROR(writer.Empty(options_.audience));
  return status;
}

absl::Status Follower::Watch(TableWriter* writer) {
  batch_.Clear();
  v1::FollowRecordsRequest request;
  request.set_audience(options_.audience);
  if (!anew_) request.set_resume_token(progress_.resume_token);
  return client_->Follow(request,
                         [&](const v1::FollowRecordsResponse& response) { return OnResponse(response, writer); });
}

absl::Status Follower::StartOver(TableWriter* writer) {
  RETURN_IF_ERROR(writer->Begin());
  RETURN_IF_ERROR(writer->Clear());
  anew_ = true;
  const absl::Status status = Watch(writer);
  anew_ = false;
  writer->Rollback();
  return status;
}

// Only behind a response with a token can a commit stand. Before everything is caught up, several such are gathered.
absl::Status Follower::OnResponse(const v1::FollowRecordsResponse& response, TableWriter* writer) {
  batch_.Add(response.change());
  if (response.change().resume_token().empty()) return absl::OkStatus();
  const bool filling = anew_ || !progress_.complete;
  const bool caught_up = response.change().has_caught_up();
  if (!caught_up && filling && batch_.bytes() < batch_bytes_max) return absl::OkStatus();
  return Flush(response, writer);
}

absl::Status Follower::Flush(const v1::FollowRecordsResponse& response, TableWriter* writer) {
  const bool caught_up = response.change().has_caught_up();
  FollowProgress after = progress_;
  after.resume_token = response.change().resume_token();
  after.complete |= caught_up;
  // The first answer of the node says that the audience is one: tables for a mistyped one are not made.
  if (progress_.resume_token.empty() && !anew_) RETURN_IF_ERROR(writer->Open(options_.audience).status());
  const std::vector<v1::PartnerSummary> partners(response.partners().begin(), response.partners().end());
  RETURN_IF_ERROR(writer->Apply(batch_, partners, progress_, after));
  if (anew_ && caught_up) {
    RETURN_IF_ERROR(writer->Commit());
    anew_ = false;
  }
  progress_ = after;
  upserts_ += batch_.upserts();
  removals_ += batch_.removals();
  batch_.Clear();
  if (anew_) return absl::OkStatus();
  advanced_ = true;
  if (events_.committed) events_.committed(upserts_, removals_, caught_up);
  done_ = options_.once && caught_up;
  return done_ ? absl::CancelledError("everything is written") : absl::OkStatus();
}

bool Follower::WaitUnlessStopped(absl::Duration wait) const {
  // In short pieces, so that a person who presses Ctrl-C does not sit out a back-off.
  constexpr absl::Duration piece = absl::Milliseconds(200);
  const CallOptions call = Complete(options_.call);
  for (; wait > absl::ZeroDuration() && !stopped_; wait -= piece) call.sleep(std::min(wait, piece));
  return !stopped_;
}

}  // namespace cairn
