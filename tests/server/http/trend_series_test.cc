// Curves that grow coarser and never larger.
#include "server/http/trend_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;
using Points = std::vector<std::optional<int64_t>>;

const TrendName kEntries{"entries", ""};
const TrendName kRiga{"lag", "lv-y"};

// A point every second, in each of which `entries` is its number.
void AddPoints(int first, int end, TrendSeries* series) {
  for (int i = first; i < end; ++i) {
    series->Add(absl::Seconds(i), {{kEntries, i}});
  }
}

TEST(TrendSeriesTest, NothingYetIsNothing) {
  const Trends trends = TrendSeries(absl::Seconds(1), 4).Read(absl::Seconds(9), 4);
  EXPECT_TRUE(trends.ages.empty());
  EXPECT_TRUE(trends.curves.empty());
}

TEST(TrendSeriesTest, PointsStandInTheOrderOfTimeWithTheirAges) {
  TrendSeries series(absl::Seconds(1), 4);
  AddPoints(0, 3, &series);
  const Trends trends = series.Read(absl::Seconds(5), 4);
  EXPECT_THAT(trends.ages, ElementsAre(absl::Seconds(5), absl::Seconds(4), absl::Seconds(3)));
  EXPECT_EQ(trends.curves.at(kEntries), (Points{0, 1, 2}));
  EXPECT_EQ(trends.since_first, absl::Seconds(5));
}

TEST(TrendSeriesTest, WhenFullEverySecondPointGoesAndTheIntervalDoublesT1) {
  TrendSeries series(absl::Seconds(1), 4);
  AddPoints(0, 5, &series);
  const Trends trends = series.Read(absl::Seconds(4), 4);
  EXPECT_EQ(trends.curves.at(kEntries), (Points{0, 2, 4}));
  EXPECT_EQ(trends.interval, absl::Seconds(2));
}

TEST(TrendSeriesTest, TheNewestIsThereAtOnceAndGivesItsPlaceToTheNextT1) {
  TrendSeries series(absl::Seconds(1), 4);
  AddPoints(0, 6, &series);
  EXPECT_EQ(series.Read(absl::Seconds(5), 4).curves.at(kEntries), (Points{0, 2, 4, 5}));
  AddPoints(6, 7, &series);
  EXPECT_EQ(series.Read(absl::Seconds(6), 4).curves.at(kEntries), (Points{0, 2, 4, 6}));
  AddPoints(7, 8, &series);
  EXPECT_EQ(series.Read(absl::Seconds(7), 4).curves.at(kEntries), (Points{0, 4, 7}));
}

TEST(TrendSeriesTest, HoweverLongItRunsItIsBoundedEvenAndReachesFromTheStartToNowT1) {
  TrendSeries series(absl::Seconds(1), 8);
  for (int now = 0; now < 10'000; ++now) {
    AddPoints(now, now + 1, &series);
    const Trends trends = series.Read(absl::Seconds(now), 1'000);
    const Points& entries = trends.curves.at(kEntries);
    ASSERT_LE(entries.size(), 8u);
    ASSERT_GE(entries.size(), now < 4 ? 1u : 4u);
    ASSERT_THAT(entries.front(), Optional(0));
    ASSERT_THAT(entries.back(), Optional(now));
    for (size_t i = 1; i + 1 < entries.size(); ++i) {
      ASSERT_EQ(trends.ages[i - 1] - trends.ages[i], trends.interval) << now;
      ASSERT_EQ(absl::Seconds(*entries[i]), absl::Seconds(now) - trends.ages[i]) << now;
    }
  }
}

TEST(TrendSeriesTest, ReadsFewerPointsTheFirstAndTheNewestAmongThem) {
  TrendSeries series(absl::Seconds(1), 100);
  AddPoints(0, 10, &series);
  const auto entries = [&](size_t limit) { return series.Read(absl::Seconds(9), limit).curves.at(kEntries); };
  EXPECT_EQ(entries(4), (Points{0, 3, 6, 9}));
  EXPECT_EQ(entries(3), (Points{0, 5, 9}));
  EXPECT_EQ(entries(2), (Points{0, 9}));
  EXPECT_EQ(entries(1), (Points{9}));
  EXPECT_EQ(series.Read(absl::Seconds(9), 3).interval, absl::Seconds(5));
}

TEST(TrendSeriesTest, AFigureThatComesLaterIsNotKnownBefore) {
  TrendSeries series(absl::Seconds(1), 4);
  series.Add(absl::Seconds(0), {{kEntries, 1}});
  series.Add(absl::Seconds(1), {{kEntries, 1}, {kRiga, 7}});
  EXPECT_EQ(series.Read(absl::Seconds(1), 4).curves.at(kRiga), (Points{std::nullopt, 7}));
}

TEST(TrendSeriesTest, WhatIsGoneFromTheNewestPointIsGoneFromThePastT2) {
  TrendSeries series(absl::Seconds(1), 4);
  series.Add(absl::Seconds(0), {{kEntries, 1}, {kRiga, 7}});
  series.Add(absl::Seconds(1), {{kEntries, 1}});
  EXPECT_FALSE(series.Read(absl::Seconds(1), 4).curves.contains(kRiga));
  series.Add(absl::Seconds(2), {{kEntries, 1}, {kRiga, 9}});
  EXPECT_EQ(series.Read(absl::Seconds(2), 4).curves.at(kRiga), (Points{std::nullopt, std::nullopt, 9}));
}

}  // namespace
}  // namespace cairn
