#include "server/rpc/publishing_service.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "server/rpc/message_deadline.h"
#include "server/rpc/status.h"

namespace cairn {
namespace {

using PublishStream = grpc::ServerReaderWriter<v1::PublishResponse, v1::PublishRequest>;

constexpr char publish[] = "/cairn.v1.Publishing/Publish";
constexpr char withdraw[] = "/cairn.v1.Publishing/Withdraw";
constexpr char mark_verified[] = "/cairn.v1.Publishing/MarkVerified";

// One change by one caller: says whether anybody still listens and may, and writes who did it with what was done.
class CallSink : public PublishSink {
 public:
  struct Deed {
    absl::string_view method;
    std::string ids;  // as DescribeIds says them; may be empty
  };
  CallSink(grpc::ServerContext* context, const Admission* call, const AuditLog* audit, Deed deed)
      : context_(context), call_(call), audit_(audit), deed_(std::move(deed)) {}

  void Send(v1::PublishResponse) override {}
  bool cancelled() const override { return context_->IsCancelled() || !call_->StillValid().ok(); }
  const Reader* reader() const override { return &call_->reader(); }
  // A caller that was revoked meanwhile changes nothing any more.
  absl::Status Committing(Connection& db, const CommittedChange& change) override {
    RETURN_IF_ERROR(call_->StillValid());
    return audit_->Append(db, call_->caller(), deed_.method,
                          absl::StrCat(change.audience, " at ", change.seq, ", ", change.entries, " changed",
                                       deed_.ids.empty() ? "" : "; ", deed_.ids));
  }

 private:
  grpc::ServerContext* const context_;
  const Admission* const call_;
  const AuditLog* const audit_;
  const Deed deed_;
};

// The same, and passes progress on as it comes.
class StreamSink : public CallSink {
 public:
  StreamSink(grpc::ServerContext* context, const Admission* call, const AuditLog* audit, PublishStream* stream)
      : CallSink(context, call, audit, {publish, ""}), stream_(stream) {}
  void Send(v1::PublishResponse response) override {
    if (response.has_change() && !reader()->MayAsk(response.change().audience())) return;
    stream_->Write(response);
  }

 private:
  PublishStream* const stream_;
};

std::vector<std::string> ListOf(const google::protobuf::RepeatedPtrField<std::string>& ids) {
  return {ids.begin(), ids.end()};
}

// A dry run shows what stands in the feed, so it is for those who may read it.
absl::Status CheckHeader(const Admission& call, const v1::PublishHeader& header) {
  if (!header.dry_run()) RETURN_IF_ERROR(call.caller().Require(v1::PUBLISHER, "publishing"));
  return call.caller().RequireAudience(header.audience());
}

// What the node's rules or a withdrawal did in feeds that the caller may not read is not told, only done.
v1::PublishResult Confined(const Reader& reader, v1::PublishResult result) {
  auto* audiences = result.mutable_audiences();
  audiences->erase(std::remove_if(audiences->begin(), audiences->end(),
                                  [&](const v1::AudienceResult& each) { return !reader.MayAsk(each.audience()); }),
                   audiences->end());
  if (reader.MayAsk(result.position().audience())) return result;
  result.clear_position();
  if (!audiences->empty()) *result.mutable_position() = audiences->begin()->position();
  return result;
}

// True when `text` names an audience that the reader may not know of.
bool NamesHidden(const Reader& reader, absl::string_view text) {
  if (absl::StrContains(text, "/consortium") && !reader.MayAsk("consortium")) return true;
  constexpr absl::string_view circle = "circle:";
  for (size_t at = text.find(circle); at != absl::string_view::npos; at = text.find(circle, at + 1)) {
    const size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-", at + circle.size());
    if (!reader.MayAsk(text.substr(at, end - at))) return true;
  }
  return false;
}

// What stops a change may be the state of a feed that the caller does not know: it is told that, not which.
grpc::Status Refuse(grpc::ServerContext* context, const Admission& call, const absl::Status& status) {
  if (absl::IsPermissionDenied(status) || !NamesHidden(call.reader(), status.message())) {
    return ToGrpcStatus(context, status);
  }
  return ToGrpcStatus(context, absl::Status(status.code(), "the node cannot do this now; its operator sees why"));
}

absl::StatusOr<v1::PublishResult> Receive(Publisher* publisher, const Admission& call,
                                          const std::function<bool(v1::PublishRequest*)>& read, PublishSink* sink) {
  v1::PublishRequest request;
  if (!read(&request) || !request.has_header()) {
    return absl::InvalidArgumentError("the first message of a batch must be its header");
  }
  RETURN_IF_ERROR(CheckHeader(call, request.header()));
  ASSIGN_OR_RETURN(const std::unique_ptr<PublishBatch> batch, publisher->Begin(request.header(), &call.reader()));
  while (read(&request)) {
    RETURN_IF_ERROR(call.StillValid());
    if (request.has_commit()) return batch->Commit(request.commit().record_count(), sink);
    if (!request.has_records()) return absl::InvalidArgumentError("after the header come records, then the commit");
    RETURN_IF_ERROR(batch->Add(request.mutable_records()));
  }
  return absl::CancelledError("the batch ended without a commit; nothing is changed");
}

}  // namespace

grpc::Status PublishingService::Publish(grpc::ServerContext* context, PublishStream* stream) {
  const absl::StatusOr<Admission> call = gate_->AdmitStream(context, publish, StreamKind::kBatch);
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  StreamSink sink(context, &*call, audit_, stream);
  const auto read = [&](v1::PublishRequest* request) {
    const MessageDeadline deadline(context, patience_);
    return stream->Read(request);
  };
  absl::StatusOr<v1::PublishResult> result = Receive(publisher_, *call, read, &sink);
  if (absl::IsPermissionDenied(result.status())) audit_->Refused(call->caller(), publish, result.status());
  if (!result.ok()) return Refuse(context, *call, result.status());
  v1::PublishResponse last;
  *last.mutable_result() = Confined(call->reader(), *std::move(result));
  stream->Write(last);
  return grpc::Status::OK;
}

grpc::Status PublishingService::Withdraw(grpc::ServerContext* context, const v1::WithdrawRequest* request,
                                         v1::WithdrawResponse* response) {
  const absl::StatusOr<Admission> call = gate_->AdmitStream(context, withdraw);  // it may wait for partners
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  CallSink sink(context, &*call, audit_, {withdraw, DescribeIds(ListOf(request->ids()))});
  absl::StatusOr<v1::PublishResult> result = publisher_->Withdraw(*request, &sink);
  if (!result.ok()) return Refuse(context, *call, result.status());
  *response->mutable_result() = Confined(call->reader(), *std::move(result));
  return grpc::Status::OK;
}

grpc::Status PublishingService::MarkVerified(grpc::ServerContext* context, const v1::MarkVerifiedRequest* request,
                                             v1::MarkVerifiedResponse* response) {
  const absl::StatusOr<Admission> call = gate_->Admit(*context, mark_verified);
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  CallSink sink(context, &*call, audit_, {mark_verified, DescribeIds(ListOf(request->ids()))});
  absl::StatusOr<v1::PublishResult> result = publisher_->MarkVerified(*request, &sink);
  if (!result.ok()) return Refuse(context, *call, result.status());
  *response->mutable_result() = Confined(call->reader(), *std::move(result));
  return grpc::Status::OK;
}

grpc::Status PublishingService::ExplainAccess(grpc::ServerContext* context, const v1::ExplainAccessRequest* request,
                                              v1::ExplainAccessResponse* response) {
  const absl::StatusOr<Admission> call = gate_->Admit(*context, "/cairn.v1.Publishing/ExplainAccess");
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  absl::StatusOr<v1::ExplainAccessResponse> access = publisher_->ExplainAccess(request->id(), &call->reader());
  if (!access.ok()) return Refuse(context, *call, access.status());
  *response = *std::move(access);
  return grpc::Status::OK;
}

grpc::Status PublishingService::GetReceipts(grpc::ServerContext* context, const v1::GetReceiptsRequest* request,
                                            v1::GetReceiptsResponse* response) {
  const absl::StatusOr<Admission> call = gate_->Admit(*context, "/cairn.v1.Publishing/GetReceipts");
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  absl::StatusOr<v1::GetReceiptsResponse> receipts = publisher_->Receipts(request->id(), &call->reader());
  if (!receipts.ok()) return Refuse(context, *call, receipts.status());
  *response = *std::move(receipts);
  return grpc::Status::OK;
}

}  // namespace cairn
