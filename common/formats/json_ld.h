// Records as schema.org JSON-LD, and the directory as a DCAT catalog: for search engines and catalogues of data.
//
//   organization  Organization, or what its role says: NGO, GovernmentOrganization, CollegeOrUniversity,
//   MedicalOrganization service       Service; GovernmentService when its provider is the police or a government
//   location      Place
//   training      Course, a CourseInstance for each session
//   resource      LearningResource
//
// Assessments and commitments have no word there. Each thing is named by urn:uuid and its id, so that references lead
// to it. The context stands in the document: nothing is fetched to read it. Only addresses of the web become links, and
// "<" is escaped, so that a document may stand within a page.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cairn/v1/record.pb.h"
#include "common/formats/hsds_json.h"

namespace cairn {

// A document with one thing. INVALID_ARGUMENT for kinds without a word; what `lookup` fails with.
absl::StatusOr<std::string> RecordToJsonLd(const v1::Record& record, const RecordLookup& lookup);

// Writes one document with all things, one at a time. Memory: one record. Not thread-safe.
class JsonLdExporter {
 public:
  JsonLdExporter(RecordLookup lookup, ExportSink sink) : lookup_(std::move(lookup)), sink_(std::move(sink)) {}

  // Kinds without a word are counted in skipped().
  absl::Status Add(const v1::Record& record);

  // Ends the document. Call once, last.
  absl::Status Finish();

  uint64_t skipped() const { return skipped_; }

 private:
  absl::Status Begin();

  const RecordLookup lookup_;
  const ExportSink sink_;
  bool begun_ = false;
  bool empty_ = true;
  uint64_t skipped_ = 0;
};

// The directory as a data set of which there are several forms.
struct DcatCatalog {
  struct Distribution {
    // What it is: "HSDS 3.1, JSON".
    std::string title;
    // Where it is; http or https.
    std::string url;
    // "application/json".
    std::string media_type;
    // Whether the whole of it is one file there; else it is a service that is asked page by page.
    bool is_file = false;
  };
  std::string title;
  std::string description;
  // The consortium or partner that publishes it.
  std::string publisher;
  // The page of the catalogue; http or https.
  std::string url;
  // SPDX identifier's address, or another; may be empty.
  std::string license;
  // BCP 47 tags.
  std::vector<std::string> languages;
  absl::Time modified;
  std::vector<Distribution> distributions;
};

// The catalog as one JSON-LD document.
std::string DcatCatalogText(const DcatCatalog& catalog);

}  // namespace cairn
