#include "client/cairn/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cairn {
namespace {

using ::testing::HasSubstr;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(TargetTest, ReadsPathsAndAddresses) {
  EXPECT_EQ(ParseTarget("/run/c/cairn.sock", "cairn.sock")->grpc_name, "unix:///run/c/cairn.sock");
  EXPECT_EQ(ParseTarget("unix:///run/c/cairn.sock", "cairn.sock")->display, "/run/c/cairn.sock");
  EXPECT_EQ(ParseTarget("127.0.0.1:7401", "cairn.sock")->grpc_name, "dns:///127.0.0.1:7401");
  EXPECT_EQ(ParseTarget("127.0.0.1:7401", "cairn.sock")->socket_path, "");
}

TEST(TargetTest, TakesADirectoryForTheSocketInIt) {
  EXPECT_EQ(ParseTarget("/tmp", "cairn.sock")->socket_path, "/tmp/cairn.sock");
}

TEST(TargetTest, RefusesWhatIsNeitherAndSaysWhatToWrite) {
  for (const char* text : {"", "node", "host:", "host:99999", ":7401"}) {
    const auto target = ParseTarget(text, "cairn.sock");
    EXPECT_EQ(target.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(Message(target.status()), HasSubstr("host:port")) << text;
  }
}

TEST(TargetTest, RefusesASocketPathThatTheSystemCannotHold) {
  const auto target = ParseTarget("/" + std::string(120, 'd') + "/cairn.sock", "cairn.sock");
  EXPECT_THAT(Message(target.status()), HasSubstr("shorter path"));
}

TEST(TargetTest, SaysHowToStartANodeWhenThereIsNoSocket) {
  const absl::Status status = CheckPresent(*ParseTarget("/proc/cairn.sock", "cairn.sock"));
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(Message(status), HasSubstr("cairnd --data /proc"));
}

TEST(TargetTest, SaysThatTheDirectoryIsMissing) {
  const absl::Status status = CheckPresent(*ParseTarget("/nowhere/cairn.sock", "cairn.sock"));
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(Message(status), HasSubstr("there is no directory /nowhere"));
}

}  // namespace
}  // namespace cairn
