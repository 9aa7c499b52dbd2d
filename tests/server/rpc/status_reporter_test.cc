#include "server/rpc/status_reporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t now_seconds = 1'800'000'000;

// A node "pl-x-1" of "pl-x", all well, in a charter with another partner "lv-y".
class AlertsTest : public testing::Test {
 protected:
  AlertsTest() {
    for (const char* id : {"pl-x", "lv-y"}) {
      v1::Partner* partner = charter_.add_partners();
      partner->set_id(id);
      partner->set_status(v1::ACTIVE);
      v1::Node* node = partner->add_nodes();
      node->set_id(std::string(id) + "-1");
      node->set_spki_sha256(std::string(32, id[0]));
    }
    charter_.set_version(3);
    charter_.mutable_expires_at()->set_seconds(now_seconds + 100 * 86'400);
    status_.set_node("pl-x-1");
    status_.set_partner("pl-x");
    status_.mutable_now()->set_seconds(now_seconds);
    status_.mutable_disk()->set_free_bytes(10 * disk_free_bytes_low);
    v1::FeedStatus* feed = status_.add_feeds();
    feed->set_partner("lv-y");
    feed->set_audience("public");
    feed->set_state("ok");
    feed->mutable_as_of()->set_seconds(now_seconds - 60);
  }
  std::vector<std::string> Get() { return Alerts(status_, CharterView(charter_, std::string(32, 's')), tls_pin_); }

  v1::Charter charter_;
  v1::GetStatusResponse status_;
  absl::StatusOr<std::string> tls_pin_ = std::string(32, 'p');
};

TEST_F(AlertsTest, NoneWhenAllIsWell) { EXPECT_THAT(Get(), IsEmpty()); }

TEST_F(AlertsTest, WriteErrorComesFirst) {
  status_.mutable_disk()->set_write_error("disk I/O error");
  status_.mutable_disk()->set_free_bytes(1024 * 1024);
  status_.set_cannot_publish_reason("disk I/O error");
  EXPECT_THAT(Get(), ElementsAre(HasSubstr("disk I/O error"))) << "the other two say the same again";
}

TEST_F(AlertsTest, ADiskThatIsNearlyFull) {
  status_.mutable_disk()->set_free_bytes(1024 * 1024);
  EXPECT_THAT(Get(), ElementsAre(HasSubstr("1 MiB")));
}

TEST_F(AlertsTest, ANodeThatCannotPublish) {
  status_.set_cannot_publish_reason("partner \"pl-x\" is SUSPENDED");
  EXPECT_THAT(Get(), ElementsAre("cannot publish now: partner \"pl-x\" is SUSPENDED"));
}

TEST_F(AlertsTest, AnOwnFeedThatOthersHoldMoreOf) {
  status_.mutable_feeds(0)->set_partner("pl-x");
  status_.mutable_feeds(0)->set_own(true);
  status_.mutable_feeds(0)->set_state("behind its copies");
  status_.mutable_feeds(0)->set_seq(3);
  status_.mutable_feeds(0)->set_announced_seq(9);
  EXPECT_THAT(Get(), ElementsAre(HasSubstr("at change 3 here and at 9 on another node")));
}

TEST_F(AlertsTest, NoOtherNodeIsConnected) {
  status_.mutable_started_at()->set_seconds(now_seconds - 5);
  status_.add_peers()->set_state("unreachable");
  EXPECT_THAT(Get(), IsEmpty()) << "it has only just started";
  status_.mutable_started_at()->set_seconds(now_seconds - 300);
  EXPECT_THAT(Get(), ElementsAre(HasSubstr("none of 1 other nodes is connected")));
  status_.add_peers()->set_state("connected");
  EXPECT_THAT(Get(), IsEmpty());
}

TEST_F(AlertsTest, FrozenDamagedAndRevokedFeedsAreNamed) {
  status_.mutable_feeds(0)->set_state("frozen");
  EXPECT_THAT(Get(), ElementsAre(HasSubstr("lv-y/public is frozen")));
  status_.mutable_feeds(0)->set_state("damaged");
  EXPECT_THAT(Get(), ElementsAre(HasSubstr("lv-y/public is damaged")));
  status_.mutable_feeds(0)->set_state("revoked");
  EXPECT_THAT(Get(), ElementsAre(HasSubstr("lv-y/public is hidden")));
}

TEST_F(AlertsTest, ForkIsShownWithBothHeads_R6) {
  v1::FeedStatus* feed = status_.mutable_feeds(0);
  feed->set_state("frozen");
  feed->mutable_fork()->set_first_seq(12);
  feed->mutable_fork()->mutable_first_as_of()->set_seconds(now_seconds - 60);
  feed->mutable_fork()->set_second_seq(14);
  feed->mutable_fork()->mutable_second_as_of()->set_seconds(now_seconds - 30);
  EXPECT_THAT(Get(), ElementsAre(testing::AllOf(HasSubstr("at 12 (as of 2027-01-15 07:59:00 UTC)"),
                                                HasSubstr("at 14 (as of 2027-01-15 07:59:30 UTC)"))));
}

TEST_F(AlertsTest, OwnFeedThatIsPublishedFromTwoCopiesIsNamed) {
  v1::FeedStatus* feed = status_.mutable_feeds(0);
  feed->set_own(true);
  feed->set_state("behind its copies");
  status_.set_cannot_publish_reason("feed lv-y/public is published from two copies");
  EXPECT_THAT(Get(), ElementsAre("cannot publish now: feed lv-y/public is published from two copies"));
}

TEST_F(AlertsTest, AnOwnFrozenFeedIsOneAlert) {
  status_.mutable_feeds(0)->set_own(true);
  status_.mutable_feeds(0)->set_state("frozen");
  status_.set_cannot_publish_reason("feed lv-y/public is frozen: two contradicting heads were signed with its key");
  EXPECT_THAT(Get(),
              ElementsAre(HasSubstr("cannot publish now: feed lv-y/public is frozen at 0: its owner signed two")));
}

TEST_F(AlertsTest, AnotherReasonNotToPublishIsSaidBesideAFrozenFeed) {
  status_.mutable_feeds(0)->set_own(true);
  status_.mutable_feeds(0)->set_state("frozen");
  status_.set_cannot_publish_reason("partner \"lv-y\" is SUSPENDED");
  EXPECT_THAT(Get(), ElementsAre(HasSubstr("is frozen"), HasSubstr("SUSPENDED")));
}

TEST_F(AlertsTest, CharterThatRunsOutOrRanOut) {
  charter_.mutable_expires_at()->set_seconds(now_seconds + 5 * 86'400);
  EXPECT_THAT(Get(), ElementsAre(HasSubstr("runs out in 5 days")));
  charter_.mutable_expires_at()->set_seconds(now_seconds - 3 * 86'400);
  EXPECT_THAT(Get(), ElementsAre(HasSubstr("ran out 3 days ago")));
}

TEST_F(AlertsTest, PartnerThatIsSilentForMoreThanTenMinutes) {
  status_.mutable_feeds(0)->mutable_as_of()->set_seconds(now_seconds - 600);
  EXPECT_THAT(Get(), IsEmpty());
  status_.mutable_feeds(0)->mutable_as_of()->set_seconds(now_seconds - 3 * 3'600);
  EXPECT_THAT(Get(), ElementsAre(HasSubstr("lv-y for 3 h")));
}

TEST_F(AlertsTest, SilenceOfASuspendedPartnerIsNoAlert) {
  status_.mutable_feeds(0)->mutable_as_of()->set_seconds(now_seconds - 3 * 3'600);
  charter_.mutable_partners(1)->set_status(v1::SUSPENDED);
  EXPECT_THAT(Get(), IsEmpty());
}

TEST_F(AlertsTest, NodeThatTheCharterDoesNotKnowOrPinsOtherwise) {
  tls_pin_ = std::string(32, 'q');
  EXPECT_THAT(Get(),
              ElementsAre(HasSubstr("pins another TLS key for this node, 7070707070707070; the one it has is 7171")));
  tls_pin_ = absl::FailedPreconditionError("keys/tls.key: empty");
  EXPECT_THAT(Get(), ElementsAre(HasSubstr("no other node will connect: keys/tls.key: empty")));
  status_.set_node("pl-x-2");
  EXPECT_THAT(Get(), ElementsAre(HasSubstr("has no node \"pl-x-2\"")));
}

TEST_F(AlertsTest, SaysThatAnErasureIsHeldUpAndOnlyThen) {
  status_.mutable_disk()->mutable_erasure_pending_since()->set_seconds(now_seconds - 50);
  EXPECT_THAT(Get(), IsEmpty());
  status_.mutable_disk()->mutable_erasure_pending_since()->set_seconds(now_seconds - 1'200);
  EXPECT_THAT(Get(), ElementsAre(HasSubstr("withdrawn 20 min ago")));
}

}  // namespace
}  // namespace cairn
