#include "server/http/problem_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/base/errors.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ProblemJsonTest, SaysWhatIsWrongAndWhy) {
  const HttpResponse response = Problem(WithReason(absl::AbortedError("start over"), "WATCH_TOKEN_TOO_OLD"));
  EXPECT_EQ(response.status, 410);
  EXPECT_EQ(response.Header("content-type"), "application/problem+json");
  const auto problem = nlohmann::json::parse(response.body);
  EXPECT_EQ(problem["status"], 410);
  EXPECT_EQ(problem["title"], "Gone");
  EXPECT_EQ(problem["detail"], "start over");
  EXPECT_EQ(problem["reason"], "WATCH_TOKEN_TOO_OLD");
}

TEST(ProblemJsonTest, KeepsWhatWentWrongInsideToItself) {
  const HttpResponse response = Problem(absl::DataLossError("feed pl-fdds/circle:secret is damaged"));
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, Not(HasSubstr("secret")));
}

TEST(ProblemJsonTest, QuotesWhatIsNotUtf8Harmlessly) {
  const HttpResponse response = Problem(400, "value \xff\xfe: not text");
  EXPECT_EQ(nlohmann::json::parse(response.body)["status"], 400);
}

TEST(ProblemJsonTest, TellsWhenToComeBackAndHowToAsk) {
  EXPECT_EQ(Problem(absl::ResourceExhaustedError("too often")).Header("Retry-After"), "2");
  EXPECT_EQ(Problem(absl::UnauthenticatedError("no")).Header("WWW-Authenticate"), "Bearer realm=\"cairn\"");
}

}  // namespace
}  // namespace cairn
