#include "client/cairn/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "tests/client/fake_node.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

class ClientTest : public ::testing::Test {
 protected:
  ClientTest()
      : socket_(absl::StrCat(::testing::TempDir(), "/client-", getpid(), ".sock")),
        node_(std::make_unique<FakeNode>(socket_)) {
    options_.sleep = [this](absl::Duration d) { waits_.push_back(d); };
    options_.jitter = [] { return 1.0; };
    client_ = std::make_unique<Client>(*ParseTarget(socket_, "cairn.sock"), options_);
  }

  std::string socket_;
  std::unique_ptr<FakeNode> node_;
  CallOptions options_;
  std::vector<absl::Duration> waits_;
  std::unique_ptr<Client> client_;
};

v1::WatchRecordsResponse Upsert(const std::string& id, const std::string& token) {
  v1::WatchRecordsResponse response;
  response.mutable_upsert()->mutable_record()->set_id(id);
  response.set_resume_token(token);
  return response;
}

v1::PublishRecord RecordNamed(const std::string& name, const std::string& origin) {
  v1::PublishRecord record;
  record.mutable_record()->mutable_service()->set_name(name);
  record.set_origin(origin);
  return record;
}

TEST_F(ClientTest, RepeatsACallWhileTheNodeIsUnavailableWithGrowingWaits) {
  node_->directory.get = [this](grpc::ServerContext* c, const v1::GetRecordRequest&, v1::GetRecordResponse* r) {
    if (node_->directory.calls < 3) return FailWith(c, grpc::StatusCode::UNAVAILABLE, "stopping");
    r->mutable_record()->set_partner("pl-x");
    return grpc::Status::OK;
  };
  const auto response = client_->GetRecord({});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->record().partner(), "pl-x");
  EXPECT_THAT(waits_, ElementsAre(absl::Milliseconds(150), absl::Milliseconds(300)));
}

TEST_F(ClientTest, GivesUpAfterTheLastAttempt) {
  node_->directory.get = [](grpc::ServerContext* c, const v1::GetRecordRequest&, v1::GetRecordResponse*) {
    return FailWith(c, grpc::StatusCode::UNAVAILABLE, "stopping");
  };
  EXPECT_TRUE(absl::IsUnavailable(client_->GetRecord({}).status()));
  EXPECT_EQ(node_->directory.calls, options_.attempts_max);
}

TEST_F(ClientTest, ErrorsNameThePlaceWhereNobodyAnswers) {
  node_ = nullptr;
  const absl::Status gone = client_->GetRecord({}).status();
  EXPECT_TRUE(absl::IsUnavailable(gone)) << gone;
  EXPECT_THAT(std::string(gone.message()), HasSubstr(absl::StrCat("client-", getpid(), ".sock: nothing listens there")));
  Client over_tcp(*ParseTarget("127.0.0.1:9", "cairn.sock"), options_);  // discard: served nowhere
  const absl::Status refused = over_tcp.GetRecord({}).status();
  EXPECT_THAT(std::string(refused.message()), StartsWith("127.0.0.1:9: "));
}

TEST_F(ClientTest, DoesNotRepeatWhatRepeatingCannotHeal) {
  node_->directory.get = [](grpc::ServerContext* c, const v1::GetRecordRequest&, v1::GetRecordResponse*) {
    return FailWith(c, grpc::StatusCode::NOT_FOUND, "no such record");
  };
  EXPECT_TRUE(absl::IsNotFound(client_->GetRecord({}).status()));
  EXPECT_EQ(node_->directory.calls, 1);
}

TEST_F(ClientTest, RestoresTheReasonThatTheNodeGave) {
  node_->directory.get = [](grpc::ServerContext* c, const v1::GetRecordRequest&, v1::GetRecordResponse*) {
    return FailWith(c, grpc::StatusCode::FAILED_PRECONDITION, "two partners use it", "ID_NOT_UNIQUE");
  };
  EXPECT_EQ(ReasonOf(client_->GetRecord({}).status()), "ID_NOT_UNIQUE");
}

TEST_F(ClientTest, WatchGoesOnAfterTheLastChangeSeenWhenTheConnectionBreaks) {
  std::vector<std::string> tokens;
  node_->directory.watch = [&](grpc::ServerContext* c, const v1::WatchRecordsRequest& q,
                               grpc::ServerWriter<v1::WatchRecordsResponse>* w) {
    tokens.push_back(q.resume_token());
    if (q.resume_token().empty()) {
      w->Write(Upsert("a", "t1"));
      w->Write(Upsert("b", "t2"));
      return FailWith(c, grpc::StatusCode::UNAVAILABLE, "restarting");
    }
    w->Write(Upsert("c", "t3"));
    return grpc::Status::OK;
  };
  const auto watch = client_->Watch({});
  std::vector<std::string> seen;
  const absl::Status status = watch->Run([&](const v1::WatchRecordsResponse& response) {
    seen.push_back(response.upsert().record().id());
    if (seen.size() == 3) watch->Stop();
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(seen, ElementsAre("a", "b", "c"));
  EXPECT_THAT(tokens, ElementsAre("", "t2"));
  EXPECT_EQ(watch->resume_token(), "t3");
}

TEST_F(ClientTest, WatchSaysThatItsTokenIsTooOldAndDoesNotRepeat) {
  node_->directory.watch = [](grpc::ServerContext* c, const v1::WatchRecordsRequest&,
                              grpc::ServerWriter<v1::WatchRecordsResponse>*) {
    return FailWith(c, grpc::StatusCode::ABORTED, "token from before a rebuild", "WATCH_TOKEN_TOO_OLD");
  };
  const absl::Status status = client_->Watch({})->Run([](const v1::WatchRecordsResponse&) { return absl::OkStatus(); });
  EXPECT_EQ(ReasonOf(status), "WATCH_TOKEN_TOO_OLD");
  EXPECT_EQ(node_->directory.calls, 1);
}

TEST_F(ClientTest, WatchConnectsAnewWhenNothingIsHeardNotEvenASignOfLife) {
  options_.watch_silence_max = absl::Milliseconds(30);
  client_ = std::make_unique<Client>(*ParseTarget(socket_, "cairn.sock"), options_);
  node_->directory.watch = [&](grpc::ServerContext* c, const v1::WatchRecordsRequest&,
                               grpc::ServerWriter<v1::WatchRecordsResponse>* w) {
    w->Write(Upsert("a", "t1"));
    while (node_->directory.calls == 1 && !c->IsCancelled()) absl::SleepFor(absl::Milliseconds(1));
    return grpc::Status::OK;
  };
  const auto watch = client_->Watch({});
  int seen = 0;
  const absl::Status status = watch->Run([&](const v1::WatchRecordsResponse&) {
    if (++seen == 2) watch->Stop();
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(node_->directory.calls, 2);
}

TEST_F(ClientTest, WatchEndsWithTheErrorOfItsSink) {
  node_->directory.watch = [](grpc::ServerContext*, const v1::WatchRecordsRequest&,
                              grpc::ServerWriter<v1::WatchRecordsResponse>* w) {
    w->Write(Upsert("a", "t1"));
    return grpc::Status::OK;
  };
  const absl::Status status =
      client_->Watch({})->Run([](const v1::WatchRecordsResponse&) { return absl::DataLossError("disk full"); });
  EXPECT_TRUE(absl::IsDataLoss(status));
}

TEST_F(ClientTest, PublishSendsABatchInMessagesOfBoundedSize) {
  const auto call = client_->Publish({}, {});
  constexpr int records = 40;
  for (int i = 0; i < records; ++i) ASSERT_TRUE(call->Add(RecordNamed(std::string(30'000, 'x'), "f")).ok());
  const auto result = call->Commit();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->added(), records);
  EXPECT_THAT(node_->publishing.published, SizeIs(records));
  EXPECT_LE(node_->publishing.largest_message, limits::page_bytes_target + 64);
  EXPECT_GE(node_->publishing.largest_message, limits::page_bytes_target / 2);
}

TEST_F(ClientTest, PublishTellsProblemsBeforeTheResult) {
  std::vector<std::string> origins;
  PublishCall::Events events;
  events.problem = [&](const v1::RecordProblem& problem) { origins.push_back(problem.origin()); };
  const auto call = client_->Publish({}, std::move(events));
  ASSERT_TRUE(call->Add(RecordNamed("Helpline", "f line 1")).ok());
  ASSERT_TRUE(call->Add(RecordNamed("", "f line 2")).ok());
  const auto result = call->Commit();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->refused(), 1u);
  EXPECT_FALSE(result->committed());
  EXPECT_THAT(origins, ElementsAre("f line 2"));
}

TEST_F(ClientTest, PublishChangesNothingWhenItIsDroppedBeforeCommit) {
  {
    const auto call = client_->Publish({}, {});
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(call->Add(RecordNamed(std::string(30'000, 'x'), "f")).ok());
  }
  node_->Stop();
  EXPECT_EQ(node_->publishing.batches, 1);
  EXPECT_EQ(node_->publishing.commits, 0);
}

TEST_F(ClientTest, PublishToANodeThatIsGoneIsAnError) {
  node_->Stop();
  const auto call = client_->Publish({}, {});
  call->Add(RecordNamed("Helpline", "f line 1")).IgnoreError();
  EXPECT_FALSE(call->Commit().ok());
}

TEST_F(ClientTest, ExportEndsWithTheErrorOfItsSink) {
  node_->directory.exported.resize(3);
  const absl::Status status =
      client_->ExportRecords({}, [](const v1::ExportRecordsResponse&) { return absl::DataLossError("disk full"); });
  EXPECT_TRUE(absl::IsDataLoss(status));
}

}  // namespace
}  // namespace cairn
