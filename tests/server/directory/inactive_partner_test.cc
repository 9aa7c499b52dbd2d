// What a partner left that is suspended or retired: marked wherever it is read, and gone unless the charter keeps it.
#include "tests/server/directory/test_directory.h"

namespace cairn {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class InactivePartnerTest : public DirectoryTest {
 protected:
  InactivePartnerTest() {
    db_.Publish(pl_, {TestService(1, "Line of pl-x")});
    db_.Publish(lv_, {TestService(2, "Line of lv-y")});
  }

  // The charter's next version says this of pl-x.
  void SetStatus(v1::PartnerStatus status, bool entries_kept = false) {
    v1::Charter charter = charter_->charter();
    charter.mutable_partners(0)->set_status(status);
    charter.mutable_partners(0)->set_entries_kept(entries_kept);
    SetCharter(charter);
  }

  static std::string Shown(const v1::DirectoryRecord& record) {
    return record.partner() + ":" + record.partner_status();
  }
  std::vector<std::string> Listed() {
    const auto response = Directory().ListRecords(Reader::Anonymous(), {});
    EXPECT_TRUE(response.ok()) << response.status();
    std::vector<std::string> shown;
    for (const v1::DirectoryRecord& record : response->records()) shown.push_back(Shown(record));
    return shown;
  }
  std::vector<std::string> Exported() {
    std::vector<std::string> shown;
    const absl::Status exported =
        Directory().ExportRecords(Reader::Anonymous(), {}, [&](const v1::ExportRecordsResponse& page) {
          for (const v1::DirectoryRecord& record : page.records()) shown.push_back(Shown(record));
          return absl::OkStatus();
        });
    EXPECT_TRUE(exported.ok()) << exported;
    return shown;
  }
  std::vector<std::string> Found() {
    std::vector<std::string> shown;
    const v1::SearchResponse response = Search("pl-x");
    for (const v1::SearchHit& hit : response.hits()) shown.push_back(Shown(hit.record()));
    return shown;
  }
  std::string Got() {
    v1::GetRecordRequest request;
    request.set_id(TestId(1));
    const auto response = Directory().GetRecord(Reader::Anonymous(), request);
    return response.ok() ? Shown(response->record()) : std::string(response.status().message());
  }
  std::vector<std::string> Watched() {
    const auto watcher = Watcher::Start(db_.store.get(), Source(), &db_.clock, Reader::Anonymous(), {});
    EXPECT_TRUE(watcher.ok()) << watcher.status();
    const auto events = (*watcher)->Next();
    EXPECT_TRUE(events.ok()) << events.status();
    std::vector<std::string> shown;
    for (const v1::WatchRecordsResponse& event : *events) {
      if (event.has_upsert()) shown.push_back(Shown(event.upsert()));
    }
    return shown;
  }
};

TEST_F(InactivePartnerTest, WhatAnActivePartnerPublishesHasNoMark) {
  EXPECT_THAT(Listed(), ElementsAre("pl-x:", "lv-y:"));
}

TEST_F(InactivePartnerTest, ASuspendedPartnersRecordsAreMarkedOverEveryPath) {
  SetStatus(v1::SUSPENDED);
  EXPECT_THAT(Listed(), ElementsAre("pl-x:suspended", "lv-y:"));
  EXPECT_THAT(Exported(), ElementsAre("pl-x:suspended", "lv-y:"));
  EXPECT_THAT(Watched(), testing::UnorderedElementsAre("pl-x:suspended", "lv-y:"));
  EXPECT_THAT(Found(), ElementsAre("pl-x:suspended"));
  EXPECT_EQ(Got(), "pl-x:suspended");
}

TEST_F(InactivePartnerTest, KeptRecordsOfARetiredPartnerAreMarked) {
  SetStatus(v1::RETIRED, /*entries_kept=*/true);
  EXPECT_THAT(Listed(), ElementsAre("pl-x:retired", "lv-y:"));
  EXPECT_THAT(Found(), ElementsAre("pl-x:retired"));
  EXPECT_EQ(Got(), "pl-x:retired");
}

TEST_F(InactivePartnerTest, RecordsOfARetiredPartnerThatAreNotKeptAreReadByNobody) {
  SetStatus(v1::RETIRED);
  EXPECT_THAT(Listed(), ElementsAre("lv-y:"));
  EXPECT_THAT(Found(), IsEmpty());
  EXPECT_THAT(Got(), testing::StartsWith("there is no record"));
}

TEST_F(InactivePartnerTest, TheMarkGoesWhenThePartnerIsReinstated) {
  SetStatus(v1::SUSPENDED);
  SetStatus(v1::ACTIVE);
  EXPECT_EQ(Got(), "pl-x:");
}

}  // namespace
}  // namespace cairn
