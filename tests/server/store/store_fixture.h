// What tests of the store share: a store in a fresh folder, records, and the way from entries to a visible feed.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cairn/v1/record.pb.h"
#include "common/base/clock.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "server/store/apply.h"
#include "server/store/feed_store.h"
#include "server/store/store.h"
#include "tests/fakes/test_heads.h"

namespace cairn {

inline const FeedKey kFeed{"pl-x", "public", 1};

// The 16 bytes of the `n`th id; ids are not in the order of their numbers.
inline std::string IdOf(uint64_t n) { return Sha256(absl::StrCat("id", n)).substr(0, 16); }

inline v1::Entry LiveEntry(uint64_t n, uint64_t seq, const std::string& name = "Helpline") {
  v1::Record record;
  record.set_id(UuidToText(IdOf(n)));
  record.mutable_service()->set_name(absl::StrCat(name, " ", n));
  v1::Entry entry;
  entry.set_kind(v1::SERVICE);
  entry.set_id(IdOf(n));
  entry.set_seq(seq);
  entry.set_payload(record.SerializeAsString());
  return entry;
}

inline v1::Entry Withdrawal(uint64_t n, uint64_t seq) {
  v1::Entry entry;
  entry.set_kind(v1::SERVICE);
  entry.set_id(IdOf(n));
  entry.set_seq(seq);
  entry.set_tombstone(true);
  return entry;
}

// Entries 1..count with seq 1..count.
inline std::vector<v1::Entry> Entries(uint64_t count) {
  std::vector<v1::Entry> entries;
  for (uint64_t n = 1; n <= count; ++n) entries.push_back(LiveEntry(n, n));
  return entries;
}

class StoreFixture : public ::testing::Test {
 protected:
  StoreFixture() {
    static int count = 0;
    folder_ = absl::StrCat(::testing::TempDir(), "/store_test_", getpid(), "_", ++count);
    std::filesystem::create_directories(folder_);
    options_.path = folder_ + "/cairn.db";
    options_.consortium = "test";
    options_.clock = &clock_;
    options_.inline_writes = true;
    options_.durable = false;
  }
  ~StoreFixture() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  // Opens, or closes without a word (as a crash does) and opens again.
  void Reopen() {
    feeds_.reset();
    store_.reset();
    auto opened = Store::Open(options_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
    feeds_ = std::make_unique<FeedStore>(store_.get(), "test");
  }
  void SetUp() override { Reopen(); }

  absl::Status Stage(std::vector<v1::Entry> entries, bool full = false, bool restart = false,
                     const FeedKey& feed = kFeed) {
    const uint64_t through = entries.empty() ? 0 : entries.back().seq();
    ASSIGN_OR_RETURN(PreparedBatch prepared, feeds_->Prepare(feed, std::move(entries)));
    return store_->Write([&](Connection& db) {
      return feeds_->Stage(db, {restart, full, std::move(prepared), through, through});
    });
  }
  absl::StatusOr<StagedSet> Staged(const FeedKey& feed = kFeed) {
    absl::StatusOr<StagedSet> staged = absl::UnknownError("not read");
    EXPECT_TRUE(store_
                    ->Read([&](Connection& db) {
                      staged = feeds_->Staged(db, feed);
                      return absl::OkStatus();
                    })
                    .ok());
    return staged;
  }
  // Makes what is staged visible at `seq`, all slices of it.
  absl::Status Show(uint64_t seq, const FeedKey& feed = kFeed) {
    RETURN_IF_ERROR(Begin(seq, feed).status());
    return ApplyAll(feeds_.get(), feed);
  }
  absl::StatusOr<ApplyProgress> Begin(uint64_t seq, const FeedKey& feed = kFeed) {
    ASSIGN_OR_RETURN(const StagedSet staged, Staged(feed));
    return MakeVisible(TestHeads::For(staged, seq));
  }
  absl::StatusOr<ApplyProgress> MakeVisible(const VerifiedHead& head) {
    ApplyProgress progress = ApplyProgress::kDone;
    RETURN_IF_ERROR(store_->Write([&](Connection& db) -> absl::Status {
      ASSIGN_OR_RETURN(progress, feeds_->MakeVisible(db, head));
      return absl::OkStatus();
    }));
    return progress;
  }
  absl::StatusOr<ApplyProgress> Slice(const FeedKey& feed = kFeed) {
    ApplyProgress progress = ApplyProgress::kDone;
    RETURN_IF_ERROR(store_->Write([&](Connection& db) -> absl::Status {
      ASSIGN_OR_RETURN(progress, feeds_->ApplySlice(db, feed));
      return absl::OkStatus();
    }));
    return progress;
  }
  absl::Status Put(std::vector<v1::Entry> entries, uint64_t seq, bool full = false, const FeedKey& feed = kFeed) {
    RETURN_IF_ERROR(Stage(std::move(entries), full, false, feed));
    return Show(seq, feed);
  }
  HeldFeed Held(const FeedKey& feed = kFeed) {
    auto held = feeds_->Find(feed.partner, feed.audience);
    EXPECT_TRUE(held.ok() && held->has_value()) << held.status();
    return held.ok() && held->has_value() ? **held : HeldFeed{};
  }
  // All entries of the feed as "name@seq", "-@seq" for withdrawals, in order of seq.
  std::vector<std::string> Shown(const FeedKey& feed = kFeed) {
    std::vector<std::string> shown;
    auto page = feeds_->ReadPage(feed, 0, 1 << 30, 1'000'000);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) return {};
    for (const v1::Entry& entry : page->entries) {
      v1::Record record;
      record.ParseFromString(entry.payload());
      shown.push_back(absl::StrCat(entry.tombstone() ? "-" : record.service().name(), "@", entry.seq()));
    }
    return shown;
  }
  int64_t Count(absl::string_view sql) {
    int64_t count = -1;
    EXPECT_TRUE(store_
                    ->Read([&](Connection& db) {
                      Statement row = db.Prepare(sql);
                      row.Step();
                      count = row.Int64(0);
                      return row.status();
                    })
                    .ok());
    return count;
  }
  absl::Status Sql(absl::string_view sql) {
    return store_->Write([&](Connection& db) { return db.ExecuteScript(sql); });
  }

  ManualClock clock_;
  std::string folder_;
  Store::Options options_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<FeedStore> feeds_;
};

}  // namespace cairn
