// A node that is not one: real gRPC services on a Unix socket, answering as a test tells them.
#pragma once

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cairn/v1/directory.grpc.pb.h"
#include "cairn/v1/operations.grpc.pb.h"
#include "cairn/v1/publishing.grpc.pb.h"

namespace cairn {

// UNAVAILABLE or another error, with a reason as real nodes give it.
inline grpc::Status FailWith(grpc::ServerContext* context, grpc::StatusCode code, const std::string& message,
                             const std::string& reason = "") {
  if (!reason.empty()) context->AddTrailingMetadata("cairn-reason", reason);
  return {code, message};
}

class FakeDirectory : public v1::Directory::Service {
 public:
  std::function<grpc::Status(grpc::ServerContext*, const v1::GetRecordRequest&, v1::GetRecordResponse*)> get;
  std::function<grpc::Status(const v1::ListRecordsRequest&, v1::ListRecordsResponse*)> list;
  std::function<grpc::Status(const v1::SearchRequest&, v1::SearchResponse*)> search;
  std::function<grpc::Status(grpc::ServerContext*, const v1::WatchRecordsRequest&,
                             grpc::ServerWriter<v1::WatchRecordsResponse>*)>
      watch;
  std::vector<v1::DirectoryRecord> exported;
  std::atomic<int> calls = 0;

  grpc::Status GetRecord(grpc::ServerContext* c, const v1::GetRecordRequest* q, v1::GetRecordResponse* r) override {
    ++calls;
    return get(c, *q, r);
  }
  grpc::Status ListRecords(grpc::ServerContext*, const v1::ListRecordsRequest* q, v1::ListRecordsResponse* r) override {
    return list(*q, r);
  }
  grpc::Status ListPartners(grpc::ServerContext*, const v1::ListPartnersRequest*,
                            v1::ListPartnersResponse* r) override {
    for (const char* id : {"lv-y", "pl-x"}) r->add_partners()->set_id(id);
    return grpc::Status::OK;
  }
  grpc::Status Search(grpc::ServerContext*, const v1::SearchRequest* q, v1::SearchResponse* r) override {
    return search(*q, r);
  }
  grpc::Status WatchRecords(grpc::ServerContext* c, const v1::WatchRecordsRequest* q,
                            grpc::ServerWriter<v1::WatchRecordsResponse>* w) override {
    ++calls;
    return watch(c, *q, w);
  }
  grpc::Status GetFacets(grpc::ServerContext*, const v1::GetFacetsRequest*, v1::GetFacetsResponse*) override {
    return grpc::Status::OK;
  }
  grpc::Status ExportRecords(grpc::ServerContext*, const v1::ExportRecordsRequest* q,
                             grpc::ServerWriter<v1::ExportRecordsResponse>* w) override {
    v1::ExportRecordsResponse response;
    for (const v1::DirectoryRecord& record : exported) {
      const auto& kinds = q->filter().kinds();
      if (kinds.empty() || std::find(kinds.begin(), kinds.end(), record.kind()) != kinds.end()) {
        *response.add_records() = record;
      }
    }
    w->Write(response);
    return grpc::Status::OK;
  }
};

// Takes batches as a node does: refuses records whose body has no name; remembers the rest when committed.
class FakePublishing : public v1::Publishing::Service {
 public:
  v1::PublishHeader header;
  std::vector<v1::PublishRecord> published;
  size_t largest_message = 0;
  int batches = 0;
  int commits = 0;
  uint32_t confirmed_partners = 0;
  std::vector<v1::RecordChange> changes;
  std::vector<std::string> withdrawn;

  grpc::Status Publish(grpc::ServerContext*,
                       grpc::ServerReaderWriter<v1::PublishResponse, v1::PublishRequest>* stream) override {
    ++batches;
    v1::PublishRequest request;
    std::vector<v1::PublishRecord> batch;
    bool committed = false;
    while (stream->Read(&request)) {
      largest_message = std::max(largest_message, request.ByteSizeLong());
      if (request.has_header()) header = request.header();
      for (const v1::PublishRecord& record : request.records().records()) batch.push_back(record);
      committed |= request.has_commit();
    }
    if (committed) Commit(batch, stream);
    return grpc::Status::OK;
  }

  grpc::Status Withdraw(grpc::ServerContext*, const v1::WithdrawRequest* q, v1::WithdrawResponse* r) override {
    withdrawn.assign(q->ids().begin(), q->ids().end());
    r->mutable_result()->set_withdrawn(q->ids_size());
    r->mutable_result()->set_committed(true);
    return grpc::Status::OK;
  }

 private:
  void Commit(const std::vector<v1::PublishRecord>& batch,
              grpc::ServerReaderWriter<v1::PublishResponse, v1::PublishRequest>* stream) {
    v1::PublishResponse response;
    std::vector<v1::PublishRecord> good;
    uint64_t refused = 0;
    for (size_t i = 0; i < batch.size(); ++i) {
      if (!batch[i].record().has_service() || !batch[i].record().service().name().empty()) {
        good.push_back(batch[i]);
        continue;
      }
      ++refused;
      v1::RecordProblem* problem = response.mutable_problem();
      problem->set_origin(batch[i].origin());
      problem->set_field("service.name");
      problem->set_problem("is missing");
      problem->set_remedy("write what people call the service");
      problem->set_index(i);
      stream->Write(response);
    }
    for (const v1::RecordChange& change : changes) {
      *response.mutable_change() = change;
      stream->Write(response);
    }
    const bool publishes = !header.dry_run() && (refused == 0 || header.keep_going());
    v1::PublishResult* result = response.mutable_result();
    result->set_refused(refused);
    result->set_added(good.size());
    result->set_committed(publishes);
    result->set_confirmed_partners(confirmed_partners);
    if (publishes) published = std::move(good);
    commits += publishes ? 1 : 0;
    stream->Write(response);
  }
};

class FakeOperations : public v1::Operations::Service {
 public:
  v1::GetStatusResponse status;
  v1::CharterChain submitted;
  v1::CreateTokenRequest asked;
  v1::CreateTokenResponse created;
  v1::ListTokensResponse tokens;
  std::string revoked;
  v1::ListAuditRequest audit_asked;
  v1::ListAuditResponse audit;

  grpc::Status GetStatus(grpc::ServerContext*, const v1::GetStatusRequest*, v1::GetStatusResponse* r) override {
    *r = status;
    return grpc::Status::OK;
  }
  grpc::Status SubmitCharter(grpc::ServerContext*, const v1::SubmitCharterRequest* q,
                             v1::SubmitCharterResponse* r) override {
    submitted = q->chain();
    r->set_version(submitted.versions_size());
    r->set_accepted(submitted.versions_size());
    return grpc::Status::OK;
  }
  grpc::Status CreateToken(grpc::ServerContext*, const v1::CreateTokenRequest* q, v1::CreateTokenResponse* r) override {
    asked = *q;
    *r = created;
    return grpc::Status::OK;
  }
  grpc::Status ListTokens(grpc::ServerContext*, const v1::ListTokensRequest*, v1::ListTokensResponse* r) override {
    *r = tokens;
    return grpc::Status::OK;
  }
  grpc::Status RevokeToken(grpc::ServerContext*, const v1::RevokeTokenRequest* q, v1::RevokeTokenResponse*) override {
    revoked = q->name();
    return grpc::Status::OK;
  }
  grpc::Status ListAudit(grpc::ServerContext*, const v1::ListAuditRequest* q, v1::ListAuditResponse* r) override {
    audit_asked = *q;
    *r = audit;
    return grpc::Status::OK;
  }
  grpc::Status Verify(grpc::ServerContext*, const v1::VerifyRequest*,
                      grpc::ServerWriter<v1::VerifyResponse>* w) override {
    v1::VerifyResponse response;
    response.set_checked(10);
    response.add_findings("feed pl-x/public: digest does not match its head");
    response.set_done(true);
    w->Write(response);
    return grpc::Status::OK;
  }
};

// The services on a socket, until destroyed.
class FakeNode {
 public:
  explicit FakeNode(const std::string& socket_path) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix://" + socket_path, grpc::InsecureServerCredentials());
    builder.RegisterService(&directory);
    builder.RegisterService(&publishing);
    builder.RegisterService(&operations);
    server_ = builder.BuildAndStart();
  }
  ~FakeNode() { Stop(); }

  // Cuts all calls and waits until their handlers have ended.
  void Stop() {
    server_->Shutdown(gpr_inf_past(GPR_CLOCK_MONOTONIC));
    server_->Wait();
  }

  FakeDirectory directory;
  FakePublishing publishing;
  FakeOperations operations;

 private:
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace cairn
