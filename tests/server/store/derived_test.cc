#include "server/store/derived.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/text/fold.h"
#include "server/store/index_queries.h"
#include "server/store/rebuild.h"
#include "server/store/record_columns.h"
#include "server/store/schedule_days.h"
#include "server/store/verify.h"
#include "tests/server/store/derived_test_store.h"

namespace cairn {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const FeedKey kFeed{"pl-x", "public", 1};

constexpr const char* kTables[] = {
    "record",           "record_country", "record_language",     "record_term", "record_place", "organization",
    "service",          "service_phone",  "service_schedule",    "location",    "location_geo", "training",
    "training_session", "resource",       "service_at_location", "assessment",  "commitment",   "progress_report"};

class DerivedTest : public testing::Test {
 protected:
  DerivedTest() : db_(testing::UnitTest::GetInstance()->current_test_info()->name()) {}

  std::vector<int64_t> Find(const std::string& words) {
    std::vector<int64_t> entries;
    const absl::Status status = db_.store->Read([&](Connection& db) -> absl::Status {
      absl::StatusOr<std::vector<IndexedFeed>> feeds = ReadFeeds(db);
      if (!feeds.ok()) return feeds.status();
      IndexFilter filter;
      for (const IndexedFeed& feed : *feeds) filter.feed_ids.push_back(feed.feed_id);
      const absl::StatusOr<SearchResult> result =
          SearchIndex(db, &columns_, {FoldedWords(words), false, {}}, filter, SearchWish());
      if (!result.ok()) return result.status();
      for (const RankedEntry& entry : result->entries) entries.push_back(entry.entry_id);
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return entries;
  }

  std::vector<std::string> DeepFindings() {
    absl::StatusOr<VerifyReport> report =
        VerifyFeeds(db_.feeds.get(), true, [](const VerifyProgress&) { return absl::OkStatus(); });
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? report->findings : std::vector<std::string>{"failed"};
  }

  void Tamper(const std::string& sql) {
    const absl::Status status = db_.store->Write([&](Connection& db) { return db.ExecuteScript(sql); });
    ASSERT_TRUE(status.ok()) << status;
  }

  DerivedTestStore db_;
  ColumnCache columns_;
};

// One record of every kind with something in every derived table.
std::vector<v1::Record> OneOfEach() {
  v1::Record service = TestService(1, "Crisis line", "Help day and night");
  service.add_countries("PL");
  service.add_terms()->set_code("Crisis");
  v1::Phone* phone = service.mutable_service()->add_phones();
  phone->set_number("116111");
  phone->set_country("PL");
  phone->set_short_code(true);
  service.mutable_service()->add_schedules()->set_freq("DAILY");
  service.mutable_service()->add_service_at_locations()->set_location_id(TestId(2));
  v1::Record organization;
  organization.set_id(TestId(3));
  organization.mutable_organization()->set_name("Body");
  v1::Record training;
  training.set_id(TestId(4));
  training.mutable_training()->set_name("Seminar");
  training.mutable_training()->add_sessions()->set_start("2026-11-22");
  v1::Record resource;
  resource.set_id(TestId(5));
  resource.mutable_resource()->set_name("Handbook");
  v1::Record assessment;
  assessment.set_id(TestId(6));
  assessment.mutable_assessment()->set_name("Survey");
  v1::Record commitment;
  commitment.set_id(TestId(7));
  commitment.mutable_commitment()->set_name("Pledge");
  commitment.mutable_commitment()->add_reports()->set_due("2027-01-01");
  return {service, TestLocation(2, 52.2, 21.0), organization, training, resource, assessment, commitment};
}

TEST_F(DerivedTest, EveryKindFillsItsTables) {
  db_.Publish(kFeed, OneOfEach());
  for (const char* table : kTables) {
    EXPECT_NE(db_.Column(std::string("SELECT count(*) FROM ") + table), std::vector<std::string>{"0"}) << table;
  }
  EXPECT_THAT(db_.Column("SELECT p.number FROM service s JOIN service_phone p ON p.entry_id = s.entry_id"),
              ElementsAre("116111"));
  EXPECT_THAT(db_.Column("SELECT l.name FROM service_at_location a JOIN location l ON l.id = a.location_id"),
              ElementsAre("Place 2"));
  EXPECT_THAT(DeepFindings(), IsEmpty());
}

TEST_F(DerivedTest, WithdrawalLeavesNoRowAndNoWord) {
  const std::vector<v1::Record> records = OneOfEach();
  db_.Publish(kFeed, records);
  for (const v1::Record& record : records) db_.Withdraw(kFeed, KindOf(record), {record.id()});
  for (const char* table : kTables) {
    EXPECT_THAT(db_.Column(std::string("SELECT count(*) FROM ") + table), ElementsAre("0")) << table;
  }
  EXPECT_THAT(Find("crisis"), IsEmpty());
  EXPECT_THAT(DeepFindings(), IsEmpty());
}

TEST_F(DerivedTest, UpdateLeavesNoGhostsInTheTextIndex) {
  db_.Publish(kFeed, {TestService(1, "Night shelter", "beds and soup")});
  db_.Publish(kFeed, {TestService(1, "Day centre", "soup")});
  EXPECT_THAT(Find("shelter"), IsEmpty());
  EXPECT_THAT(Find("beds"), IsEmpty());
  EXPECT_THAT(Find("soup").size(), 1);
  EXPECT_THAT(Find("centre").size(), 1);
  EXPECT_THAT(DeepFindings(), IsEmpty());
}

TEST_F(DerivedTest, UpdateOfOtherFieldsKeepsTheWords) {
  db_.Publish(kFeed, {TestService(1, "Night shelter")});
  v1::Record verified = TestService(1, "Night shelter");
  verified.mutable_verified_at()->set_seconds(1'790'000'500);
  verified.add_countries("LV");
  db_.Publish(kFeed, {verified});
  EXPECT_EQ(Find("shelter").size(), 1);
  EXPECT_THAT(db_.Column("SELECT verified_unix_millis FROM record"), ElementsAre("1790000500000"));
  EXPECT_THAT(db_.Column("SELECT country FROM record_country"), ElementsAre("LV"));
  EXPECT_THAT(DeepFindings(), IsEmpty());
}

TEST_F(DerivedTest, PayloadsFromTheFutureAreKeptButNotIndexed) {
  v1::Entry future;
  future.set_kind(static_cast<v1::RecordKind>(99));
  future.set_id(*UuidFromText(TestId(1)));
  future.set_payload(TestService(1, "Of another time").SerializeAsString());
  v1::Entry nonsense = future;
  nonsense.set_kind(v1::SERVICE);
  nonsense.set_payload("\xff\xff\xff");
  v1::Entry other_id = future;
  other_id.set_kind(v1::SERVICE);
  other_id.set_id(*UuidFromText(TestId(2)));
  v1::Entry other_kind = future;
  other_kind.set_kind(v1::TRAINING);
  db_.Change(kFeed, {future, nonsense, other_id, other_kind});
  EXPECT_THAT(db_.Column("SELECT count(*) FROM entry"), ElementsAre("4"));
  EXPECT_THAT(db_.Column("SELECT count(*) FROM record"), ElementsAre("0"));
  EXPECT_THAT(DeepFindings(), IsEmpty());
  db_.Publish(kFeed, {TestService(1, "Understood now")});
  EXPECT_EQ(Find("understood").size(), 1);
}

TEST_F(DerivedTest, HostileNumbersAreKeptOutOfTheTables) {
  v1::Record place = TestLocation(1, std::numeric_limits<double>::quiet_NaN(), 500);
  v1::Record service = TestService(2, "Odd");
  service.mutable_service()->set_minimum_age(std::numeric_limits<double>::infinity());
  service.mutable_updated_at()->set_seconds(std::numeric_limits<int64_t>::max());
  db_.Publish(kFeed, {place, service});
  EXPECT_THAT(db_.Column("SELECT count(*) FROM location_geo"), ElementsAre("0"));
  EXPECT_THAT(db_.Column("SELECT count(*) FROM service WHERE minimum_age IS NULL"), ElementsAre("1"));
  EXPECT_THAT(DeepFindings(), IsEmpty());
}

class DerivedDamageTest : public DerivedTest, public testing::WithParamInterface<const char*> {};

TEST_P(DerivedDamageTest, DeepVerifyFindsIt) {
  db_.Publish(kFeed, OneOfEach());
  ASSERT_THAT(DeepFindings(), IsEmpty());
  Tamper(GetParam());
  EXPECT_THAT(DeepFindings(), testing::Not(IsEmpty()));
}

INSTANTIATE_TEST_SUITE_P(
    , DerivedDamageTest,
    testing::Values("UPDATE record SET title = 'Forged'", "DELETE FROM service_phone",
                    "UPDATE service_schedule SET opens_at = '09:00'", "DELETE FROM record_country",
                    "INSERT INTO record_term (code, taxonomy, entry_id) VALUES ('ghost', '', 4711)",
                    "DELETE FROM location_geo", "INSERT INTO record_text (rowid, title) VALUES (4711, 'ghost')",
                    "UPDATE record SET feed_id = feed_id + 1 WHERE kind = 4"));

TEST_F(DerivedTest, RebuildMakesWhatDeepVerifyExpects) {
  db_.Publish(kFeed, OneOfEach());
  Tamper("DELETE FROM service; UPDATE record SET title = 'Forged'; DELETE FROM record_language;");
  const absl::Status rebuilt = Rebuild(db_.store.get(), [](const RebuildProgress&) { return absl::OkStatus(); });
  ASSERT_TRUE(rebuilt.ok()) << rebuilt;
  EXPECT_THAT(DeepFindings(), IsEmpty());
  EXPECT_EQ(Find("crisis").size(), 1);
}

TEST_F(DerivedTest, LettersOfEveryEuropeanScriptAreFoundInPlainSpelling) {
  db_.Publish(kFeed,
              {TestService(1, "Poradnia Łódź"), TestService(2, "Qendra Tiranë"), TestService(3, "Krīzes centrs Rīga"),
               TestService(4, "Γραμμή Βοήθειας Αθήνα"), TestService(5, "Телефон довіри Київ")});
  EXPECT_EQ(Find("lodz").size(), 1);
  EXPECT_EQ(Find("tirane").size(), 1);
  EXPECT_EQ(Find("riga").size(), 1);
  EXPECT_EQ(Find("ΑΘΗΝΑ").size(), 1);
  EXPECT_EQ(Find("γραμμη").size(), 1);
  EXPECT_EQ(Find("київ").size(), 1);
  EXPECT_EQ(Find("кииів").size(), 0);
}

v1::Schedule Weekly(const std::string& byday) {
  v1::Schedule schedule;
  schedule.set_freq("WEEKLY");
  schedule.set_byday(byday);
  return schedule;
}

TEST(ScheduleDaysTest, PlainWeeksBecomeWeekdays) {
  EXPECT_EQ(DaysOf(Weekly("MO,WE")).weekdays, 1 + 4);
  v1::Schedule by_start = Weekly("");
  by_start.set_dtstart("2026-11-22");  // a Sunday
  EXPECT_EQ(DaysOf(by_start).weekdays, 64);
  EXPECT_EQ(DaysOf(by_start).first_date, "2026-11-22");
}

TEST(ScheduleDaysTest, BoundsAreTheNarrowest) {
  v1::Schedule schedule = Weekly("MO");
  schedule.set_valid_from("2026-01-01");
  schedule.set_dtstart("2026-02-01");
  schedule.set_valid_to("2026-12-31");
  schedule.set_until("2026-06-30");
  EXPECT_EQ(DaysOf(schedule).first_date, "2026-02-01");
  EXPECT_EQ(DaysOf(schedule).last_date, "2026-06-30");
}

TEST(ScheduleDaysTest, WhatSaysNothingAboutTimeHoldsOnNoDay) {
  v1::Schedule schedule;
  schedule.set_description("by appointment");
  EXPECT_EQ(DaysOf(schedule).weekdays, 0);
}

TEST(ScheduleDaysTest, OtherRulesAreLeftToTheCalendar) {
  v1::Schedule schedule = Weekly("MO");
  schedule.set_interval(2);
  schedule.set_dtstart("2026-11-02");
  const ScheduleDays days = DaysOf(schedule);
  EXPECT_FALSE(days.weekdays.has_value());
  EXPECT_TRUE(RuleFallsOn(days.rule, days.dtstart, "2026-11-16"));
  EXPECT_FALSE(RuleFallsOn(days.rule, days.dtstart, "2026-11-09"));
}

TEST(ScheduleDaysTest, RulesAreExpandedFarAheadAndCounted) {
  EXPECT_TRUE(RuleFallsOn("FREQ=MONTHLY;BYDAY=-1FR", "2000-01-01", "2026-11-27"));
  EXPECT_FALSE(RuleFallsOn("FREQ=MONTHLY;BYDAY=-1FR", "2000-01-01", "2026-11-20"));
  EXPECT_TRUE(RuleFallsOn("FREQ=DAILY;INTERVAL=2;COUNT=3", "2026-11-20", "2026-11-24"));
  EXPECT_FALSE(RuleFallsOn("FREQ=DAILY;INTERVAL=2;COUNT=3", "2026-11-20", "2026-11-26"));
}

TEST(ScheduleDaysTest, NonsenseIsNoDay) {
  EXPECT_FALSE(RuleFallsOn("FREQ=SECONDLY", "2026-11-20", "2026-11-24"));
  EXPECT_FALSE(RuleFallsOn("\"'; DROP", "2026-11-20", "2026-11-24"));
  EXPECT_FALSE(RuleFallsOn("FREQ=DAILY", "yesterday", "2026-11-24"));
  EXPECT_FALSE(RuleFallsOn("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2026-01-01", "2026-02-28"));
}

}  // namespace
}  // namespace cairn
