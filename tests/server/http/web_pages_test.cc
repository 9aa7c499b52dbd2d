// What the page's files and its plain views promise, without a browser; tests/e2e/web has one.
#include "server/http/web_pages.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "absl/strings/ascii.h"
#include "common/base/hex.h"
#include "common/crypto/hash.h"
#include "server/http/html_text.h"
#include "server/http/page_texts.h"
#include "server/http/places.h"
#include "server/http/plain_pages.h"
#include "server/http/schedule_words.h"
#include "server/http/web_assets.h"
#include "tests/server/directory/test_directory.h"
#include "tests/server/http/call_route.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(WebAssetsTest, EveryFileUnpacksToWhatItsHashSays) {
  ASSERT_GT(AllWebAssets().size(), 10u);
  for (const WebAsset& asset : AllWebAssets()) {
    EXPECT_EQ(absl::AsciiStrToLower(ToHex(Sha256(UnpackedAsset(asset)))), asset.sha256) << asset.name;
    EXPECT_EQ(FindWebAsset(asset.name), &asset);
  }
  EXPECT_EQ(FindWebAsset("none.js"), nullptr);
}

TEST(HtmlTextTest, AttackNothingThatMeansSomethingToHtmlSurvives) {
  EXPECT_EQ(EscapedHtml("<b a=\"x\" c='y'>&amp;"), "&lt;b a=&quot;x&quot; c=&#39;y&#39;&gt;&amp;amp;");
}

TEST(HtmlTextTest, AttackOtherSchemesAreShownNotLinked) {
  for (const char* const address :
       {"javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "//example.org"}) {
    EXPECT_EQ(SafeHref(address), std::nullopt) << address;
    EXPECT_THAT(LinkHtml(address, address), Not(HasSubstr("href"))) << address;
  }
  EXPECT_THAT(LinkHtml("https://a.example.org/?a=\"><b>", "<i>"), Not(HasSubstr("<i>")));
  EXPECT_THAT(LinkHtml("tel:116111", "116 111"), HasSubstr("href=\"tel:116111\""));
}

TEST(PageTextsTest, TheAddressDecidesThenTheBrowserThenEnglish) {
  EXPECT_EQ(PageTexts::Choose("lv", {"pl"}).language(), "lv");
  EXPECT_EQ(PageTexts::Choose("xx", {"fi", "es-CO"}).language(), "es");
  EXPECT_EQ(PageTexts::Choose("", {}).language(), "en");
}

// As tests/client/web/schedule_test.ts has it for the page.
TEST(ScheduleWordsTest, TheWordsNameNoDayOnWhichItIsClosed) {
  const auto words = [](const std::string& fields, const char* language = "en") {
    v1::Schedule schedule;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(fields, &schedule)) << fields;
    return DaysText(schedule, PageTexts::Choose(language, {}));
  };
  EXPECT_EQ(words("freq: 'DAILY'"), "Every day");
  EXPECT_EQ(words("freq: 'WEEKLY' byday: 'MO,TU,WE,TH,FR'"), "Monday – Friday");
  EXPECT_EQ(words("freq: 'WEEKLY' byday: 'MO,FR'", "pl"), "poniedziałek, piątek");
  EXPECT_EQ(words("freq: 'WEEKLY' interval: 2 byday: 'SU'", "pl"), "niedziela · co 2 tygodnie");
  EXPECT_EQ(words("freq: 'MONTHLY' bymonthday: '1,-1'"), "Days of the month: 1, the last");
  EXPECT_EQ(words("freq: 'MONTHLY' bymonthday: '13,-3' byday: 'FR'"), "Friday · Days of the month: 13, the last − 2");
  for (const char* unsaid :
       {"freq: 'DAILY' interval: 2", "freq: 'MONTHLY' byday: '1WE'", "freq: 'WEEKLY' byday: 'FR' byweekno: '20'",
        "freq: 'MONTHLY' bymonthday: '1' interval: 3", ""}) {
    EXPECT_EQ(words(unsaid), "") << unsaid;
  }
  v1::Schedule open;
  open.set_opens_at("09:00:00");
  open.set_closes_at("17:00");
  EXPECT_EQ(HoursText(open, true, PageTexts::Choose("en", {})), "09:00 – 17:00");
  EXPECT_EQ(HoursText(v1::Schedule(), true, PageTexts::Choose("en", {})), "all day");
  EXPECT_EQ(HoursText(v1::Schedule(), false, PageTexts::Choose("en", {})), "");
}

TEST(PageTextsTest, NumbersAndNamesAreOfTheLanguage) {
  const PageTexts& polish = PageTexts::Choose("pl", {});
  EXPECT_EQ(polish.Count("results", 1), "1 wpis");
  EXPECT_EQ(polish.Count("results", 22), "22 wpisy");
  EXPECT_EQ(polish.CountryName("LV"), "Łotwa");
  EXPECT_EQ(polish.Get("no such text"), "no such text");
}

TEST(PlainPagesTest, AttackARecordsTextsStayTexts) {
  v1::DirectoryRecord view;
  view.set_kind(v1::SERVICE);
  view.set_partner("<script>p</script>");
  view.mutable_record()->set_id("<script>i</script>");
  view.mutable_record()->mutable_service()->set_name("<script>n</script>");
  view.mutable_record()->mutable_service()->set_email("a@example.org\"><script>");
  view.mutable_record()->mutable_service()->set_url("javascript:alert(1)");
  const PlainReader reader = {&PageTexts::Choose("en", {}), {"en"}, {{"q", "\"><script>"}, {"lang", "\"><script>"}}};
  const std::string page = PlainRecordPage(reader, view, {view}, {});
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("href=\"javascript")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;n&lt;/script&gt;"));
}

// The page without JavaScript.
class PlainCalendarTest : public DirectoryTest {
 protected:
  PlainCalendarTest() : directory_(Directory()) {
    EdgeParts parts{db_.store.get(), Source(), &db_.clock};
    parts.directory = &directory_;
    AddWebRoutes(parts, &router_);
    today_ = absl::FormatTime("%Y-%m-%d", db_.clock.Now(), absl::UTCTimeZone());
  }
  static v1::Record Training(int n, const std::string& name, const std::string& start, const std::string& status) {
    v1::Record record;
    record.set_id(TestId(n));
    record.set_language("en");
    record.mutable_training()->set_name(name);
    v1::TrainingSession* session = record.mutable_training()->add_sessions();
    session->set_id(TestId(1000 + n));
    session->set_start(start);
    session->set_end(start);
    session->set_status(status);
    return record;
  }
  HttpResponse Ask(const std::string& target) { return CallRoute(router_, target, {}); }

  const DirectoryReader directory_;
  Router router_;
  std::string today_;
};

TEST_F(PlainCalendarTest, ShowsWhatIsToComeAndWhatWasCancelledAndNotWhatIsOver) {
  v1::Record timed = Training(1, "Evening course", "2099-03-01T18:00:00", "scheduled");
  timed.mutable_training()->mutable_sessions(0)->set_end("2099-03-01T20:30:00");
  timed.mutable_training()->mutable_sessions(0)->set_time_zone("Europe/Riga");
  db_.Publish(pl_, {timed, Training(2, "Long over", "2001-03-01", "scheduled"),
                    Training(3, "Called off", "2099-04-01", "cancelled"), Training(4, "Today", today_, "scheduled")});
  const HttpResponse page = Ask("/calendar");
  EXPECT_TRUE(page.depends_on_time);
  EXPECT_THAT(page.body, HasSubstr("2099-03-01 18:00–20:30 Europe/Riga"));
  EXPECT_THAT(page.body, HasSubstr("Called off"));
  EXPECT_THAT(page.body, Not(HasSubstr("Long over")));
  EXPECT_LT(page.body.find(">Today<"), page.body.find("Evening course"));
}

TEST_F(PlainCalendarTest, GoesByMonthAndTakesFilters) {
  db_.Publish(pl_, {Training(1, "In March", "2099-03-01", "scheduled"), Training(2, "In May", "2099-05-01", "full")});
  db_.Publish(lv_, {Training(3, "In Riga", "2099-03-02", "scheduled")});
  const std::string march = Ask("/calendar?month=2099-03&partner=pl-x&lang=en").body;
  EXPECT_THAT(march, HasSubstr("In March"));
  EXPECT_THAT(march, Not(HasSubstr("In May")));
  EXPECT_THAT(march, Not(HasSubstr("In Riga")));
  EXPECT_THAT(march, HasSubstr("/calendar?partner=pl-x&amp;month=2099-04&amp;lang=en"));
  EXPECT_THAT(march, HasSubstr("/calendar?partner=pl-x&amp;month=2099-02&amp;lang=en"));
  EXPECT_THAT(march, HasSubstr("href=\"/trainings.ics?month=2099-03&amp;partner=pl-x\">The chosen trainings"));
  EXPECT_THAT(march, HasSubstr("href=\"?month=2099-03&amp;partner=pl-x&amp;lang=lv\""));
  EXPECT_THAT(Ask("/calendar").body, HasSubstr("href=\"/trainings.ics\""));
  EXPECT_THAT(Ask("/calendar?month=2099-04").body, HasSubstr("No training takes place in this month."));
  EXPECT_EQ(Ask("/calendar?month=March").status, 400);
}

// Who changes the language or the words goes on where he is.
TEST_F(PlainCalendarTest, TheSearchKeepsWhatWasAskedFor) {
  const std::string page = Ask("/?q=night line&kind=service&country=PL&page_token=x%22&lang=pl").body;
  const std::string other = Ask("/?q=night line&kind=service&country=PL&lang=pl").body;
  EXPECT_THAT(other, HasSubstr("href=\"?q=night%20line&amp;kind=service&amp;country=PL&amp;lang=es\""));
  EXPECT_THAT(other, HasSubstr("<input type=\"hidden\" name=\"country\" value=\"PL\">"));
  EXPECT_THAT(other, HasSubstr("<input type=\"hidden\" name=\"lang\" value=\"pl\">"));
  EXPECT_THAT(page, Not(HasSubstr("x\"")));
}

TEST(PlacesTest, ARecordNamesEachPlaceOnce) {
  v1::Record record;
  for (const char* const id : {"b", "a", "b", ""}) {
    record.mutable_training()->add_sessions()->set_location_id(id);
  }
  EXPECT_THAT(PlaceIdsOf(record), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace cairn
