// What the page's files and its plain views promise, without a browser; tests/e2e/web has one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/ascii.h"
#include "common/base/hex.h"
#include "common/crypto/hash.h"
#include "server/http/html_text.h"
#include "server/http/page_texts.h"
#include "server/http/places.h"
#include "server/http/plain_pages.h"
#include "server/http/web_assets.h"

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

TEST(PlacesTest, ARecordNamesEachPlaceOnce) {
  v1::Record record;
  for (const char* const id : {"b", "a", "b", ""}) {
    record.mutable_training()->add_sessions()->set_location_id(id);
  }
  EXPECT_THAT(PlaceIdsOf(record), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace cairn
