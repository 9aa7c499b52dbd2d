// The node's status as metrics.
#pragma once

#include <prometheus/metric_family.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cairn/v1/operations.pb.h"
#include "server/http/http_server.h"
#include "server/store/store.h"

namespace cairn {

// What the status says, summed up for each partner: no audience is named, so that no circle is.
std::vector<prometheus::MetricFamily> StatusMetrics(const v1::GetStatusResponse& status);

// By the names of kinds.
std::vector<prometheus::MetricFamily> RecordMetrics(const std::map<std::string, uint64_t>& records_by_kind);

// `write_queue`: changes that wait for the writer; absent where there is none.
std::vector<prometheus::MetricFamily> StoreMetrics(const Store::Sizes& sizes, std::optional<size_t> write_queue);

std::vector<prometheus::MetricFamily> HttpLoadMetrics(const HttpServer::Load& load);

}  // namespace cairn
