#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/charter/charter_document.h"
#include "common/crypto/hash.h"
#include "server/charter/live_charter.h"
#include "server/charter/may_read.h"
#include "server/store/store.h"
#include "tests/fakes/consortium.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LiveCharterTest : public ::testing::Test {
 protected:
  LiveCharterTest() : consortium_(3) {
    folder_ = absl::StrCat(::testing::TempDir(), "/charter_", getpid(), "_",
                           ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    Open();
  }

  void Open() {
    live_.reset();
    store_.reset();
    Store::Options options;
    options.path = absl::StrCat(folder_, "/cairn.db");
    options.clock = &clock_;
    options.inline_writes = true;
    options.durable = false;
    store_ = *Store::Open(options);
    live_ = *LiveCharter::Load(store_.get(), consortium_.id());
  }

  void Suspend(int partner) {
    consortium_.Change([&](v1::Charter* c) { c->mutable_partners(partner)->set_status(v1::SUSPENDED); });
  }

  TestConsortium consortium_;
  ManualClock clock_;
  std::string folder_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<LiveCharter> live_;
};

TEST_F(LiveCharterTest, BeginsEmptyAndLetsNobodyIn) {
  EXPECT_TRUE(live_->current()->empty());
  EXPECT_FALSE(live_->current()->FindPin(Sha256("pin of p0-1")).has_value());
  EXPECT_FALSE(MayRead(*live_->current(), Reader::Anonymous(), "p0", "public"));
}

TEST_F(LiveCharterTest, TakesTheFirstCharterFromTheOperatorOnly) {
  EXPECT_EQ(live_->Submit(consortium_.chain()).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(live_->SubmitTrusted(consortium_.chain()).ok());
  EXPECT_EQ(live_->current()->version(), 1u);
}

TEST_F(LiveCharterTest, KeepsTheChainOverARestart) {
  Suspend(1);
  ASSERT_TRUE(live_->SubmitTrusted(consortium_.chain()).ok());
  Open();
  EXPECT_EQ(live_->current()->version(), 2u);
  EXPECT_EQ(live_->ChainAfter(0).versions_size(), 2);
}

TEST_F(LiveCharterTest, TakesNewVersionsAndTellsItsListenersInOrder) {
  ASSERT_TRUE(live_->SubmitTrusted(consortium_.chain()).ok());
  std::vector<uint64_t> heard;
  live_->OnChange([&](std::shared_ptr<const CharterView> view) {
    heard.push_back(view->version());
    EXPECT_EQ(live_->current()->version(), view->version());
  });
  Suspend(1);
  EXPECT_EQ(live_->Submit(consortium_.chain())->accepted, 1u);
  Suspend(2);
  EXPECT_EQ(live_->Submit(consortium_.chain())->accepted, 1u);
  EXPECT_EQ(live_->Submit(consortium_.chain())->accepted, 0u);
  EXPECT_THAT(heard, ElementsAre(2u, 3u));
}

TEST_F(LiveCharterTest, RefusesAGapAndKeepsWhatItHas) {
  ASSERT_TRUE(live_->SubmitTrusted(consortium_.chain()).ok());
  Suspend(1);
  Suspend(2);
  v1::CharterChain newest;
  *newest.add_versions() = consortium_.chain().versions(2);
  EXPECT_EQ(live_->Submit(newest).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(live_->current()->version(), 1u);
}

TEST_F(LiveCharterTest, RefusesTheWholeChainWhenItsLastVersionIsNotSigned) {
  ASSERT_TRUE(live_->SubmitTrusted(consortium_.chain()).ok());
  Suspend(1);
  Suspend(2);
  v1::CharterChain chain = consortium_.chain();
  chain.mutable_versions(2)->clear_signatures();
  EXPECT_EQ(live_->Submit(chain).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(live_->current()->version(), 1u);
}

TEST_F(LiveCharterTest, NeverGoesBackToAnotherContentOfAVersion) {
  TestConsortium other = consortium_;
  Suspend(1);
  other.Change([](v1::Charter* c) { c->mutable_partners(2)->set_status(v1::SUSPENDED); });
  ASSERT_TRUE(live_->SubmitTrusted(consortium_.chain()).ok());
  EXPECT_EQ(live_->Submit(other.chain()).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(live_->current()->FindPartner("p1")->status(), v1::SUSPENDED);
}

TEST_F(LiveCharterTest, RefusesTheCharterOfAnotherConsortium) {
  const TestConsortium other(2, 9, "elsewhere");
  EXPECT_THAT(live_->SubmitTrusted(other.chain()).status().message(), HasSubstr("elsewhere"));
  EXPECT_TRUE(live_->current()->empty());
  ASSERT_TRUE(live_->SubmitTrusted(consortium_.chain()).ok());
  EXPECT_THAT(live_->Submit(other.chain()).status().message(),
              HasSubstr("charter of consortium \"elsewhere\"; this node belongs to"))
      << "its version 1 is not a second one of the own governors";
}

TEST_F(LiveCharterTest, AChainMayBeginWithALaterVersion) {
  Suspend(1);
  v1::CharterChain newest;
  *newest.add_versions() = consortium_.chain().versions(1);
  ASSERT_TRUE(live_->SubmitTrusted(newest).ok());
  EXPECT_EQ(live_->Submit(consortium_.chain())->accepted, 0u) << "what came before is passed over";
  EXPECT_EQ(live_->ChainAfter(1).versions_size(), 1);
  EXPECT_EQ(live_->ChainAfter(2).versions_size(), 0);
  Suspend(2);
  EXPECT_EQ(live_->Submit(consortium_.chain())->version, 3u);
}

TEST_F(LiveCharterTest, AViewStaysAsItWasWhileTheCharterChanges) {
  ASSERT_TRUE(live_->SubmitTrusted(consortium_.chain()).ok());
  const auto before = live_->current();
  Suspend(1);
  ASSERT_TRUE(live_->Submit(consortium_.chain()).ok());
  EXPECT_EQ(before->FindPartner("p1")->status(), v1::ACTIVE);
}

// --- attacks

TEST_F(LiveCharterTest, CatchesUpThroughFiftyVersionsAtOnce) {
  ASSERT_TRUE(live_->SubmitTrusted(consortium_.chain()).ok());
  for (int i = 0; i < 50; ++i) {
    consortium_.Change([&](v1::Charter* c) { c->set_consortium_name(absl::StrCat("Name ", i)); });
  }
  const auto submitted = live_->Submit(consortium_.chain());
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  EXPECT_EQ(submitted->accepted, 50u);
  Open();
  EXPECT_EQ(live_->current()->version(), 51u);
  EXPECT_EQ(live_->current()->charter().consortium_name(), "Name 49");
}

TEST_F(LiveCharterTest, CatchesUpThroughFiftyVersionsPieceByPiece) {
  ASSERT_TRUE(live_->SubmitTrusted(consortium_.chain()).ok());
  for (int i = 0; i < 50; ++i) consortium_.Change([](v1::Charter*) {});
  for (int from = 1; from < 51; from += 7) {
    v1::CharterChain piece;
    for (int i = from; i < std::min(from + 7, 51); ++i) *piece.add_versions() = consortium_.chain().versions(i);
    ASSERT_TRUE(live_->Submit(piece).ok());
  }
  EXPECT_EQ(live_->current()->version(), 51u);
}

TEST_F(LiveCharterTest, FastForward_PastAnUnsignedVersion_IsRefusedAsAWhole) {
  ASSERT_TRUE(live_->SubmitTrusted(consortium_.chain()).ok());
  for (int i = 0; i < 50; ++i) consortium_.Change([](v1::Charter*) {});
  v1::CharterChain chain = consortium_.chain();
  chain.mutable_versions(20)->clear_signatures();
  EXPECT_EQ(live_->Submit(chain).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(live_->current()->version(), 1u);
}

TEST_F(LiveCharterTest, Rollback_ToAnOlderChain_ChangesNothing) {
  const v1::CharterChain old = consortium_.chain();
  Suspend(1);
  ASSERT_TRUE(live_->SubmitTrusted(consortium_.chain()).ok());
  EXPECT_EQ(live_->SubmitTrusted(old)->accepted, 0u);
  EXPECT_EQ(live_->current()->version(), 2u);
}

TEST_F(LiveCharterTest, MixAndMatch_VersionsOfAnotherConsortium_AreRefused) {
  ASSERT_TRUE(live_->SubmitTrusted(consortium_.chain()).ok());
  TestConsortium other(3, 1, "elsewhere");  // the same governor governs both
  other.Change([](v1::Charter*) {});
  v1::CharterChain mixed;
  *mixed.add_versions() = other.chain().versions(1);
  EXPECT_EQ(live_->Submit(mixed).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(live_->current()->version(), 1u);
}

TEST_F(LiveCharterTest, ArbitraryBytes_AreRefusedAndTheCharterStays) {
  ASSERT_TRUE(live_->SubmitTrusted(consortium_.chain()).ok());
  v1::CharterChain chain = consortium_.chain();
  chain.add_versions()->set_body("\xff\xff");
  SignCharter(chain.mutable_versions(1), consortium_.governor());
  EXPECT_EQ(live_->Submit(chain).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(live_->current()->version(), 1u);
}

TEST_F(LiveCharterTest, AnExpiredCharter_IsInForceAllTheSame) {
  consortium_.Change([](v1::Charter* c) { c->mutable_expires_at()->set_seconds(1); });
  ASSERT_TRUE(live_->SubmitTrusted(consortium_.chain()).ok());
  EXPECT_EQ(live_->current()->version(), 2u);
  EXPECT_NE(live_->current()->FindActivePartner("p0"), nullptr);
}

// --- lookups

std::unique_ptr<CharterView> ViewWith(const std::function<void(v1::Charter*)>& edit) {
  TestConsortium consortium(4);
  consortium.Change(edit);
  const v1::SignedCharter& newest = consortium.chain().versions(1);
  return std::make_unique<CharterView>(*ParseCharter(newest), CharterSha256(newest));
}

void SetStatus(v1::Charter* charter, int partner, v1::PartnerStatus status) {
  charter->mutable_partners(partner)->set_status(status);
}

TEST(CharterViewTest, FindsNodesByIdAndPinUnlessTheirPartnerIsRetired) {
  const auto view = ViewWith([](v1::Charter* c) {
    SetStatus(c, 1, v1::SUSPENDED);
    SetStatus(c, 2, v1::RETIRED);
  });
  EXPECT_EQ(view->FindPin(Sha256("pin of p0-1"))->node->id(), "p0-1");
  EXPECT_EQ(view->FindNode("p1-1")->partner->id(), "p1");
  EXPECT_FALSE(view->FindPin(Sha256("pin of p2-1")).has_value());
  EXPECT_FALSE(view->FindNode("p2-1").has_value());
  EXPECT_FALSE(view->FindPin("").has_value());
  EXPECT_FALSE(view->FindNode("").has_value());
}

TEST(CharterViewTest, FillsInTheDefaultsOfAQuota) {
  const auto view = ViewWith([](v1::Charter* c) { c->mutable_partners(0)->mutable_quota()->set_records_max(5); });
  EXPECT_EQ(view->QuotaOf("p0").records_max(), 5u);
  EXPECT_EQ(view->QuotaOf("p0").bytes_max(), 1024u * 1024 * 1024);
  EXPECT_EQ(view->QuotaOf("p1").records_max(), 200'000u);
}

// --- MayRead

TEST(MayReadTest, EverybodyReadsWhatIsPublic) {
  const auto view = ViewWith([](v1::Charter* c) { SetStatus(c, 1, v1::SUSPENDED); });
  EXPECT_TRUE(MayRead(*view, Reader::Anonymous(), "p0", "public"));
  EXPECT_TRUE(MayRead(*view, Reader::Partner("p1"), "p0", "public"));
  EXPECT_TRUE(MayRead(*view, Reader::Anonymous(), "p1", "public")) << "what a suspended partner left is only marked";
}

TEST(MayReadTest, OnlyActivePartnersReadWhatIsForTheConsortium) {
  const auto view = ViewWith([](v1::Charter* c) { SetStatus(c, 1, v1::SUSPENDED); });
  EXPECT_TRUE(MayRead(*view, Reader::Partner("p2"), "p0", "consortium"));
  EXPECT_FALSE(MayRead(*view, Reader::Partner("p1"), "p0", "consortium"));
  EXPECT_FALSE(MayRead(*view, Reader::Partner("stranger"), "p0", "consortium"));
  EXPECT_FALSE(MayRead(*view, Reader::Anonymous(), "p0", "consortium"));
}

TEST(MayReadTest, OnlyActiveMembersReadWhatIsForACircle) {
  const auto view = ViewWith([](v1::Charter* c) {
    v1::Circle* circle = c->add_circles();
    circle->set_name("police");
    for (const char* member : {"p1", "p2"}) circle->add_partners(member);
    SetStatus(c, 2, v1::SUSPENDED);
  });
  EXPECT_TRUE(MayRead(*view, Reader::Partner("p1"), "p0", "circle:police"));
  EXPECT_FALSE(MayRead(*view, Reader::Partner("p2"), "p0", "circle:police")) << "suspended";
  EXPECT_FALSE(MayRead(*view, Reader::Partner("p3"), "p0", "circle:police")) << "not a member";
  EXPECT_FALSE(MayRead(*view, Reader::Anonymous(), "p0", "circle:police"));
}

TEST(MayReadTest, AnUnknownOrEmptyCircleIsNobody) {
  const auto view = ViewWith([](v1::Charter* c) { c->add_circles()->set_name("empty"); });
  for (const char* audience : {"circle:empty", "circle:gone", "circle:", "circle", "", "PUBLIC", "everybody"}) {
    EXPECT_FALSE(MayRead(*view, Reader::Partner("p1"), "p0", audience)) << audience;
    EXPECT_FALSE(MayRead(*view, Reader::Anonymous(), "p0", audience)) << audience;
  }
}

TEST(MayReadTest, TheOwnerAlwaysReadsItsOwn) {
  const auto view = ViewWith([](v1::Charter* c) { SetStatus(c, 0, v1::RETIRED); });
  for (const char* audience : {"public", "consortium", "circle:gone"}) {
    EXPECT_TRUE(MayRead(*view, Reader::LocalOperator("p0"), "p0", audience));
    EXPECT_TRUE(MayRead(*view, Reader::Partner("p1"), "p1", audience));
  }
}

TEST(MayReadTest, WhoHasATokenReadsWhatItNamesAndNeverMoreThanItsPartner) {
  const auto view = ViewWith([](v1::Charter* c) {
    v1::Circle* circle = c->add_circles();
    circle->set_name("police");
    circle->add_partners("p1");
  });
  const Reader plain = Reader::Limited("p1", {});
  EXPECT_TRUE(MayRead(*view, plain, "p0", "public"));
  EXPECT_TRUE(MayRead(*view, plain, "p1", "public"));
  EXPECT_FALSE(MayRead(*view, plain, "p1", "circle:police")) << "not even what its own partner published";
  EXPECT_FALSE(MayRead(*view, plain, "p0", "consortium"));
  const Reader police = Reader::Limited("p1", {"consortium", "circle:police"});
  EXPECT_TRUE(MayRead(*view, police, "p0", "circle:police"));
  EXPECT_TRUE(MayRead(*view, police, "p0", "consortium"));
  const Reader half = Reader::Limited("p1", {"circle:police"});
  EXPECT_FALSE(MayRead(*view, half, "p0", "circle:police")) << "it would be laid over what this reader may not see";
  EXPECT_FALSE(MayRead(*view, half, "p0", "consortium"));
  const Reader outsider = Reader::Limited("p2", {"circle:police", "consortium"});
  EXPECT_FALSE(MayRead(*view, outsider, "p0", "circle:police")) << "its partner is not in the circle";
  EXPECT_TRUE(MayRead(*view, outsider, "p0", "consortium"));
}

TEST(MayReadTest, NobodyReadsWhatARetiredOrUnknownPartnerLeft) {
  const auto view = ViewWith([](v1::Charter* c) { SetStatus(c, 0, v1::RETIRED); });
  for (const char* owner : {"p0", "stranger", ""}) {
    EXPECT_FALSE(MayRead(*view, Reader::Partner("p1"), owner, "public")) << owner;
    EXPECT_FALSE(MayRead(*view, Reader::Anonymous(), owner, "public")) << owner;
  }
}

}  // namespace
}  // namespace cairn
