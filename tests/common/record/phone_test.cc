#include "common/record/phone.h"

#include "tests/common/record/builders.h"

namespace cairn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct Case {
  const char* entered;
  const char* country;
  PhoneNumber expected;
};

class PhoneTest : public testing::TestWithParam<Case> {};

TEST_P(PhoneTest, IsReadAsPeopleWriteIt) {
  const auto read = NormalisePhone(GetParam().entered, GetParam().country);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->number, GetParam().expected.number);
  EXPECT_EQ(read->country, GetParam().expected.country);
  EXPECT_EQ(read->short_code, GetParam().expected.short_code);
  EXPECT_EQ(read->extension, GetParam().expected.extension);
}

INSTANTIATE_TEST_SUITE_P(
    Full, PhoneTest,
    testing::Values(
        Case{"22 123 45 67", "PL", {"+48221234567", "PL"}}, Case{"(22) 123-45-67", "PL", {"+48221234567", "PL"}},
        Case{"0048 22 123 45 67", "PL", {"+48221234567", "PL"}}, Case{"+48 22 123 45 67", "", {"+48221234567", "PL"}},
        Case{"\"+44 1234 234567\"", "", {"+441234234567", "GB"}},
        Case{"tel:+48-22-123-45-67", "", {"+48221234567", "PL"}}, Case{"67222922", "LV", {"+37167222922", "LV"}},
        Case{"04 222 3344", "AL", {"+35542223344", "AL"}}, Case{"01 8000 112 440", "CO", {"+5718000112440", "CO"}},
        Case{"030 901820", "DE", {"+4930901820", "DE"}}, Case{"01 42 68 53 00", "FR", {"+33142685300", "FR"}},
        Case{"02 1234 5678", "IT", {"+390212345678", "IT"}}, Case{"044 279 12 34", "UA", {"+380442791234", "UA"}},
        Case{"8 800 2000 122", "RU", {"+78002000122", "RU"}}, Case{"(202) 456-1111", "US", {"+12024561111", "US"}},
        Case{"21 4567 8901", "BR", {"+552145678901", "BR"}}, Case{"+800 1234 5678", "PL", {"+80012345678", ""}},
        Case{"+371 67222922", "PL", {"+37167222922", "LV"}}),
    [](const auto& info) { return std::to_string(info.index); });

INSTANTIATE_TEST_SUITE_P(
    ShortCodes, PhoneTest,
    testing::Values(Case{"116 111", "PL", {"116111", "PL", true}}, Case{"116111", "LV", {"116111", "LV", true}},
                    Case{"+48 116 111", "", {"116111", "PL", true}}, Case{"+48 116 111", "LV", {"116111", "PL", true}},
                    Case{"116 000", "DE", {"116000", "DE", true}}, Case{"116-123", "AL", {"116123", "AL", true}},
                    Case{"112", "PL", {"112", "PL", true}}, Case{"129", "AL", {"129", "AL", true}},
                    Case{"141", "CO", {"141", "CO", true}}, Case{"3114", "FR", {"3114", "FR", true}},
                    Case{"1522", "IT", {"1522", "IT", true}}, Case{"016", "ES", {"016", "ES", true}},
                    Case{"988", "US", {"988", "US", true}}),
    [](const auto& info) { return std::to_string(info.index); });

INSTANTIATE_TEST_SUITE_P(Extensions, PhoneTest,
                         testing::Values(Case{"+48 22 123 45 67 ext. 12", "", {"+48221234567", "PL", false, "12"}},
                                         Case{"22 123 45 67 wew. 5", "PL", {"+48221234567", "PL", false, "5"}},
                                         Case{"22 123 45 67 x7", "PL", {"+48221234567", "PL", false, "7"}},
                                         Case{"22 123 45 67 (ext: 9", "PL", {"+48221234567", "PL", false, "9"}},
                                         Case{"22 123 45 67#3", "PL", {"+48221234567", "PL", false, "3"}},
                                         Case{"044 279 12 34 доб. 44", "UA", {"+380442791234", "UA", false, "44"}}),
                         [](const auto& info) { return std::to_string(info.index); });

std::string Refusal(absl::string_view entered, absl::string_view country) {
  const auto read = NormalisePhone(entered, country);
  return read.ok() ? "accepted as " + read->number : std::string(read.status().message());
}

TEST(PhoneRefusalTest, LettersAreNamedWithWhatIsMeant) {
  const std::string text = Refusal("116-111x", "PL");
  EXPECT_THAT(text, HasSubstr("\"116-111x\": not a number that can be dialled in PL; write 116111 or +48 "));
  EXPECT_THAT(Refusal("22 123 45 67 ask for help", "PL"), HasSubstr("write +48221234567"));
  EXPECT_THAT(Refusal("Київ", "UA"), HasSubstr("not a number that can be dialled in UA"));
}

TEST(PhoneRefusalTest, LettersForDigitsAreTheirKeysAndNeverTheDigitsBeforeThem) {
  EXPECT_THAT(Refusal("1-800-FLOWERS", "US"),
              HasSubstr("letters are no digits: write those of their keys, +18003569377"));
  EXPECT_THAT(Refusal("0800HELPNOW", "GB"), HasSubstr("+448004357669"));
  EXPECT_THAT(Refusal("1-800-FLOWER", "US"), HasSubstr("letters are no digits: write one number such as +1"));
  EXPECT_THAT(Refusal("1-800-LAW-REP-4", "US"), AllOf(HasSubstr("number such as +1"), Not(HasSubstr("18004"))));
  EXPECT_THAT(Refusal("1-800-FLOWERS", ""), HasSubstr("or give its country"));
  EXPECT_THAT(Refusal("116 111 (telefon)", "PL"), HasSubstr("write 116111"));
}

TEST(PhoneRefusalTest, NumbersAmidWordsAreFound) {
  EXPECT_THAT(Refusal("tollfree: 800-625-2257, main: 727-847-5494", "US"),
              HasSubstr("write +18006252257, one number a phone"));
  EXPECT_THAT(Refusal("1-800-892-8900 (24 hour crisis line)", "US"), HasSubstr("write +18008928900"));
  EXPECT_THAT(Refusal("Please call on Mondays or Wednesdays from 10 to 4.", "US"),
              HasSubstr("write one number such as +1"));
}

TEST(PhoneRefusalTest, ShortCodeWithoutCountrySaysThatItNeedsOne) {
  EXPECT_THAT(Refusal("116 111", ""), HasSubstr("needs its country"));
  EXPECT_THAT(Refusal("116 111", ""), HasSubstr("116111"));
  EXPECT_THAT(Refusal("22 123 45 67", ""), HasSubstr("needs its country; write it as +48"));
}

TEST(PhoneRefusalTest, NamesLengthAndCallingCode) {
  EXPECT_THAT(Refusal("12", "PL"), HasSubstr("too short"));
  EXPECT_THAT(Refusal("123456789012345678901", "PL"), HasSubstr("too long"));
  EXPECT_THAT(Refusal("22 123 45 67 / 22 123 45 68", "PL"), HasSubstr("write +48221234567, one number a phone"));
  EXPECT_THAT(Refusal("+999 123456", "PL"), HasSubstr("calling code that no country has"));
  EXPECT_THAT(Refusal("555-0100", "US"), HasSubstr("lacks its area code"));
  EXPECT_THAT(Refusal("", "PL"), HasSubstr("no number"));
  EXPECT_THAT(Refusal("12\xff", "PL"), HasSubstr("not a telephone number"));
}

TEST(PhoneTest, PossibleButUnknownNumbersAreKept) {
  const auto read = NormalisePhone("0800 123 4567", "KE");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->number, "+2548001234567");
}

TEST(PhoneFieldTest, KeepsTheTextAsEnteredWhileItStandsForTheNumber) {
  v1::Phone phone;
  phone.set_number("22 123 45 67");
  ASSERT_TRUE(NormalisePhoneField(&phone, "PL").ok());
  EXPECT_EQ(phone.number(), "+48221234567");
  EXPECT_EQ(phone.as_entered(), "22 123 45 67");
  phone.set_number("+48 22 765 43 21");
  ASSERT_TRUE(NormalisePhoneField(&phone, "PL").ok());
  EXPECT_EQ(phone.as_entered(), "");
}

TEST(PhoneFieldTest, IsIdempotent) {
  for (const char* number :
       {"22 123 45 67", "116 111", "+48 116 111", "\"+44 1234 234567\"", "22 123 45 67 ext 4", "011 48 221234567"}) {
    v1::Phone phone;
    phone.set_number(number);
    (void)NormalisePhoneField(&phone, number[0] == '0' ? "US" : "PL");
    const std::string once = phone.DebugString();
    ASSERT_TRUE(NormalisePhoneField(&phone, "LV").ok()) << number;
    EXPECT_EQ(phone.DebugString(), once);
  }
}

TEST(PhoneFieldTest, ShortCodeStaysShortWithItsCountry) {
  v1::Phone phone;
  phone.set_number("116 111");
  ASSERT_TRUE(NormalisePhoneField(&phone, "PL").ok());
  EXPECT_TRUE(phone.short_code());
  EXPECT_EQ(phone.country(), "PL");
  EXPECT_EQ(phone.number(), "116111");
  phone.set_short_code(true);
  phone.set_number("*767");
  phone.clear_as_entered();
  EXPECT_TRUE(NormalisePhoneField(&phone, "").ok());
  EXPECT_EQ(phone.number(), "*767");
}

TEST(PhoneFieldTest, TwoDifferentExtensionsAreAContradiction) {
  v1::Phone phone;
  phone.set_number("+48 22 123 45 67 ext. 12");
  phone.set_extension("13");
  EXPECT_THAT(std::string(NormalisePhoneField(&phone, "").message()), HasSubstr("extension differs"));
}

TEST(PhoneAsDialledTest, DependsOnWhereTheReaderIs) {
  v1::Phone phone;
  phone.set_number("(22) 123-45-67");
  phone.set_extension("5");
  ASSERT_TRUE(NormalisePhoneField(&phone, "PL").ok());
  EXPECT_EQ(PhoneAsDialled(phone, "PL"), "(22) 123-45-67 ext. 5");
  EXPECT_EQ(PhoneAsDialled(phone, "LV"), "+48 22 123 45 67 ext. 5");
  phone.clear_as_entered();
  EXPECT_EQ(PhoneAsDialled(phone, "PL"), "22 123 45 67 ext. 5");
  EXPECT_EQ(PhoneAsDialled(phone, ""), "+48 22 123 45 67 ext. 5");
}

TEST(PhoneAsDialledTest, ShortCodesAreNeverExpanded) {
  v1::Phone phone;
  phone.set_number("116111");
  ASSERT_TRUE(NormalisePhoneField(&phone, "PL").ok());
  EXPECT_EQ(PhoneAsDialled(phone, "LV"), "116111");
}

}  // namespace
}  // namespace cairn
