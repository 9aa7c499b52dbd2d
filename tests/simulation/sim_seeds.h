// Many runs of one scenario, each from its seed.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "gtest/gtest.h"

namespace cairn {

// A number that is set must be one: a run of nothing would pass.
inline uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  if (text == nullptr) return otherwise;
  uint64_t value = 0;
  EXPECT_TRUE(absl::SimpleAtoi(text, &value) && value > 0) << name << " is \"" << text << "\"; give a number from 1";
  return value;
}

// Where the disks of a run are: in memory when possible.
inline std::string SimDirectory(uint64_t seed) {
  const std::string base = std::filesystem::exists("/dev/shm") ? "/dev/shm" : testing::TempDir();
  return absl::StrCat(base, "/cairn-sim-", getpid(), "-", seed);
}

// Runs seeds 1 to `usual` on two threads; CAIRN_SIM_SEEDS sets how many, CAIRN_SIM_SEED runs one again, with a log.
inline void RunSeeds(uint64_t usual, const std::function<void(uint64_t)>& run) {
  const bool once = std::getenv("CAIRN_SIM_SEED") != nullptr;
  SetLogLevel(once ? LogLevel::kDebug : LogLevel::kError);
  const uint64_t first = FromEnvironment("CAIRN_SIM_SEED", 1);
  const uint64_t seeds = once ? 1 : FromEnvironment("CAIRN_SIM_SEEDS", usual);
  std::atomic<uint64_t> next{first};
  const auto work = [&] {
    while (true) {
      const uint64_t seed = next++;
      if (seed >= first + seeds || testing::Test::HasFailure()) return;
      SCOPED_TRACE(absl::StrCat("seed ", seed, "; again with CAIRN_SIM_SEED=", seed));
      run(seed);
    }
  };
  std::thread other(work);  // runs share nothing
  work();
  other.join();
}

}  // namespace cairn
