// Callers who open a stream and fall silent: what the stream holds, of which the node has few, is theirs for a bounded
// time only (R8).
#include <gmock/gmock.h>

#include "absl/strings/str_format.h"
#include "common/base/errors.h"
#include "tests/server/rpc/admin_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration patience = absl::Seconds(1);

class HeldStreamsTest : public AdminServerTest {
 protected:
  HeldStreamsTest() {
    impatient_publishing_ = std::make_unique<PublishingService>(publisher_.get(), gate_.get(), audit_.get(), patience);
    impatient_tables_ = std::make_unique<TablesService>(gate_.get(), reader_.get(), snapshots_.get(),
                                                        directory_service_.get(), patience);
    admin_ = *AdminServer::Start(
        {"127.0.0.1:0", folder_ + "/key", folder_ + "/crt", folder_ + "/ca"}, gate_.get(),
        {directory_service_.get(), impatient_publishing_.get(), operations_service_.get(), impatient_tables_.get()});
  }
  ~HeldStreamsTest() override { admin_->Stop(absl::Seconds(1)); }

  struct Batch {
    Batch(v1::Publishing::Stub* stub, const v1::PublishRequest& header) : stream(stub->Publish(&context)) {
      stream->Write(header);
    }
    ~Batch() { context.TryCancel(); }
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReaderWriter<v1::PublishRequest, v1::PublishResponse>> stream;
  };
  struct Snapshot {
    explicit Snapshot(v1::Tables::Stub* stub) {
      v1::MakeSnapshotRequest request;
      request.set_audience("public");
      stream = stub->MakeSnapshot(&context, request);
    }
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<v1::MakeSnapshotResponse>> stream;
  };
  // A directory of more than connections take ahead of their reader.
  void PublishMuch() {
    Client office = ClientOf(v1::PUBLISHER);
    const std::unique_ptr<PublishCall> call = office.Publish({}, {});
    for (int i = 0; i < 150; ++i) {
      v1::PublishRecord record = OneResource("One").records().records(0);
      record.mutable_record()->set_id(absl::StrFormat("7d5f1c2a-9a34-4c1e-8d6b-3f0e2a1b%04d", i));
      record.mutable_record()->mutable_resource()->set_description(std::string(60'000, 'x'));
      ASSERT_TRUE(call->Add(std::move(record)).ok());
    }
    ASSERT_TRUE(call->Commit()->committed());
  }
  static bool Eventually(const std::function<bool()>& is_so) {
    const absl::Time patience_ends = Clock::Real()->Now() + absl::Seconds(20);
    while (!is_so()) {
      if (Clock::Real()->Now() > patience_ends) return false;
      absl::SleepFor(absl::Milliseconds(10));
    }
    return true;
  }

  std::unique_ptr<PublishingService> impatient_publishing_;
  std::unique_ptr<TablesService> impatient_tables_;
};

TEST_F(HeldStreamsTest, OneTokenCannotHoldAllBatches_R8) {
  const ChannelSecurity security = Pinned(Token(v1::PUBLISHER));
  const auto stub = v1::Publishing::NewStub(Connect(security));
  std::vector<std::unique_ptr<Batch>> held;
  Client same = ClientWith(security);
  absl::Status refused;
  // Those that are held end after a while, so that new ones are begun until they are enough.
  EXPECT_TRUE(Eventually([&] {
    while (held.size() > 10) held.erase(held.begin());
    held.push_back(std::make_unique<Batch>(stub.get(), Header()));
    refused = PublishWith(&same, {}).status();
    return !refused.ok();
  }));
  EXPECT_EQ(ReasonOf(refused), "TOO_MANY_STREAMS");
  EXPECT_THAT(refused.message(), HasSubstr("has 2 batches open"));
  Client other = ClientOf(v1::PUBLISHER);
  EXPECT_TRUE(PublishWith(&other, {})->committed()) << "another token is not concerned";
}

TEST_F(HeldStreamsTest, AttackBySilence_ABatchWhoseSenderSaysNothingIsDropped_R8) {
  const auto stub = v1::Publishing::NewStub(Connect(Pinned(Token(v1::PUBLISHER))));
  Batch silent(stub.get(), Header());
  v1::PublishResponse response;
  EXPECT_FALSE(silent.stream->Read(&response));
  EXPECT_EQ(silent.stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(HeldStreamsTest, ABatchThatGoesOnMayTakeLongerThanOneMessageMay) {
  const auto stub = v1::Publishing::NewStub(Connect(Pinned(Token(v1::PUBLISHER))));
  Batch slow(stub.get(), Header());
  for (int i = 0; i < 6; ++i) {
    absl::SleepFor(patience / 4);
    ASSERT_TRUE(slow.stream->Write(OneResource("One")));
  }
  v1::PublishRequest commit;
  commit.mutable_commit()->set_record_count(6);
  ASSERT_TRUE(slow.stream->Write(commit));
  v1::PublishResponse response;
  while (slow.stream->Read(&response)) {
  }
  EXPECT_TRUE(slow.stream->Finish().ok());
}

TEST_F(HeldStreamsTest, AttackBySlowRetrieval_ASnapshotThatNobodyTakesIsDropped_R8) {
  PublishMuch();
  const auto stub = v1::Tables::NewStub(Connect(Pinned(Token(v1::READER))));
  Snapshot untaken(stub.get());
  // It is refused while the one that nobody takes is there, and made once that is gone.
  const auto second = [&] {
    Snapshot other(stub.get());
    v1::MakeSnapshotResponse part;
    while (other.stream->Read(&part)) {
    }
    return FromGrpc(other.stream->Finish(), other.context);
  };
  absl::Status status;
  ASSERT_TRUE(Eventually([&] { return !(status = second()).ok(); }));
  EXPECT_EQ(ReasonOf(status), "TOO_MANY_STREAMS");
  EXPECT_TRUE(Eventually([&] { return second().ok(); }));
  v1::MakeSnapshotResponse part;
  while (untaken.stream->Read(&part)) {
  }
  EXPECT_EQ(untaken.stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

}  // namespace
}  // namespace cairn
