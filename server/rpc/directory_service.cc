#include "server/rpc/directory_service.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/base/status_macros.h"
#include "server/rpc/status.h"

namespace cairn {
namespace {

constexpr absl::Duration cancel_poll = absl::Milliseconds(250);  // gRPC's synchronous calls must be asked
constexpr absl::Duration sign_of_life = absl::Seconds(30);

// Set from the store's thread, awaited by one watch.
class Signal {
 public:
  void Set() {
    absl::MutexLock lock(&mutex_);
    set_ = true;
  }
  // Clears it. False: it was not set within `limit`.
  bool Await(absl::Duration limit) {
    absl::MutexLock lock(&mutex_);
    const bool was_set = mutex_.AwaitWithTimeout(absl::Condition(&set_), limit);
    set_ = false;
    return was_set;
  }

 private:
  absl::Mutex mutex_;
  bool set_ ABSL_GUARDED_BY(mutex_) = false;
};

template <typename Response>
grpc::Status Answer(grpc::ServerContext* context, absl::StatusOr<Response> result, Response* response) {
  if (!result.ok()) return ToGrpcStatus(context, result.status());
  *response = *std::move(result);
  return grpc::Status::OK;
}

}  // namespace

grpc::Status DirectoryService::GetRecord(grpc::ServerContext* context, const v1::GetRecordRequest* request,
                                         v1::GetRecordResponse* response) {
  const absl::StatusOr<Admission> call = options_.gate->Admit(*context, "/cairn.v1.Directory/GetRecord");
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  return Answer(context, options_.directory->GetRecord(call->reader(), *request), response);
}

grpc::Status DirectoryService::ListRecords(grpc::ServerContext* context, const v1::ListRecordsRequest* request,
                                           v1::ListRecordsResponse* response) {
  const absl::StatusOr<Admission> call = options_.gate->Admit(*context, "/cairn.v1.Directory/ListRecords");
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  return Answer(context, options_.directory->ListRecords(call->reader(), *request), response);
}

grpc::Status DirectoryService::Search(grpc::ServerContext* context, const v1::SearchRequest* request,
                                      v1::SearchResponse* response) {
  const absl::StatusOr<Admission> call = options_.gate->Admit(*context, "/cairn.v1.Directory/Search");
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  return Answer(context, options_.directory->Search(call->reader(), *request), response);
}

grpc::Status DirectoryService::GetFacets(grpc::ServerContext* context, const v1::GetFacetsRequest* request,
                                         v1::GetFacetsResponse* response) {
  const absl::StatusOr<Admission> call = options_.gate->Admit(*context, "/cairn.v1.Directory/GetFacets");
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  return Answer(context, options_.directory->GetFacets(call->reader(), *request), response);
}

grpc::Status DirectoryService::ListPartners(grpc::ServerContext* context, const v1::ListPartnersRequest*,
                                            v1::ListPartnersResponse* response) {
  const absl::StatusOr<Admission> call = options_.gate->Admit(*context, "/cairn.v1.Directory/ListPartners");
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  return Answer(context, options_.directory->ListPartners(call->reader()), response);
}

grpc::Status DirectoryService::ExportRecords(grpc::ServerContext* context, const v1::ExportRecordsRequest* request,
                                             grpc::ServerWriter<v1::ExportRecordsResponse>* writer) {
  const absl::StatusOr<Admission> call = options_.gate->AdmitStream(context, "/cairn.v1.Directory/ExportRecords");
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  const auto sink = [&](const v1::ExportRecordsResponse& records) -> absl::Status {
    RETURN_IF_ERROR(call->StillValid());
    return writer->Write(records) ? absl::OkStatus() : absl::CancelledError("the client has gone");
  };
  return ToGrpcStatus(context, options_.directory->ExportRecords(call->reader(), *request, sink));
}

grpc::Status DirectoryService::WatchRecords(grpc::ServerContext* context, const v1::WatchRecordsRequest* request,
                                            grpc::ServerWriter<v1::WatchRecordsResponse>* writer) {
  const absl::StatusOr<Admission> call = options_.gate->AdmitStream(context, "/cairn.v1.Directory/WatchRecords");
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  return ToGrpcStatus(context, Watch(*context, *call, call->reader(), *request,
                                     [&](const v1::WatchRecordsResponse& event) { return writer->Write(event); }));
}

absl::Status DirectoryService::Watch(const grpc::ServerContext& context, const Admission& call, const Reader& reader,
                                     const v1::WatchRecordsRequest& request, const WatchSink& sink) {
  const auto may_go_on = [&]() -> absl::Status {
    if (context.IsCancelled()) return absl::CancelledError("the client has gone");
    if (stopping_) return absl::UnavailableError("the node is stopping");
    return call.StillValid();
  };
  absl::Status status = absl::ResourceExhaustedError(
      absl::StrCat(options_.watchers_max, " readers follow this node already; set limits.watchers higher"));
  if (++watchers_ <= options_.watchers_max) status = Follow(reader, request, may_go_on, sink);
  --watchers_;
  return status;
}

// A write blocks while the reader is slow, and nothing is read ahead of it: a slow reader costs a cursor (R8).
absl::Status DirectoryService::Follow(const Reader& reader, const v1::WatchRecordsRequest& request,
                                      const std::function<absl::Status()>& may_go_on, const WatchSink& sink) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Watcher> watcher,
                   Watcher::Start(options_.store, options_.charter, options_.clock, reader, request));
  Signal moved;
  const auto subscription = options_.hub->Subscribe([&moved] { moved.Set(); });
  absl::Duration heard = options_.clock->Monotonic();
  while (true) {
    RETURN_IF_ERROR(may_go_on());
    ASSIGN_OR_RETURN(std::vector<v1::WatchRecordsResponse> events, watcher->Next());
    const absl::Duration now = options_.clock->Monotonic();
    const bool more = !events.empty();
    if (!more && now - heard >= sign_of_life) events.push_back(watcher->SignOfLife());
    for (const v1::WatchRecordsResponse& event : events) {
      RETURN_IF_ERROR(may_go_on());  // a write may have taken long
      if (!sink(event)) return absl::CancelledError("the client has gone");
      heard = now;
    }
    if (more) continue;
    while (!moved.Await(cancel_poll) && may_go_on().ok() && options_.clock->Monotonic() - heard < sign_of_life) {
    }
  }
}

}  // namespace cairn
