#include "server/directory/facets.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "common/record/kinds.h"
#include "server/directory/request_filter.h"

namespace cairn {
namespace {

constexpr size_t kFacetValuesMax = 100;

using Values = std::vector<std::pair<std::string, uint64_t>>;

void AddInOrder(const char* name, Values values, google::protobuf::RepeatedPtrField<v1::Facet>* facets) {
  if (values.size() > kFacetValuesMax) values.resize(kFacetValuesMax);
  v1::Facet* facet = facets->Add();
  facet->set_name(name);
  for (auto& [value, count] : values) {
    v1::FacetValue* added = facet->add_values();
    added->set_value(std::move(value));
    added->set_count(count);
  }
}

template <typename Counts>
void AddMostFirst(const char* name, const Counts& counts, google::protobuf::RepeatedPtrField<v1::Facet>* facets) {
  Values values(counts.begin(), counts.end());
  std::sort(values.begin(), values.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  AddInOrder(name, std::move(values), facets);
}

}  // namespace

void AddFacets(const FacetCounts& counts, const std::vector<IndexedFeed>& feeds,
               google::protobuf::RepeatedPtrField<v1::Facet>* facets) {
  std::map<std::string, uint64_t> kinds, partners, freshness;
  for (const auto& [kind, count] : counts.kinds)
    kinds[std::string(KindName(static_cast<v1::RecordKind>(kind)))] = count;
  for (const auto& [state, count] : counts.freshness) freshness[FreshnessName(state)] = count;
  for (const IndexedFeed& feed : feeds) {
    const auto counted = counts.feeds.find(feed.feed_id);
    if (counted != counts.feeds.end()) partners[feed.feed.partner] += counted->second;
  }
  AddMostFirst("kind", kinds, facets);
  AddMostFirst("country", counts.countries, facets);
  AddMostFirst("language", counts.languages, facets);
  AddMostFirst("term", counts.terms, facets);
  AddMostFirst("partner", partners, facets);
  AddMostFirst("mode", counts.modes, facets);
  AddMostFirst("freshness", freshness, facets);
  AddInOrder("month", Values(counts.months.begin(), counts.months.end()), facets);
}

}  // namespace cairn
