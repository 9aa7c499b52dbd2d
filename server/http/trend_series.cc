#include "server/http/trend_series.h"

#include <algorithm>

namespace cairn {
namespace {

// The first, then every `step`th, and the last where `with_last`.
template <typename T>
std::vector<T> Some(const std::vector<T>& all, size_t step, bool with_last) {
  std::vector<T> some;
  some.reserve(all.size() / step + 2);
  for (size_t i = 0; i < all.size(); i += step) some.push_back(all[i]);
  if (with_last && !all.empty() && (all.size() - 1) % step != 0) some.push_back(all.back());
  return some;
}

template <typename T>
std::vector<T> Last(const std::vector<T>& all) {
  return all.empty() ? all : std::vector<T>{all.back()};
}

}  // namespace

void TrendSeries::Add(absl::Duration now, const TrendFigures& figures) {
  DropEarlyPoint();
  if (times_.size() >= points_max_) DropEverySecond();
  std::erase_if(curves_, [&](const auto& curve) { return !figures.contains(curve.first); });
  for (const auto& [name, figure] : figures) {
    std::vector<std::optional<int64_t>>& curve = curves_[name];
    curve.resize(times_.size());  // of a new one, what was before is not known
    curve.push_back(figure);
  }
  times_.push_back(now);
}

void TrendSeries::DropEarlyPoint() {
  const size_t count = times_.size();
  if (count < 2 || times_[count - 1] - times_[count - 2] >= interval_) return;
  times_.pop_back();
  for (auto& [name, curve] : curves_) curve.pop_back();
}

void TrendSeries::DropEverySecond() {
  times_ = Some(times_, 2, false);
  for (auto& [name, curve] : curves_) curve = Some(curve, 2, false);
  interval_ *= 2;
}

Trends TrendSeries::Read(absl::Duration now, size_t limit) const {
  Trends trends;
  if (times_.empty()) return trends;
  // The first and the last need a place each; as many steps as fit lie between them.
  const size_t step = limit < 2 ? 1 : std::max<size_t>(1, (times_.size() - 1 + limit - 2) / (limit - 1));
  const auto chosen = [&](const auto& all) { return limit < 2 ? Last(all) : Some(all, step, true); };
  trends.since_first = now - times_.front();
  trends.interval = interval_ * static_cast<int64_t>(step);
  for (const absl::Duration time : chosen(times_)) trends.ages.push_back(now - time);
  for (const auto& [name, curve] : curves_) trends.curves[name] = chosen(curve);
  return trends;
}

}  // namespace cairn
