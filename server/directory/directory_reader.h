// Reading the merged directory: the station after merge. Read only; every answer is of one moment.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cairn/v1/directory.pb.h"
#include "common/base/clock.h"
#include "server/charter/charter_view.h"
#include "server/charter/may_read.h"
#include "server/store/store.h"

namespace cairn {

struct Reading;

// The charter in force at the moment of the call.
using CharterSource = std::function<std::shared_ptr<const CharterView>()>;

// Answers the requests of directory.proto. Each method asks MayRead for every feed before anything is looked up; what
// the reader may not read is the same as what does not exist. Thread-safe; keeps only the columns of record_columns.h
// between calls: pages go on by tokens, which carry their place and a check of the request that they belong to.
//
// Errors: INVALID_ARGUMENT names the field and the remedy; DEADLINE_EXCEEDED when a query uses up its time;
// NOT_FOUND and FAILED_PRECONDITION as directory.proto says.
class DirectoryReader {
 public:
  // `store` and `clock` must outlive this.
  DirectoryReader(ReadStore* store, CharterSource charter, Clock* clock);

  absl::StatusOr<v1::GetRecordResponse> GetRecord(const Reader& reader, const v1::GetRecordRequest& request) const;

  // Each record that exists throughout is on exactly one page, whatever changes meanwhile.
  absl::StatusOr<v1::ListRecordsResponse> ListRecords(const Reader& reader,
                                                      const v1::ListRecordsRequest& request) const;

  // A word matches whole words, folded. When nothing is found, the last word, if it has three letters or more, also
  // matches what begins with it. Ranked by where the words stand: title, keywords, text; then newest.
  absl::StatusOr<v1::SearchResponse> Search(const Reader& reader, const v1::SearchRequest& request) const;

  absl::StatusOr<v1::GetFacetsResponse> GetFacets(const Reader& reader, const v1::GetFacetsRequest& request) const;

  // Every matching record in order of (kind, id), in messages of about 256 KiB, each read on its own: a slow sink holds
  // no transaction open. Ends with the sink's status when that is not OK.
  using ExportSink = std::function<absl::Status(const v1::ExportRecordsResponse&)>;
  absl::Status ExportRecords(const Reader& reader, const v1::ExportRecordsRequest& request,
                             const ExportSink& sink) const;

  absl::StatusOr<v1::ListPartnersResponse> ListPartners(const Reader& reader) const;

 private:
  // Runs `body` in one read transaction, with the feeds that `reader` may read.
  absl::Status Read(const Reader& reader, const std::function<absl::Status(const Reading&)>& body) const;

  ReadStore* const store_;
  const CharterSource charter_;
  Clock* const clock_;
};

}  // namespace cairn
