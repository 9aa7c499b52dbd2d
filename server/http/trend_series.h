// Figures over time, as curves that grow coarser and never larger.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace cairn {

// Which figure: "kind" of "service". Those of the whole have no value.
struct TrendName {
  std::string name, value;
  auto operator<=>(const TrendName&) const = default;
};

// What is true at one moment. A figure that is not there is not known.
using TrendFigures = std::map<TrendName, int64_t>;

struct Trends {
  absl::Duration since_first;        // the first point that was taken, whether or not it is among these
  absl::Duration interval;           // between two of them, where none was missed
  std::vector<absl::Duration> ages;  // of the points, the oldest first
  // Of each name one figure a point; nullopt: not known then.
  std::map<TrendName, std::vector<std::optional<int64_t>>> curves;
};

// Invariants, for the tests:
// T1  At most `points_max` points, in the order of time, the first and the newest always among them. When there are so
//     many, every second one goes and the time between two doubles. The newest may stand nearer: until its time has
//     come, the next takes its place.
// T2  A figure that the newest point lacks has no curve: what is gone from the directory is gone from its past too.
// Not thread-safe.
class TrendSeries {
 public:
  // `interval`: the time between two points to begin with. `points_max` of at least 3.
  TrendSeries(absl::Duration interval, size_t points_max) : interval_(interval), points_max_(points_max) {}

  // `now`, of a clock that never goes back, is not before that of the last point.
  void Add(absl::Duration now, const TrendFigures& figures);

  // At most `limit` points, at least 1: the newest and, from 2 on, the first, and others at equal distances from it.
  // Peaks between them do not show.
  Trends Read(absl::Duration now, size_t limit) const;

 private:
  void DropEarlyPoint();
  void DropEverySecond();

  absl::Duration interval_;
  const size_t points_max_;
  std::vector<absl::Duration> times_;
  std::map<TrendName, std::vector<std::optional<int64_t>>> curves_;  // each as long as times_
};

}  // namespace cairn
