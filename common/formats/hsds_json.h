// HSDS 3.1 (Open Referral) as JSON and NDJSON, nested or flat: import and export side by side.
//
// Mapping: a JSON property is a field when the model has a field of its name and the value converts exactly; everything
// else (unknown names, nulls, empty texts and lists, wrong types) is kept as JSON text in `extra` of the same message,
// so that an export can write every property again. Compared as JSON values, HSDS -> records -> HSDS loses nothing.
// Numbers of more digits than a double holds count as equal to the nearest double where the model has a double.
//
// Aggregates: a nested organization, location or service becomes a record of its own, once in an import however often
// it is nested; records come in any order. When a nested copy differs from the one that was
// emitted (or from a top-level object of the same id, which always goes first), the copy stays verbatim in `extra` of
// the object that nests it, with a warning; the exporter writes it back there. Flat files (separate objects that refer
// by id) are read in two passes, so that the order of their lists does not matter; a service_at_location becomes part
// of its service.
//
// `attributes` of services, organizations and locations become Record.terms when all of them convert both ways.
// A phone's `number` goes to as_entered and number; the validator normalises the latter. An id that is not a UUID goes
// to source_id; the export writes the UUID as `id` and the original as `source_id`. References by such an id are
// exported as the UUID. What a record has that HSDS has no property for goes to properties of its own: see hsds_own.h.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/record.pb.h"
#include "common/formats/record_reader.h"
#include "nlohmann/json.hpp"

namespace cairn {

class InputFile;

// A reader of HSDS. `ndjson`: a value a line; else one or more JSON documents: an array, an object with lists
// (`services`, `organizations`, `locations`, `service_at_locations`, `contents`), or a single object.
// `file` is what OpenRecordReader opened; INVALID_ARGUMENT when the document is cut off.
absl::StatusOr<std::unique_ptr<RecordReader>> OpenHsdsReader(std::shared_ptr<InputFile> file, bool ndjson,
                                                             const ReaderContext& context);

// Where an export goes, piece by piece; an error stops the export and is returned by it.
using ExportSink = std::function<absl::Status(absl::string_view)>;

// The record of that kind and id that the reader of the export may see; nullopt when there is none.
using RecordLookup =
    std::function<absl::StatusOr<std::optional<v1::Record>>(v1::RecordKind kind, absl::string_view id)>;

// Writes records as HSDS, one at a time: services with organization and locations nested, then the organizations and
// locations that no service brought. Memory: 8 bytes for each organization and location nested. Not thread-safe.
class HsdsExporter {
 public:
  enum class Form {
    kJson,    // one document: {"services": [...], "organizations": [...], "locations": [...]}
    kNdjson,  // a line a service, then a line an organization, a line a location
  };
  HsdsExporter(Form form, RecordLookup lookup, ExportSink sink);

  // Services first, then organizations, then locations; another order is FAILED_PRECONDITION. An organization or
  // location that was nested before writes nothing. Kinds that HSDS has no word for are counted in skipped().
  absl::Status Add(const v1::Record& record);

  // Ends the document. Call once, last.
  absl::Status Finish();

  // Records that HSDS cannot carry (trainings, resources, assessments, commitments, unknown kinds).
  uint64_t skipped() const { return skipped_; }

 private:
  absl::Status OpenSection(int section);
  absl::Status WriteElement(const std::string& json);

  const Form form_;
  const RecordLookup lookup_;
  const ExportSink sink_;
  int section_ = -1;
  bool section_empty_ = true;
  uint64_t skipped_ = 0;
  absl::flat_hash_set<uint64_t> nested_;
};

// One service, organization or location, what it refers to nested as far as `lookup` finds it. INVALID_ARGUMENT for
// other kinds.
absl::StatusOr<nlohmann::json> RecordToHsdsObject(const v1::Record& record, const RecordLookup& lookup);

// The same as JSON text on one line.
absl::StatusOr<std::string> RecordToHsdsJson(const v1::Record& record, const RecordLookup& lookup);

}  // namespace cairn
