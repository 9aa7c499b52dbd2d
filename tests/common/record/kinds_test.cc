#include "common/record/kinds.h"

#include "tests/common/record/builders.h"

namespace cairn {
namespace {

TEST(KindsTest, EveryKindHasANameThatReadsBack) {
  EXPECT_EQ(AllKinds().size(), static_cast<size_t>(v1::RecordKind_ARRAYSIZE - 1));
  for (const v1::RecordKind kind : AllKinds()) EXPECT_EQ(*KindFromName(KindName(kind)), kind);
  EXPECT_EQ(*KindFromName("Services"), v1::SERVICE);
}

TEST(KindsTest, UnknownNameIsRefusedWithTheNames) {
  EXPECT_THAT(std::string(KindFromName("shelter").status().message()),
              testing::HasSubstr("write one of organization, service"));
}

TEST(KindsTest, KindFollowsTheBody) {
  EXPECT_EQ(KindOf(WithBody("training { name: 'x' }")), v1::TRAINING);
  EXPECT_EQ(KindOf(v1::Record()), v1::RECORD_KIND_UNSPECIFIED);
  EXPECT_EQ(BodyOf(v1::Record()), nullptr);
  EXPECT_EQ(BodyOf(WithBody("service {}"))->GetDescriptor(), v1::Service::descriptor());
}

TEST(KindsTest, LocationWithoutNameShowsItsAddress) {
  EXPECT_EQ(DisplayName(WithBody("location { addresses { address_1: 'Main 1' city: 'Łódź' } }")), "Main 1, Łódź");
  EXPECT_EQ(DisplayName(WithBody("location { }")), "00000000-0000-4000-8000-000000000001");
  EXPECT_EQ(DisplayName(WithBody("commitment { name: 'Act' }")), "Act");
}

}  // namespace
}  // namespace cairn
