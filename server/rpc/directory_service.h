// Directory over gRPC. Thin: unpack, one call, pack.
#pragma once

#include <atomic>
#include <functional>

#include "cairn/v1/directory.grpc.pb.h"
#include "common/base/clock.h"
#include "server/directory/directory_reader.h"
#include "server/directory/watch_hub.h"
#include "server/directory/watcher.h"
#include "server/rpc/gate.h"
#include "server/store/store.h"

namespace cairn {

// Thread-safe. What is passed in must outlive it.
class DirectoryService : public v1::Directory::Service {
 public:
  struct Options {
    Store* store;
    CharterSource charter;
    Clock* clock;
    const DirectoryReader* directory;
    WatchHub* hub;
    const Gate* gate;
    int watchers_max = 32;  // each holds a thread
  };
  explicit DirectoryService(Options options) : options_(std::move(options)) {}

  grpc::Status GetRecord(grpc::ServerContext* context, const v1::GetRecordRequest* request,
                         v1::GetRecordResponse* response) override;
  grpc::Status ListRecords(grpc::ServerContext* context, const v1::ListRecordsRequest* request,
                           v1::ListRecordsResponse* response) override;
  grpc::Status Search(grpc::ServerContext* context, const v1::SearchRequest* request,
                      v1::SearchResponse* response) override;
  grpc::Status GetFacets(grpc::ServerContext* context, const v1::GetFacetsRequest* request,
                         v1::GetFacetsResponse* response) override;
  grpc::Status WatchRecords(grpc::ServerContext* context, const v1::WatchRecordsRequest* request,
                            grpc::ServerWriter<v1::WatchRecordsResponse>* writer) override;
  grpc::Status ExportRecords(grpc::ServerContext* context, const v1::ExportRecordsRequest* request,
                             grpc::ServerWriter<v1::ExportRecordsResponse>* writer) override;
  grpc::Status ListPartners(grpc::ServerContext* context, const v1::ListPartnersRequest* request,
                            v1::ListPartnersResponse* response) override;

  // A watch by `reader`, who has no more rights than the caller that was let in with `call`, until it ends. One of
  // those that watchers_max bounds.
  using WatchSink = std::function<bool(const v1::WatchRecordsResponse&)>;  // false: the one who listens has gone
  absl::Status Watch(const grpc::ServerContext& context, const Admission& call, const Reader& reader,
                     const v1::WatchRecordsRequest& request, const WatchSink& sink);

  // Watches end with UNAVAILABLE.
  void Stop() { stopping_ = true; }

 private:
  // `may_go_on`: OK, or why the watch must end; asked several times a second.
  absl::Status Follow(const Reader& reader, const v1::WatchRecordsRequest& request,
                      const std::function<absl::Status()>& may_go_on, const WatchSink& sink);

  const Options options_;
  std::atomic<int> watchers_ = 0;
  std::atomic<bool> stopping_ = false;
};

}  // namespace cairn
