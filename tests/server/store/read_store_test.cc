// The file as another process than the node's reads it.
#include "server/store/read_store.h"

#include <gmock/gmock.h>

#include <type_traits>

#include "server/store/schema.h"
#include "tests/server/store/store_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

class ReadStoreTest : public StoreFixture {
 protected:
  absl::StatusOr<std::unique_ptr<ReadStore>> OpenRead(const std::string& consortium = "") {
    return ReadStore::Open({options_.path, consortium, &clock_, 2, ""});
  }
  absl::Status Refusal(const std::string& consortium = "") { return OpenRead(consortium).status(); }
};

TEST_F(ReadStoreTest, SeesWhatTheNodeCommitsWhileBothAreOpen) {
  const auto reading = OpenRead("test");
  ASSERT_TRUE(reading.ok()) << reading.status();
  EXPECT_EQ((*reading)->consortium(), "test");
  ASSERT_TRUE(Put({LiveEntry(1, 1)}, 1).ok());
  int64_t entries = 0;
  EXPECT_TRUE((*reading)
                  ->Read([&](Connection& db) {
                    Statement row = db.Prepare("SELECT count(*) FROM entry");
                    row.Step();
                    entries = row.Int64(0);
                    return row.status();
                  })
                  .ok());
  EXPECT_EQ(entries, 1);
}

// W1: there is no writer, and its connections cannot be made to write.
TEST_F(ReadStoreTest, CannotWrite) {
  static_assert(!std::is_base_of_v<Store, ReadStore> && !std::is_convertible_v<ReadStore*, Store*>);
  const auto reading = OpenRead();
  ASSERT_TRUE(reading.ok());
  for (const char* sql : {"DELETE FROM entry", "CREATE TABLE t (n)", "PRAGMA user_version=9"}) {
    const absl::Status status = (*reading)->Read([&](Connection& db) { return db.ExecuteScript(sql); });
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << sql << ": " << status;
  }
  EXPECT_EQ(Count("PRAGMA user_version"), schema_version);
}

TEST_F(ReadStoreTest, KeepsNoNodeOffAndIsKeptOffByNone) {
  ASSERT_TRUE(OpenRead().ok());
  const auto reading = OpenRead();
  feeds_.reset();
  store_.reset();
  Reopen();
  EXPECT_TRUE(Put({LiveEntry(1, 1)}, 1).ok());
}

TEST_F(ReadStoreTest, AFileThatIsNotThereIsNotMade) {
  options_.path = folder_ + "/other.db";
  EXPECT_EQ(Refusal().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(Refusal().message()), HasSubstr("first start"));
  EXPECT_FALSE(std::filesystem::exists(options_.path));
}

TEST_F(ReadStoreTest, AFileOfAnotherVersionIsRefusedAndLeftAsItIs) {
  ASSERT_TRUE(Sql("PRAGMA user_version=1").ok());
  EXPECT_EQ(Refusal().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(Refusal().message()), HasSubstr("the file has version 1"));
  EXPECT_EQ(Count("PRAGMA user_version"), 1);
  ASSERT_TRUE(Sql(absl::StrCat("PRAGMA user_version=", schema_version + 1)).ok());
  EXPECT_THAT(std::string(Refusal().message()), HasSubstr("newer Cairn"));
}

TEST_F(ReadStoreTest, TextsFoldedByAnotherProgramAreRefused) {
  ASSERT_TRUE(store_->Write([](Connection& db) { return SetMeta(db, "derived_version", "0"); }).ok());
  EXPECT_THAT(std::string(Refusal().message()), HasSubstr("search texts"));
}

TEST_F(ReadStoreTest, AnotherConsortiumsFileIsRefused) {
  EXPECT_EQ(Refusal("other").code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ReadStoreTest, AWatchTellsOfEachCommitOnce) {
  auto watch = FileWatch::Open(options_.path);
  ASSERT_TRUE(watch.ok());
  EXPECT_TRUE(*(*watch)->Changed());
  EXPECT_FALSE(*(*watch)->Changed());
  ASSERT_TRUE(Put({LiveEntry(1, 1)}, 1).ok());
  EXPECT_TRUE(*(*watch)->Changed());
  EXPECT_FALSE(*(*watch)->Changed());
}

TEST_F(ReadStoreTest, AWatchEndsWhenAProgramOfAnotherVersionTakesTheFileOver) {
  auto watch = FileWatch::Open(options_.path);
  ASSERT_TRUE(watch.ok() && (*watch)->Changed().ok());
  ASSERT_TRUE(Sql(absl::StrCat("PRAGMA user_version=", schema_version + 1)).ok());
  EXPECT_EQ((*watch)->Changed().status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace cairn
