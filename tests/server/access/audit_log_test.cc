#include "server/access/audit_log.h"

#include <gmock/gmock.h>

#include "common/base/limits.h"
#include "server/store/access_rows.h"
#include "tests/server/access/access_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

class AuditLogTest : public AccessTest {};

TEST_F(AuditLogTest, MakingAndRevokingATokenLeaveTheirRowsWithIt) {
  Secret("import", v1::PUBLISHER, {"consortium"});
  ASSERT_TRUE(tokens_->Revoke(Local(), "import").ok());
  const v1::ListAuditResponse audit = Audit();
  ASSERT_EQ(audit.entries_size(), 2);
  EXPECT_EQ(audit.entries(0).method(), "Operations.RevokeToken");
  EXPECT_EQ(audit.entries(1).description(), "token import for publisher, 90 days, audiences consortium");
  EXPECT_EQ(audit.entries(1).role(), v1::OPERATOR);
  EXPECT_EQ(audit.entries(1).caller(), "local");
  EXPECT_EQ(audit.entries(1).result(), "ok");
}

TEST_F(AuditLogTest, ARowGoesWithTheWriteThatFails) {
  const absl::Status status = store_->Write([&](Connection& db) -> absl::Status {
    EXPECT_TRUE(audit_->Append(db, Local(), "/cairn.v1.Publishing/Publish", "x").ok());
    return absl::AbortedError("no head");
  });
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(Audit().entries_size(), 0);
}

TEST_F(AuditLogTest, SaysHowADeedEnded) {
  audit_->Done(Local(), "/cairn.v1.Operations/Rebuild", "7 records", absl::UnavailableError("secret words"));
  EXPECT_EQ(Audit().entries(0).result(), "UNAVAILABLE");
  EXPECT_EQ(Audit().entries(0).description(), "7 records");
}

TEST_F(AuditLogTest, ALongDescriptionIsCutBetweenCharacters) {
  std::string text = "x";
  while (text.size() < 2 * limits::audit_description_bytes_max) text += "ł";
  audit_->Done(Local(), "/cairn.v1.Operations/Rebuild", text, absl::OkStatus());
  const std::string kept = Audit().entries(0).description();
  EXPECT_LE(kept.size(), limits::audit_description_bytes_max);
  EXPECT_EQ(kept.size() % 2, 1u);
}

TEST_F(AuditLogTest, IsReadFromATimeOnAndUpToANumber) {
  for (int i = 0; i < 5; ++i) {
    audit_->Done(Local(), "/cairn.v1.Operations/Rebuild", absl::StrCat(i), absl::OkStatus());
    clock_.Advance(absl::Hours(1));
  }
  v1::ListAuditRequest request;
  request.mutable_since()->set_seconds(absl::ToUnixSeconds(clock_.Now() - absl::Hours(3)));
  EXPECT_EQ(audit_->List(request)->entries_size(), 3);
  request.set_limit(2);
  EXPECT_EQ(audit_->List(request)->entries(0).description(), "4");
  EXPECT_EQ(audit_->List(request)->entries_size(), 2);
  request.set_limit(limits::audit_list_max + 1);
  EXPECT_EQ(audit_->List(request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(AuditLogTest, WhatIsOldGoes) {
  audit_->Done(Local(), "/cairn.v1.Operations/Rebuild", "old", absl::OkStatus());
  clock_.Advance(absl::Hours(24) * limits::audit_days_max + absl::Hours(1));
  audit_->Done(Local(), "/cairn.v1.Operations/Rebuild", "new", absl::OkStatus());
  ASSERT_TRUE(audit_->Purge().ok());
  ASSERT_EQ(Audit().entries_size(), 1);
  EXPECT_EQ(Audit().entries(0).description(), "new");
}

TEST_F(AuditLogTest, AttackByAFloodOfRefusals_PushesOutNoChange) {
  AuditRow row;
  row.description = "a change";
  ASSERT_TRUE(store_
                  ->Write([&](Connection& db) -> absl::Status {
                    EXPECT_TRUE(AppendAudit(db, row).ok());
                    row.refused = true;
                    for (int i = 0; i < 30; ++i) EXPECT_TRUE(AppendAudit(db, row).ok());
                    return PurgeAudit(db, AuditBounds{0, 5, 10});
                  })
                  .ok());
  const v1::ListAuditResponse audit = Audit();
  ASSERT_EQ(audit.entries_size(), 11);
  EXPECT_EQ(audit.entries(10).description(), "a change");
  EXPECT_FALSE(audit.entries(10).refused());
}

TEST(DescribeIdsTest, NamesTheFirstAndCountsTheRest) {
  EXPECT_EQ(DescribeIds({"a"}), "1 id: a");
  EXPECT_THAT(DescribeIds(std::vector<std::string>(limits::audit_ids_max + 5, "a")), HasSubstr("a and 5 more"));
  EXPECT_LT(DescribeIds(std::vector<std::string>(100, std::string(1000, 'x'))).size(),
            limits::audit_description_bytes_max);
}

}  // namespace
}  // namespace cairn
