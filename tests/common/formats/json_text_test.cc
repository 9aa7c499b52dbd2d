#include "common/formats/json_text.h"

#include "gmock/gmock.h"

namespace cairn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

TEST(JsonTextTest, WritesWhatItReadsWithEveryDigit) {
  for (const char* text :
       {"{\"a\":[1,-2,0.1,\"ł\\n\",null,true]}", "[123456789012345678901234567890]", "1.2345678901234567890"}) {
    EXPECT_EQ(DumpJson(*ParseJson(text)), text);
  }
}

TEST(JsonTextTest, SaysWhatIsWrong) {
  EXPECT_THAT(ParseJson("{\"a\":\"\xED\xA0\x80\"}").status().message(), HasSubstr("byte 7 (0xed) is not UTF-8"));
  EXPECT_THAT(ParseJson("{\"a\":1,}").status().message(), HasSubstr("not JSON"));
  EXPECT_THAT(ParseJson("[1] x").status().message(), HasSubstr("not JSON"));
  EXPECT_THAT(ParseJson("").status().message(), HasSubstr("not JSON"));
  EXPECT_THAT(ParseJson("[1e999]").status().message(), HasSubstr("not JSON"));
  EXPECT_THAT(ParseJson(std::string(100, '[')).status().message(), HasSubstr("deeper than 64"));
  EXPECT_TRUE(ParseJson(std::string(64, '[') + std::string(64, ']')).ok());
}

TEST(JsonTextTest, WritesDecimalsPlainly) {
  EXPECT_EQ(DecimalOf(1e3), "1000");
  EXPECT_EQ(DecimalOf(0.30), "0.3");
  EXPECT_EQ(DecimalOf(*ParseJson("12.3456789012345678")), "12.3456789012345678");
  EXPECT_EQ(DecimalOf(1e15), std::nullopt);
  EXPECT_EQ(DecimalOf("12"), std::nullopt);
}

TEST(JsonTextTest, KeepsTextThatIsNoJsonAsAString) {
  EXPECT_EQ(JsonOfExtra("{\"a\":1}"), (Json{{"a", 1}}));
  EXPECT_EQ(JsonOfExtra("hello"), Json("hello"));
}

TEST(JsonTextTest, FindsTopLevelPropertiesWithoutParsing) {
  EXPECT_THAT(TopLevelProperties(R"( {"a": {"b":[1,"}"]}, "c\"d" : "x,y" ,"e":7})"),
              ElementsAre(Pair("a", R"({"b":[1,"}"]})"), Pair("c\\\"d", "\"x,y\""), Pair("e", "7")));
  for (const char* broken : {"", "[1]", "{", "{\"", "{\"a", "{\"a\"", "{\"a\\"})
    EXPECT_THAT(TopLevelProperties(broken), IsEmpty());
}

}  // namespace
}  // namespace cairn
