#include "common/record/url.h"

#include "tests/common/record/builders.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

std::string Url(absl::string_view text, UrlSchemes schemes = UrlSchemes::kWeb) {
  const auto result = NormaliseUrl(text, schemes);
  return result.ok() ? *result : std::string(result.status().message());
}

TEST(UrlTest, LowersSchemeAndHostOnly) {
  EXPECT_EQ(Url(" HTTPS://WWW.Example.ORG/Path?Q=Ł#F "), "https://www.example.org/Path?Q=Ł#F");
  EXPECT_EQ(Url("http://example.org:8080"), "http://example.org:8080");
  EXPECT_EQ(Url("https://[2001:db8::1]/x"), "https://[2001:db8::1]/x");
  EXPECT_EQ(Url("https://łódź.example/"), "https://łódź.example/");
}

TEST(UrlTest, SuggestsTheMissingScheme) {
  EXPECT_EQ(Url("www.example.org"), "\"www.example.org\": has no scheme; write \"https://www.example.org\"");
  EXPECT_THAT(Url("example.org:8080/a"), HasSubstr("write \"https://example.org:8080/a\""));
}

TEST(UrlTest, RefusesOtherSchemesAndTricks) {
  for (const char* text :
       {"javascript:alert(1)", "JavaScript:alert(1)", "file:///etc/passwd", "data:text/html,x", "ftp://example.org",
        "java\tscript:alert(1)", "https://exa mple.org", "https://", "https:example.org", "https://user:pw@example.org",
        "https://example\n.org", "https://a..b/", "https://a:b/", "https://a\x01", "hello", "https://<x>/"}) {
    EXPECT_FALSE(NormaliseUrl(text, UrlSchemes::kWebMailOrPhone).ok()) << text;
  }
}

TEST(UrlTest, MailAndPhoneOnlyWhereTheyFit) {
  EXPECT_EQ(Url("mailto:help@example.org?subject=x", UrlSchemes::kWebOrMail), "mailto:help@example.org?subject=x");
  EXPECT_EQ(Url("TEL:+48221234567", UrlSchemes::kWebMailOrPhone), "tel:+48221234567");
  EXPECT_THAT(Url("mailto:help@example.org"), HasSubstr("not taken here"));
  EXPECT_THAT(Url("tel:+48221234567", UrlSchemes::kWebOrMail), HasSubstr("not taken here"));
  EXPECT_THAT(Url("mailto:nobody", UrlSchemes::kWebOrMail), HasSubstr("leads to no e-mail address"));
}

TEST(UrlTest, RefusesVeryLongAddresses) {
  EXPECT_THAT(Url("https://example.org/" + std::string(3000, 'a')), HasSubstr("longer than 2,048 bytes"));
}

TEST(EmailTest, TakesOneAddress) {
  EXPECT_EQ(*NormaliseEmail(" mailto:Help.Desk+x@EXAMPLE.org "), "Help.Desk+x@example.org");
  EXPECT_EQ(*NormaliseEmail("помощ@пример.example"), "помощ@пример.example");
}

TEST(EmailTest, RefusesWhatIsNone) {
  for (const char* text :
       {"", "help", "help@", "@example.org", "a@b", "a b@example.org", "a@example.org, b@example.org", "a@example.",
        "a..b@example.org", "a@-example.org", "Help <a@example.org>", "a@b@example.org", "a\"@example.org"}) {
    EXPECT_FALSE(NormaliseEmail(text).ok()) << text;
  }
}

}  // namespace
}  // namespace cairn
