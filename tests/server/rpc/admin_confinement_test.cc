// What a token's holder can find out of what it may not read, over the administrators' listener: nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "cairn/v1/tables.grpc.pb.h"
#include "common/base/errors.h"
#include "tests/server/rpc/admin_fixture.h"

namespace cairn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using AdminConfinementTest = AdminServerTest;

TEST_F(AdminConfinementTest, ADryRunForAnAudienceThatTheTokenLacksIsRefusedWhetherItExistsOrNot) {
  Client editor = ClientOf(v1::EDITOR);
  for (const char* audience : {"consortium", "circle:police", "circle:nothing"}) {
    v1::PublishHeader header;
    header.set_dry_run(true);
    header.set_audience(audience);
    const absl::Status status = PublishWith(&editor, header).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
    EXPECT_EQ(ReasonOf(status), "AUDIENCE_NOT_GIVEN");
  }
}

// All of the file, or why there is none.
absl::StatusOr<std::string> SnapshotFor(const std::shared_ptr<grpc::Channel>& channel, const std::string& audience) {
  v1::MakeSnapshotRequest request;
  request.set_audience(audience);
  grpc::ClientContext context;
  const auto reader = v1::Tables::NewStub(channel)->MakeSnapshot(&context, request);
  v1::MakeSnapshotResponse part;
  std::string file;
  while (reader->Read(&part)) file += part.chunk();
  const absl::Status status = FromGrpc(reader->Finish(), context);
  if (!status.ok()) return status;
  return file;
}

// The first answer of a stream that follows, or why there is none.
absl::StatusOr<v1::FollowRecordsResponse> FollowFor(const std::shared_ptr<grpc::Channel>& channel,
                                                    const std::string& audience) {
  v1::FollowRecordsRequest request;
  request.set_audience(audience);
  grpc::ClientContext context;
  const auto reader = v1::Tables::NewStub(channel)->FollowRecords(&context, request);
  v1::FollowRecordsResponse first;
  const bool answered = reader->Read(&first);
  if (answered) context.TryCancel();
  const absl::Status status = FromGrpc(reader->Finish(), context);
  if (!answered) return status;
  return first;
}

TEST_F(AdminConfinementTest, TablesForAnAudienceThatTheTokenLacksAreRefusedWhetherItExistsOrNot) {
  const auto reader = Connect(Pinned(Token(v1::READER)));
  for (const char* audience : {"consortium", "circle:police", "circle:nothing"}) {
    EXPECT_EQ(ReasonOf(SnapshotFor(reader, audience).status()), "AUDIENCE_NOT_GIVEN");
    EXPECT_EQ(ReasonOf(FollowFor(reader, audience).status()), "AUDIENCE_NOT_GIVEN");
  }
}

TEST_F(AdminConfinementTest, TablesForAnAudienceHoldNoByteMore_R7) {
  const auto socket = grpc::CreateChannel("unix:" + folder_ + "/s", grpc::InsecureChannelCredentials());
  Client local{socket};
  v1::PublishHeader consortium;
  consortium.set_audience("consortium");
  ASSERT_TRUE(PublishWith(&local, consortium)->committed());
  const auto reader = Connect(Pinned(Token(v1::READER)));
  for (const auto& channel : {reader, socket}) {
    EXPECT_EQ(SnapshotFor(channel, "public")->find(uuid), std::string::npos);
    EXPECT_TRUE(FollowFor(channel, "public")->change().has_caught_up());
  }
  EXPECT_NE(SnapshotFor(socket, "consortium")->find(uuid), std::string::npos);
  EXPECT_EQ(FollowFor(socket, "consortium")->change().upsert().record().id(), uuid);
}

TEST_F(AdminConfinementTest, AttackByFishing_ARecordForAnotherAudienceIsNotPublishedAsFarAsTheCallerCanTell) {
  Client local{grpc::CreateChannel("unix:" + folder_ + "/s", grpc::InsecureChannelCredentials())};
  v1::PublishHeader consortium;
  consortium.set_audience("consortium");
  ASSERT_TRUE(PublishWith(&local, consortium)->committed());
  Client editor = ClientOf(v1::EDITOR);
  v1::GetReceiptsRequest receipts;
  v1::ExplainAccessRequest explain;
  v1::MarkVerifiedRequest verified;
  v1::WithdrawRequest withdraw;
  receipts.set_id(uuid);
  explain.set_id(uuid);
  verified.add_ids(uuid);
  withdraw.add_ids(uuid);
  for (const absl::Status& status : {editor.GetReceipts(receipts).status(), editor.MarkVerified(verified).status(),
                                     ClientOf(v1::PUBLISHER).Withdraw(withdraw).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(status.message(), absl::StrCat(uuid, ": not published by p0, nor by anybody else"));
  }
  grpc::ClientContext context;
  v1::ExplainAccessResponse response;
  const auto stub = v1::Publishing::NewStub(Connect(Pinned(Token(v1::EDITOR))));
  EXPECT_EQ(stub->ExplainAccess(&context, explain, &response).error_code(), grpc::StatusCode::NOT_FOUND);
  v1::GetRecordRequest get;
  get.set_id(uuid);
  EXPECT_EQ(editor.GetRecord(get).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(local.GetReceipts(receipts).ok());
}

TEST_F(AdminConfinementTest, AttackByOldKnowledge_WhatWentToANarrowerAudienceIsOutOfReach) {
  Client local{grpc::CreateChannel("unix:" + folder_ + "/s", grpc::InsecureChannelCredentials())};
  ASSERT_TRUE(PublishWith(&local, v1::PublishHeader())->committed());
  v1::PublishHeader narrower;
  narrower.set_audience("consortium");
  narrower.set_move(true);
  ASSERT_TRUE(PublishWith(&local, narrower)->committed());
  Client publisher = ClientOf(v1::PUBLISHER);
  v1::WithdrawRequest withdraw;
  withdraw.add_ids(uuid);
  const auto withdrawn = publisher.Withdraw(withdraw);
  ASSERT_TRUE(withdrawn.ok()) << withdrawn.status();
  EXPECT_EQ(withdrawn->result().withdrawn(), 0u);
  v1::PublishHeader back;
  back.set_audience("public");
  back.set_move(true);
  EXPECT_FALSE(PublishWith(&publisher, back)->committed());
  EXPECT_NE(SnapshotFor(grpc::CreateChannel("unix:" + folder_ + "/s", grpc::InsecureChannelCredentials()), "consortium")
                ->find(uuid),
            std::string::npos);
}

TEST_F(AdminConfinementTest, AttackByFishing_APublishOverARecordForAnotherAudienceDoesNotNameIt) {
  Client local{grpc::CreateChannel("unix:" + folder_ + "/s", grpc::InsecureChannelCredentials())};
  v1::PublishHeader consortium;
  consortium.set_audience("consortium");
  ASSERT_TRUE(PublishWith(&local, consortium)->committed());
  std::string told;
  PublishCall::Events events;
  events.problem = [&](const v1::RecordProblem& problem) { told += problem.DebugString(); };
  events.change = [&](const v1::RecordChange& change) { told += change.DebugString(); };
  v1::PublishHeader header;
  header.set_dry_run(true);
  for (const bool move : {false, true}) {
    header.set_move(move);
    Client editor = ClientOf(v1::EDITOR);
    const std::unique_ptr<PublishCall> call = editor.Publish(header, events);
    ASSERT_TRUE(call->Add(OneResource("Other").records().records(0)).ok());
    const auto result = call->Commit();
    ASSERT_TRUE(result.ok()) << result.status();
    told += result->DebugString();
  }
  EXPECT_THAT(told, HasSubstr("public"));
  EXPECT_THAT(told, Not(HasSubstr("consortium")));
}

TEST_F(AdminConfinementTest, StatusAndErrorsNameOnlyFeedsThatTheCallerMayRead) {
  Client local{grpc::CreateChannel("unix:" + folder_ + "/s", grpc::InsecureChannelCredentials())};
  v1::PublishHeader consortium;
  consortium.set_audience("consortium");
  ASSERT_TRUE(PublishWith(&local, consortium)->committed());
  ASSERT_TRUE(store_->Write([](Connection& db) { return db.Execute("UPDATE feed SET frozen = 1"); }).ok());
  EXPECT_THAT(ClientOf(v1::OPERATOR).GetStatus()->DebugString(), HasSubstr("p0/consortium is frozen"));
  EXPECT_THAT(ClientOf(v1::OPERATOR).GetStatus()->cannot_publish_reason(), HasSubstr("p0/consortium"));
  Client editor = ClientOf(v1::EDITOR);
  v1::PublishHeader dry_run;
  dry_run.set_dry_run(true);
  const absl::Status refused = PublishWith(&editor, dry_run).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("operator sees why"), Not(HasSubstr("consortium"))));
  const v1::GetStatusResponse editors = *ClientOf(v1::EDITOR).GetStatus();
  EXPECT_EQ(editors.feeds_size(), 0);
  EXPECT_FALSE(editors.can_publish());
  EXPECT_THAT(editors.DebugString(), Not(HasSubstr("/consortium")));
}

TEST_F(AdminConfinementTest, StatusSaysWhoAskedForTooMuchToWhoMayReadAll) {
  limits_->NoteRefused("addresses of http.listen", "TOO_MANY_BYTES");
  limits_->NoteRefused("addresses of http.listen", "TOO_MANY_BYTES");
  Client local{grpc::CreateChannel("unix:" + folder_ + "/s", grpc::InsecureChannelCredentials())};
  const v1::GetStatusResponse told = *local.GetStatus();
  ASSERT_EQ(told.refused_readers_size(), 1);
  EXPECT_EQ(told.refused_readers(0).reader(), "addresses of http.listen");
  EXPECT_EQ(told.refused_readers(0).reason(), "TOO_MANY_BYTES");
  EXPECT_EQ(told.refused_readers(0).times(), 2u);
  EXPECT_GT(told.refused_readers(0).last_at().seconds(), 0);
  EXPECT_EQ(ClientOf(v1::EDITOR).GetStatus()->refused_readers_size(), 0);
}

}  // namespace
}  // namespace cairn
