#include "server/http/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

HttpHandler Answer() {
  return [](const HttpRequest&) { return HttpResponse::Of("text/plain", "x"); };
}

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    for (const char* pattern : {"/", "/hsds/", "/hsds/services", "/hsds/services/{id}", "/hsds/{what}/new",
                                "/trainings.ics", "/trainings/{id}.ics", "/trainings/{id}", "/assets/{file...}"}) {
      router_.Add({pattern, {}, DependsOn::kRecords, Answer()});
    }
  }
  std::string PatternOf(absl::string_view path) const {
    const Router::Match match = router_.Find(path);
    return match.route == nullptr ? "none" : match.route->pattern;
  }
  Router router_;
};

TEST_F(RouterTest, FindsFixedPathsExactly) {
  EXPECT_EQ(PatternOf("/"), "/");
  EXPECT_EQ(PatternOf("/hsds/"), "/hsds/");
  EXPECT_EQ(PatternOf("/hsds"), "none");
  EXPECT_EQ(PatternOf("/hsds/services"), "/hsds/services");
  EXPECT_EQ(PatternOf("/hsds/services/"), "none");
  EXPECT_EQ(PatternOf("/HSDS/services"), "none");
  EXPECT_EQ(PatternOf(""), "none");
}

TEST_F(RouterTest, GivesWhatStandsInThePlaces) {
  EXPECT_THAT(router_.Find("/hsds/services/a-1").path_values, ElementsAre(Pair("id", "a-1")));
  EXPECT_THAT(router_.Find("/trainings/a-1.ics").path_values, ElementsAre(Pair("id", "a-1")));
  EXPECT_THAT(router_.Find("/assets/js/page.js").path_values, ElementsAre(Pair("file", "js/page.js")));
}

TEST_F(RouterTest, TheCloserPatternWins) {
  EXPECT_EQ(PatternOf("/hsds/services/new"), "/hsds/services/{id}");
  EXPECT_EQ(PatternOf("/hsds/other/new"), "/hsds/{what}/new");
  EXPECT_EQ(PatternOf("/trainings/a.ics"), "/trainings/{id}.ics");
  EXPECT_EQ(PatternOf("/trainings/a.jsonld"), "/trainings/{id}");
}

TEST_F(RouterTest, APlaceIsNeverEmpty) {
  EXPECT_EQ(PatternOf("/hsds/services/"), "none");
  EXPECT_EQ(PatternOf("/trainings/.ics"), "/trainings/{id}");  // the whole segment is an id, which nothing has
  EXPECT_EQ(PatternOf("/assets/"), "none");
}

TEST(RouterDeathTest, TwoEqualPatternsAreAMistake) {
  Router router;
  router.Add({"/a", {}, DependsOn::kRecords, Answer()});
  EXPECT_DEATH(router.Add({"/a", {}, DependsOn::kRecords, Answer()}), "there twice");
  EXPECT_DEATH(router.Add({"/{a", {}, DependsOn::kRecords, Answer()}), "not well-formed");
}

TEST(RouterTestParameters, NamesEachUnknownParameterOnce) {
  const Route route{"/a", {"q", "limit"}, DependsOn::kRecords, Answer()};
  HttpRequest request;
  request.query = {{"q", "x"}, {"utm", "1"}, {"limit", "2"}, {"utm", "2"}, {"Q", "y"}};
  EXPECT_THAT(IgnoredParameters(route, request), ElementsAre("utm", "Q"));
  request.query.clear();
  EXPECT_THAT(IgnoredParameters(route, request), IsEmpty());
}

}  // namespace
}  // namespace cairn
