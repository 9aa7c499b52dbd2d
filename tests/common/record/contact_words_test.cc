#include "common/record/contact_words.h"

#include "tests/common/record/builders.h"

namespace cairn {
namespace {

std::string Words(const char* number, const char* country, bool short_code = false) {
  v1::Phone phone;
  phone.set_number(number);
  phone.set_country(country);
  phone.set_short_code(short_code);
  return PhoneWords(phone);
}

TEST(PhoneWordsTest, AreTheFormsThatAreDialledAndShown) {
  EXPECT_EQ(Words("+48225550110", "PL"), "48225550110 225550110");
  EXPECT_EQ(Words("+4930901820", "DE"), "4930901820 30901820 030901820");
  EXPECT_EQ(Words("+390212345678", "IT"), "390212345678 0212345678");
  EXPECT_EQ(Words("+12024561111", "US"), "12024561111 2024561111");
  EXPECT_EQ(Words("116111", "PL", true), "116111");
  EXPECT_EQ(Words("+80012345678", ""), "80012345678");
}

// Another partner's record may say anything.
TEST(PhoneWordsTest, ACountryThatDoesNotFitTheNumberAddsNothing) {
  EXPECT_EQ(Words("+48225550110", "DE"), "48225550110");
  EXPECT_EQ(Words("225550110", "PL"), "225550110");
  EXPECT_EQ(Words("call us", "PL"), "");
}

TEST(FoldContactsTest, ANumberIsOneWordHoweverItIsTyped) {
  for (const char* typed : {"+48 22 555 01 10", "+48225550110", "0048 22 555-01-10", "(+48) 22/555.01.10",
                            "tel:+48-22-555-01-10", "+48\u00a022\u00a0555\u201301\u201310", "+48 (0)22 555 01 10"}) {
    EXPECT_EQ(FoldContacts(typed), "48225550110") << typed;
  }
  EXPECT_EQ(FoldContacts("22 555 01 10"), "225550110");
  EXPECT_EQ(FoldContacts("030 / 90 18 20"), "030901820");
  EXPECT_EQ(FoldContacts("Łódź 116 111 night"), "lodz 116111 night");
}

TEST(FoldContactsTest, AnAddressIsItsHost) {
  for (const char* typed : {"https://www.example.org/pl?x=1", "http://example.org:8080", "www.Example.org",
                            "help@example.org", "mailto:help@example.org", "example.org"}) {
    EXPECT_EQ(FoldContacts(typed), "example.org") << typed;
  }
  EXPECT_EQ(HostOf("https://www.example.org/help"), "example.org");
  EXPECT_EQ(HostOf("tel:+48225550110"), "");
}

TEST(FoldContactsTest, OtherTextStays) {
  for (const char* typed : {"night shelter", "24/7", "-", "@home", "a 1 b 22", "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8"}) {
    EXPECT_EQ(FoldContacts(typed), typed);
  }
  EXPECT_EQ(FoldContacts(""), "");
}

}  // namespace
}  // namespace cairn
