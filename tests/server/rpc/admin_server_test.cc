// The administrators' listener over real TLS: every rpc for every role, and those who try without being allowed.
#include "server/rpc/admin_server.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cairn/v1/replication.pb.h"
#include "cairn/v1/tables.pb.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "tests/server/rpc/admin_fixture.h"
#include "tests/source_directory.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What each rpc is for, said a second time: whoever adds one must decide here too.
const std::map<std::string, Role>& RolesNeeded() {
  static const std::map<std::string, Role> roles = {
      {"cairn.v1.Directory.GetRecord", v1::READER},      {"cairn.v1.Directory.ListRecords", v1::READER},
      {"cairn.v1.Directory.Search", v1::READER},         {"cairn.v1.Directory.GetFacets", v1::READER},
      {"cairn.v1.Directory.WatchRecords", v1::READER},   {"cairn.v1.Directory.ExportRecords", v1::READER},
      {"cairn.v1.Tables.MakeSnapshot", v1::READER},      {"cairn.v1.Tables.FollowRecords", v1::READER},
      {"cairn.v1.Directory.ListPartners", v1::READER},   {"cairn.v1.Publishing.Publish", v1::EDITOR},
      {"cairn.v1.Publishing.Withdraw", v1::PUBLISHER},   {"cairn.v1.Publishing.MarkVerified", v1::EDITOR},
      {"cairn.v1.Publishing.ExplainAccess", v1::EDITOR}, {"cairn.v1.Publishing.GetReceipts", v1::EDITOR},
      {"cairn.v1.Operations.GetStatus", v1::EDITOR},     {"cairn.v1.Operations.SubmitCharter", v1::OPERATOR},
      {"cairn.v1.Operations.GetCharter", v1::OPERATOR},  {"cairn.v1.Operations.Verify", v1::OPERATOR},
      {"cairn.v1.Operations.Rebuild", v1::OPERATOR},     {"cairn.v1.Operations.Backup", v1::OPERATOR},
      {"cairn.v1.Operations.CreateToken", v1::OPERATOR}, {"cairn.v1.Operations.ListTokens", v1::OPERATOR},
      {"cairn.v1.Operations.RevokeToken", v1::OPERATOR}, {"cairn.v1.Operations.ListAudit", v1::OPERATOR},
  };
  return roles;
}

// All rpcs of the protocol's files but those of Replication, which has a door of its own.
std::vector<const google::protobuf::MethodDescriptor*> AllMethods() {
  std::vector<const google::protobuf::MethodDescriptor*> methods;
  for (const auto& found : std::filesystem::directory_iterator(SourceDirectory() / "proto" / "cairn" / "v1")) {
    const std::string name = "cairn/v1/" + found.path().filename().string();
    const google::protobuf::FileDescriptor* file =
        google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
    EXPECT_NE(file, nullptr) << name << " is not part of this program: include it here if it has rpcs";
    for (int s = 0; file != nullptr && s < file->service_count(); ++s) {
      const google::protobuf::ServiceDescriptor* service = file->service(s);
      if (service->full_name() == "cairn.v1.Replication") continue;
      for (int m = 0; m < service->method_count(); ++m) methods.push_back(service->method(m));
    }
  }
  return methods;
}

std::string PathOf(const google::protobuf::MethodDescriptor* method) {
  return absl::StrCat("/", method->service()->full_name(), "/", method->name());
}

bool IsRefusal(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAUTHENTICATED ||
         status.error_code() == grpc::StatusCode::PERMISSION_DENIED;
}

TEST_F(AdminServerTest, AttackWithALesserRole_EveryRpcAsksForItsRole) {
  std::map<Role, std::shared_ptr<grpc::Channel>> channels;
  for (const Role role : {v1::READER, v1::EDITOR, v1::PUBLISHER, v1::OPERATOR}) {
    channels[role] = Connect(Pinned(Token(role)));
  }
  ASSERT_EQ(AllMethods().size(), RolesNeeded().size());
  for (const google::protobuf::MethodDescriptor* method : AllMethods()) {
    SCOPED_TRACE(method->full_name());
    const auto needed = RolesNeeded().find(method->full_name());
    ASSERT_NE(needed, RolesNeeded().end()) << "which role is it for? add it to method_roles.cc and here";
    for (const auto& [role, channel] : channels) {
      const grpc::Status status = CallAnything(channel, PathOf(method));
      if (role >= needed->second) {
        EXPECT_FALSE(IsRefusal(status)) << RoleName(role) << ": " << status.error_message();
        continue;
      }
      EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED) << RoleName(role);
      EXPECT_THAT(status.error_message(), HasSubstr(absl::StrCat("needs the role ", RoleName(needed->second))));
    }
  }
}

TEST_F(AdminServerTest, AttackWithoutAToken_EveryRpcIsRefused) {
  const auto channel = Connect(Pinned());
  for (const google::protobuf::MethodDescriptor* method : AllMethods()) {
    EXPECT_EQ(CallAnything(channel, PathOf(method)).error_code(), grpc::StatusCode::UNAUTHENTICATED)
        << method->full_name();
  }
}

TEST_F(AdminServerTest, AttackWithATokenThatIsNone_SaysNothingAboutIt) {
  const std::string right = Token(v1::OPERATOR);
  std::string wrong = right;
  wrong.back() = wrong.back() == 'A' ? 'E' : 'A';
  const auto channel = Connect(Pinned());
  const std::string path = "/cairn.v1.Operations/GetStatus";
  EXPECT_TRUE(CallAnything(channel, path, {"Bearer " + right}).ok());
  for (const std::vector<std::string>& headers :
       std::vector<std::vector<std::string>>{{"Bearer " + wrong},
                                             {"Bearer "},
                                             {""},
                                             {"Basic " + right},
                                             {"bearer " + right},
                                             {"Bearer " + right + " "},
                                             {"Bearer " + right, "Bearer " + right},
                                             {"Bearer " + right.substr(0, right.size() - 1)}}) {
    const grpc::Status status = CallAnything(channel, path, headers);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << headers[0].substr(0, 8);
    EXPECT_THAT(status.error_message(), Not(HasSubstr("cairn_")));
  }
}

TEST_F(AdminServerTest, AnRpcThatIsNotInTheTableIsForNobody) {
  const auto channel = Connect(Pinned(Token(v1::OPERATOR)));
  for (const char* path :
       {"/cairn.v1.Replication/Sync", "/cairn.v1.Operations/Nothing", "/", "/cairn.v1.Operations/"}) {
    EXPECT_EQ(CallAnything(channel, path).error_code(), grpc::StatusCode::PERMISSION_DENIED) << path;
  }
}

TEST_F(AdminServerTest, HealthIsForAnybodyAndReflectionForThoseWithAToken) {
  EXPECT_TRUE(CallAnything(Connect(Pinned()), "/grpc.health.v1.Health/Check").ok());
  EXPECT_EQ(CallAnything(Connect(Pinned()), "/grpc.health.v1.Health/Watch").error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  const std::string reflection = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  EXPECT_EQ(CallAnything(Connect(Pinned()), reflection).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_TRUE(CallAnything(Connect(Pinned(Token(v1::READER))), reflection).ok());
}

TEST_F(AdminServerTest, ARevokedTokenIsRefusedAtOnceAndItsWatchEndsWithinASecond) {
  Client client = ClientWith(Pinned(Token(v1::READER, "dashboard")));
  const auto stub = v1::Directory::NewStub(Connect(Pinned(Token(v1::READER, "other"))));
  const auto watched = v1::Directory::NewStub(Connect(Pinned(Token(v1::READER, "watcher"))));
  grpc::ClientContext context;
  const auto watch = watched->WatchRecords(&context, {});
  v1::WatchRecordsResponse event;
  ASSERT_TRUE(watch->Read(&event));
  ASSERT_TRUE(client.ListPartners().ok());
  ASSERT_TRUE(tokens_->Revoke(Local(), "dashboard").ok());
  EXPECT_EQ(client.ListPartners().status().code(), absl::StatusCode::kUnauthenticated);
  const absl::Duration begun = Clock::Real()->Monotonic();
  ASSERT_TRUE(tokens_->Revoke(Local(), "watcher").ok());
  while (watch->Read(&event)) {
  }
  EXPECT_LT(Clock::Real()->Monotonic() - begun, absl::Seconds(1));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(AdminServerTest, AnEditorTriesOutAndVerifiesAndAPublisherPublishes) {
  Client editor = ClientOf(v1::EDITOR);
  Client publisher = ClientOf(v1::PUBLISHER);
  v1::PublishHeader dry_run;
  dry_run.set_dry_run(true);
  EXPECT_EQ(PublishWith(&editor, dry_run)->added(), 1u);
  const auto refused = PublishWith(&editor, {});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(refused.status()), "ROLE_TOO_LOW");
  ASSERT_TRUE(PublishWith(&publisher, {})->committed());
  v1::MarkVerifiedRequest verified;
  verified.add_ids(uuid);
  EXPECT_TRUE(editor.MarkVerified(verified).ok());
  v1::WithdrawRequest withdraw;
  withdraw.add_ids(uuid);
  EXPECT_EQ(editor.Withdraw(withdraw).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(publisher.Withdraw(withdraw).ok());
}

TEST_F(AdminServerTest, EveryChangeLeavesARowWithWhoAndWhat) {
  Client publisher = ClientWith(Pinned(Token(v1::PUBLISHER, "office-import")));
  ASSERT_TRUE(PublishWith(&publisher, {})->committed());
  v1::WithdrawRequest withdraw;
  withdraw.add_ids(uuid);
  ASSERT_TRUE(publisher.Withdraw(withdraw).ok());
  ASSERT_EQ(publisher.ListTokens().status().code(), absl::StatusCode::kPermissionDenied);
  const v1::ListAuditResponse audit = Audit();
  ASSERT_EQ(audit.entries_size(), 4);
  EXPECT_TRUE(audit.entries(0).refused());
  EXPECT_EQ(audit.entries(0).method(), "Operations.ListTokens");
  EXPECT_EQ(audit.entries(1).method(), "Publishing.Withdraw");
  EXPECT_EQ(audit.entries(1).caller(), "token office-import");
  EXPECT_EQ(audit.entries(1).description(), absl::StrCat("public at 2, 1 changed; 1 id: ", uuid));
  EXPECT_EQ(audit.entries(2).description(), "public at 1, 1 changed");
  EXPECT_EQ(audit.entries(3).caller(), "local");
  EXPECT_EQ(audit.entries(3).method(), "Operations.CreateToken");
}

TEST_F(AdminServerTest, AChangeThatChangesNothingAndADryRunLeaveNoRow) {
  Client publisher = ClientOf(v1::PUBLISHER);
  ASSERT_TRUE(PublishWith(&publisher, {})->committed());
  const int rows = Audit().entries_size();
  ASSERT_TRUE(PublishWith(&publisher, {})->committed());
  v1::PublishHeader dry_run;
  dry_run.set_dry_run(true);
  ASSERT_TRUE(PublishWith(&publisher, dry_run).ok());
  EXPECT_EQ(Audit().entries_size(), rows);
}

TEST_F(AdminServerTest, ACertificateOfAKnownKeyIsAsGoodAsAToken) {
  Client office = ClientWith(WithCertificate("office"));
  EXPECT_TRUE(PublishWith(&office, {})->committed());
  EXPECT_EQ(office.ListTokens().status().code(), absl::StatusCode::kPermissionDenied);
  const v1::ListAuditResponse audit = Audit();
  ASSERT_EQ(audit.entries_size(), 2) << "the refusal and the publish";
  EXPECT_EQ(audit.entries(1).caller(), "certificate office");
  EXPECT_EQ(audit.entries(1).method(), "Publishing.Publish");
}

TEST_F(AdminServerTest, AttackWithACertificate_OfAnUnknownKeyOrAuthority) {
  EXPECT_EQ(ClientWith(WithCertificate("visitor")).ListPartners().status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(ClientWith(WithCertificate("forger")).ListPartners().status().code(), absl::StatusCode::kUnavailable)
      << "the key is known, but nobody vouches for the certificate";
  ChannelSecurity both = WithCertificate("office");
  both.token = "cairn_wrong";
  EXPECT_EQ(ClientWith(both).ListPartners().status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(AdminServerTest, ANodeWithAnotherKeyThanPinnedGetsNoToken) {
  ChannelSecurity other = Pinned(Token(v1::OPERATOR));
  other.pin_sha256 = std::string(32, 'x');
  const absl::Status status = ClientWith(other).GetStatus().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("another key than --pin says"));
  EXPECT_EQ(tokens_->List().tokens(0).last_used_at().seconds(), 0) << "it was shown";
}

TEST_F(AdminServerTest, WhoSpeaksInClearIsNotHeard) {
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + Token(v1::OPERATOR));
  const auto channel =
      grpc::CreateChannel(absl::StrCat("127.0.0.1:", admin_->port()), grpc::InsecureChannelCredentials());
  v1::ListPartnersResponse response;
  const grpc::Status status = v1::Directory::NewStub(channel)->ListPartners(&context, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(AdminServerTest, OneTokenCannotHoldAllStreams_R8) {
  const auto stub = v1::Directory::NewStub(Connect(Pinned(Token(v1::READER))));
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::WatchRecordsResponse>>> watches;
  v1::WatchRecordsResponse event;
  for (int i = 0; i < limits::caller_streams_max; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    watches.push_back(stub->WatchRecords(contexts.back().get(), {}));
    ASSERT_TRUE(watches.back()->Read(&event));
  }
  Client same_channel(Connect(Pinned(Token(v1::READER))));
  grpc::ClientContext context;
  const auto refused = stub->WatchRecords(&context, {});
  EXPECT_FALSE(refused->Read(&event));
  const absl::Status status = FromGrpc(refused->Finish(), context);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(status), "TOO_MANY_STREAMS");
  EXPECT_TRUE(same_channel.ListPartners().ok()) << "another token is not concerned";
  for (const auto& running : contexts) running->TryCancel();
  for (const auto& watch : watches) watch->Finish();
}

TEST_F(AdminServerTest, OneTokenCannotAskWithoutEnd_R8) {
  Client flood = ClientOf(v1::READER);
  for (int i = 0; i < limits::caller_requests_burst; ++i) ASSERT_TRUE(flood.ListPartners().ok());
  const absl::Status status = flood.ListPartners().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(status), "TOO_MANY_REQUESTS");
  EXPECT_TRUE(ClientOf(v1::READER).ListPartners().ok());
  limits_clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(flood.ListPartners().ok());
}

TEST_F(AdminServerTest, WhatATokenIsSentIsCounted_R8) {
  Client office = ClientOf(v1::PUBLISHER);
  ASSERT_TRUE(PublishWith(&office, {})->committed());  // so that answers are not empty
  Client dashboard = ClientWith(Pinned(Token(v1::READER, "dashboard")));
  ASSERT_TRUE(dashboard.ListPartners().ok());
  limits_->UseBytes("token dashboard", limits::reader_bytes_burst - 100);
  absl::Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) status = dashboard.ListPartners().status();
  EXPECT_EQ(ReasonOf(status), "TOO_MANY_BYTES");
  EXPECT_TRUE(ClientOf(v1::READER).ListPartners().ok()) << "another token is not concerned";
}

constexpr char kReflection[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
constexpr char kHealthWatch[] = "/grpc.health.v1.Health/Watch";

// No handler of ours sees these, and each reflection stream holds a thread.
TEST_F(AdminServerTest, OneTokenCannotHoldTheStreamsOfTheLibrary_R8) {
  const auto channel = Connect(Pinned(Token(v1::READER)));
  std::vector<std::unique_ptr<OpenStream>> held;
  for (int i = 0; i < limits::caller_streams_max; ++i) {
    held.push_back(std::make_unique<OpenStream>(channel, i % 2 == 0 ? kReflection : kHealthWatch));
    ASSERT_TRUE(held.back()->Read()) << i;
  }
  EXPECT_EQ(CallAnything(channel, kReflection).error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(CallAnything(channel, kHealthWatch).error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(CallAnything(Connect(Pinned(Token(v1::READER))), kReflection).ok()) << "another token is not concerned";
  held.clear();
  // What was given back can be taken again, as soon as the node has seen the end.
  const absl::Time patience = Clock::Real()->Now() + absl::Seconds(20);
  while (!CallAnything(channel, kReflection).ok()) ASSERT_LT(Clock::Real()->Now(), patience);
}

TEST_F(AdminServerTest, OneTokenCannotAskTheLibraryWithoutEnd_R8) {
  const auto channel = Connect(Pinned(Token(v1::READER)));
  grpc::Status status;
  for (int i = 0; i <= limits::caller_requests_burst && status.ok(); ++i) status = CallAnything(channel, kReflection);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(AdminServerTest, ARevokedTokensReflectionIsCutOff) {
  OpenStream stream(Connect(Pinned(Token(v1::READER, "curious"))), kReflection);
  ASSERT_TRUE(stream.Read());
  ASSERT_TRUE(tokens_->Revoke(Local(), "curious").ok());
  gate_->CutOff("curious");
  EXPECT_FALSE(stream.Read());
  EXPECT_EQ(stream.Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(AdminServerTest, ACertificateTakenOffTheListIsRefusedAndItsWatchEnds) {
  Client office = ClientWith(WithCertificate("office"));
  ASSERT_TRUE(office.ListPartners().ok());
  const auto stub = v1::Directory::NewStub(Connect(WithCertificate("office")));
  grpc::ClientContext context;
  const auto watch = stub->WatchRecords(&context, {});
  v1::WatchRecordsResponse event;
  ASSERT_TRUE(watch->Read(&event));
  const std::vector<CertificateClient> kept = {{Identity("office").spki_sha256, "office", v1::PUBLISHER, {}}};
  EXPECT_THAT(authoriser_->SetClients(kept), testing::ElementsAre("certificate forger"));
  EXPECT_TRUE(office.ListPartners().ok());
  const std::vector<CertificateClient> lesser = {{Identity("office").spki_sha256, "office", v1::READER, {}}};
  EXPECT_THAT(authoriser_->SetClients(lesser), testing::ElementsAre("certificate office"));
  while (watch->Read(&event)) {
  }
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
  authoriser_->SetClients({});
  EXPECT_EQ(office.ListPartners().status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(AdminServerTest, AMessageThatIsTooLargeIsRefused_R8) {
  v1::WithdrawRequest request;
  for (int i = 0; i < 6; ++i) request.add_ids(std::string(1024 * 1024, 'x'));
  EXPECT_EQ(ClientOf(v1::PUBLISHER).Withdraw(request).status().code(), absl::StatusCode::kResourceExhausted);
}

// Its handler waits in a write, so that it cannot see by itself that it must end.
TEST_F(AdminServerTest, AttackByNotReading_ARevokedWatchIsCutOff) {
  constexpr int records = 500;  // 30 MB: more than gRPC takes in ahead of the reader
  v1::PublishRequest batch;
  for (int i = 0; i < records; ++i) {
    v1::Record* record = batch.mutable_records()->add_records()->mutable_record();
    *record = OneResource("Large").records().records(0).record();
    record->set_id(absl::StrFormat("7d5f1c2a-9a34-4c1e-8d6b-%012d", i));
    record->mutable_resource()->set_description(std::string(60'000, 'x'));
  }
  Client publisher = ClientOf(v1::PUBLISHER);
  const std::unique_ptr<PublishCall> call = publisher.Publish({}, {});
  for (const v1::PublishRecord& record : batch.records().records()) ASSERT_TRUE(call->Add(record).ok());
  ASSERT_TRUE(call->Commit()->committed());
  const auto stub = v1::Directory::NewStub(Connect(Pinned(Token(v1::READER, "stalled"))));
  grpc::ClientContext context;
  const auto watch = stub->WatchRecords(&context, {});
  v1::WatchRecordsResponse event;
  ASSERT_TRUE(watch->Read(&event));
  v1::RevokeTokenRequest revoke;
  revoke.set_name("stalled");
  ASSERT_TRUE(ClientOf(v1::OPERATOR).RevokeToken(revoke).ok());
  int events = 1;
  while (watch->Read(&event)) ++events;
  EXPECT_LT(events, records);
  EXPECT_FALSE(watch->Finish().ok());
}

std::string BytesOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(AdminServerTest, TokensAreNeitherInTheFileNorInLogsNorInStatus) {
  testing::internal::CaptureStderr();
  const std::string secret = Token(v1::OPERATOR, "secret-one");
  Client client = ClientWith(Pinned(secret));
  const std::string status =
      client.GetStatus()->DebugString() + client.ListTokens()->DebugString() + client.ListAudit({})->DebugString();
  ASSERT_TRUE(tokens_->Revoke(Local(), "secret-one").ok());
  const std::string refused(client.GetStatus().status().message());
  const std::string logs = testing::internal::GetCapturedStderr();
  EXPECT_THAT(logs, HasSubstr("token.created"));
  const std::string bits = secret.substr(secret.size() - 20);
  for (const std::string& text :
       {status, refused, logs, BytesOf(folder_ + "/cairn.db"), BytesOf(folder_ + "/cairn.db-wal")}) {
    EXPECT_FALSE(text.empty());
    EXPECT_EQ(text.find(bits), std::string::npos);
  }
}

TEST_F(AdminServerTest, AKeyThatOthersMayReadIsRefused) {
  ASSERT_EQ(chmod((folder_ + "/key").c_str(), 0640), 0);
  const auto started = AdminServer::Start({"127.0.0.1:0", folder_ + "/key", folder_ + "/crt", ""}, gate_.get(), {});
  EXPECT_EQ(started.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(started.status().message(), HasSubstr("chmod 600"));
}

}  // namespace
}  // namespace cairn
