#include "common/crypto/set_digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/hex.h"
#include "common/base/random.h"
#include "common/crypto/hash.h"
#include "tests/source_directory.h"

namespace cairn {
namespace {

// Keeps what an Element views.
struct Owned {
  std::string prefix = FeedPrefix("example", "pl-example", "public", 1);
  uint32_t kind = 2;
  std::string id = std::string(16, 'i');
  uint64_t seq = 1;
  std::string hash = Sha256("payload");
  Element element() const { return {prefix, kind, id, seq, hash}; }
};

Owned Numbered(int n) {
  Owned owned;
  owned.id = Sha256(absl::StrCat("id ", n)).substr(0, 16);
  owned.seq = static_cast<uint64_t>(n);
  return owned;
}

TEST(SetDigestTest, AgreesWithAnotherImplementation) {
  std::ifstream file(SourceDirectory() / "tests/common/crypto/set_digest_vectors.json");
  const nlohmann::json vectors = nlohmann::json::parse(file);
  ASSERT_EQ(vectors.size(), 6u);
  for (const auto& vector : vectors) {
    SCOPED_TRACE(vector["name"].get<std::string>());
    const auto& feed = vector["feed"];
    Owned owned;
    owned.prefix = FeedPrefix(feed["consortium"].get<std::string>(), feed["partner"].get<std::string>(),
                              feed["audience"].get<std::string>(), feed["generation"].get<uint32_t>());
    SetDigest digest;
    for (const auto& element : vector["elements"]) {
      owned.kind = element["kind"].get<uint32_t>();
      owned.id = *FromHex(element["id"].get<std::string>());
      owned.seq = element["seq"].get<uint64_t>();
      owned.hash = Sha256(element["payload"].get<std::string>());
      digest.Add(owned.element());
    }
    EXPECT_EQ(ToHex(digest.ToBytes()).substr(0, 64), vector["state_begins"].get<std::string>());
    EXPECT_EQ(ToHex(digest.ToBytes()).substr(4096 - 64), vector["state_ends"].get<std::string>());
    EXPECT_EQ(ToHex(digest.Digest()), vector["digest"].get<std::string>());
  }
}

TEST(SetDigestTest, OrderDoesNotMatter) {
  SetDigest forward, backward;
  for (int i = 1; i <= 50; ++i) forward.Add(Numbered(i).element());
  for (int i = 50; i >= 1; --i) backward.Add(Numbered(i).element());
  EXPECT_EQ(forward, backward);
}

TEST(SetDigestTest, WhatIsRemovedLeavesNoTrace) {
  SetDigest digest;
  for (int i = 1; i <= 50; ++i) digest.Add(Numbered(i).element());
  for (int i = 1; i <= 50; ++i) digest.Remove(Numbered(51 - i).element());
  EXPECT_EQ(digest, SetDigest());
}

TEST(SetDigestTest, UnionOfDisjointSetsIsTheirSum) {
  SetDigest all, low, high;
  for (int i = 1; i <= 20; ++i) {
    all.Add(Numbered(i).element());
    (i <= 10 ? low : high).Add(Numbered(i).element());
  }
  low.Add(high);
  EXPECT_EQ(low, all);
  low.Remove(high);
  low.Add(high);
  EXPECT_EQ(low.Digest(), all.Digest());
}

TEST(SetDigestTest, EveryPartOfAnElementCounts) {
  const std::vector<std::function<void(Owned*)>> changes = {
      [](Owned* o) { o->prefix = FeedPrefix("example2", "pl-example", "public", 1); },
      [](Owned* o) { o->prefix = FeedPrefix("example", "pl-example2", "public", 1); },
      [](Owned* o) { o->prefix = FeedPrefix("example", "pl-example", "consortium", 1); },
      [](Owned* o) { o->prefix = FeedPrefix("example", "pl-example", "public", 2); },
      [](Owned* o) { o->kind = 3; },
      [](Owned* o) { o->id[15] = 'j'; },
      [](Owned* o) { o->seq = 2; },
      [](Owned* o) { o->hash = Sha256("payloae"); }};
  const SetDigest original{Owned().element()};
  for (size_t i = 0; i < changes.size(); ++i) {
    Owned changed;
    changes[i](&changed);
    EXPECT_FALSE(SetDigest(changed.element()) == original) << "change " << i;
  }
}

TEST(SetDigestTest, NamesOfAFeedCannotBeShiftedIntoEachOther) {
  EXPECT_NE(FeedPrefix("ab", "c", "public", 1), FeedPrefix("a", "bc", "public", 1));
  EXPECT_NE(FeedPrefix("a", "b", "", 1), FeedPrefix("a", "", "b", 1));
}

TEST(SetDigestTest, StateSurvivesBytes) {
  SetDigest digest;
  for (int i = 1; i <= 5; ++i) digest.Add(Numbered(i).element());
  const auto back = SetDigest::FromBytes(digest.ToBytes());
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, digest);
}

TEST(SetDigestTest, RefusesAStateOfAnotherLength) {
  EXPECT_EQ(SetDigest::FromBytes("").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(SetDigest::FromBytes(std::string(2047, 'x')).status().code(), absl::StatusCode::kInvalidArgument);
}

// Property: after any sequence of additions and removals the digest is that of what is left.
TEST(SetDigestTest, FollowsARandomSetExactly) {
  SeededRandom random(7);
  std::vector<bool> in(40, false);
  SetDigest kept;
  for (int step = 0; step < 1000; ++step) {
    const int n = static_cast<int>(random.Below(in.size()));
    in[n] ? kept.Remove(Numbered(n).element()) : kept.Add(Numbered(n).element());
    in[n] = !in[n];
  }
  SetDigest fresh;
  for (size_t n = 0; n < in.size(); ++n) {
    if (in[n]) fresh.Add(Numbered(static_cast<int>(n)).element());
  }
  EXPECT_EQ(kept, fresh);
}

}  // namespace
}  // namespace cairn
