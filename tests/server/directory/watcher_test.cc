#include "server/directory/watcher.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "tests/server/directory/test_directory.h"

namespace cairn {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class WatcherTest : public DirectoryTest {
 protected:
  std::unique_ptr<Watcher> Start(const v1::WatchRecordsRequest& request, const Reader& reader = Reader::Anonymous()) {
    auto watcher = Watcher::Start(db_.store.get(), Source(), &db_.clock, reader, request);
    EXPECT_TRUE(watcher.ok()) << watcher.status();
    return watcher.ok() ? *std::move(watcher) : nullptr;
  }
  std::unique_ptr<Watcher> Resume(const std::string& token, const Reader& reader = Reader::Anonymous()) {
    v1::WatchRecordsRequest request;
    request.set_resume_token(token);
    return Start(request, reader);
  }

  // Everything until there is nothing new, in words: "+name", "-id", "." for CaughtUp. Keeps the last token.
  std::vector<std::string> Drain(Watcher& watcher) {
    std::vector<std::string> events;
    while (true) {
      const auto batch = watcher.Next();
      EXPECT_TRUE(batch.ok()) << batch.status();
      if (!batch.ok() || batch->empty()) return events;
      for (const v1::WatchRecordsResponse& event : *batch) {
        events.push_back(Word(event));
        if (!event.resume_token().empty()) token_ = event.resume_token();
      }
    }
  }
  static std::string Word(const v1::WatchRecordsResponse& event) {
    if (event.has_upsert()) return absl::StrCat("+", event.upsert().record().service().name());
    if (event.has_removed()) return absl::StrCat("-", event.removed().id().substr(35));
    return ".";
  }

  std::string token_;
};

void ExpectTooOld(const absl::Status& status) {
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted) << status;
  EXPECT_EQ(ReasonOf(status), "WATCH_TOKEN_TOO_OLD");
}

TEST_F(WatcherTest, FirstWhatIsThereThenCaughtUpThenLive) {
  db_.Publish(pl_, {TestService(1, "a"), TestService(2, "b")});
  auto watcher = Start({});
  EXPECT_THAT(Drain(*watcher), ElementsAre("+a", "+b", "."));
  EXPECT_THAT(Drain(*watcher), IsEmpty());
  db_.Publish(pl_, {TestService(1, "a2")});
  db_.Withdraw(pl_, v1::SERVICE, {TestId(2)});
  EXPECT_THAT(Drain(*watcher), ElementsAre("+a2", "-2"));
}

TEST_F(WatcherTest, WithdrawnBeforeTheStartIsNotMentioned) {
  db_.Publish(pl_, {TestService(1, "a"), TestService(2, "b")});
  db_.Withdraw(pl_, v1::SERVICE, {TestId(2)});
  EXPECT_THAT(Drain(*Start({})), ElementsAre("+a", "."));
}

TEST_F(WatcherTest, OnlyNewLeavesOutWhatIsThere) {
  db_.Publish(pl_, {TestService(1, "a")});
  v1::WatchRecordsRequest request;
  request.set_only_new(true);
  auto watcher = Start(request);
  EXPECT_THAT(Drain(*watcher), ElementsAre("."));
  db_.Publish(pl_, {TestService(2, "b")});
  db_.Withdraw(pl_, v1::SERVICE, {TestId(1)});
  EXPECT_THAT(Drain(*watcher), ElementsAre("+b", "-1"));
}

TEST_F(WatcherTest, ResumesAfterTheTokenWithRemovals) {
  db_.Publish(pl_, {TestService(1, "a"), TestService(2, "b")});
  Drain(*Start({}));
  db_.Withdraw(pl_, v1::SERVICE, {TestId(1)});
  db_.Publish(pl_, {TestService(3, "c")});
  db_.Publish(lv_, {TestService(4, "of a new feed")});
  EXPECT_THAT(Drain(*Resume(token_)), ElementsAre("+of a new feed", "-1", "+c", "."));
  EXPECT_THAT(Drain(*Resume(token_)), ElementsAre("."));
}

TEST_F(WatcherTest, EveryChangeIsSentWhereverTheStreamBreaks) {
  for (int i = 0; i < 40; ++i) db_.Publish(pl_, {TestService(i, std::string(50'000, 'a' + i % 26))});
  std::set<std::string> seen;
  std::string token;
  for (int breaks = 0; breaks < 100; ++breaks) {
    auto watcher = token.empty() ? Start({}) : Resume(token);
    const auto batch = watcher->Next();
    ASSERT_TRUE(batch.ok()) << batch.status();
    bool caught_up = false;
    for (const auto& event : *batch) {
      if (event.has_upsert()) seen.insert(event.upsert().record().id());
      if (!event.resume_token().empty()) token = event.resume_token();
      caught_up |= event.has_caught_up();
    }
    if (caught_up) break;
    if (breaks % 3 == 0) db_.Publish(pl_, {TestService(100 + breaks, "meanwhile")});
  }
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(seen.contains(TestId(i))) << i;
  EXPECT_TRUE(seen.contains(TestId(100)));
}

TEST_F(WatcherTest, RecordSentAndWithdrawnDuringCatchingUpIsRemoved) {
  for (int i = 0; i < 10; ++i) db_.Publish(pl_, {TestService(i, std::string(60'000, 'x'))});
  auto watcher = Start({});
  ASSERT_EQ(Word(watcher->Next()->front()).size(), 60'001);
  db_.Withdraw(pl_, v1::SERVICE, {TestId(0)});
  const std::vector<std::string> rest = Drain(*watcher);
  EXPECT_EQ(std::count(rest.begin(), rest.end(), "-0"), 1);
}

TEST_F(WatcherTest, ChangesAreInOrderOfSequenceWithinAFeed) {
  for (int i = 0; i < 30; ++i)
    db_.Publish(pl_, {TestService(i % 7, "v"), TestService(50 + i, std::string(20'000, 'x'))});
  auto watcher = Start({});
  uint64_t last = 0;
  for (auto batch = watcher->Next(); batch.ok() && !batch->empty(); batch = watcher->Next()) {
    for (const auto& event : *batch) {
      if (!event.has_upsert()) continue;
      EXPECT_GT(event.upsert().seq(), last);
      last = event.upsert().seq();
    }
  }
  EXPECT_EQ(last, 60);
}

TEST_F(WatcherTest, CeasingToMatchIsARemoval) {
  v1::Record record = TestService(1, "a");
  record.add_countries("PL");
  db_.Publish(pl_, {record, TestService(2, "elsewhere")});
  v1::WatchRecordsRequest request;
  request.mutable_filter()->add_countries("PL");
  auto watcher = Start(request);
  EXPECT_THAT(Drain(*watcher), ElementsAre("+a", "."));
  record.set_countries(0, "LV");
  db_.Publish(pl_, {record});
  EXPECT_THAT(Drain(*watcher), ElementsAre("-1"));
}

TEST_F(WatcherTest, TokenOfAnotherFilterIsRefused) {
  db_.Publish(pl_, {TestService(1, "a")});
  Drain(*Start({}));
  v1::WatchRecordsRequest request;
  request.set_resume_token(token_);
  request.mutable_filter()->add_countries("PL");
  const auto refused = Watcher::Start(db_.store.get(), Source(), &db_.clock, Reader::Anonymous(), request);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(WatcherTest, TokenFromBeforePurgedRemovalsIsTooOld) {
  db_.Publish(pl_, {TestService(1, "a")});
  Drain(*Start({}));
  db_.Withdraw(pl_, v1::SERVICE, {TestId(1)});
  db_.clock.Advance(absl::Hours(1));
  ASSERT_TRUE(
      db_.store->Write([&](Connection& db) { return db_.feeds->PurgeTombstones(db, db_.clock.Now()).status(); }).ok());
  ExpectTooOld(Resume(token_)->Next().status());
  EXPECT_THAT(Drain(*Start({})), ElementsAre("."));
}

TEST_F(WatcherTest, NewGenerationIsTooOld) {
  db_.Publish(pl_, {TestService(1, "a")});
  Drain(*Start({}));
  ASSERT_TRUE(db_.store->Write([](Connection& db) { return db.Execute("UPDATE feed SET generation = 2"); }).ok());
  ExpectTooOld(Resume(token_)->Next().status());
}

TEST_F(WatcherTest, ConfidentialFeedsAreNotFollowed) {
  db_.Publish(police_, {TestService(1, "secret")});
  db_.Publish(pl_, {TestService(2, "open")});
  auto outsider = Start({}, Reader::Partner("al-z"));
  EXPECT_THAT(Drain(*outsider), ElementsAre("+open", "."));
  db_.Withdraw(police_, v1::SERVICE, {TestId(1)});
  EXPECT_THAT(Drain(*outsider), IsEmpty());
  EXPECT_THAT(Drain(*Start({}, Reader::Partner("lv-y"))), ElementsAre("+open", "."));
}

TEST_F(WatcherTest, LeavingACircleEndsTheWatch) {
  db_.Publish(police_, {TestService(1, "secret")});
  auto watcher = Start({}, Reader::Partner("lv-y"));
  EXPECT_THAT(Drain(*watcher), ElementsAre("+secret", "."));
  v1::Charter charter = charter_->charter();
  charter.clear_circles();
  SetCharter(charter);
  ExpectTooOld(watcher->Next().status());
}

TEST_F(WatcherTest, JoiningACircleBringsItsFeedFromTheBeginning) {
  db_.Publish(police_, {TestService(1, "secret")});
  auto watcher = Start({}, Reader::Partner("al-z"));
  EXPECT_THAT(Drain(*watcher), ElementsAre("."));
  v1::Charter charter = charter_->charter();
  charter.mutable_circles(0)->add_partners("al-z");
  SetCharter(charter);
  EXPECT_THAT(Drain(*watcher), ElementsAre("+secret"));
}

TEST_F(WatcherTest, FeedInMotionIsLeftUntilItStandsAtOneHead) {
  db_.Publish(pl_, {TestService(1, "a")});
  auto watcher = Start({});
  Drain(*watcher);
  db_.Publish(pl_, {TestService(2, "b")});
  const auto set_applying = [&](int applying) {
    return db_.store->Write([&](Connection& db) { return db.Execute("UPDATE feed SET applying = ?", applying); });
  };
  ASSERT_TRUE(set_applying(1).ok());
  EXPECT_THAT(Drain(*watcher), IsEmpty());
  ASSERT_TRUE(set_applying(0).ok());
  EXPECT_THAT(Drain(*watcher), ElementsAre("+b"));
}

TEST_F(WatcherTest, SignOfLifeCarriesAToken) {
  db_.Publish(pl_, {TestService(1, "a")});
  auto watcher = Start({});
  Drain(*watcher);
  EXPECT_THAT(Drain(*Resume(watcher->SignOfLife().resume_token())), ElementsAre("."));
}

TEST_F(WatcherTest, CommitsWakeSubscribersUntilTheyEnd) {
  int woken = 0;
  auto subscription = hub_.Subscribe([&] { ++woken; });
  db_.Publish(pl_, {TestService(1, "a")});
  EXPECT_GT(woken, 0);
  subscription.reset();
  woken = 0;
  db_.Publish(pl_, {TestService(2, "b")});
  EXPECT_EQ(woken, 0);
}

}  // namespace
}  // namespace cairn
