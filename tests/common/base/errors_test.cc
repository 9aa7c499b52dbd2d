#include "common/base/errors.h"

#include "common/base/escape.h"
#include "gtest/gtest.h"

namespace cairn {
namespace {

TEST(ErrorsTest, AnnotateKeepsCodeAndReason) {
  const absl::Status status = Annotate(WithReason(absl::AbortedError("too old"), "WATCH_TOKEN_TOO_OLD"), "watch");
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(status.message(), "watch: too old");
  EXPECT_EQ(ReasonOf(status), "WATCH_TOKEN_TOO_OLD");
}

TEST(ErrorsTest, QuotedCutsOnACharacterBoundaryAndEscapes) {
  EXPECT_EQ(Quoted("a\nb"), "\"a\\nb\"");
  EXPECT_EQ(Quoted("łódź", 3), "\"ł…\"");
}

TEST(ErrorsTest, CharactersThatReverseTheLineAreEscaped) {
  EXPECT_EQ(Quoted("a\u202eb"), "\"a\\u202eb\"");
  EXPECT_EQ(EscapeForeign("\u061c\u200f\u2067x\u2069\u2028"), "\\u061c\\u200f\\u2067x\\u2069\\u2028");
  EXPECT_EQ(EscapeForeign("łódź – مرحبا"), "łódź – مرحبا");
}

}  // namespace
}  // namespace cairn
