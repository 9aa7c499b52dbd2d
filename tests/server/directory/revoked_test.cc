// What a revoked key signed is read by nobody, over no path.
#include "tests/server/directory/test_directory.h"

namespace cairn {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RevokedTest : public DirectoryTest {
 protected:
  // pl-x's key is revoked after the last good state of `seq`.
  void Revoke(uint64_t seq, const std::string& digest) {
    v1::Charter charter = charter_->charter();
    v1::PublishingKey* key = charter.mutable_partners(0)->mutable_publishing_keys(0);
    key->set_revoked(true);
    v1::KeyRange* range = key->add_ranges();
    range->set_audience("public");
    range->set_until_seq(seq);
    range->set_until_digest(digest);
    SetCharter(charter);
  }
  // The one record there is, by its id.
  absl::StatusCode Got() {
    v1::GetRecordRequest request;
    request.set_id(TestId(1));
    return Directory().GetRecord(Reader::LocalOperator("pl-x"), request).status().code();
  }
};

TEST_F(RevokedTest, WhatLiesBeyondTheLastGoodStateIsReadByNobody_R1) {
  db_.Publish(pl_, {TestService(1, "Forged line")});
  EXPECT_THAT(Titles(Search("forged")), ElementsAre("Forged line"));
  Revoke(1, std::string(32, 'g'));
  EXPECT_THAT(Titles(Search("forged")), IsEmpty());
  EXPECT_THAT(Filtered({}), IsEmpty());
  EXPECT_EQ(Got(), absl::StatusCode::kNotFound) << "not even by its own partner";
}

TEST_F(RevokedTest, WhatCameBeforeStaysReadable) {
  db_.Publish(pl_, {TestService(1, "True line")});
  Revoke(7, std::string(32, 'g'));
  EXPECT_THAT(Titles(Search("true")), ElementsAre("True line"));
  EXPECT_EQ(Got(), absl::StatusCode::kOk);
}

TEST_F(RevokedTest, OtherPartnersAreNotTouched) {
  db_.Publish(lv_, {TestService(1, "Line")});
  Revoke(1, std::string(32, 'g'));
  EXPECT_THAT(Titles(Search("line")), ElementsAre("Line"));
}

}  // namespace
}  // namespace cairn
