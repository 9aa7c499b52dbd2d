#include "server/rpc/status.h"

#include <gtest/gtest.h>

#include "common/base/errors.h"

namespace cairn {
namespace {

struct Pair {
  absl::StatusCode ours;
  grpc::StatusCode theirs;
};

class ToGrpcStatusCodeTest : public testing::TestWithParam<Pair> {};

TEST_P(ToGrpcStatusCodeTest, KeepsCodeAndText) {
  grpc::ServerContext context;
  const grpc::Status status = ToGrpcStatus(&context, absl::Status(GetParam().ours, "no such record"));
  EXPECT_EQ(status.error_code(), GetParam().theirs);
  EXPECT_EQ(status.error_message(), "no such record");
}

INSTANTIATE_TEST_SUITE_P(
    EveryCode, ToGrpcStatusCodeTest,
    testing::Values(Pair{absl::StatusCode::kCancelled, grpc::StatusCode::CANCELLED},
                    Pair{absl::StatusCode::kUnknown, grpc::StatusCode::UNKNOWN},
                    Pair{absl::StatusCode::kInvalidArgument, grpc::StatusCode::INVALID_ARGUMENT},
                    Pair{absl::StatusCode::kDeadlineExceeded, grpc::StatusCode::DEADLINE_EXCEEDED},
                    Pair{absl::StatusCode::kNotFound, grpc::StatusCode::NOT_FOUND},
                    Pair{absl::StatusCode::kAlreadyExists, grpc::StatusCode::ALREADY_EXISTS},
                    Pair{absl::StatusCode::kPermissionDenied, grpc::StatusCode::PERMISSION_DENIED},
                    Pair{absl::StatusCode::kResourceExhausted, grpc::StatusCode::RESOURCE_EXHAUSTED},
                    Pair{absl::StatusCode::kFailedPrecondition, grpc::StatusCode::FAILED_PRECONDITION},
                    Pair{absl::StatusCode::kAborted, grpc::StatusCode::ABORTED},
                    Pair{absl::StatusCode::kOutOfRange, grpc::StatusCode::OUT_OF_RANGE},
                    Pair{absl::StatusCode::kUnimplemented, grpc::StatusCode::UNIMPLEMENTED},
                    Pair{absl::StatusCode::kInternal, grpc::StatusCode::INTERNAL},
                    Pair{absl::StatusCode::kUnavailable, grpc::StatusCode::UNAVAILABLE},
                    Pair{absl::StatusCode::kDataLoss, grpc::StatusCode::DATA_LOSS},
                    Pair{absl::StatusCode::kUnauthenticated, grpc::StatusCode::UNAUTHENTICATED}),
    [](const auto& info) { return absl::StatusCodeToString(info.param.ours); });

TEST(ToGrpcStatusTest, OkIsOk) {
  grpc::ServerContext context;
  EXPECT_TRUE(ToGrpcStatus(&context, absl::OkStatus()).ok());
}

}  // namespace
}  // namespace cairn
