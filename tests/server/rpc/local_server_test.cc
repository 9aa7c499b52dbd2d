// The local server over a real socket, with the services that come with it and one that fails with a reason.
#include "server/rpc/local_server.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "cairn/v1/operations.grpc.pb.h"
#include "common/base/errors.h"
#include "server/rpc/status.h"

namespace cairn {
namespace {

class FailingOperations : public v1::Operations::Service {
 public:
  grpc::Status GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest*, v1::GetStatusResponse*) override {
    return ToGrpcStatus(context, WithReason(absl::AbortedError("start over"), "WATCH_TOKEN_TOO_OLD"));
  }
};

class LocalServerTest : public testing::Test {
 protected:
  void SetUp() override {
    socket_ = absl::StrCat(testing::TempDir(), "/rpc.", getpid(), ".sock");
    absl::StatusOr<std::unique_ptr<LocalServer>> server = LocalServer::Start(socket_, {&operations_});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(absl::StrCat("unix:", socket_), grpc::InsecureChannelCredentials());
  }

  FailingOperations operations_;
  std::string socket_;
  std::unique_ptr<LocalServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(LocalServerTest, ASocketIsOpenToOwnerAndGroupAlone) {
  struct stat made;
  ASSERT_EQ(stat(socket_.c_str(), &made), 0);
  EXPECT_TRUE(S_ISSOCK(made.st_mode));
  EXPECT_EQ(made.st_mode & 0777, 0660u);
}

TEST_F(LocalServerTest, AReasonTravelsAsATrailer) {
  grpc::ClientContext context;
  v1::GetStatusResponse response;
  const grpc::Status status = v1::Operations::NewStub(channel_)->GetStatus(&context, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto reason = trailers.find("cairn-reason");
  ASSERT_NE(reason, trailers.end());
  EXPECT_EQ(std::string(reason->second.data(), reason->second.size()), "WATCH_TOKEN_TOO_OLD");
}

// The health protocol's messages are not among ours: the request's field 1 is the service, empty for the whole server;
// the answer's field 1 is 1, SERVING.
TEST_F(LocalServerTest, TheHealthServiceSaysServing) {
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  grpc::GenericStub stub(channel_);
  const grpc::Slice whole_server(std::string("\x0a\x00", 2));
  const auto call =
      stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::ByteBuffer(&whole_server, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer answer;
  grpc::Status status;
  call->Finish(&answer, &status, this);
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  ASSERT_TRUE(status.ok()) << status.error_message();
  grpc::Slice bytes;
  ASSERT_TRUE(answer.DumpToSingleSlice(&bytes).ok());
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.begin()), bytes.size()), "\x08\x01");
}

TEST_F(LocalServerTest, StopRemovesTheSocket) {
  server_->Stop(absl::ZeroDuration());
  EXPECT_NE(access(socket_.c_str(), F_OK), 0);
}

TEST_F(LocalServerTest, ASocketLeftBehindIsReplaced) {
  server_->Stop(absl::ZeroDuration());
  ASSERT_EQ(mknod(socket_.c_str(), S_IFSOCK | 0600, 0), 0);
  EXPECT_TRUE(LocalServer::Start(socket_, {&operations_}).ok());
}

TEST_F(LocalServerTest, ADirectoryThatIsNotThereIsNamed) {
  const auto server = LocalServer::Start("/nonexistent/cairn.sock", {&operations_});
  EXPECT_EQ(server.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(server.status().message(), testing::HasSubstr("/nonexistent/cairn.sock"));
}

}  // namespace
}  // namespace cairn
