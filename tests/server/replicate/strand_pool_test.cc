#include "server/replicate/strand_pool.h"

#include <atomic>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "gtest/gtest.h"

namespace cairn {
namespace {

TEST(StrandPoolTest, JobsOfOneKeyRunInOrderAndNeverTogether) {
  StrandPool pool(4);
  std::vector<int> order;  // without a lock: only safe if the promise holds (run under the thread sanitizer)
  absl::BlockingCounter done(1000);
  for (int i = 0; i < 1000; ++i) {
    pool.Post("key", [&, i] {
      order.push_back(i);
      done.DecrementCount();
    });
  }
  done.Wait();
  ASSERT_EQ(order.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

TEST(StrandPoolTest, JobsOfTwoKeysRunTogether) {
  StrandPool pool(2);
  absl::BlockingCounter both(2);
  for (const char* key : {"a", "b"}) {
    pool.Post(key, [&] {
      both.DecrementCount();
      both.Wait();  // returns only when the other runs as well
    });
  }
  both.Wait();
  pool.Stop();
}

TEST(StrandPoolTest, NothingRunsAfterStop) {
  StrandPool pool(1);
  pool.Stop();
  bool ran = false;
  pool.Post("key", [&] { ran = true; });
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace cairn
