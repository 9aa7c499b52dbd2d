// A node's parts behind its doors, without a network between nodes: what tests of the services start from.
#pragma once

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "server/access/audit_log.h"
#include "server/access/authoriser.h"
#include "server/access/caller_limits.h"
#include "server/access/token_store.h"
#include "server/charter/live_charter.h"
#include "server/directory/directory_reader.h"
#include "server/directory/watch_hub.h"
#include "server/feed/head_checker.h"
#include "server/publish/publisher.h"
#include "server/replicate/replicator.h"
#include "server/rpc/directory_service.h"
#include "server/rpc/gate.h"
#include "server/rpc/local_server.h"
#include "server/rpc/operations_service.h"
#include "server/rpc/publishing_service.h"
#include "server/rpc/status_reporter.h"
#include "server/rpc/tables_service.h"
#include "server/store/feed_store.h"
#include "server/store/store.h"
#include "tests/fakes/consortium.h"

namespace cairn {

inline constexpr char uuid[] = "7d5f1c2a-9a34-4c1e-8d6b-3f0e2a1b4c5d";

inline v1::PublishRequest Header() {
  v1::PublishRequest request;
  request.mutable_header();
  return request;
}

inline v1::PublishRequest OneResource(const std::string& name) {
  v1::PublishRequest request;
  v1::Record* record = request.mutable_records()->add_records()->mutable_record();
  record->set_id(uuid);
  record->mutable_resource()->set_name(name);
  record->mutable_resource()->set_resource_type("toolkit");
  record->mutable_resource()->set_url("https://example.org/toolkit");
  return request;
}

inline v1::PublishRequest CommitOfOne() {
  v1::PublishRequest request;
  request.mutable_commit()->set_record_count(1);
  return request;
}

// Node "p0-1" of partner "p0", without a network.
class ServicesTest : public testing::Test {
 protected:
  explicit ServicesTest(int watchers_max = 1, std::vector<CertificateClient> clients = {})
      : watchers_max_(watchers_max), clients_(std::move(clients)) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    Store::Options options;
    options.path = folder_ + "/cairn.db";
    options.consortium = consortium_.id();
    options.clock = Clock::Real();
    options.durable = false;
    store_ = *Store::Open(options);
    hub_ = std::make_unique<WatchHub>(store_.get());
    feeds_ = std::make_unique<FeedStore>(store_.get(), consortium_.id());
    charter_ = *LiveCharter::Load(store_.get(), consortium_.id());
    EXPECT_TRUE(charter_->SubmitTrusted(consortium_.chain()).ok());
    checker_ = std::make_unique<HeadChecker>(charter_.get(), consortium_.id(), Clock::Real());
    publisher_ = std::make_unique<Publisher>(
        Publisher::Options{consortium_.id(), "p0", "p0-1", folder_, Redactor(), [](const std::string&) {}},
        store_.get(), feeds_.get(), charter_.get(), checker_.get(), consortium_.key(0), Clock::Real());
    Replicator::Options replication;
    replication.consortium = consortium_.id();
    replication.node = "p0-1";
    replication.partner = "p0";
    replicator_ = std::make_unique<Replicator>(replication, store_.get(), feeds_.get(), charter_.get(), checker_.get(),
                                               Clock::Real());
    OpenDoors();
  }

  ~ServicesTest() override {
    directory_service_->Stop();
    server_->Stop(absl::Seconds(1));
    replicator_->Stop();
    std::filesystem::remove_all(folder_);
  }

  void OpenDoors() {
    const auto in_force = [this] { return charter_->current(); };
    audit_ = std::make_unique<AuditLog>(store_.get(), Clock::Real());
    tokens_ = *TokenStore::Load({"p0", store_.get(), in_force, audit_.get(), Clock::Real(), SystemRandom()});
    authoriser_ = std::make_unique<Authoriser>("p0", clients_, tokens_.get(), audit_.get());
    limits_ = std::make_unique<CallerLimits>(&limits_clock_);
    gate_ = std::make_unique<Gate>(authoriser_.get(), limits_.get());
    reader_ = std::make_unique<DirectoryReader>(store_.get(), in_force, Clock::Real());
    reporter_ = std::make_unique<StatusReporter>(
        StatusReporter::Options{"p0-1", "p0", "1.0", [] { return std::string(); }, feeds_.get(), charter_.get(),
                                publisher_.get(), replicator_.get(), limits_.get(), Clock::Real()});
    directory_service_ = std::make_unique<DirectoryService>(DirectoryService::Options{
        store_.get(), in_force, Clock::Real(), reader_.get(), hub_.get(), gate_.get(), watchers_max_});
    publishing_service_ = std::make_unique<PublishingService>(publisher_.get(), gate_.get(), audit_.get());
    operations_service_ = std::make_unique<OperationsService>(
        reporter_.get(), charter_.get(), feeds_.get(), replicator_.get(),
        OperationsService::Access{gate_.get(), tokens_.get(), audit_.get(),
                                  [] { return std::pair<std::string, std::string>(); }});
    snapshots_ = std::make_unique<SnapshotMaker>(store_.get(), in_force, Clock::Real(), folder_);
    tables_service_ =
        std::make_unique<TablesService>(gate_.get(), reader_.get(), snapshots_.get(), directory_service_.get());
    const std::string socket = folder_ + "/s";
    server_ = *LocalServer::Start(socket, {directory_service_.get(), publishing_service_.get(),
                                           operations_service_.get(), tables_service_.get()});
    channel_ = grpc::CreateChannel("unix:" + socket, grpc::InsecureChannelCredentials());
    directory_ = v1::Directory::NewStub(channel_);
    publishing_ = v1::Publishing::NewStub(channel_);
    operations_ = v1::Operations::NewStub(channel_);
  }

  // Sends `requests`, ends its side and returns the result that came last; `*status` is the stream's.
  v1::PublishResult Publish(const std::vector<v1::PublishRequest>& requests, grpc::Status* status) {
    grpc::ClientContext context;
    const auto stream = publishing_->Publish(&context);
    for (const v1::PublishRequest& request : requests) stream->Write(request);
    stream->WritesDone();
    v1::PublishResponse response;
    v1::PublishResult result;
    while (stream->Read(&response)) {
      if (response.has_result()) result = response.result();
    }
    *status = stream->Finish();
    return result;
  }

  void PublishOne(const std::string& name) {
    grpc::Status status;
    const v1::PublishResult result = Publish({Header(), OneResource(name), CommitOfOne()}, &status);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_TRUE(result.committed());
  }

  grpc::Status Get(v1::GetRecordResponse* response) {
    grpc::ClientContext context;
    v1::GetRecordRequest request;
    request.set_id(uuid);
    return directory_->GetRecord(&context, request, response);
  }

  const std::string folder_ = absl::StrCat(testing::TempDir(), "/rpc_services.", getpid());
  const int watchers_max_;
  const std::vector<CertificateClient> clients_;
  ManualClock limits_clock_;  // of the limits on requests
  TestConsortium consortium_{2};
  std::unique_ptr<Store> store_;
  std::unique_ptr<WatchHub> hub_;
  std::unique_ptr<FeedStore> feeds_;
  std::unique_ptr<LiveCharter> charter_;
  std::unique_ptr<HeadChecker> checker_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<Replicator> replicator_;
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<TokenStore> tokens_;
  std::unique_ptr<Authoriser> authoriser_;
  std::unique_ptr<CallerLimits> limits_;
  std::unique_ptr<Gate> gate_;
  std::unique_ptr<DirectoryReader> reader_;
  std::unique_ptr<StatusReporter> reporter_;
  std::unique_ptr<DirectoryService> directory_service_;
  std::unique_ptr<PublishingService> publishing_service_;
  std::unique_ptr<OperationsService> operations_service_;
  std::unique_ptr<SnapshotMaker> snapshots_;
  std::unique_ptr<TablesService> tables_service_;
  std::unique_ptr<LocalServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Directory::Stub> directory_;
  std::unique_ptr<v1::Publishing::Stub> publishing_;
  std::unique_ptr<v1::Operations::Stub> operations_;
};

}  // namespace cairn
