// What every transport keeps of the border in transport.h: the same tests on gRPC and on the fake of the other tests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/fakes/loopback_transport.h"
#include "tests/server/replicate/grpc_test_nodes.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

// Two nodes over gRPC and mutual TLS.
class GrpcPair {
 public:
  RecordingEvents& near() { return near_.events; }
  RecordingEvents& far() { return far_.events; }
  // The near one dials the far one.
  void Dial() { near_.transport.Dial(target_); }
  void StopNear() { near_.transport.Stop(); }
  void StopFar() { far_.transport.Stop(); }

 private:
  Pins pins_;
  TestNode near_{"near-node", &pins_};
  TestNode far_{"far-node", &pins_};
  const DialTarget target_ = far_.target();
};

// Two nodes over the fake.
class LoopbackPair {
 public:
  RecordingEvents& near() { return near_events_; }
  RecordingEvents& far() { return far_events_; }
  void Dial() { near_.Dial({.node = "far-node", .endpoint = "", .spki_sha256 = ""}); }
  void StopNear() { near_.Stop(); }
  void StopFar() { far_.Stop(); }

 private:
  RecordingEvents near_events_;
  RecordingEvents far_events_;
  LoopbackNetwork network_;
  LoopbackTransport near_{"near-node", &near_events_, &network_};
  LoopbackTransport far_{"far-node", &far_events_, &network_};
};

template <typename Pair>
class TransportContractTest : public testing::Test {
 protected:
  void Connect() {
    pair_.Dial();
    ASSERT_EQ(near().AwaitConnected(), "far-node");
    ASSERT_EQ(far().AwaitConnected(), "near-node");
  }
  RecordingEvents& near() { return pair_.near(); }
  RecordingEvents& far() { return pair_.far(); }

  Pair pair_;
};

using Transports = testing::Types<GrpcPair, LoopbackPair>;
TYPED_TEST_SUITE(TransportContractTest, Transports);

TYPED_TEST(TransportContractTest, CarriesMessagesBothWaysInOrder) {
  this->Connect();
  for (int i = 0; i < 100; ++i) this->near().Send(Goodbye(absl::StrCat("n", i)));
  for (int i = 0; i < 100; ++i) this->far().Send(Goodbye(absl::StrCat("f", i)));
  const auto from_near = this->far().AwaitReceived(100);
  const auto from_far = this->near().AwaitReceived(100);
  ASSERT_EQ(from_near.size(), 100u);
  ASSERT_EQ(from_far.size(), 100u);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(from_near[i].goodbye().reason(), absl::StrCat("n", i));
    EXPECT_EQ(from_far[i].goodbye().reason(), absl::StrCat("f", i));
  }
}

TYPED_TEST(TransportContractTest, SendsWhatWaitsBeforeItCloses) {
  this->Connect();
  this->near().Send(Goodbye("the stream is open"));
  ASSERT_EQ(this->far().AwaitReceived(1).size(), 1u);
  this->near().Send(Goodbye("one"));
  this->near().Send(Goodbye("two"));
  this->near().Close(absl::CancelledError("enough"));
  EXPECT_THAT(this->near().AwaitClosed().message(), HasSubstr("enough"));
  EXPECT_EQ(this->far().AwaitReceived(3).size(), 3u);
  EXPECT_FALSE(this->far().AwaitClosed().ok());
}

TYPED_TEST(TransportContractTest, TellsEachSideOnceThatTheStreamIsGoneAndNothingAfterwards) {
  this->Connect();
  this->near().Close(absl::CancelledError("enough"));
  this->near().Close(absl::CancelledError("again"));
  this->far().Close(absl::CancelledError("here too"));
  EXPECT_FALSE(this->near().AwaitClosed().ok());
  EXPECT_FALSE(this->far().AwaitClosed().ok());
  this->near().Send(Goodbye("too late"));
  this->far().Send(Goodbye("too late"));
  this->pair_.StopNear();
  this->pair_.StopFar();
  EXPECT_EQ(this->near().calls_after_close(), 0);
  EXPECT_EQ(this->far().calls_after_close(), 0);
}

TYPED_TEST(TransportContractTest, TellsTheDiallerWhyTheOtherSideClosed) {
  this->Connect();
  this->far().Close(absl::FailedPreconditionError("protocol 9 is not spoken here"));
  EXPECT_THAT(this->near().AwaitClosed().message(), HasSubstr("protocol 9 is not spoken here"));
}

TYPED_TEST(TransportContractTest, TellsTheDiallerThatTheStreamWasRefused) {
  this->far().RefuseStreams();
  this->pair_.Dial();
  const absl::Status failed = this->near().AwaitFailed();
  EXPECT_EQ(failed.code(), absl::StatusCode::kAlreadyExists) << failed;
}

TYPED_TEST(TransportContractTest, SaysThatNothingListens) {
  this->pair_.StopFar();
  this->pair_.Dial();
  EXPECT_THAT(this->near().AwaitFailed().message(), HasSubstr("connection refused"));
}

TYPED_TEST(TransportContractTest, ASlowReaderHoldsBackTheWriter) {
  this->Connect();
  this->near().Hold(true);
  const v1::SyncMessage large = Goodbye(std::string(1 << 20, 'x'));
  for (int i = 0; i < 64; ++i) this->far().Send(large);
  absl::SleepFor(absl::Milliseconds(300));
  EXPECT_GT(this->far().unsent(), 32u);
  this->near().Hold(false);
  EXPECT_EQ(this->near().AwaitReceived(64).size(), 64u);
}

TYPED_TEST(TransportContractTest, StopOfTheDiallerTellsBothSidesAndReturns) {
  this->Connect();
  this->pair_.StopNear();
  EXPECT_TRUE(this->near().closed());
  EXPECT_FALSE(this->far().AwaitClosed().ok());
}

TYPED_TEST(TransportContractTest, StopOfTheListenerTellsBothSidesAndReturns) {
  this->Connect();
  this->pair_.StopFar();
  EXPECT_TRUE(this->far().closed());
  EXPECT_FALSE(this->near().AwaitClosed().ok());
}

}  // namespace
}  // namespace cairn
