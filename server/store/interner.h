// Equal values kept once, under small numbers.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace cairn {

// Numbers from 0 in order of arrival; 0 is the empty key's, with a default T. Values stay where they are and as they
// are. Thread-safe; reading takes no lock: a number reaches another thread only through one that synchronises.
template <typename T>
class Interner {
 public:
  Interner() : pages_(kPagesMax) {
    Add("", [] { return T(); });
  }

  // The number of `key`, whose value `make` makes when it is new.
  uint32_t Add(absl::string_view key, const std::function<T()>& make) {
    absl::MutexLock lock(&mutex_);
    const auto found = numbers_.find(key);
    if (found != numbers_.end()) return found->second;
    const uint32_t number = size_.load(std::memory_order_relaxed);
    if (number >= kPagesMax * kPageValues) return 0;  // full() was not heeded; what is new counts as nothing
    std::unique_ptr<T[]>& page = pages_[number / kPageValues];
    if (page == nullptr) page = std::make_unique<T[]>(kPageValues);
    page[number % kPageValues] = make();
    numbers_.emplace(std::string(key), number);
    bytes_.fetch_add(key.size(), std::memory_order_relaxed);
    size_.store(number + 1, std::memory_order_release);
    return number;
  }

  const T& operator[](uint32_t number) const { return pages_[number / kPageValues][number % kPageValues]; }
  uint32_t size() const { return size_.load(std::memory_order_acquire); }
  // True: begin another, most of what is in this one may be out of use.
  bool full() const {
    return bytes_.load(std::memory_order_relaxed) > kKeyBytesMax || size() > kPagesMax * kPageValues / 2;
  }

 private:
  static constexpr uint32_t kPageValues = 1024;
  static constexpr uint32_t kPagesMax = 4096;          // four values for each of a million records
  static constexpr size_t kKeyBytesMax = 64ULL << 20;  // a sixteenth of the smallest machine's memory

  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, uint32_t> numbers_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<T[]>> pages_;  // its length never changes
  std::atomic<uint32_t> size_{0};
  std::atomic<size_t> bytes_{0};
};

}  // namespace cairn
