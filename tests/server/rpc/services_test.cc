// The services as a client meets them: a node's parts behind the local server, over a real socket.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/server/rpc/services_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

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
