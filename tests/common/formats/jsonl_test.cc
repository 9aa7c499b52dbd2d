#include "common/formats/jsonl.h"

#include "common/record/ids.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "tests/common/formats/import_helpers.h"

namespace cairn {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing_formats::Import;
using testing_formats::ReadText;

std::string ProblemOf(absl::string_view text) {
  v1::Record record;
  const std::vector<Problem> problems = RecordFromJsonText(text, &record);
  return problems.empty() ? "" : ToString(problems[0]);
}

TEST(JsonlTest, EveryKindSurvivesARoundTrip) {
  const char* bodies[] = {R"("organization":{"name":"O","location_ids":["l"]})",
                          R"("service":{"name":"S","status":"active","minimum_age":0,"extra":{"x":"[1, 2]"}})",
                          R"("location":{"location_type":"physical","latitude":56.9496,"longitude":24.1052})",
                          R"("training":{"name":"T","sessions":[{"id":"s","start":"2027-01-11"}]})",
                          R"("resource":{"name":"R","url":"https://example.org/r"})",
                          R"("assessment":{"name":"A","score":0})",
                          R"("commitment":{"name":"C","reports":[{"id":"r","due":"2027-06-30"}]})"};
  for (const char* body : bodies) {
    v1::Record record, again;
    const std::string line =
        absl::StrCat(R"({"id":"i","language":"lv","verified_at":"2026-01-02T03:04:05Z",)", body, "}");
    ASSERT_THAT(RecordFromJsonText(line, &record), IsEmpty()) << line;
    const auto written = RecordToJsonText(record);
    ASSERT_TRUE(written.ok());
    EXPECT_EQ(written->find('\n'), std::string::npos);
    ASSERT_THAT(RecordFromJsonText(*written, &again), IsEmpty()) << *written;
    EXPECT_TRUE(MessageDifferencer::Equals(record, again));
    EXPECT_EQ(nlohmann::json::parse(*written), nlohmann::json::parse(line));
  }
}

TEST(JsonlTest, NamesTheUnknownFieldAndTheNearestKnownOne) {
  EXPECT_THAT(ProblemOf(R"({"id":"x","service":{"phones":[{"nubmer":"1"}]}})"),
              testing::AllOf(HasSubstr("service.phones[0].nubmer"), HasSubstr("nearest known one is number")));
  EXPECT_THAT(ProblemOf(R"({"id":"x","servise":{}})"), HasSubstr("nearest known one is service"));
}

TEST(JsonlTest, RefusesWrongTypesTwoBodiesAndNone) {
  EXPECT_THAT(ProblemOf(R"({"id":"x","service":{"minimum_age":"young"}})"), HasSubstr("minimum_age"));
  EXPECT_THAT(ProblemOf(R"({"id":"x","service":{"name":"A"},"location":{"name":"B"}})"),
              HasSubstr("a record has one body; this has 2: location, service"));
  EXPECT_THAT(ProblemOf(R"({"id":"x"})"), HasSubstr("no body"));
  EXPECT_THAT(ProblemOf("[1]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(ProblemOf("{"), HasSubstr("not JSON"));
}

TEST(JsonlTest, SaysInWordsWhatAFieldTakes) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"service":{"name":7}})", R"(service.name "7": a number; write text in quotes)"},
      {R"({"service":{"phones":{"number":"1"}}})", "service.phones"},
      {R"({"service":{"phones":["1"]}})", R"(service.phones[0] "\"1\"": a text; write an object in braces)"},
      {R"({"service":"help"})", "a text; write an object in braces"},
      {R"({"countries":[7],"service":{}})", R"(countries[0] "7": a number; write text in quotes)"},
      {R"({"verified_at":7,"service":{}})", "write a time in quotes"},
      {R"({"service":{"phones":[{"short_code":"yes"}]}})", "a text; write true or false without quotes"}};
  for (const auto& [text, problem] : cases) EXPECT_THAT(ProblemOf(text), HasSubstr(problem)) << text;
}

TEST(JsonlTest, GoesOnBehindABadLine) {
  const Import import =
      ReadText("{\"id\":\"a\",\"service\":{\"name\":\"A\"}}\n{\"id\":\"b\"}\n{\"id\":\"c\",\"service\":{}}\n");
  EXPECT_THAT(import.records, SizeIs(2));
  ASSERT_THAT(import.refused, SizeIs(1));
  EXPECT_THAT(import.refused[0].origin, HasSubstr("line 2"));
}

TEST(JsonlTest, DerivesIdsInTheNamespaceOfThePartner) {
  const std::string space = PartnerNamespace("example", "lv-drosme");
  const Import import = ReadText("{\"id\":\"a1\",\"service\":{\"name\":\"A\"}}\n", ImportFormat::kJsonl, {space});
  ASSERT_THAT(import.records, SizeIs(1));
  EXPECT_EQ(import.records[0].source_id(), "a1");
  EXPECT_EQ(import.records[0].id(), DeriveId(space, v1::SERVICE, "a1"));
}

}  // namespace
}  // namespace cairn
