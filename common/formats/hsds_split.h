// Splits HSDS objects into aggregates: records linked by ids. The rules stand in hsds_json.h.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/record.pb.h"
#include "common/formats/json_text.h"
#include "common/formats/record_reader.h"

namespace cairn {

enum class HsdsShape { kService, kOrganization, kLocation, kServiceAtLocation, kUnknown };

// What an object is, by the list that holds it ("services"; may be empty or "contents"), else by its properties.
HsdsShape ShapeOf(absl::string_view list, absl::string_view object_text);

// The text of `id`: a string, or a whole number as its digits. Empty: there is none to go by.
std::string IdTextOf(const Json& object);

// A hash of kind and id (case of UUIDs aside), the same for the life of the process.
uint64_t KeyOf(HsdsShape shape, absl::string_view id);

// Not thread-safe. Memory: 16 bytes for each aggregate.
class HsdsSplitter {
 public:
  // The service_at_location objects that stand elsewhere in the file and refer to the service of that key; each is
  // handed out once.
  using PlacesElsewhere = std::function<std::vector<Json>(uint64_t service_key)>;
  HsdsSplitter(ReaderContext context, PlacesElsewhere places)
      : context_(std::move(context)), places_(std::move(places)) {}

  // Announces a top-level object, so that nested copies never go before it. `content`: HashOf, or 0 when not known yet.
  void Announce(uint64_t key, uint64_t content) { met_.emplace(key, content); }
  static uint64_t HashOf(const Json& object);

  // The id of the service that a service_at_location belongs to, nested or by service_id; empty: none.
  static std::string ServiceIdOf(const Json& place);

  // The records of a top-level element. With problems nothing is
  // emitted: one ImportedRecord carries them. Does not fill `source`.
  std::vector<ImportedRecord> Split(const Json& object, HsdsShape shape, const std::string& origin);

 private:
  // What became of a nested object: linked (the record of its id is what the copy says), to be kept verbatim besides,
  // or no object that can be linked to.
  enum class Nested { kLinked, kKept, kNotLinked };

  Nested Nest(HsdsShape shape, const Json& object, const std::string& path, std::string* id);
  bool NestList(HsdsShape shape, const Json& list, const std::string& path, std::vector<std::string>* ids);
  void Build(HsdsShape shape, const Json& object, const std::string& path);
  void BuildService(const Json& object, const std::string& path, v1::Record* record);
  void BuildOrganization(const Json& object, const std::string& path, v1::Record* record);
  void BuildLocation(const Json& object, v1::Record* record);
  bool TakeReference(HsdsShape shape, const std::string& name, const Json& value, const std::string& path,
                     std::string* id, google::protobuf::Message* message);
  bool TakeIdentity(const std::string& name, const Json& value, const Json& object, v1::Record* record);
  void FillPlace(const Json& object, const std::string& path, v1::ServiceAtLocation* place);
  void SplitPlace(const Json& object);
  void AddPlacesElsewhere(const std::string& id, v1::Service* service);
  void Emit(v1::Record record, const std::string& path);
  void Refuse(const std::string& path, absl::string_view value, absl::string_view problem, absl::string_view remedy);

  const ReaderContext context_;
  const PlacesElsewhere places_;
  absl::flat_hash_map<uint64_t, uint64_t> met_;  // KeyOf -> HashOf what was emitted

  // Of the element at hand.
  std::string origin_;
  std::string owner_;  // id of the organization whose `services` are at hand
  std::vector<ImportedRecord> records_;
  std::vector<Problem> problems_;
  std::vector<Problem> warnings_;
  std::vector<uint64_t> fresh_;  // keys met first in this element
};

}  // namespace cairn
