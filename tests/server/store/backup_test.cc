#include "server/store/backup.h"

#include <gmock/gmock.h>

#include <fstream>

#include "server/store/verify.h"
#include "tests/server/store/store_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BackupTest : public StoreFixture {
 protected:
  // Some megabytes, so that a copy takes several steps.
  void Fill() {
    std::vector<v1::Entry> entries;
    for (uint64_t n = 1; n <= 4'000; ++n) entries.push_back(LiveEntry(n, n, std::string(2'000, 'x')));
    ASSERT_TRUE(Stage(std::move(entries)).ok());
    ASSERT_TRUE(Show(4'000).ok());
  }
  absl::Status Copy(const std::function<absl::Status(const BackupProgress&)>& progress = [](const BackupProgress&) {
    return absl::OkStatus();
  }) {
    return BackUp(store_.get(), copy_, "backup of today", progress);
  }
  // The copy as a store of its own.
  std::unique_ptr<Store> OpenCopy() {
    Store::Options options = options_;
    options.path = copy_;
    auto opened = Store::Open(options);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() ? *std::move(opened) : nullptr;
  }
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(folder_)) {
      if (file.path().filename().string().rfind("copy", 0) == 0) names.push_back(file.path().filename().string());
    }
    return names;
  }
  const std::string copy_ = folder_ + "/copy.db";
};

TEST_F(BackupTest, CopyHoldsWhatIsWrittenWhileItIsMade) {
  Fill();
  uint64_t seq = 4'000;
  ASSERT_TRUE(Copy([&](const BackupProgress& at) -> absl::Status {
                EXPECT_LE(at.done_bytes, at.total_bytes);
                if (at.done_bytes == at.total_bytes) return absl::OkStatus();
                ++seq;
                RETURN_IF_ERROR(Stage({LiveEntry(seq % 5, seq, "Written meanwhile")}));
                return Show(seq);
              }).ok());
  EXPECT_GT(seq, 4'002u) << "the copy took several steps";
  const std::unique_ptr<Store> store = OpenCopy();
  ASSERT_NE(store, nullptr);
  FeedStore feeds(store.get(), "test");
  EXPECT_EQ((*feeds.Find("pl-x", "public"))->seq, seq);
  EXPECT_EQ(*CheckPages(store.get()), "");
  const auto report = VerifyFeeds(&feeds, true, [](const VerifyProgress&) { return absl::OkStatus(); });
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->findings, IsEmpty());
}

TEST_F(BackupTest, CopyIsMarkedAndTheOriginalIsNot) {
  ASSERT_TRUE(Copy().ok());
  EXPECT_EQ(*ReadRestoredMark(store_.get()), "");
  EXPECT_EQ(*ReadRestoredMark(OpenCopy().get()), "backup of today");
}

// However young what is in it: the node that used the file went on.
TEST_F(BackupTest, AFileThatSomebodyCopiedBackCountsAsOldUntilPeersWereHeard_R3) {
  const auto copied = [&] {
    EXPECT_TRUE(MarkWhenCopied(store_.get(), options_.path).ok());
    return *ReadOldMark(store_.get());
  };
  EXPECT_FALSE(copied());
  Reopen();
  EXPECT_FALSE(copied()) << "the same file";
  store_.reset();
  std::filesystem::copy_file(options_.path, copy_);
  std::filesystem::rename(copy_, options_.path);
  Reopen();
  EXPECT_TRUE(copied());
  Reopen();
  EXPECT_TRUE(copied()) << "nobody was heard yet";
  ASSERT_TRUE(store_->Write(&ClearCopyMarks).ok());
  EXPECT_FALSE(copied());
}

TEST_F(BackupTest, AStartOfTheMachineIsKnownUntilPeersWereHeard_R3) {
  EXPECT_FALSE(*MachineStartedAnew(store_.get())) << "a new database knows of no earlier start";
  ASSERT_TRUE(store_->Write(&ClearCopyMarks).ok());
  EXPECT_FALSE(*MachineStartedAnew(store_.get()));
  ASSERT_TRUE(store_->Write([](Connection& db) { return SetMeta(db, "boot", "that of another start"); }).ok());
  EXPECT_TRUE(*MachineStartedAnew(store_.get()));
  Reopen();
  EXPECT_TRUE(*MachineStartedAnew(store_.get())) << "nobody was heard yet";
  ASSERT_TRUE(store_->Write(&ClearCopyMarks).ok());
  EXPECT_FALSE(*MachineStartedAnew(store_.get()));
}

TEST_F(BackupTest, CopyIsOneFileThatItsOwnerAloneMayRead) {
  ASSERT_TRUE(Copy().ok());
  EXPECT_THAT(Files(), testing::ElementsAre("copy.db"));
  EXPECT_EQ(std::filesystem::status(copy_).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(BackupTest, NothingIsOverwritten) {
  std::ofstream(copy_) << "precious";
  const absl::Status status = Copy();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(status.message(), HasSubstr("not there yet"));
  EXPECT_EQ(std::filesystem::file_size(copy_), 8u);
}

TEST_F(BackupTest, StoppedCopyLeavesNothingAndTheStoreWritesOn) {
  Fill();
  EXPECT_EQ(Copy([](const BackupProgress&) { return absl::CancelledError("enough"); }).code(),
            absl::StatusCode::kCancelled);
  EXPECT_THAT(Files(), IsEmpty());
  ASSERT_TRUE(Stage({LiveEntry(1, 4'001)}).ok());
  EXPECT_TRUE(Show(4'001).ok());
}

TEST_F(BackupTest, MarksAreClearedTogether) {
  ASSERT_TRUE(store_->Write([](Connection& db) { return SetRestoredMark(db, "a copy"); }).ok());
  ASSERT_TRUE(store_->Write(SetOldMark).ok());
  EXPECT_TRUE(*ReadOldMark(store_.get()));
  ASSERT_TRUE(store_->Write(ClearCopyMarks).ok());
  EXPECT_FALSE(*ReadOldMark(store_.get()));
  EXPECT_EQ(*ReadRestoredMark(store_.get()), "");
}

}  // namespace
}  // namespace cairn
