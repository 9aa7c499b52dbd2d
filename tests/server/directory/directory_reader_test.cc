#include "server/directory/directory_reader.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "tests/server/directory/test_directory.h"

namespace cairn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

v1::GetRecordRequest ById(int n) {
  v1::GetRecordRequest request;
  request.set_id(TestId(n));
  return request;
}

TEST_F(DirectoryTest, GetsARecordWithItsProvenance) {
  v1::Record record = TestService(1, "Crisis line");
  record.mutable_verified_at()->set_seconds(absl::ToUnixSeconds(db_.clock.Now()) - 86400);
  db_.Publish(pl_, {record});
  const auto response = Directory().GetRecord(Reader::Anonymous(), ById(1));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->record().record().service().name(), "Crisis line");
  EXPECT_EQ(response->record().partner(), "pl-x");
  EXPECT_EQ(response->record().audience(), "public");
  EXPECT_EQ(response->record().kind(), v1::SERVICE);
  EXPECT_EQ(response->record().seq(), 1);
  EXPECT_FALSE(response->record().stale());
  EXPECT_EQ(response->record().verify_due_at().seconds(), record.verified_at().seconds() + 365 * 86400);
}

TEST_F(DirectoryTest, SeenAtIsWhenThisVersionBecameVisible) {
  const auto seen_at = [&](int n) {
    return absl::FromUnixSeconds(Directory().GetRecord(Reader::Anonymous(), ById(n))->record().seen_at().seconds());
  };
  const absl::Time first = db_.clock.Now();
  db_.Publish(pl_, {TestService(1, "Line"), TestService(2, "Clinic")});
  EXPECT_EQ(seen_at(1), first);
  db_.clock.Advance(absl::Hours(1));
  db_.Publish(pl_, {TestService(1, "Crisis line")});
  EXPECT_EQ(seen_at(1), first + absl::Hours(1));
  EXPECT_EQ(seen_at(2), first);
}

TEST_F(DirectoryTest, GetTakesUpperCaseIdsAndRefusesOthers) {
  db_.Publish(pl_, {TestService(11, "A")});
  v1::GetRecordRequest request;
  request.set_id("00000000-0000-4000-8000-000000000011");
  EXPECT_TRUE(Directory().GetRecord(Reader::Anonymous(), request).ok());
  request.set_id("11");
  EXPECT_EQ(Directory().GetRecord(Reader::Anonymous(), request).status().code(), absl::StatusCode::kInvalidArgument);
  request.set_id(TestId(12));
  EXPECT_EQ(Directory().GetRecord(Reader::Anonymous(), request).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(DirectoryTest, IdOfTwoPartnersIsRefusedNamingThem) {
  db_.Publish(pl_, {TestService(1, "Polish")});
  db_.Publish(lv_, {TestService(1, "Latvian")});
  const absl::Status status = Directory().GetRecord(Reader::Anonymous(), ById(1)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("lv-y, pl-x"));
  v1::GetRecordRequest request = ById(1);
  request.set_partner("lv-y");
  EXPECT_EQ(Directory().GetRecord(Reader::Anonymous(), request)->record().record().service().name(), "Latvian");
}

TEST_F(DirectoryTest, ListIsInOrderOfKindAndIdOverAllPartners) {
  db_.Publish(pl_, {TestService(3, "c"), TestLocation(9, 1, 1), TestService(1, "a")});
  db_.Publish(lv_, {TestService(2, "b")});
  const auto response = Directory().ListRecords(Reader::Anonymous(), {});
  ASSERT_TRUE(response.ok());
  std::vector<std::string> ids;
  for (const auto& record : response->records()) ids.push_back(record.record().id());
  EXPECT_THAT(ids, ElementsAre(TestId(1), TestId(2), TestId(3), TestId(9)));
  EXPECT_EQ(response->next_page_token(), "");
}

TEST_F(DirectoryTest, PagesHoldEveryLastingRecordOnceWhileOthersComeAndGo) {
  std::vector<v1::Record> lasting;
  for (int i = 0; i < 60; ++i) lasting.push_back(TestService(100 + 10 * i, "lasting"));
  db_.Publish(pl_, lasting);
  std::map<std::string, int> seen;
  v1::ListRecordsRequest request;
  request.set_page_size(7);
  for (int round = 0; round == 0 || !request.page_token().empty(); ++round) {
    const auto response = Directory().ListRecords(Reader::Anonymous(), request);
    ASSERT_TRUE(response.ok()) << response.status();
    for (const auto& record : response->records()) ++seen[record.record().id()];
    request.set_page_token(response->next_page_token());
    // Before, at and after the place where the next page begins; and a change of one that lasts.
    db_.Publish(pl_, {TestService(101 + round, "comes"), TestService(100 + 70 * round + 5, "comes"),
                      TestService(100 + 10 * (round * 7 % 60), "lasting, changed")});
    if (round > 0) db_.Withdraw(pl_, v1::SERVICE, {TestId(101 + round - 1)});
  }
  for (const v1::Record& record : lasting) EXPECT_EQ(seen[record.id()], 1) << record.id();
}

TEST_F(DirectoryTest, TokensOfOtherRequestsAndForgedOnesAreRefused) {
  db_.Publish(pl_, {TestService(1, "a"), TestService(2, "b")});
  v1::ListRecordsRequest request;
  request.set_page_size(1);
  const std::string token = Directory().ListRecords(Reader::Anonymous(), request)->next_page_token();
  ASSERT_NE(token, "");
  request.mutable_filter()->add_countries("PL");
  request.set_page_token(token);
  EXPECT_EQ(Directory().ListRecords(Reader::Anonymous(), request).status().code(), absl::StatusCode::kInvalidArgument);
  request.clear_filter();
  for (const std::string& forged : {std::string("x"), token.substr(1), absl::StrCat(token, "A"), std::string(5000, 'A'),
                                    std::string("\0\xff", 2), absl::StrCat("B", token.substr(1))}) {
    request.set_page_token(forged);
    EXPECT_EQ(Directory().ListRecords(Reader::Anonymous(), request).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  v1::SearchRequest search;
  search.set_page_token(token);
  EXPECT_EQ(Directory().Search(Reader::Anonymous(), search).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(DirectoryTest, PageSizesAreBounded) {
  v1::ListRecordsRequest request;
  request.set_page_size(1001);
  EXPECT_EQ(Directory().ListRecords(Reader::Anonymous(), request).status().code(), absl::StatusCode::kInvalidArgument);
  v1::SearchRequest search;
  search.set_page_size(201);
  EXPECT_EQ(Directory().Search(Reader::Anonymous(), search).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(DirectoryTest, ExportSendsEverythingInOrderInBoundedMessages) {
  std::vector<v1::Record> records;
  for (int i = 0; i < 200; ++i) records.push_back(TestService(i, "s", std::string(5000, 'x')));
  db_.Publish(pl_, records);
  std::vector<std::string> ids;
  int messages = 0;
  const absl::Status status =
      Directory().ExportRecords(Reader::Anonymous(), {}, [&](const v1::ExportRecordsResponse& response) {
        ++messages;
        EXPECT_LT(response.ByteSizeLong(), 400'000);
        for (const auto& record : response.records()) ids.push_back(record.record().id());
        return absl::OkStatus();
      });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_GE(messages, 4);
  ASSERT_THAT(ids, SizeIs(200));
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
}

TEST_F(DirectoryTest, ExportEndsWithTheSinksError) {
  db_.Publish(pl_, {TestService(1, "a")});
  const absl::Status status = Directory().ExportRecords(
      Reader::Anonymous(), {}, [](const v1::ExportRecordsResponse&) { return absl::CancelledError("gone"); });
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
}

TEST_F(DirectoryTest, PartnersAreListedWithTheirFreshness) {
  v1::Record verified = TestService(1, "fresh");
  verified.mutable_verified_at()->set_seconds(absl::ToUnixSeconds(db_.clock.Now()) - 86400);
  db_.Publish(pl_, {verified, TestService(2, "never verified")});
  const auto response = Directory().ListPartners(Reader::Partner("lv-y"));
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->partners_size(), 3);
  EXPECT_EQ(response->partners(2).id(), "pl-x");
  EXPECT_EQ(response->partners(2).live_records(), 2);
  EXPECT_EQ(response->partners(2).stale_records(), 1);
  EXPECT_EQ(response->partners(2).status(), "active");
  EXPECT_TRUE(response->partners(2).has_as_of());
  EXPECT_FALSE(response->partners(0).has_as_of());
}

// Everything that a reader can ask must be silent on feeds of audiences that it is not in.
class ConfinementTest : public DirectoryTest {
 protected:
  ConfinementTest() {
    v1::Record secret = TestService(1, "Undercover desk", "whispering");
    secret.add_countries("MT");
    secret.set_language("mt");
    secret.add_terms()->set_code("undercover");
    db_.Publish(police_, {secret});
    db_.Publish(members_, {TestService(2, "Members desk", "whispering")});
  }
  bool CanGet(const Reader& reader, int n) { return Directory().GetRecord(reader, ById(n)).ok(); }
};

TEST_F(ConfinementTest, GetSeesOnlyItsAudiences) {
  EXPECT_FALSE(CanGet(Reader::Anonymous(), 1));
  EXPECT_FALSE(CanGet(Reader::Anonymous(), 2));
  EXPECT_FALSE(CanGet(Reader::Partner("al-z"), 1));
  EXPECT_TRUE(CanGet(Reader::Partner("al-z"), 2));
  EXPECT_TRUE(CanGet(Reader::Partner("lv-y"), 1));
  EXPECT_TRUE(CanGet(Reader::LocalOperator("pl-x"), 1));
  EXPECT_FALSE(CanGet(Reader::Partner("nobody"), 2));
}

TEST_F(ConfinementTest, SearchListAndTotalsSeeOnlyTheirAudiences) {
  EXPECT_EQ(Search("whispering").total(), 0);
  EXPECT_EQ(Search("", Reader::Anonymous()).total(), 0);
  EXPECT_EQ(Search("whispering", Reader::Partner("al-z")).total(), 1);
  EXPECT_EQ(Search("whispering", Reader::Partner("lv-y")).total(), 2);
  EXPECT_THAT(Directory().ListRecords(Reader::Anonymous(), {})->records(), IsEmpty());
  EXPECT_THAT(Directory().ListRecords(Reader::Partner("al-z"), {})->records(), SizeIs(1));
  int exported = 0;
  const auto count = [&](const v1::ExportRecordsResponse& response) {
    exported += response.records_size();
    return absl::OkStatus();
  };
  EXPECT_TRUE(Directory().ExportRecords(Reader::Partner("al-z"), {}, count).ok());
  EXPECT_EQ(exported, 1);
}

TEST_F(ConfinementTest, FacetsSeeOnlyTheirAudiences) {
  EXPECT_THAT(Directory().GetFacets(Reader::Anonymous(), {})->facets(0).values(), IsEmpty());
  const std::string seen = Directory().GetFacets(Reader::Partner("al-z"), {})->DebugString();
  EXPECT_THAT(seen, testing::Not(HasSubstr("MT")));
  EXPECT_THAT(seen, testing::Not(HasSubstr("undercover")));
  EXPECT_THAT(Directory().GetFacets(Reader::Partner("lv-y"), {})->DebugString(), HasSubstr("undercover"));
}

TEST_F(ConfinementTest, PartnersCountOnlyWhatMayBeRead) {
  EXPECT_THAT(Directory().ListPartners(Reader::Anonymous())->partners(), IsEmpty());
  const auto members = Directory().ListPartners(Reader::Partner("al-z"));
  EXPECT_EQ(members->partners(2).live_records(), 1);
  EXPECT_EQ(members->partners(2).stale_records(), 1);
}

TEST_F(ConfinementTest, PartnersThatPublishNothingAreKnownToMembersAlone_R7) {
  const auto names = [&](const Reader& reader) {
    std::vector<std::string> ids;
    const auto listed = Directory().ListPartners(reader);
    for (const v1::PartnerSummary& each : listed->partners()) ids.push_back(each.id());
    return ids;
  };
  EXPECT_THAT(names(Reader::Anonymous()), IsEmpty());
  EXPECT_THAT(names(Reader::Limited("pl-x", {})), IsEmpty());
  EXPECT_THAT(names(Reader::Limited("pl-x", {"consortium"})), testing::Contains("al-z"));
}

TEST_F(ConfinementTest, NearDoesNotTellAConfidentialPlace) {
  db_.Publish(police_, {TestLocation(20, 52.2, 21.0)});
  v1::Record shelter = TestService(21, "Shelter");
  shelter.mutable_service()->add_service_at_locations()->set_location_id(TestId(20));
  db_.Publish(pl_, {shelter});
  v1::RecordFilter filter;
  filter.mutable_near()->set_latitude(52.2);
  filter.mutable_near()->set_longitude(21.0);
  EXPECT_THAT(Filtered(filter), IsEmpty());
  EXPECT_THAT(Filtered(filter, Reader::Partner("lv-y")), ElementsAre("Place 20", "Shelter"));
}

TEST_F(ConfinementTest, AnUnknownCircleIsNobodys) {
  db_.Publish({"pl-x", "circle:gone", 1}, {TestService(30, "Orphan")});
  EXPECT_FALSE(CanGet(Reader::Partner("lv-y"), 30));
  EXPECT_TRUE(CanGet(Reader::LocalOperator("pl-x"), 30));
}

TEST_F(ConfinementTest, LeavingACircleEndsReadingAtOnce) {
  EXPECT_TRUE(CanGet(Reader::Partner("lv-y"), 1));
  v1::Charter charter = charter_->charter();
  charter.mutable_circles(0)->mutable_partners()->RemoveLast();
  SetCharter(charter);
  EXPECT_FALSE(CanGet(Reader::Partner("lv-y"), 1));
}

}  // namespace
}  // namespace cairn
