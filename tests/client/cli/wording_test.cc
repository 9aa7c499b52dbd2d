#include "client/cli/wording.h"

#include <gtest/gtest.h>

#include "client/cli/json_text.h"
#include "client/cli/record_view.h"

namespace cairn {
namespace {

const absl::Time now = absl::FromUnixSeconds(1'800'000'000);

void Set(absl::Time time, google::protobuf::Timestamp* to) { to->set_seconds(absl::ToUnixSeconds(time)); }

TEST(WordingTest, GroupsDigitsAndChoosesTheNumber) {
  EXPECT_EQ(CountText(0), "0");
  EXPECT_EQ(CountText(999), "999");
  EXPECT_EQ(CountText(1'234'567), "1,234,567");
  EXPECT_EQ(CountOf(1, "record"), "1 record");
  EXPECT_EQ(CountOf(2, "country", "countries"), "2 countries");
}

TEST(WordingTest, SaysAgesInTheLargestUnit) {
  EXPECT_EQ(AgeText(now - absl::Seconds(2), now), "just now");
  EXPECT_EQ(AgeText(now - absl::Seconds(12), now), "12 s ago");
  EXPECT_EQ(AgeText(now - absl::Seconds(150), now), "2 min ago");
  EXPECT_EQ(AgeText(now - absl::Hours(23), now), "23 h ago");
  EXPECT_EQ(AgeText(now - absl::Hours(24), now), "1 day ago");
  EXPECT_EQ(AgeText(now - absl::Hours(24 * 90), now), "2 months ago");
  EXPECT_EQ(AgeText(now - absl::Hours(24 * 800), now), "2 years ago");
  EXPECT_EQ(AgeText(now + absl::Hours(3), now), "in 3 h");
}

TEST(WordingTest, SaysSizesAndRoundTrips) {
  EXPECT_EQ(BytesText(812), "812 bytes");
  EXPECT_EQ(BytesText(1'230'000), "1.2 MB");
  EXPECT_EQ(BytesText(999'999), "1.0 MB");
  EXPECT_EQ(BytesText(41'000'000'000), "41 GB");
  EXPECT_EQ(RoundTripText(0), "");
  EXPECT_EQ(RoundTripText(420), "0.4 ms");
  EXPECT_EQ(RoundTripText(12'300), "12 ms");
  EXPECT_EQ(RoundTripText(1'200'000), "1.2 s");
}

TEST(WordingTest, SaysHowFreshARecordIs) {
  v1::DirectoryRecord record;
  record.set_stale(true);
  EXPECT_EQ(FreshnessOf(record, now).text, "○ never verified");
  Set(now - absl::Hours(24 * 40), record.mutable_record()->mutable_verified_at());
  Set(now - absl::Hours(24 * 10), record.mutable_verify_due_at());
  EXPECT_EQ(FreshnessOf(record, now).text, "◐ verification overdue for 10 days");
  record.set_stale(false);
  EXPECT_EQ(FreshnessOf(record, now).text, "● verified 40 days ago");
}

TEST(WordingTest, SaysFirstThatThePartnerIsNoLongerActive) {
  v1::DirectoryRecord record;
  record.set_partner_status("retired");
  Set(now - absl::Hours(24 * 40), record.mutable_record()->mutable_verified_at());
  EXPECT_EQ(FreshnessOf(record, now).text, "⊘ partner retired, verified 40 days ago");
  EXPECT_EQ(FreshnessOf(record, now).tone, Tone::kBad) << "verified once, but nobody keeps it up to date";
}

TEST(WordingTest, WarnsOfAPartnerThatHasBeenSilent) {
  EXPECT_EQ(AsOfBadge(true, now - absl::Seconds(40), now).tone, Tone::kPlain);
  EXPECT_EQ(AsOfBadge(true, now - absl::Minutes(4), now).tone, Tone::kWarning);
  EXPECT_EQ(AsOfBadge(true, now - absl::Hours(25), now).tone, Tone::kBad);
  EXPECT_EQ(AsOfBadge(false, now, now).text, "never heard");
}

TEST(WordingTest, ShowsShortCodesWithTheirCountryAndNumbersAsDialled) {
  v1::Phone phone;
  phone.set_number("116111");
  phone.set_short_code(true);
  phone.set_country("PL");
  EXPECT_EQ(PhoneText(phone), "116111 (in Poland)");
  v1::Phone long_number;
  long_number.set_number("+48221234567");
  long_number.set_country("PL");
  long_number.set_as_entered("+48 22 123 45 67");
  EXPECT_EQ(PhoneText(long_number), "+48 22 123 45 67");
}

TEST(WordingTest, ShowsSchedulesInWords) {
  v1::Schedule schedule;
  schedule.set_freq("WEEKLY");
  schedule.set_byday("MO,TU");
  schedule.set_opens_at("09:00");
  schedule.set_closes_at("17:00");
  schedule.set_time_zone("Europe/Warsaw");
  EXPECT_EQ(ScheduleText(schedule), "Mon, Tue 09:00-17:00 (Europe/Warsaw)");
}

TEST(JsonTextTest, WritesNumbersAsNumbersAndTimesAsText) {
  v1::DirectoryRecord record;
  record.set_kind(v1::SERVICE);
  record.set_partner("pl-x");
  record.set_seq(1'234'567'890'123);
  Set(now, record.mutable_seen_at());
  const Json json = ToJson(record);
  EXPECT_EQ(json["kind"], "service");
  EXPECT_EQ(json["seq"], 1'234'567'890'123);
  EXPECT_EQ(json["seen_at"], "2027-01-15T08:00:00Z");
  EXPECT_FALSE(json.contains("verify_due_at"));
}

}  // namespace
}  // namespace cairn
