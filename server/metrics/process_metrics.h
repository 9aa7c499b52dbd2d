// The process, by the names that all of Prometheus' client libraries give:
// https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace cairn {

// What /proc says of this process; what cannot be read is left out. Thread-safe.
std::vector<prometheus::MetricFamily> ProcessMetrics();

}  // namespace cairn
