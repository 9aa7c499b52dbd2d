#include "common/record/warnings.h"

#include "tests/common/record/builders.h"

namespace cairn {
namespace {

using ::testing::IsEmpty;

std::vector<std::string> Warnings(const std::string& body) {
  std::vector<std::string> texts;
  for (const Problem& warning : WarningsOf(WithBody(body))) texts.push_back(ToString(warning));
  return texts;
}

TEST(WarningsTest, ANumberOfAnotherCountryIsNamedWhereverItHangs) {
  EXPECT_THAT(
      Warnings("service { phones { number: '+48225550110' country: 'DE' } }"),
      testing::ElementsAre("service.phones[0].country \"DE\": the number +48225550110 is one of PL, and is kept "
                           "as such; write that country, or the number with the calling code of DE"));
  EXPECT_THAT(
      Warnings("service { service_at_locations { contacts { phones { } phones { number: '+48 116 111' country: "
               "'lv' } } } }"),
      testing::ElementsAre(testing::HasSubstr("service.service_at_locations[0].contacts[0].phones[1].country")));
  EXPECT_THAT(Warnings("organization { phones { number: '+800 1234 5678' country: 'PL' } }"),
              testing::ElementsAre(testing::HasSubstr("is one of no country")));
}

TEST(WarningsTest, NumbersThatFitTheirCountryAndRefusedOnesAreNotNamed) {
  for (const char* phone : {"number: '+48225550110' country: 'PL'", "number: '22 555 01 10' country: 'PL'",
                            "number: '+48225550110'", "number: 'x' country: 'PL'", "number: '+999 1' country: 'PL'",
                            "number: '+48225550110' country: 'Nowhere'", "number: '116111' country: 'LV'"}) {
    EXPECT_THAT(Warnings(std::string("service { phones { ") + phone + " } }"), IsEmpty()) << phone;
  }
}

}  // namespace
}  // namespace cairn
