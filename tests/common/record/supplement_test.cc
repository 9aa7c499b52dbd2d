#include "common/record/supplement.h"

#include "common/record/serialise.h"
#include "tests/common/record/builders.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Rules = std::vector<RedactionRule>;

v1::Record Shelter() {
  return WithBody(
      "location { location_type: 'physical' name: 'Harbour' latitude: 54.1 longitude: 18.2 "
      "addresses { address_1: 'Hidden Street 5' city: 'Gdynia' country: 'PL' extra { key: 'gate' value: '\"7\"' } } "
      "transportation: 'Bus 12' }"
      "translations { language: 'pl' texts { key: 'name' value: 'Port' } "
      "texts { key: 'addresses[0].address_1' value: 'Ukryta 5' } texts { key: 'transportation' value: 'Autobus 12' } "
      "}");
}

v1::Record Supplement(const std::string& body) {
  v1::Record record = WithBody(body);
  record.clear_countries();
  record.set_supplement(true);
  return record;
}

TEST(MergeTest, FieldsReplaceAndTheRestStays) {
  const v1::Record merged = MergeSupplement(Shelter(), Supplement("location { transportation: 'Ask for a lift' }"));
  EXPECT_EQ(merged.location().transportation(), "Ask for a lift");
  EXPECT_EQ(merged.location().name(), "Harbour");
  EXPECT_FALSE(merged.supplement());
  EXPECT_THAT(merged.countries(), ElementsAre("PL"));
}

TEST(MergeTest, RepeatedFieldsAreReplacedAsAWhole) {
  const v1::Record merged =
      MergeSupplement(Shelter(), Supplement("location { addresses { city: 'Sopot' } addresses { city: 'Hel' } }"));
  ASSERT_EQ(merged.location().addresses_size(), 2);
  EXPECT_EQ(merged.location().addresses(0).address_1(), "");
}

TEST(MergeTest, TranslationsOfAReplacedTextDoNotOutliveIt) {
  v1::Record supplement = Supplement("location { transportation: 'Ask' name: 'Harbour house' }");
  (*supplement.add_translations()->mutable_texts())["name"] = "Dom";
  supplement.mutable_translations(0)->set_language("pl");
  const v1::Record merged = MergeSupplement(Shelter(), supplement);
  ASSERT_EQ(merged.translations_size(), 1);
  const auto& texts = merged.translations(0).texts();
  EXPECT_EQ(texts.at("name"), "Dom");
  EXPECT_EQ(texts.count("transportation"), 0u);
  EXPECT_EQ(texts.count("addresses[0].address_1"), 1u);
}

TEST(MergeTest, WhatIsOverdueInPartIsOverdue) {
  v1::Record base = Shelter(), supplement = Supplement("location { name: 'X' }");
  base.mutable_verified_at()->set_seconds(2'000);
  supplement.mutable_verified_at()->set_seconds(1'000);
  supplement.mutable_updated_at()->set_seconds(3'000);
  const v1::Record merged = MergeSupplement(base, supplement);
  EXPECT_EQ(merged.verified_at().seconds(), 1'000);
  EXPECT_EQ(merged.updated_at().seconds(), 3'000);
}

TEST(MergeTest, OfAnotherKindChangesNothing) {
  const v1::Record merged = MergeSupplement(Shelter(), Supplement("service { name: 'X' }"));
  EXPECT_EQ(SerialiseRecord(merged), SerialiseRecord(Shelter()));
}

TEST(AudienceTest, OrderIsPublicConsortiumCirclesByName) {
  EXPECT_TRUE(AudienceBefore("public", "consortium"));
  EXPECT_TRUE(AudienceBefore("consortium", "circle:a"));
  EXPECT_TRUE(AudienceBefore("circle:a", "circle:b"));
  EXPECT_TRUE(IsWiderAudience("consortium", "circle:a"));
  EXPECT_FALSE(IsWiderAudience("circle:a", "circle:b"));
}

TEST(RedactionTest, StreetGoesToTheConsortiumAndTheCityStays) {
  const Redactor redactor(Rules{{"location.addresses.address_1", "consortium"}});
  v1::Record record = Shelter();
  const auto supplements = redactor.Split(&record, "public");
  EXPECT_EQ(record.location().addresses(0).city(), "Gdynia");
  EXPECT_THAT(record.DebugString(), Not(HasSubstr("Hidden")));
  EXPECT_THAT(record.DebugString(), Not(HasSubstr("Ukryta"))) << "translations are texts too";
  EXPECT_THAT(record.DebugString(), Not(HasSubstr("gate"))) << "what an import put beside it may say the same";
  ASSERT_EQ(supplements.size(), 1u);
  const v1::Record merged = MergeSupplement(record, supplements.at("consortium"));
  EXPECT_EQ(merged.location().DebugString(), Shelter().location().DebugString());
  EXPECT_EQ(merged.translations(0).texts().size(), 3u);
}

TEST(RedactionTest, StarTakesTheWholeField) {
  const Redactor redactor(Rules{{"location.addresses.*", "consortium"},
                                {"location.latitude", "consortium"},
                                {"location.longitude", "consortium"}});
  v1::Record record = Shelter();
  const auto supplements = redactor.Split(&record, "public");
  EXPECT_THAT(FieldsOf(record), ElementsAre("translations", "countries", "location.location_type", "location.name",
                                            "location.transportation"));
  EXPECT_THAT(FieldsOf(supplements.at("consortium")),
              ElementsAre("translations", "location.latitude", "location.longitude", "location.addresses"));
}

TEST(RedactionTest, NothingOfOneCircleReachesAnotherOrAWiderAudience) {
  const Redactor redactor(Rules{{"location.addresses.address_1", "circle:police"},
                                {"location.addresses.city", "circle:clinics"},
                                {"location.addresses.country", "consortium"}});
  v1::Record record = Shelter();
  const auto supplements = redactor.Split(&record, "public");
  EXPECT_THAT(supplements.at("circle:police").DebugString(), Not(HasSubstr("Gdynia")));
  EXPECT_THAT(supplements.at("circle:clinics").DebugString(), Not(HasSubstr("Hidden")));
  const std::string consortium = supplements.at("consortium").DebugString();
  EXPECT_THAT(consortium, Not(HasSubstr("Hidden")));
  EXPECT_THAT(consortium, Not(HasSubstr("Gdynia")));
  EXPECT_THAT(consortium, Not(HasSubstr("Ukryta")));
}

TEST(RedactionTest, RulesForTheSameOrAWiderAudienceDoNotApply) {
  const Redactor redactor(Rules{{"location.transportation", "consortium"}});
  v1::Record record = Shelter();
  EXPECT_THAT(redactor.Split(&record, "consortium"), IsEmpty());
  EXPECT_EQ(SerialiseRecord(record), SerialiseRecord(Shelter()));
  EXPECT_THAT(redactor.AudiencesOf(v1::LOCATION, "circle:a"), IsEmpty());
  EXPECT_THAT(redactor.AudiencesOf(v1::LOCATION, "public"), ElementsAre("consortium"));
}

TEST(RedactionTest, RuleThatMeansNothingIsRefusedWithTheRemedy) {
  EXPECT_TRUE(CheckRedactionRule({"location.addresses.address_1", "circle:police"}).ok());
  EXPECT_TRUE(CheckRedactionRule({"service.phones.*", "consortium"}).ok());
  EXPECT_THAT(CheckRedactionRule({"location.adresses", "consortium"}).message(), HasSubstr("adresses"));
  EXPECT_THAT(CheckRedactionRule({"place.address", "consortium"}).message(), HasSubstr("begin with a kind"));
  EXPECT_THAT(CheckRedactionRule({"location.*", "consortium"}).message(), HasSubstr("name a field"));
  EXPECT_THAT(CheckRedactionRule({"location.name.first", "consortium"}).message(), HasSubstr("text or number"));
  EXPECT_THAT(CheckRedactionRule({"location.name", "public"}).message(), HasSubstr("consortium"));
  EXPECT_THAT(CheckRedactionRule({"location.name", "circle:"}).message(), HasSubstr("circle:NAME"));
}

TEST(KeepOtherHandTest, FileForTheNarrowAudienceKeepsWhatRulesMovedThere) {
  const Redactor redactor(Rules{{"location.addresses", "consortium"}});
  const v1::Record held = Supplement("location { addresses { address_1: 'Hidden 5' } description: 'old' }");
  v1::Record by_hand = Supplement("location { transportation: 'Ask' }");
  KeepOtherHand(redactor, "consortium", /*governed=*/true, held, &by_hand);
  EXPECT_EQ(by_hand.location().addresses(0).address_1(), "Hidden 5");
  EXPECT_EQ(by_hand.location().description(), "") << "what the hand wrote before and now leaves out goes";
}

TEST(KeepOtherHandTest, RulesKeepWhatAHandPublishedThere) {
  const Redactor redactor(Rules{{"location.addresses", "consortium"}});
  const v1::Record held = Supplement("location { addresses { address_1: 'Hidden 5' } transportation: 'Ask' }");
  v1::Record by_rule = Supplement("location { }");
  KeepOtherHand(redactor, "consortium", /*governed=*/false, held, &by_rule);
  EXPECT_EQ(by_rule.location().transportation(), "Ask");
  EXPECT_EQ(by_rule.location().addresses_size(), 0) << "the address is no longer in the record";
}

TEST(PartialTest, SupplementMayLackWhatTheRecordHasButItsPartsMustBeWhole) {
  ValidationContext context = TestContext();
  context.partial = true;
  v1::Record record = Supplement("service { phones { number: '116 111' country: 'PL' } }");
  EXPECT_TRUE(NormaliseAndValidate(&record, context).empty());
  v1::Record broken = Supplement("service { service_at_locations { description: 'Where?' } }");
  ASSERT_EQ(NormaliseAndValidate(&broken, context).size(), 1u);
}

}  // namespace
}  // namespace cairn
