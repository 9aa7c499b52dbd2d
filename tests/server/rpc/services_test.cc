// The services as a client meets them: a node's parts behind the local server, over a real socket.
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "server/charter/live_charter.h"
#include "server/directory/directory_reader.h"
#include "server/directory/watch_hub.h"
#include "server/feed/head_checker.h"
#include "server/publish/publisher.h"
#include "server/replicate/replicator.h"
#include "server/rpc/directory_service.h"
#include "server/rpc/local_server.h"
#include "server/rpc/operations_service.h"
#include "server/rpc/publishing_service.h"
#include "server/rpc/status_reporter.h"
#include "server/store/feed_store.h"
#include "server/store/store.h"
#include "tests/fakes/consortium.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char uuid[] = "7d5f1c2a-9a34-4c1e-8d6b-3f0e2a1b4c5d";

v1::PublishRequest Header() {
  v1::PublishRequest request;
  request.mutable_header();
  return request;
}

v1::PublishRequest OneResource(const std::string& name) {
  v1::PublishRequest request;
  v1::Record* record = request.mutable_records()->add_records()->mutable_record();
  record->set_id(uuid);
  record->mutable_resource()->set_name(name);
  record->mutable_resource()->set_resource_type("toolkit");
  record->mutable_resource()->set_url("https://example.org/toolkit");
  return request;
}

v1::PublishRequest CommitOfOne() {
  v1::PublishRequest request;
  request.mutable_commit()->set_record_count(1);
  return request;
}

// Node "p0-1" of partner "p0", without a network.
class ServicesTest : public testing::Test {
 protected:
  ServicesTest() {
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
        Publisher::Options{consortium_.id(), "p0", "p0-1", folder_, Redactor(), [](const std::string&) {}}, store_.get(),
        feeds_.get(), charter_.get(), checker_.get(), consortium_.key(0), Clock::Real());
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
    reader_ = std::make_unique<DirectoryReader>(store_.get(), in_force, Clock::Real());
    reporter_ = std::make_unique<StatusReporter>(
        StatusReporter::Options{"p0-1", "p0", "1.0", [] { return std::string(); }, feeds_.get(), charter_.get(),
                                publisher_.get(), replicator_.get(), Clock::Real()});
    directory_service_ = std::make_unique<DirectoryService>(DirectoryService::Options{
        store_.get(), in_force, Clock::Real(), reader_.get(), hub_.get(), Reader::LocalOperator("p0"), 1});
    publishing_service_ = std::make_unique<PublishingService>(publisher_.get());
    operations_service_ =
        std::make_unique<OperationsService>(reporter_.get(), charter_.get(), feeds_.get(), replicator_.get());
    const std::string socket = folder_ + "/s";
    server_ =
        *LocalServer::Start(socket, {directory_service_.get(), publishing_service_.get(), operations_service_.get()});
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
  TestConsortium consortium_{2};
  std::unique_ptr<Store> store_;
  std::unique_ptr<WatchHub> hub_;
  std::unique_ptr<FeedStore> feeds_;
  std::unique_ptr<LiveCharter> charter_;
  std::unique_ptr<HeadChecker> checker_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<Replicator> replicator_;
  std::unique_ptr<DirectoryReader> reader_;
  std::unique_ptr<StatusReporter> reporter_;
  std::unique_ptr<DirectoryService> directory_service_;
  std::unique_ptr<PublishingService> publishing_service_;
  std::unique_ptr<OperationsService> operations_service_;
  std::unique_ptr<LocalServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Directory::Stub> directory_;
  std::unique_ptr<v1::Publishing::Stub> publishing_;
  std::unique_ptr<v1::Operations::Stub> operations_;
};

TEST_F(ServicesTest, ARecordThatIsNotThereIsNotFound) {
  v1::GetRecordResponse response;
  EXPECT_EQ(Get(&response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServicesTest, ACommittedBatchCanBeReadAtOnce_R3) {
  PublishOne("One");
  v1::GetRecordResponse response;
  const grpc::Status status = Get(&response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.record().record().resource().name(), "One");
  EXPECT_EQ(response.record().partner(), "p0");
}

TEST_F(ServicesTest, ABatchThatEndsWithoutCommitChangesNothing) {
  grpc::Status status;
  Publish({Header(), OneResource("One")}, &status);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_THAT(status.error_message(), HasSubstr("without a commit"));
  v1::GetRecordResponse response;
  EXPECT_EQ(Get(&response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServicesTest, ABatchMustBeginWithItsHeader) {
  grpc::Status status;
  Publish({OneResource("One"), CommitOfOne()}, &status);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("header"));
}

TEST_F(ServicesTest, AWatchSeesAPublishAndEndsWhenItIsCancelled) {
  grpc::ClientContext context;
  const auto watch = directory_->WatchRecords(&context, {});
  v1::WatchRecordsResponse event;
  ASSERT_TRUE(watch->Read(&event));
  EXPECT_TRUE(event.has_caught_up());
  PublishOne("One");
  ASSERT_TRUE(watch->Read(&event));
  EXPECT_EQ(event.upsert().record().resource().name(), "One");
  context.TryCancel();
  while (watch->Read(&event)) {
  }
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(ServicesTest, RefusesMoreWatchesThanItHasRoomFor_R8) {
  grpc::ClientContext context;
  const auto watch = directory_->WatchRecords(&context, {});
  v1::WatchRecordsResponse event;
  ASSERT_TRUE(watch->Read(&event));
  grpc::ClientContext second;
  const auto refused = directory_->WatchRecords(&second, {});
  EXPECT_FALSE(refused->Read(&event));
  const grpc::Status status = refused->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("limits.watchers"));
  context.TryCancel();
}

TEST_F(ServicesTest, StopTellsAWatchAndEndsLongBeforeTheDeadline) {
  grpc::ClientContext context;
  const auto watch = directory_->WatchRecords(&context, {});
  v1::WatchRecordsResponse event;
  ASSERT_TRUE(watch->Read(&event));
  const absl::Duration begun = Clock::Real()->Monotonic();
  directory_service_->Stop();
  server_->Stop(absl::Seconds(30));
  EXPECT_LT(Clock::Real()->Monotonic() - begun, absl::Seconds(15));
  while (watch->Read(&event)) {
  }
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServicesTest, StopCancelsACallThatOutlivesTheDeadline) {
  grpc::ClientContext context;
  const auto stream = publishing_->Publish(&context);
  ASSERT_TRUE(stream->Write(Header()));
  v1::GetRecordResponse response;
  ASSERT_EQ(Get(&response).error_code(), grpc::StatusCode::NOT_FOUND);  // on the same connection, after the stream
  const absl::Duration begun = Clock::Real()->Monotonic();
  server_->Stop(absl::Milliseconds(200));
  EXPECT_LT(Clock::Real()->Monotonic() - begun, absl::Seconds(15));
  EXPECT_FALSE(stream->Finish().ok());
}

TEST_F(ServicesTest, StatusSaysWhoTheNodeIsAndWhatItHolds) {
  PublishOne("One");
  grpc::ClientContext context;
  v1::GetStatusResponse status;
  ASSERT_TRUE(operations_->GetStatus(&context, {}, &status).ok());
  EXPECT_EQ(status.node(), "p0-1");
  EXPECT_EQ(status.charter().active_partners(), 2u);
  EXPECT_TRUE(status.can_publish()) << status.cannot_publish_reason();
  ASSERT_EQ(status.feeds_size(), 1);
  EXPECT_EQ(status.feeds(0).live_records(), 1u);
  EXPECT_TRUE(status.feeds(0).own());
}

TEST_F(ServicesTest, HandsOutTheCharterAndTakesOneThatIsKnown) {
  grpc::ClientContext get;
  v1::GetCharterResponse held;
  ASSERT_TRUE(operations_->GetCharter(&get, {}, &held).ok());
  EXPECT_EQ(held.chain().versions_size(), consortium_.chain().versions_size());
  v1::SubmitCharterRequest request;
  *request.mutable_chain() = held.chain();
  grpc::ClientContext submit;
  v1::SubmitCharterResponse response;
  ASSERT_TRUE(operations_->SubmitCharter(&submit, request, &response).ok());
  EXPECT_EQ(response.accepted(), 0u);
}

TEST_F(ServicesTest, VerifyFindsNothingWrong) {
  PublishOne("One");
  grpc::ClientContext context;
  v1::VerifyRequest request;
  request.set_deep(true);
  const auto progress = operations_->Verify(&context, request);
  v1::VerifyResponse last;
  while (progress->Read(&last)) {
  }
  ASSERT_TRUE(progress->Finish().ok());
  EXPECT_TRUE(last.done());
  EXPECT_EQ(last.findings_size(), 0);
}

// The reflection protocol's messages are not among ours: a request to list (field 7) and an answer that holds the names
// as they are.
TEST_F(ServicesTest, ReflectionListsTheServicesOfTheSocketAndNoOther) {
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  grpc::GenericStub stub(channel_);
  void* tag = nullptr;
  bool ok = false;
  const auto call =
      stub.PrepareCall(&context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  call->StartCall(this);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  const grpc::Slice list(std::string("\x3a\x01*"));
  call->WriteLast(grpc::ByteBuffer(&list, 1), grpc::WriteOptions(), this);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  grpc::ByteBuffer answer;
  call->Read(&answer, this);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  grpc::Slice bytes;
  ASSERT_TRUE(answer.DumpToSingleSlice(&bytes).ok());
  const std::string names(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
  for (const char* name : {"cairn.v1.Directory", "cairn.v1.Publishing", "cairn.v1.Operations"}) {
    EXPECT_THAT(names, HasSubstr(name));
  }
  EXPECT_THAT(names, HasSubstr("grpc.health.v1.Health"));
  EXPECT_THAT(names, Not(HasSubstr("cairn.v1.Replication"))) << "that is for pinned nodes alone";
  grpc::Status status;
  call->Finish(&status, this);
  EXPECT_TRUE(queue.Next(&tag, &ok));
}

}  // namespace
}  // namespace cairn
