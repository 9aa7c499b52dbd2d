// cairn snapshot: a whole file, or none.
#include <grpcpp/grpcpp.h>

#include "cairn/v1/tables.grpc.pb.h"
#include "tests/client/cli/cli_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

// Real gRPC, answering as a test tells it.
class FakeTables : public v1::Tables::Service {
 public:
  std::function<grpc::Status(const v1::MakeSnapshotRequest&, grpc::ServerWriter<v1::MakeSnapshotResponse>*)> snapshot;

  grpc::Status MakeSnapshot(grpc::ServerContext*, const v1::MakeSnapshotRequest* request,
                            grpc::ServerWriter<v1::MakeSnapshotResponse>* writer) override {
    return snapshot(*request, writer);
  }
};

class SnapshotCommandTest : public CliTest {
 protected:
  SnapshotCommandTest() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix://" + PathOf("n.sock"), grpc::InsecureServerCredentials());
    builder.RegisterService(&tables_);
    server_ = builder.BuildAndStart();
    variables_["CAIRN_NODE"] = PathOf("n.sock");
  }
  ~SnapshotCommandTest() override { server_->Shutdown(gpr_inf_past(GPR_CLOCK_MONOTONIC)); }

  // The node sends these parts, then ends.
  void Answer(std::vector<v1::MakeSnapshotResponse> parts, grpc::Status status = grpc::Status::OK) {
    tables_.snapshot = [this, parts = std::move(parts), status](const v1::MakeSnapshotRequest& request, auto* writer) {
      audience_ = request.audience();
      for (const v1::MakeSnapshotResponse& part : parts) writer->Write(part);
      return status;
    };
  }
  static v1::MakeSnapshotResponse Part(const std::string& chunk, uint64_t total, bool done = false) {
    v1::MakeSnapshotResponse part;
    part.set_records(3);
    part.set_chunk(chunk);
    part.set_total_bytes(total);
    part.set_done(done);
    return part;
  }
  // Nothing but the node's socket is in the folder.
  bool LeftNothing() const {
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      if (entry.path().filename() != "n.sock") return false;
    }
    return true;
  }

  FakeTables tables_;
  std::unique_ptr<grpc::Server> server_;
  std::string audience_;
};

TEST_F(SnapshotCommandTest, WritesTheFileForTheAudienceAndSaysHowMuch) {
  Answer({Part("", 0), Part("abc", 5), Part("de", 5), Part("", 5, true)});
  ASSERT_EQ(Run({"--json", "snapshot", PathOf("made.sqlite"), "--audience", "circle:police"}), 0) << err_;
  EXPECT_EQ(ReadFile("made.sqlite"), "abcde");
  EXPECT_EQ(audience_, "circle:police");
  EXPECT_THAT(out_, HasSubstr("\"bytes\": 5"));
  EXPECT_THAT(out_, HasSubstr("\"records\": 3"));
  EXPECT_EQ(std::filesystem::status(PathOf("made.sqlite")).permissions(), std::filesystem::perms(0600));
}

TEST_F(SnapshotCommandTest, IsForThePublicUnlessItSaysOtherwise) {
  Answer({Part("abc", 3), Part("", 3, true)});
  ASSERT_EQ(Run({"snapshot", PathOf("made.sqlite")}), 0) << err_;
  EXPECT_EQ(audience_, "public");
  EXPECT_THAT(out_, HasSubstr("3 records that public may read"));
}

TEST_F(SnapshotCommandTest, NeverReplacesAFile) {
  Answer({Part("abc", 3), Part("", 3, true)});
  WriteFile("made.sqlite", "precious");
  EXPECT_EQ(Run({"snapshot", PathOf("made.sqlite")}), 1);
  EXPECT_THAT(err_, HasSubstr("is there already"));
  EXPECT_EQ(ReadFile("made.sqlite"), "precious");
}

TEST_F(SnapshotCommandTest, AFileThatCameMeanwhileIsNotReplacedEither) {
  tables_.snapshot = [this](const v1::MakeSnapshotRequest&, auto* writer) {
    WriteFile("made.sqlite", "precious");
    writer->Write(Part("abc", 3));
    writer->Write(Part("", 3, true));
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run({"snapshot", PathOf("made.sqlite")}), 1);
  EXPECT_EQ(ReadFile("made.sqlite"), "precious");
}

TEST_F(SnapshotCommandTest, AnAnswerThatEndsTooSoonLeavesNoFile) {
  Answer({Part("abc", 5)});
  EXPECT_EQ(Run({"snapshot", PathOf("made.sqlite")}), 1);
  EXPECT_THAT(err_, HasSubstr("before it was complete"));
  EXPECT_TRUE(LeftNothing());
}

TEST_F(SnapshotCommandTest, ARefusalLeavesNoFile) {
  Answer({}, {grpc::StatusCode::PERMISSION_DENIED, "audience \"consortium\": not one of those that token x was given"});
  EXPECT_EQ(Run({"snapshot", PathOf("made.sqlite"), "--audience", "consortium"}), 1);
  EXPECT_THAT(err_, HasSubstr("not one of those"));
  EXPECT_TRUE(LeftNothing());
}

}  // namespace
}  // namespace cairn
