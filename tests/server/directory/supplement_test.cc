// Reading records that have supplements: every reader sees its own merge, once, wherever it looks.
#include "server/store/rebuild.h"
#include "server/store/verify.h"
#include "tests/server/directory/test_directory.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class SupplementReadingTest : public DirectoryTest {
 protected:
  SupplementReadingTest() {
    v1::Record base = TestService(1, "Harbour shelter", "a bed for the night");
    base.add_countries("PL");
    db_.Publish(pl_, {base, TestService(2, "Other desk", "something else")});
  }

  static v1::Record Part(const std::string& description) {
    v1::Record record;
    record.set_id(TestId(1));
    record.set_supplement(true);
    record.mutable_service()->set_description(description);
    return record;
  }
  v1::Record Get(const Reader& reader) {
    v1::GetRecordRequest request;
    request.set_id(TestId(1));
    const auto got = Directory().GetRecord(reader, request);
    EXPECT_TRUE(got.ok()) << got.status();
    return got.ok() ? got->record().record() : v1::Record();
  }
  std::string DescriptionFor(const Reader& reader) { return Get(reader).service().description(); }
  size_t Listed(const Reader& reader) {
    const auto list = Directory().ListRecords(reader, {});
    return list.ok() ? static_cast<size_t>(list->records_size()) : 999;
  }
  void ExpectSound() {
    const auto report = VerifyFeeds(db_.feeds.get(), true, nullptr);
    ASSERT_TRUE(report.ok()) << report.status();
    for (const std::string& finding : report->findings) {
      if (finding.find("digest") == std::string::npos) ADD_FAILURE() << finding;
    }
  }

  const Reader anybody_ = Reader::Anonymous();
  const Reader member_ = Reader::Partner("al-z");
  const Reader police_officer_ = Reader::Partner("lv-y");
};

TEST_F(SupplementReadingTest, EachReaderSeesTheMergeOfItsAudiences) {
  db_.Publish(members_, {Part("behind the church")});
  db_.Publish(police_, {Part("Hidden Street 5")});
  EXPECT_EQ(DescriptionFor(anybody_), "a bed for the night");
  EXPECT_EQ(DescriptionFor(member_), "behind the church");
  EXPECT_EQ(DescriptionFor(police_officer_), "Hidden Street 5");
  EXPECT_EQ(Get(police_officer_).service().name(), "Harbour shelter");
  EXPECT_FALSE(Get(police_officer_).supplement());
  ExpectSound();
}

TEST_F(SupplementReadingTest, SaysFromWhichAudiencesItIsMerged) {
  db_.Publish(police_, {Part("Hidden Street 5")});
  v1::GetRecordRequest request;
  request.set_id(TestId(1));
  const auto got = Directory().GetRecord(police_officer_, request);
  EXPECT_THAT(got->record().merged_audiences(), ElementsAre("public", "circle:police"));
  EXPECT_EQ(got->record().audience(), "circle:police");
  EXPECT_THAT(Directory().GetRecord(anybody_, request)->record().merged_audiences(), IsEmpty());
}

TEST_F(SupplementReadingTest, SearchFindsWordsOfBothAndTheRecordOnce) {
  db_.Publish(members_, {Part("behind the church")});
  db_.Publish(police_, {Part("Hidden Street 5")});
  EXPECT_THAT(Titles(Search("harbour hidden", police_officer_)), ElementsAre("Harbour shelter"));
  EXPECT_THAT(Titles(Search("harbour", police_officer_)), ElementsAre("Harbour shelter"));
  EXPECT_EQ(Search("harbour", police_officer_).total(), 1u);
  EXPECT_THAT(Titles(Search("hidden", member_)), IsEmpty());
  EXPECT_THAT(Titles(Search("church", anybody_)), IsEmpty());
  EXPECT_THAT(Titles(Search("bed", member_)), IsEmpty()) << "replaced for this reader";
}

TEST_F(SupplementReadingTest, FiltersTestTheMergedRecord) {
  db_.Publish(police_, {Part("Hidden Street 5")});
  v1::RecordFilter filter;
  filter.add_countries("PL");
  EXPECT_THAT(Filtered(filter, police_officer_), ElementsAre("Harbour shelter"));
}

TEST_F(SupplementReadingTest, ListsCountsAndFacetsHaveItOnce) {
  db_.Publish(members_, {Part("behind the church")});
  db_.Publish(police_, {Part("Hidden Street 5")});
  for (const Reader& reader : {anybody_, member_, police_officer_}) {
    EXPECT_EQ(Listed(reader), 2u);
    const auto facets = Directory().GetFacets(reader, {});
    ASSERT_TRUE(facets.ok());
    EXPECT_EQ(facets->facets(0).values(0).count(), 2u);
    EXPECT_EQ(Directory().ListPartners(reader)->partners(reader.partner().empty() ? 0 : 2).live_records(), 2u);
  }
}

TEST_F(SupplementReadingTest, TwoCirclesOfOneReaderAreLaidOverEachOther) {
  v1::Charter charter = charter_->charter();
  v1::Circle* clinics = charter.add_circles();
  clinics->set_name("clinics");
  clinics->add_partners("lv-y");
  SetCharter(charter);
  v1::Record phone = Part("");
  phone.mutable_service()->clear_description();
  phone.mutable_service()->set_email("night@example.org");
  db_.Publish({"pl-x", "circle:clinics", 1}, {phone});
  db_.Publish(police_, {Part("Hidden Street 5")});
  EXPECT_EQ(Get(police_officer_).service().email(), "night@example.org");
  EXPECT_EQ(DescriptionFor(police_officer_), "Hidden Street 5");
  EXPECT_EQ(Listed(police_officer_), 2u);
  ExpectSound();
}

TEST_F(SupplementReadingTest, ChangeOfTheRecordReachesWhatIsMergedFromIt) {
  db_.Publish(police_, {Part("Hidden Street 5")});
  db_.Publish(pl_, {TestService(1, "Renamed shelter", "a bed")});
  EXPECT_THAT(Titles(Search("renamed hidden", police_officer_)), ElementsAre("Renamed shelter"));
  EXPECT_THAT(Titles(Search("harbour", police_officer_)), IsEmpty());
  ExpectSound();
}

TEST_F(SupplementReadingTest, SupplementAloneIsNotShown) {
  db_.Publish(police_, {Part("Hidden Street 5")});
  db_.Withdraw(pl_, v1::SERVICE, {TestId(1)});
  EXPECT_THAT(Titles(Search("hidden", police_officer_)), IsEmpty());
  EXPECT_EQ(Listed(police_officer_), 1u);
  ExpectSound();
  db_.Publish(pl_, {TestService(1, "Back again", "a bed")});
  EXPECT_THAT(Titles(Search("hidden", police_officer_)), ElementsAre("Back again"));
  ExpectSound();
}

TEST_F(SupplementReadingTest, WithdrawnSupplementLeavesTheRecordAsItWas) {
  db_.Publish(police_, {Part("Hidden Street 5")});
  db_.Withdraw(police_, v1::SERVICE, {TestId(1)});
  EXPECT_EQ(DescriptionFor(police_officer_), "a bed for the night");
  EXPECT_EQ(Listed(police_officer_), 2u);
  EXPECT_THAT(db_.Column("SELECT entry_id FROM supplement"), IsEmpty());
  ExpectSound();
}

TEST_F(SupplementReadingTest, SameAfterARebuild) {
  db_.Publish(members_, {Part("behind the church")});
  db_.Publish(police_, {Part("Hidden Street 5")});
  ASSERT_TRUE(Rebuild(db_.store.get(), nullptr).ok());
  EXPECT_THAT(Titles(Search("harbour hidden", police_officer_)), ElementsAre("Harbour shelter"));
  EXPECT_EQ(Listed(member_), 2u);
  ExpectSound();
}

TEST_F(SupplementReadingTest, VerifyFindsAnAlteredMerge) {
  db_.Publish(police_, {Part("Hidden Street 5")});
  ASSERT_TRUE(
      db_.store->Write([](Connection& db) { return db.Execute("UPDATE supplement SET base_entry_id = 99"); }).ok());
  const auto report = VerifyFeeds(db_.feeds.get(), true, nullptr);
  EXPECT_THAT(report->findings, testing::Contains(HasSubstr("supplement")));
}

TEST_F(SupplementReadingTest, WatchTellsTheMergeWhicheverPartChangedAndNeverARemovalWhileARecordIsLeft) {
  db_.Publish(police_, {Part("Hidden Street 5")});
  v1::WatchRecordsRequest request;
  request.set_only_new(true);
  auto watcher = *Watcher::Start(db_.store.get(), Source(), &db_.clock, police_officer_, request);
  ASSERT_TRUE(watcher->Next().ok());
  const auto told = [&] {
    std::vector<std::string> texts;
    const auto events = *watcher->Next();
    for (const v1::WatchRecordsResponse& event : events) {
      if (event.has_upsert()) texts.push_back(event.upsert().record().service().description());
      if (event.has_removed()) texts.push_back("removed");
    }
    return texts;
  };
  db_.Publish(pl_, {TestService(1, "Renamed", "a bed")});
  EXPECT_THAT(told(), ElementsAre("Hidden Street 5"));
  db_.Publish(police_, {Part("Other Street 6")});
  EXPECT_THAT(told(), ElementsAre("Other Street 6"));
  db_.Withdraw(police_, v1::SERVICE, {TestId(1)});
  EXPECT_THAT(told(), ElementsAre("a bed"));
  db_.Withdraw(pl_, v1::SERVICE, {TestId(1)});
  EXPECT_THAT(told(), ElementsAre("removed"));
}

TEST_F(SupplementReadingTest, ErasedFeedTakesItsMergesWithIt) {
  db_.Publish(members_, {Part("behind the church")});
  db_.Publish(police_, {Part("Hidden Street 5"), TestService(7, "Only for the police", "secret plan")});
  db_.Drop(police_);
  EXPECT_THAT(Titles(Search("hidden", police_officer_)), IsEmpty());
  EXPECT_THAT(Titles(Search("secret", police_officer_)), IsEmpty());
  EXPECT_EQ(DescriptionFor(police_officer_), "behind the church");
  EXPECT_THAT(db_.Column("SELECT audience FROM feed"), Not(testing::Contains("circle:police")));
  EXPECT_EQ((*db_.feeds->DroppedFeeds())[0].audience, "circle:police");
  ExpectSound();
}

}  // namespace
}  // namespace cairn
