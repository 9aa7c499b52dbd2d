#include "server/replicate/strand_pool.h"

#include <atomic>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace cairn {
namespace {

TEST(StrandPoolTest, JobsOfOneKeyRunInOrderAndNeverTogether) {
  StrandPool pool(4);
  std::vector<int> order;  // without a lock: only safe if the promise holds (run under the thread sanitizer)
  absl::Notification done;
  for (int i = 0; i < 1000; ++i) {
    pool.Post("key", [&, i] {
      order.push_back(i);
      if (i == 999) done.Notify();
    });
  }
  done.WaitForNotification();
  ASSERT_EQ(order.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

TEST(StrandPoolTest, JobsOfTwoKeysRunTogether) {
  StrandPool pool(2);
  absl::Mutex mutex;
  int running = 0;
  const auto both = [&running] { return running == 2; };
  for (const char* key : {"a", "b"}) {
    pool.Post(key, [&] {
      absl::MutexLock lock(&mutex);
      ++running;
      mutex.Await(absl::Condition(&both));  // returns only when the other runs as well
    });
  }
  absl::MutexLock lock(&mutex);
  EXPECT_TRUE(mutex.AwaitWithTimeout(absl::Condition(&both), absl::Seconds(20)));
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
