// Calendars and linked data over HTTP: what a reader may see and nothing else.
#include "server/documents/document_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/hsds/api_fixture.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class DocumentRoutesTest : public ApiTest {
 protected:
  DocumentRoutesTest() : directory_(Directory()) {
    EdgeParts parts{db_.store.get(), Source(), &db_.clock};
    parts.directory = &directory_;
    parts.partner = "pl-x";
    AddDocumentRoutes(parts, "https://example.org/terms", &router_);
  }

  static v1::Record Training(int n, const std::string& title) {
    v1::Record record;
    record.set_id(TestId(n));
    record.mutable_training()->set_name(title);
    v1::TrainingSession* session = record.mutable_training()->add_sessions();
    session->set_id(TestId(1000 + n));
    session->set_start("2026-12-01T10:00:00");
    session->set_end("2026-12-01T12:00:00");
    session->set_time_zone("Europe/Warsaw");
    return record;
  }

  std::string Text(const std::string& target, const Reader& reader = Reader::Anonymous()) {
    return Body(Get(target, reader));
  }

  const DirectoryReader directory_;
};

TEST_F(DocumentRoutesTest, ACalendarHasTheTrainingsThatTheReaderMaySee_R7) {
  db_.Publish(pl_, {Training(1, "Listening to children")});
  db_.Publish(police_, {Training(2, "For the police only")});
  const std::string everybody = Text("/trainings.ics");
  EXPECT_THAT(everybody, HasSubstr("BEGIN:VCALENDAR\r\n"));
  EXPECT_THAT(everybody, HasSubstr("Listening to children"));
  EXPECT_THAT(everybody, HasSubstr("END:VCALENDAR\r\n"));
  EXPECT_THAT(everybody, Not(HasSubstr("police")));
  EXPECT_THAT(Text("/trainings.ics", Reader::Partner("lv-y")), HasSubstr("For the police only"));
  EXPECT_THAT(Text("/trainings.ics", Reader::Partner("al-z")), Not(HasSubstr("police")));
}

TEST_F(DocumentRoutesTest, AFilteredCalendarHasTheSessionsThatWereAskedForAndNotTheOthersOfTheirTraining) {
  v1::Record training = Training(1, "In winter");
  v1::TrainingSession* const later = training.mutable_training()->add_sessions();
  later->set_id(TestId(2001));
  later->set_name("In spring");
  later->set_start("2027-03-01T10:00:00");
  later->set_mode("online");
  later->set_country("LV");
  later->add_languages("lv");
  training.add_countries("PL");
  training.add_countries("LV");
  training.mutable_training()->add_languages("pl");
  training.mutable_training()->set_mode("onsite");
  db_.Publish(pl_, {training});
  const auto has = [&](const std::string& query) {
    const std::string text = Text("/trainings.ics?" + query);
    return std::pair(text.find("DTSTART;TZID=Europe/Warsaw:20261201") != std::string::npos,
                     text.find("In spring") != std::string::npos);
  };
  EXPECT_EQ(has(""), std::pair(true, true));
  EXPECT_EQ(has("from=2026-11-01&to=2026-12-01"), std::pair(true, false));
  EXPECT_EQ(has("from=2027-01-01"), std::pair(false, true));
  EXPECT_EQ(has("mode=online"), std::pair(false, true));
  EXPECT_EQ(has("mode=onsite"), std::pair(true, false));
  EXPECT_EQ(has("month=2026-12"), std::pair(true, false));
  EXPECT_EQ(has("country=LV"), std::pair(true, true)) << "the first does not say where in its training's countries";
  EXPECT_EQ(has("country=PL"), std::pair(true, false));
  EXPECT_EQ(has("language=lv"), std::pair(true, true)) << "nor in which language";
  EXPECT_EQ(has("language=pl"), std::pair(true, false));
}

// Whoever subscribed to a filtered calendar must learn that the only session in it will not take place.
TEST_F(DocumentRoutesTest, AFilteredCalendarGoesOnToShowASessionThatWasCancelled) {
  v1::Record training = Training(1, "In winter");
  training.mutable_training()->mutable_sessions(0)->set_status("cancelled");
  db_.Publish(pl_, {training});
  for (const char* query : {"from=2026-11-01", "month=2026-12", "from=2026-11-01&to=2026-12-31"}) {
    EXPECT_THAT(Text(absl::StrCat("/trainings.ics?", query)), HasSubstr("STATUS:CANCELLED")) << query;
  }
  EXPECT_THAT(Text("/trainings.ics?from=2027-01-01"), Not(HasSubstr("BEGIN:VEVENT")));
  EXPECT_EQ(Get("/trainings.ics?from=2027-01-01&to=2026-01-01").status, 400);
}

TEST_F(DocumentRoutesTest, ACalendarTakesTheFiltersOfSearch) {
  db_.Publish(pl_, {Training(1, "Polish one")});
  db_.Publish(lv_, {Training(2, "Latvian one")});
  const std::string latvian = Text("/trainings.ics?partner=lv-y");
  EXPECT_THAT(latvian, HasSubstr("Latvian one"));
  EXPECT_THAT(latvian, Not(HasSubstr("Polish one")));
  EXPECT_EQ(Get("/trainings.ics?near=here").status, 400);
}

TEST_F(DocumentRoutesTest, OneTrainingIsAFileAndAHiddenOneIsNotThere_R7) {
  db_.Publish(pl_, {Training(1, "Listening to children")});
  db_.Publish(police_, {Training(2, "For the police only")});
  const HttpResponse one = Get(absl::StrCat("/trainings/", TestId(1), ".ics"));
  EXPECT_EQ(one.Header("Content-Type"), "text/calendar; charset=utf-8");
  EXPECT_THAT(one.Header("Content-Disposition"), HasSubstr(TestId(1)));
  EXPECT_THAT(one.body, HasSubstr("BEGIN:VEVENT"));
  const HttpResponse hidden = Get(absl::StrCat("/trainings/", TestId(2), ".ics"));
  const HttpResponse unknown = Get(absl::StrCat("/trainings/", TestId(3), ".ics"));
  EXPECT_EQ(hidden.status, 404);
  EXPECT_EQ(unknown.status, 404);
}

TEST_F(DocumentRoutesTest, ARecordIsLinkedDataUnderItsKind) {
  db_.Publish(pl_, {Training(1, "Listening to children"), TestOrganization(4, "Lantern")});
  const Json course = GetJson(absl::StrCat("/trainings/", TestId(1), ".jsonld"));
  EXPECT_THAT(course.dump(), HasSubstr("\"Course\""));
  EXPECT_EQ(GetJson(absl::StrCat("/records/", TestId(1), ".jsonld")), course);
  EXPECT_THAT(GetJson(absl::StrCat("/organizations/", TestId(4), ".jsonld")).dump(), HasSubstr("Lantern"));
  EXPECT_EQ(Get(absl::StrCat("/organizations/", TestId(1), ".jsonld")).status, 404);
}

TEST_F(DocumentRoutesTest, TheCatalogSaysWhereWhatIsAndOnWhichTerms) {
  const std::string catalog = GetJson("/catalog.jsonld").dump();
  for (const char* place : {"/hsds/services?format=ndjson", "/rpde/services", "/rpde/trainings", "/trainings.ics"}) {
    EXPECT_THAT(catalog, HasSubstr(absl::StrCat(kTestUrl, place)));
  }
  EXPECT_THAT(catalog, HasSubstr("https://example.org/terms"));
}

TEST_F(DocumentRoutesTest, TheCatalogIsModifiedWhenWhatThePublicSeesIs) {
  db_.Publish(pl_, {Training(1, "One")});
  const std::string before = Text("/catalog.jsonld");
  db_.clock.Advance(absl::Hours(1));
  db_.Publish(police_, {Training(2, "Two")});
  EXPECT_EQ(Text("/catalog.jsonld"), before);
  db_.Publish(pl_, {Training(3, "Three")});
  EXPECT_NE(Text("/catalog.jsonld"), before);
}

}  // namespace
}  // namespace cairn
