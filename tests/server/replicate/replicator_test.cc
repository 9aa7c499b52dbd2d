// Replicators on real threads and real stores, over a transport without a network: what the thread sanitizer looks at.
#include "server/replicate/replicator.h"

#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/clock.h"
#include "gtest/gtest.h"
#include "server/charter/live_charter.h"
#include "server/feed/head_checker.h"
#include "server/publish/publisher.h"
#include "server/store/feed_store.h"
#include "tests/fakes/consortium.h"
#include "tests/fakes/loopback_transport.h"

namespace cairn {
namespace {

// One node as server/node.cc puts it together, without its listeners.
class ThreadedNode {
 public:
  ThreadedNode(int index, const TestConsortium& consortium, LoopbackNetwork* network, const std::string& directory)
      : index_(index) {
    std::filesystem::create_directories(directory);
    store_ = *Store::Open(
        {.path = directory + "/cairn.db", .consortium = consortium.id(), .clock = Clock::Real(), .durable = false});
    feeds_ = std::make_unique<FeedStore>(store_.get(), consortium.id());
    charter_ = *LiveCharter::Load(store_.get(), consortium.id());
    EXPECT_TRUE(charter_->SubmitTrusted(consortium.chain()).ok());
    checker_ = std::make_unique<HeadChecker>(charter_.get(), consortium.id(), Clock::Real());
    Replicator::Options replicating;
    replicating.consortium = consortium.id();
    replicating.node = TestConsortium::Node(index);
    replicating.partner = TestConsortium::Partner(index);
    replicator_ = std::make_unique<Replicator>(replicating, store_.get(), feeds_.get(), charter_.get(), checker_.get(),
                                               Clock::Real());
    Publisher::Options publishing;
    publishing.consortium = consortium.id();
    publishing.partner = replicating.partner;
    publishing.node = replicating.node;
    publishing.scratch_dir = directory;
    publishing.on_moved = [this](const std::string& audience) { replicator_->OnLocalFeedMoved(audience); };
    publisher_ = std::make_unique<Publisher>(publishing, store_.get(), feeds_.get(), charter_.get(), checker_.get(),
                                             consortium.key(index), Clock::Real());
    replicator_->OnAcknowledged([this] { publisher_->OnAcknowledged(); });
    transport_ = std::make_unique<LoopbackTransport>(replicating.node, replicator_.get(), network);
  }
  ~ThreadedNode() { Stop(); }

  void Start() { ASSERT_TRUE(replicator_->Start(transport_.get()).ok()); }
  void Stop() {
    publisher_->Stop();
    replicator_->Stop();
    transport_->Stop();
  }

  // Publishes records `first` to `first + count - 1` and waits until `partners` others hold them.
  void Publish(int first, int count, uint32_t partners) {
    v1::PublishHeader header;
    header.set_wait_for_partners(partners);
    header.set_wait_seconds(60);
    auto batch = publisher_->Begin(header);
    ASSERT_TRUE(batch.ok()) << batch.status();
    v1::PublishRecords records;
    for (int i = first; i < first + count; ++i) {
      v1::Record* record = records.add_records()->mutable_record();
      record->set_id(absl::StrFormat("00000000-0000-4000-8%03d-%012d", index_, i));
      record->mutable_organization()->set_name(absl::StrCat("Organization ", i));
    }
    ASSERT_TRUE((*batch)->Add(&records).ok());
    const auto result = (*batch)->Commit(static_cast<uint64_t>(count), nullptr);
    ASSERT_TRUE(result.ok()) << result.status();
    ASSERT_EQ(result->confirmed_partners(), partners);
  }

  uint64_t Held(int owner) {
    const auto held = feeds_->Find(TestConsortium::Partner(owner), "public");
    return held.ok() && held->has_value() ? (*held)->seq : 0;
  }
  LiveCharter& charter() { return *charter_; }
  Replicator& replicator() { return *replicator_; }

 private:
  const int index_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<FeedStore> feeds_;
  std::unique_ptr<LiveCharter> charter_;
  std::unique_ptr<HeadChecker> checker_;
  std::unique_ptr<Replicator> replicator_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<LoopbackTransport> transport_;
};

class ReplicatorTest : public testing::Test {
 protected:
  ReplicatorTest() : directory_(absl::StrCat(testing::TempDir(), "/replicator-", getpid())) {
    for (int i = 0; i < 3; ++i)
      nodes_.push_back(std::make_unique<ThreadedNode>(i, consortium_, &network_, absl::StrCat(directory_, "/", i)));
    for (const auto& node : nodes_) node->Start();
  }
  ~ReplicatorTest() override {
    for (const auto& node : nodes_) node->Stop();
    nodes_.clear();
    std::filesystem::remove_all(directory_);
  }

  const std::string directory_;
  TestConsortium consortium_{3};
  LoopbackNetwork network_;
  std::vector<std::unique_ptr<ThreadedNode>> nodes_;
};

TEST_F(ReplicatorTest, EveryNodeConfirmsWhatAnyPublishes) {  // R4
  for (int i = 0; i < 3; ++i) nodes_[static_cast<size_t>(i)]->Publish(0, 10, 2);
  for (const auto& node : nodes_) {
    for (int owner = 0; owner < 3; ++owner) EXPECT_EQ(node->Held(owner), 10u);
  }
}

TEST_F(ReplicatorTest, LargeAndSmallChangesPassEachOther) {
  nodes_[0]->Publish(0, 3000, 2);
  std::thread large([this] { nodes_[0]->Publish(3000, 3000, 2); });
  for (int i = 0; i < 20; ++i) nodes_[1]->Publish(i, 1, 2);
  large.join();
  EXPECT_EQ(nodes_[2]->Held(0), 6000u);
  EXPECT_EQ(nodes_[2]->Held(1), 20u);
}

TEST_F(ReplicatorTest, NewCharterReachesEveryNodeAndEndsTheStreamsOfWhoIsOut) {
  nodes_[0]->Publish(0, 1, 2);
  consortium_.Change([](v1::Charter* charter) { charter->mutable_partners()->DeleteSubrange(2, 1); });
  ASSERT_TRUE(nodes_[0]->charter().Submit(consortium_.chain()).ok());
  const auto reached = [this] { return nodes_[1]->charter().current()->version() == 2; };
  for (int i = 0; i < 1000 && !reached(); ++i) absl::SleepFor(absl::Milliseconds(10));
  ASSERT_TRUE(reached());
  nodes_[0]->Publish(1, 1, 1);
  EXPECT_EQ(nodes_[2]->Held(0), 1u) << "what came after is not for the node that is out";
}

}  // namespace
}  // namespace cairn
