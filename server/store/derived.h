// Derived tables: what the index and people's SQL see of a record. Everything here can be rebuilt from the exchanged
// tables; schema_derived.h says table by table what it holds.
//
// A record becomes rows in two steps: PrepareRecord does all that costs thought (parsing, folding, computing) on any
// thread; Derived writes the rows inside the transaction that makes the entry visible, so that what is found is always
// what is there.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/record.pb.h"
#include "server/store/database.h"

namespace cairn {

// The derived tables with one or more rows a record, in the order of schema_derived.h.
enum class DerivedTable : uint8_t {
  kRecord,
  kCountry,
  kLanguage,
  kTerm,
  kPlace,
  kOrganization,
  kService,
  kServicePhone,
  kServiceSchedule,
  kServiceAtLocation,
  kLocation,
  kLocationGeo,
  kTraining,
  kTrainingSession,
  kResource,
  kAssessment,
  kCommitment,
  kProgressReport,
};

// One column's value: NULL, INTEGER, REAL or TEXT.
using DerivedValue = std::variant<std::monostate, int64_t, double, std::string>;

// One row without its entry_id (and, in `record`, without its feed_id), columns in the order of the schema.
struct DerivedRow {
  DerivedTable table;
  std::vector<DerivedValue> values;

  bool operator==(const DerivedRow&) const = default;
};

// Everything that the derived tables hold of one record. Immutable after PrepareRecord; about three times the payload.
struct PreparedRecord {
  // False: the kind is unknown, the payload is none of this program's records (a schema from the future, or nonsense
  // that its owner signed), or it is a supplement by itself. Such an entry is kept and relayed and has no derived rows.
  bool indexed = false;
  // Folded words for the text index, by weight; each word once, where it weighs most.
  std::string title;
  std::string keywords;
  std::string body;
  // Rows in order of table.
  std::vector<DerivedRow> rows;
};

// Parses and computes; never fails, see `indexed`. `id16` is the entry's id, which the payload must repeat. Pure;
// thread-safe; about 20 microseconds for a typical service of 1 KB.
PreparedRecord PrepareRecord(v1::RecordKind kind, absl::string_view id16, absl::string_view payload);

// Writes derived rows. Stateless: call inside Store::Write, on the writer's connection.
class Derived {
 public:
  // Puts the rows of `now` in the place of those of `before`, which must be prepared from the payload that was visible
  // (the text index keeps no text and needs the old one to forget it); null: the entry is new. Either may be not
  // indexed. Both of the same entry: the parts that are equal are not written.
  static absl::Status Upsert(Connection& connection, int64_t feed_id, int64_t entry_id, const PreparedRecord& now,
                             const PreparedRecord* before);

  // Removes the rows of an entry that is withdrawn or replaced.
  static absl::Status Remove(Connection& connection, int64_t entry_id, const PreparedRecord& before);

  // Notes that a row of the entry has changed (record_block). Upsert and Remove do it by themselves.
  static absl::Status Touch(Connection& connection, int64_t entry_id);

  // Empties every derived table, for a rebuild. One statement a table: seconds for a million records.
  static absl::Status Clear(Connection& connection);

  // A step of merging the text index into one segment; `first` begins it. Until segments are merged, words of withdrawn
  // records stay in the file, although no search finds them. Some ten milliseconds a step, half a second in all for
  // 100,000 records. Returns whether there is more to do.
  static absl::StatusOr<bool> MergeText(Connection& connection, bool first);

  // Clears what removed places left in up to `limit` nodes of the map after node `after`: SQLite only lowers a node's
  // count. Returns the last node looked at, or -1 at the end.
  static absl::StatusOr<int64_t> ScrubMap(Connection& connection, int64_t after, int64_t limit);
};

}  // namespace cairn
