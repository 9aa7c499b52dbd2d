#include "server/access/caller_limits.h"

#include <gmock/gmock.h>

#include "common/base/errors.h"
#include "common/base/limits.h"
#include "tests/server/access/access_fixture.h"

namespace cairn {
namespace {

class CallerLimitsTest : public AccessTest {
 protected:
  CallerLimits limits_{&clock_};
};

TEST_F(CallerLimitsTest, ABurstIsAnsweredThenSoManyASecond) {
  const Caller caller = *Ask(Secret("dash", v1::READER));
  for (int i = 0; i < limits::caller_requests_burst; ++i) ASSERT_TRUE(limits_.TakeRequest(caller).ok());
  const absl::Status refused = limits_.TakeRequest(caller);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused), "TOO_MANY_REQUESTS");
  clock_.Advance(absl::Seconds(2));
  for (int i = 0; i < 2 * limits::caller_requests_per_second; ++i) ASSERT_TRUE(limits_.TakeRequest(caller).ok());
  EXPECT_FALSE(limits_.TakeRequest(caller).ok());
}

TEST_F(CallerLimitsTest, AttackByEndlessFetching_BytesAreBoundedOverTime_R8) {
  const Caller caller = *Ask(Secret("dash", v1::READER));
  limits_.UseBytes(caller.name(), limits::reader_bytes_burst);
  const absl::Status refused = limits_.TakeRequest(caller);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused), "TOO_MANY_BYTES");
  EXPECT_TRUE(limits_.TakeRequest(*Ask(Secret("other", v1::READER))).ok());
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(limits_.TakeRequest(caller).ok());
  limits_.UseBytes(caller.name(), 2 * limits::reader_bytes_per_second);
  EXPECT_EQ(ReasonOf(limits_.TakeRequest(caller)), "TOO_MANY_BYTES");
}

TEST_F(CallerLimitsTest, OneCallerDoesNotCostAnother) {
  const Caller flood = *Ask(Secret("flood", v1::READER));
  const Caller other = *Ask(Secret("other", v1::READER));
  while (limits_.TakeRequest(flood).ok()) {
  }
  EXPECT_TRUE(limits_.TakeRequest(other).ok());
}

TEST_F(CallerLimitsTest, WhatWasRefusedIsCountedByReaderAndReason) {
  using testing::ElementsAre;
  EXPECT_TRUE(limits_.Refusals().empty());
  const Caller flood = *Ask(Secret("flood", v1::READER));
  while (limits_.TakeRequest(flood).ok()) {
  }
  clock_.Advance(absl::Minutes(1));
  limits_.UseBytes(flood.name(), 2 * limits::reader_bytes_burst);
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(limits_.TakeRequest(flood).ok());
  clock_.Advance(absl::Minutes(1));
  limits_.NoteRefused("addresses", "TOO_MANY_STREAMS");
  const auto is = [&](const std::string& reader, const std::string& reason, uint64_t times, absl::Time last) {
    using Refusal = CallerLimits::Refusal;
    return testing::AllOf(testing::Field(&Refusal::reader, reader), testing::Field(&Refusal::reason, reason),
                          testing::Field(&Refusal::times, times), testing::Field(&Refusal::last, last));
  };
  const absl::Time now = clock_.Now();
  EXPECT_THAT(limits_.Refusals(), ElementsAre(is("addresses", "TOO_MANY_STREAMS", 1, now),
                                              is(flood.name(), "TOO_MANY_BYTES", 2, now - absl::Minutes(1)),
                                              is(flood.name(), "TOO_MANY_REQUESTS", 1, now - absl::Minutes(2))));
}

TEST_F(CallerLimitsTest, AStreamGivesBackWhatItTook) {
  const Caller caller = *Ask(Secret("dash", v1::READER));
  std::vector<std::unique_ptr<CallerLimits::Slot>> slots;
  for (int i = 0; i < limits::caller_streams_max; ++i) slots.push_back(*limits_.TakeStream(caller));
  const absl::Status refused = limits_.TakeStream(caller).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused), "TOO_MANY_STREAMS");
  slots.pop_back();
  EXPECT_TRUE(limits_.TakeStream(caller).ok());
}

TEST_F(CallerLimitsTest, OfWhatTheNodeHasFewACallerHasFewer) {
  const Caller caller = *Ask(Secret("dash", v1::READER));
  std::vector<std::unique_ptr<CallerLimits::Slot>> slots;
  slots.push_back(*limits_.TakeStream(caller, StreamKind::kSnapshot));
  EXPECT_EQ(ReasonOf(limits_.TakeStream(caller, StreamKind::kSnapshot).status()), "TOO_MANY_STREAMS");
  for (int i = 0; i < limits::publish_batches_per_caller_max; ++i) {
    slots.push_back(*limits_.TakeStream(caller, StreamKind::kBatch));
  }
  EXPECT_EQ(ReasonOf(limits_.TakeStream(caller, StreamKind::kBatch).status()), "TOO_MANY_STREAMS");
  while (slots.size() < limits::caller_streams_max) slots.push_back(*limits_.TakeStream(caller));
  EXPECT_FALSE(limits_.TakeStream(caller).ok());
  slots.clear();
  EXPECT_TRUE(limits_.TakeStream(caller, StreamKind::kSnapshot).ok());
  static_assert(3 * limits::publish_batches_per_caller_max < limits::publish_batches_max,
                "three tokens leave room for others");
}

TEST_F(CallerLimitsTest, TheLocalOperatorIsNotCounted) {
  for (int i = 0; i < 3 * limits::caller_requests_burst; ++i) ASSERT_TRUE(limits_.TakeRequest(Local()).ok());
  for (int i = 0; i < 3 * limits::caller_streams_max; ++i) ASSERT_TRUE(limits_.TakeStream(Local()).ok());
}

}  // namespace
}  // namespace cairn
