// A consortium and everything in it that was truly signed: whatever else a target is made to believe is a forgery.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "cairn/v1/feed.pb.h"
#include "common/base/clock.h"
#include "server/store/feed_key.h"
#include "tests/fakes/consortium.h"

namespace cairn {

// A state of a feed that its owner signed, with all live entries.
struct TrueState {
  FeedKey feed;
  int partner;
  uint64_t seq;
  std::vector<v1::Entry> entries;
  v1::SignedHead head;
};

// Partners p0 to p3; circle "inner" has p0 and p1. The charter has three versions: the second makes the circle, the
// third retires p3. The same in every run.
class FuzzConsortium {
 public:
  FuzzConsortium();

  const TestConsortium& consortium() const { return consortium_; }
  // The chain up to a version.
  v1::CharterChain Chain(int versions) const;
  // p1's public feed at 3, at 4, and at 3 with another truth (a fork); p2's public feed; p1's feed of the circle; p0's
  // public feed, and p0's feed of the circle.
  const std::vector<TrueState>& states() const { return states_; }
  // Whether the owner signed exactly these bytes of a HeadContent or HeadBody, or the governors this body of a charter.
  bool IsTrue(const std::string& bytes) const { return true_bytes_.count(bytes) > 0; }
  ManualClock* clock() { return &clock_; }

 private:
  void Sign(FeedKey feed, int partner, uint64_t count, const std::string& text, const v1::SignedHead* held);

  TestConsortium consortium_;
  ManualClock clock_;
  std::vector<TrueState> states_;
  std::set<std::string> true_bytes_;
};

}  // namespace cairn
