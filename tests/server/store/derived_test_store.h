// A real store with feeds that are filled by one call: what tests of derived tables and of the directory start from.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/hex.h"
#include "common/record/kinds.h"
#include "server/store/apply.h"
#include "server/store/feed_store.h"
#include "server/store/store.h"
#include "tests/fakes/test_heads.h"

namespace cairn {

// UUIDs that tests can name by a number.
inline std::string TestId(int n) {
  const std::string digits = std::to_string(n);
  return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

inline v1::Record TestService(int n, const std::string& name, const std::string& description = "") {
  v1::Record record;
  record.set_id(TestId(n));
  record.set_language("en");
  record.mutable_updated_at()->set_seconds(1'790'000'000 + n);
  record.mutable_service()->set_name(name);
  record.mutable_service()->set_description(description);
  record.mutable_service()->set_status("active");
  return record;
}

inline v1::Record TestLocation(int n, double latitude, double longitude) {
  v1::Record record;
  record.set_id(TestId(n));
  record.mutable_location()->set_location_type("physical");
  record.mutable_location()->set_name("Place " + std::to_string(n));
  record.mutable_location()->set_latitude(latitude);
  record.mutable_location()->set_longitude(longitude);
  return record;
}

class DerivedTestStore {
 public:
  // A file that is not synced; `name` keeps tests apart.
  explicit DerivedTestStore(std::string name) {
    std::replace(name.begin(), name.end(), '/', '_');
    const std::string path = testing::TempDir() + "/" + name + ".db";
    for (const char* suffix : {"", "-wal", "-shm", "-lock"}) std::remove((path + suffix).c_str());
    Store::Options options;
    options.path = path;
    options.consortium = "test";
    options.clock = &clock;
    options.inline_writes = true;
    options.durable = false;
    auto opened = Store::Open(options);
    if (!opened.ok()) ADD_FAILURE() << opened.status();
    store = *std::move(opened);
    feeds = std::make_unique<FeedStore>(store.get(), "test");
  }

  // Publishes the entries as one change of the feed; sequence numbers follow each other. `whole_set`: what is not among
  // them goes without a withdrawal, as when a feed is fetched anew.
  void Change(const FeedKey& feed, std::vector<v1::Entry> entries, bool whole_set = false) {
    uint64_t& seq = seqs_[{feed.partner, feed.audience}];
    const uint64_t base = seq;
    for (v1::Entry& entry : entries) entry.set_seq(++seq);
    absl::StatusOr<PreparedBatch> prepared = feeds->Prepare(feed, std::move(entries));
    ASSERT_TRUE(prepared.ok()) << prepared.status();
    StageBatch batch;
    batch.restart = true;
    batch.full = base == 0 || whole_set;
    batch.prepared = *std::move(prepared);
    batch.through_seq = batch.basis_seq = seq;
    const absl::Status status = store->Write([&](Connection& db) -> absl::Status {
      if (absl::Status staged = feeds->Stage(db, batch); !staged.ok()) return staged;
      absl::StatusOr<StagedSet> set = feeds->Staged(db, feed);
      if (!set.ok()) return set.status();
      return feeds->MakeVisible(db, TestHeads::For(*set, seq, absl::ToUnixMillis(clock.Now()))).status();
    });
    ASSERT_TRUE(status.ok()) << status;
    const absl::Status applied = ApplyAll(feeds.get(), feed);
    ASSERT_TRUE(applied.ok()) << applied;
  }

  void Publish(const FeedKey& feed, const std::vector<v1::Record>& records) { Change(feed, EntriesOf(records)); }
  void Replace(const FeedKey& feed, const std::vector<v1::Record>& records) { Change(feed, EntriesOf(records), true); }

  static std::vector<v1::Entry> EntriesOf(const std::vector<v1::Record>& records) {
    std::vector<v1::Entry> entries;
    for (const v1::Record& record : records) {
      v1::Entry& entry = entries.emplace_back();
      entry.set_kind(KindOf(record));
      entry.set_id(*UuidFromText(record.id()));
      entry.set_payload(record.SerializeAsString());
    }
    return entries;
  }

  void Withdraw(const FeedKey& feed, v1::RecordKind kind, const std::vector<std::string>& ids) {
    std::vector<v1::Entry> entries;
    for (const std::string& id : ids) {
      v1::Entry& entry = entries.emplace_back();
      entry.set_kind(kind);
      entry.set_id(*UuidFromText(id));
      entry.set_tombstone(true);
    }
    Change(feed, std::move(entries));
  }

  // Erases the feed, as of an audience that may no longer be read.
  void Drop(const FeedKey& feed) {
    ApplyProgress progress = ApplyProgress::kMoreSlices;
    while (progress != ApplyProgress::kDone) {
      const absl::Status status = store->Write([&](Connection& db) -> absl::Status {
        absl::StatusOr<ApplyProgress> slice = feeds->DropSlice(db, feed.partner, feed.audience);
        if (slice.ok()) progress = *slice;
        return slice.status();
      });
      ASSERT_TRUE(status.ok()) << status;
    }
  }

  // The first column of all rows, as text.
  std::vector<std::string> Column(const std::string& sql) {
    std::vector<std::string> values;
    const absl::Status status = store->Read([&](Connection& db) {
      Statement row = db.Prepare(sql);
      while (row.Step()) values.push_back(row.String(0));
      return row.status();
    });
    EXPECT_TRUE(status.ok()) << status;
    return values;
  }

  ManualClock clock;
  std::unique_ptr<Store> store;
  std::unique_ptr<FeedStore> feeds;

 private:
  std::map<std::pair<std::string, std::string>, uint64_t> seqs_;
};

}  // namespace cairn
