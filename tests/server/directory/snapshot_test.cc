// Snapshots: nothing but what the audience may read, of one moment, in a file that other tools open.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "server/directory/snapshot_maker.h"
#include "tests/server/directory/test_directory.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class SnapshotTest : public DirectoryTest {
 protected:
  SnapshotTest() : folder_(testing::TempDir() + "/snapshot_test") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    maker_ = std::make_unique<SnapshotMaker>(db_.store.get(), Source(), &db_.clock, folder_);
  }
  ~SnapshotTest() override { std::filesystem::remove_all(folder_); }

  // Makes one and keeps it in file(); `meanwhile` runs with the first progress.
  absl::Status Make(const std::string& audience, const Reader& reader = Reader::LocalOperator("pl-x"),
                    const std::function<void()>& meanwhile = nullptr) {
    bytes_.clear();
    bool begun = false;
    const absl::Status status = maker_->Make(reader, audience, [&](const v1::MakeSnapshotResponse& part) {
      if (!std::exchange(begun, true) && meanwhile) meanwhile();
      bytes_ += part.chunk();
      last_ = part;
      return absl::OkStatus();
    });
    std::ofstream(file(), std::ios::binary | std::ios::trunc) << bytes_;
    return status;
  }
  std::string file() const { return folder_ + "/made.sqlite"; }

  // The first column of all rows.
  std::vector<std::string> Column(const std::string& sql) const {
    std::vector<std::string> values;
    const auto db = Connection::Open({.path = file(), .read_only = true});
    if (!db.ok()) return {std::string(db.status().message())};
    Statement row = (*db)->Prepare(sql);
    while (row.Step()) values.push_back(row.String(0));
    EXPECT_TRUE(row.status().ok()) << row.status();
    return values;
  }

  static v1::Record Part(int n, const std::string& description) {
    v1::Record record;
    record.set_id(TestId(n));
    record.set_supplement(true);
    record.mutable_service()->set_description(description);
    return record;
  }
  void PublishForThree() {
    db_.Publish(pl_, {TestService(1, "Harbour shelter", "a bed for the night"), TestService(2, "Other desk")});
    db_.Publish(members_, {Part(1, "behind the churchMEMBERS"), TestService(3, "MeetingMEMBERS")});
    db_.Publish(police_, {Part(1, "Hidden Street 5POLICE")});
  }

  const std::string folder_;
  std::unique_ptr<SnapshotMaker> maker_;
  std::string bytes_;
  v1::MakeSnapshotResponse last_;
};

TEST_F(SnapshotTest, AttackByLookingAtTheBytes_NothingOfOtherAudiencesIsInTheFile_R7) {
  PublishForThree();
  ASSERT_TRUE(Make("public").ok());
  EXPECT_THAT(bytes_, HasSubstr("a bed for the night"));
  for (const char* foreign : {"MEMBERS", "POLICE", "circle:police", "lv-y"}) {
    EXPECT_EQ(bytes_.find(foreign), std::string::npos) << foreign;
  }
  ASSERT_TRUE(Make("consortium").ok());
  EXPECT_THAT(bytes_, HasSubstr("MeetingMEMBERS"));
  EXPECT_EQ(bytes_.find("POLICE"), std::string::npos);
  EXPECT_EQ(bytes_.find("circle:police"), std::string::npos);
  ASSERT_TRUE(Make("circle:police").ok());
  EXPECT_THAT(bytes_, HasSubstr("Hidden Street 5POLICE"));
  EXPECT_EQ(bytes_.find("behind the churchMEMBERS"), std::string::npos) << "replaced for them";
}

TEST_F(SnapshotTest, WhatWasWithdrawnIsInNoByte) {
  db_.Publish(pl_, {TestService(1, "Goneforgood"), TestService(2, "Stays")});
  db_.Withdraw(pl_, v1::SERVICE, {TestId(1)});
  ASSERT_TRUE(Make("public").ok());
  EXPECT_EQ(bytes_.find("Goneforgood"), std::string::npos);
  EXPECT_EQ(bytes_.find(TestId(1)), std::string::npos);
  EXPECT_THAT(Column("SELECT name FROM service"), ElementsAre("Stays"));
}

TEST_F(SnapshotTest, EachAudienceSeesARecordMergedAndOnce) {
  PublishForThree();
  ASSERT_TRUE(Make("public").ok());
  EXPECT_THAT(Column("SELECT name || '/' || ifnull(description, '-') FROM service ORDER BY id"),
              ElementsAre("Harbour shelter/a bed for the night", "Other desk/-"));
  ASSERT_TRUE(Make("circle:police").ok());
  EXPECT_THAT(Column("SELECT description FROM service WHERE name = 'Harbour shelter'"),
              ElementsAre("Hidden Street 5POLICE"));
  EXPECT_THAT(Column("SELECT count(*) FROM record"), ElementsAre("3"));
  EXPECT_EQ(last_.records(), 3u);
}

TEST_F(SnapshotTest, IsAPlainFileThatSaysWhatItIs) {
  PublishForThree();
  ASSERT_TRUE(Make("consortium").ok());
  EXPECT_TRUE(last_.done());
  EXPECT_EQ(last_.total_bytes(), bytes_.size());
  EXPECT_THAT(Column("PRAGMA journal_mode"), ElementsAre("delete"));
  EXPECT_THAT(Column("PRAGMA application_id"), ElementsAre(absl::StrCat(snapshot_application_id)));
  EXPECT_THAT(Column("PRAGMA user_version"), ElementsAre(absl::StrCat(directory_tables_version)));
  EXPECT_THAT(Column("PRAGMA integrity_check"), ElementsAre("ok"));
  EXPECT_THAT(Column("PRAGMA freelist_count"), ElementsAre("0"));
  EXPECT_THAT(Column("SELECT audience FROM snapshot"), ElementsAre("consortium"));
  EXPECT_THAT(Column("SELECT sql FROM sqlite_schema WHERE name = 'service_phone'")[0], HasSubstr("-- E.164"));
  EXPECT_THAT(Column("SELECT name FROM sqlite_schema WHERE name IN ('entry', 'feed', 'payload', 'charter', 'token', "
                     "'audit', 'peer_head', 'node_meta')"),
              IsEmpty());
}

TEST_F(SnapshotTest, ShowsOneMomentWhateverIsPublishedMeanwhile) {
  std::vector<v1::Record> many;
  for (int n = 1; n <= 3'000; ++n) many.push_back(TestService(n, absl::StrCat("Before ", n)));
  db_.Publish(pl_, many);
  const auto change = [&] {
    db_.Publish(pl_, {TestService(2'999, "After"), TestService(9'999, "After")});
    db_.Withdraw(pl_, v1::SERVICE, {TestId(3'000)});
  };
  ASSERT_TRUE(Make("public", Reader::LocalOperator("pl-x"), change).ok());
  EXPECT_THAT(Column("SELECT count(*) FROM service WHERE name LIKE 'Before %'"), ElementsAre("3000"));
  EXPECT_THAT(Column("SELECT name FROM service WHERE name = 'After'"), IsEmpty());
}

TEST_F(SnapshotTest, AttackByWaiting_WhoLeavesACircleMeanwhileGetsNoFile_R7) {
  PublishForThree();
  const auto leave = [&] {
    v1::Charter charter = charter_->charter();
    charter.set_version(2);
    charter.mutable_circles(0)->clear_partners();
    SetCharter(charter);
  };
  const absl::Status status = Make("circle:police", Reader::LocalOperator("lv-y"), leave);
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(bytes_.find("POLICE"), std::string::npos);
}

TEST_F(SnapshotTest, NeverHasMoreThanWhoeverAsksMayRead) {
  PublishForThree();
  ASSERT_TRUE(Make("circle:police", Reader::Limited("pl-x", {"consortium"})).ok());
  EXPECT_THAT(bytes_, HasSubstr("MeetingMEMBERS"));
  EXPECT_EQ(bytes_.find("POLICE"), std::string::npos);
  ASSERT_TRUE(Make("consortium", Reader::Anonymous()).ok());
  EXPECT_EQ(bytes_.find("MEMBERS"), std::string::npos);
  ASSERT_TRUE(Make("circle:police", Reader::LocalOperator("al-z")).ok()) << "not in the circle";
  EXPECT_EQ(bytes_.find("POLICE"), std::string::npos);
}

TEST_F(SnapshotTest, AnAudienceThatIsNoneIsRefused) {
  EXPECT_EQ(Make("").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Make("everybody").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Make("circle:none").code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(SnapshotTest, OwnersThatPublishARecordTwiceAreShownByTheWiderOne) {
  db_.Publish(members_, {TestService(1, "For members")});
  db_.Publish(pl_, {TestService(1, "For all")});
  ASSERT_TRUE(Make("consortium").ok());
  EXPECT_THAT(Column("SELECT name FROM service"), ElementsAre("For all"));
}

TEST_F(SnapshotTest, LeavesNothingInTheFolderAndClearsWhatAKilledOneLeft) {
  PublishForThree();
  ASSERT_TRUE(Make("public").ok());
  std::ofstream(folder_ + "/snapshot-1-0.tmp") << "of a process that was killed";
  maker_ = std::make_unique<SnapshotMaker>(db_.store.get(), Source(), &db_.clock, folder_);
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) left.push_back(entry.path().filename());
  EXPECT_THAT(left, ElementsAre("made.sqlite"));
}

// A read that stays open would keep the log growing, and what was withdrawn on the disk.
TEST_F(SnapshotTest, AttackBySlowRetrieval_WhoDoesNotTakeItHoldsNoReadAndNobodyUp_R8) {
  PublishForThree();
  int held_up = 0;
  const auto slow = [&](const v1::MakeSnapshotResponse& part) -> absl::Status {
    if (++held_up > 1) return absl::CancelledError("enough");
    EXPECT_EQ(part.total_bytes(), 0u) << "its first progress";
    EXPECT_TRUE(Make("public").ok()) << "another's is made while this one's reader takes its time";
    EXPECT_TRUE(db_.store->EmptyLog().ok()) << "no read is open";
    return absl::OkStatus();
  };
  EXPECT_EQ(maker_->Make(Reader::Anonymous(), "public", slow).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(held_up, 2);
}

TEST_F(SnapshotTest, OnlySoManyAreMadeAtATime_R8) {
  PublishForThree();
  absl::Status refused;
  int depth = 0;
  std::function<absl::Status(const v1::MakeSnapshotResponse&)> nested = [&](const v1::MakeSnapshotResponse& part) {
    if (part.total_bytes() == 0 || ++depth > 10) return absl::OkStatus();  // begins the next while this one is sent
    const absl::Status status = maker_->Make(Reader::Anonymous(), "public", nested);
    if (!status.ok()) refused = status;
    return absl::OkStatus();
  };
  ASSERT_TRUE(maker_->Make(Reader::Anonymous(), "public", nested).ok());
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(Make("public").ok()) << "their places are free again";
}

}  // namespace
}  // namespace cairn
