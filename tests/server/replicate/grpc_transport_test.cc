// What only this transport does: keys, pins, addresses, limits. What all of them do is in transport_contract_test.cc.
#include "server/replicate/grpc_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/base/limits.h"
#include "tests/server/replicate/grpc_test_nodes.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

class GrpcTransportTest : public testing::Test {
 protected:
  void Connect() {
    polish_.transport.Dial(latvian_.target());
    ASSERT_EQ(polish_.events.AwaitConnected(), "lv-node");
    ASSERT_EQ(latvian_.events.AwaitConnected(), "pl-node");
  }

  Pins pins_;
  TestNode polish_{"pl-node", &pins_};
  TestNode latvian_{"lv-node", &pins_};
};

TEST_F(GrpcTransportTest, RefusesADiallerWhoseKeyIsNotPinned) {
  TestNode stranger("xx-node", &pins_, /*pinned=*/false);
  stranger.transport.Dial(latvian_.target());
  EXPECT_THAT(stranger.events.AwaitFailed().message(), HasSubstr("may not pin this node's key"));
}

TEST_F(GrpcTransportTest, RefusesToSpeakToAnotherKeyThanThePinned) {
  DialTarget target = latvian_.target();
  target.spki_sha256 = polish_.identity.spki();
  polish_.transport.Dial(target);
  const absl::Status failed = polish_.events.AwaitFailed();
  EXPECT_THAT(failed.message(), HasSubstr("is not the one pinned for lv-node"));
}

TEST_F(GrpcTransportTest, SaysThatAHostIsNotKnown) {
  polish_.transport.Dial({"lv-node", "no-such-host.invalid:7443", latvian_.identity.spki()});
  EXPECT_THAT(polish_.events.AwaitFailed().message(), HasSubstr("no-such-host.invalid"));
}

TEST_F(GrpcTransportTest, GivesUpOnAnAddressThatAcceptsAndStaysSilent) {
  const int silent = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t length = sizeof(address);
  ASSERT_EQ(bind(silent, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(listen(silent, 1), 0);
  ASSERT_EQ(getsockname(silent, reinterpret_cast<sockaddr*>(&address), &length), 0);
  polish_.transport.Dial({"lv-node", absl::StrCat("127.0.0.1:", ntohs(address.sin_port)), latvian_.identity.spki()});
  EXPECT_EQ(polish_.events.AwaitFailed().code(), absl::StatusCode::kDeadlineExceeded);
  close(silent);
}

TEST_F(GrpcTransportTest, EndsStreamsWithinASecondOfTheirPinsRemoval) {
  Connect();
  pins_.Remove(polish_.identity.spki());
  latvian_.transport.OnCharterChanged();
  EXPECT_EQ(latvian_.events.AwaitClosed(absl::Seconds(1)).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_FALSE(polish_.events.AwaitClosed(absl::Seconds(1)).ok());
}

TEST_F(GrpcTransportTest, EndsTheStreamOfAnUnpinnedPeerThatDoesNotRead) {
  Connect();
  polish_.events.Hold(true);
  v1::SyncMessage large;
  large.mutable_goodbye()->set_reason(std::string(1 << 20, 'x'));
  for (int i = 0; i < 64; ++i) latvian_.events.Send(large);
  pins_.Remove(polish_.identity.spki());
  latvian_.transport.OnCharterChanged();
  EXPECT_EQ(latvian_.events.AwaitClosed(absl::Seconds(1)).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_GT(latvian_.events.unsent(), 0u);
  polish_.events.Hold(false);
}

TEST_F(GrpcTransportTest, EndsAStreamWhoseMessageIsTooLarge) {
  Connect();
  v1::SyncMessage oversized;
  oversized.mutable_goodbye()->set_reason(std::string(limits::sync_message_bytes_max + 1, 'x'));
  latvian_.events.Send(oversized);
  EXPECT_FALSE(latvian_.events.AwaitClosed().ok());
  EXPECT_FALSE(polish_.events.AwaitClosed().ok());
}

TEST_F(GrpcTransportTest, EndsAStreamWhosePeerTakesNothing) {  // slow retrieval
  TestNode impatient("ee-node", &pins_, true, {}, absl::Seconds(1));
  polish_.transport.Dial(impatient.target());
  ASSERT_EQ(polish_.events.AwaitConnected(), "ee-node");
  ASSERT_EQ(impatient.events.AwaitConnected(), "pl-node");
  polish_.events.Hold(true);
  v1::SyncMessage large;
  large.mutable_goodbye()->set_reason(std::string(1 << 20, 'x'));
  for (int i = 0; i < 64; ++i) impatient.events.Send(large);
  EXPECT_THAT(impatient.events.AwaitClosed(absl::Seconds(5)).message(), HasSubstr("does not take what is sent"));
  polish_.events.Hold(false);
}

TEST_F(GrpcTransportTest, OneNodeHoldsNoMoreStreamsThanABound) {
  int refused = 0;
  std::vector<std::unique_ptr<RecordingEvents>> events;
  std::vector<std::unique_ptr<GrpcTransport>> dialling;
  for (size_t i = 0; i < limits::streams_per_node_max + 2; ++i) {  // each a connection of its own, by one key
    events.push_back(std::make_unique<RecordingEvents>());
    dialling.push_back(
        std::make_unique<GrpcTransport>(GrpcTransport::Options{.tls_key = polish_.identity.key_path,
                                                               .tls_certificate = polish_.identity.certificate_path},
                                        events.back().get(), pins_.Finder()));
    dialling.back()->Dial(latvian_.target());
    if (i < limits::streams_per_node_max) {
      EXPECT_EQ(events.back()->AwaitConnected(), "lv-node");
    } else {
      const absl::Status failed = events.back()->AwaitFailed();
      EXPECT_THAT(failed.message(), HasSubstr("one is enough"));
      ++refused;
    }
  }
  EXPECT_EQ(refused, 2);
}

TEST_F(GrpcTransportTest, SaysThatAPortIsInUse) {
  TestIdentity identity("third", &pins_);
  RecordingEvents events;
  GrpcTransport third({.tls_key = identity.key_path, .tls_certificate = identity.certificate_path}, &events,
                      pins_.Finder());
  const absl::Status in_use = third.Listen(absl::StrCat("127.0.0.1:", latvian_.transport.port()));
  EXPECT_EQ(in_use.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(in_use.message(), HasSubstr("in use"));
}

TEST(GrpcKeepaliveTest, AQuietStreamThatPingsOftenIsNotCut) {
  const KeepaliveOptions often = {.time = absl::Seconds(1), .timeout = absl::Seconds(5)};
  Pins pins;
  TestNode polish("pl-quiet", &pins, /*pinned=*/true, often);
  TestNode latvian("lv-quiet", &pins, /*pinned=*/true, often);
  polish.transport.Dial(latvian.target());
  ASSERT_EQ(latvian.events.AwaitConnected(), "pl-quiet");
  ASSERT_EQ(polish.events.AwaitConnected(), "lv-quiet");
  absl::SleepFor(absl::Seconds(12));
  polish.events.Send(Goodbye("still here"));
  EXPECT_EQ(latvian.events.AwaitReceived(1).size(), 1u);
  EXPECT_FALSE(polish.events.closed());
}

}  // namespace
}  // namespace cairn
