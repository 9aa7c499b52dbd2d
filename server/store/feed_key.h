// Names a feed inside the node.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <utility>

#include "cairn/v1/feed.pb.h"

namespace cairn {

// A partner's records of one audience in one generation. A value; compares by all three, in this order.
struct FeedKey {
  std::string partner;
  std::string audience;  // "public", "consortium" or "circle:NAME"
  uint32_t generation = 1;

  static FeedKey FromProto(const v1::FeedId& id);
  v1::FeedId ToProto() const;
  // "pl-x/public#1", for messages and logs.
  std::string ToString() const;

  friend bool operator==(const FeedKey& a, const FeedKey& b) {
    return a.generation == b.generation && a.partner == b.partner && a.audience == b.audience;
  }
  friend bool operator<(const FeedKey& a, const FeedKey& b) {
    return std::tie(a.partner, a.audience, a.generation) < std::tie(b.partner, b.audience, b.generation);
  }
  template <typename H>
  friend H AbslHashValue(H h, const FeedKey& key) {
    return H::combine(std::move(h), key.partner, key.audience, key.generation);
  }
};

}  // namespace cairn
