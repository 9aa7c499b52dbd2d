#include "server/metrics/node_metrics.h"

#include <prometheus/text_serializer.h>

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/metrics/process_metrics.h"
#include "server/metrics/status_metrics.h"

namespace cairn {
namespace {

constexpr char other[] = "other";

// From what a page in memory takes to what a reader's budget allows.
const prometheus::Histogram::BucketBoundaries& Buckets() {
  static const prometheus::Histogram::BucketBoundaries buckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                                  0.1,   0.25,   0.5,   1,    2.5};
  return buckets;
}

}  // namespace

NodeMetrics::NodeMetrics(const std::vector<std::string>& methods)
    : http_seconds_(prometheus::BuildHistogram()
                        .Name("cairn_http_request_duration_seconds")
                        .Help("From a whole HTTP request to its answer, without the streaming of its body.")
                        .Register(registry_)),
      http_bytes_(prometheus::BuildCounter()
                      .Name("cairn_http_response_bytes_total")
                      .Help("Bytes of HTTP bodies, without those that stream.")
                      .Register(registry_)),
      http_responses_(prometheus::BuildCounter()
                          .Name("cairn_http_responses_total")
                          .Help("HTTP responses by route and status code.")
                          .Register(registry_)),
      rpcs_(prometheus::BuildCounter()
                .Name("cairn_rpcs_total")
                .Help("Finished rpcs of clients by method and gRPC status code.")
                .Register(registry_)) {
  AddRoute(other);
  auto& rpc_seconds = prometheus::BuildHistogram()
                          .Name("cairn_rpc_duration_seconds")
                          .Help("Duration of rpcs of clients that are no streams.")
                          .Register(registry_);
  for (const std::string& method : methods) {
    by_method_[method] = {&rpc_seconds.Add({{"method", method}}, Buckets()), nullptr};
  }
  by_method_[other] = {&rpc_seconds.Add({{"method", other}}, Buckets()), nullptr};
}

void NodeMetrics::AddRoute(const std::string& pattern) {
  by_route_[pattern] = {&http_seconds_.Add({{"route", pattern}}, Buckets()), &http_bytes_.Add({{"route", pattern}})};
}

const NodeMetrics::Series& NodeMetrics::Of(const std::map<std::string, Series, std::less<>>& series,
                                           absl::string_view name) const {
  const auto found = series.find(name);
  return found != series.end() ? found->second : series.find(absl::string_view(other))->second;
}

void NodeMetrics::ObserveHttp(absl::string_view route, int status, size_t bytes, absl::Duration took) {
  const Series& series = Of(by_route_, route);
  series.seconds->Observe(absl::ToDoubleSeconds(took));
  series.bytes->Increment(static_cast<double>(bytes));
  const bool known = by_route_.find(route) != by_route_.end();
  http_responses_.Add({{"route", known ? std::string(route) : other}, {"code", absl::StrCat(status)}}).Increment();
}

void NodeMetrics::ObserveRpc(absl::string_view method, int code, bool stream, absl::Duration took) {
  if (!stream) Of(by_method_, method).seconds->Observe(absl::ToDoubleSeconds(took));
  const bool known = by_method_.find(method) != by_method_.end();
  rpcs_.Add({{"method", known ? std::string(method) : other}, {"code", absl::StrCat(code)}}).Increment();
}

std::string NodeMetrics::Text(const Shown& shown) const {
  std::vector<prometheus::MetricFamily> families;
  const auto append = [&](std::vector<prometheus::MetricFamily> more) {
    families.insert(families.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  };
  if (shown.status.has_value()) append(StatusMetrics(*shown.status));
  append(RecordMetrics(shown.records_by_kind));
  append(StoreMetrics(shown.sizes, shown.write_queue));
  if (shown.http_load.has_value()) append(HttpLoadMetrics(*shown.http_load));
  append(ProcessMetrics());
  append(registry_.Collect());
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace cairn
