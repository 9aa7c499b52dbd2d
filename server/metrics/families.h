// Making Prometheus' metric families that are read when they are shown.
#pragma once

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

namespace cairn {

// One family; Add gives it a value, with labels of a name and a value each.
class FamilyMaker {
 public:
  using Labels = std::vector<prometheus::ClientMetric::Label>;

  FamilyMaker(std::string name, std::string help, prometheus::MetricType type = prometheus::MetricType::Gauge)
      : family_{std::move(name), std::move(help), type, {}} {}
  FamilyMaker& Add(double value, Labels labels = {}) {
    prometheus::ClientMetric& metric = family_.metric.emplace_back();
    metric.label = std::move(labels);
    (family_.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    return *this;
  }
  prometheus::MetricFamily Take() { return std::move(family_); }

 private:
  prometheus::MetricFamily family_;
};

}  // namespace cairn
