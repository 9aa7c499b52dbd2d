#include "server/directory/directory_reader.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/record/kinds.h"
#include "common/record/supplement.h"
#include "server/directory/reading.h"
#include "server/directory/record_view.h"
#include "server/directory/request_filter.h"
#include "server/directory/token.h"
#include "server/store/record_columns.h"

namespace cairn {
namespace {

constexpr uint32_t kListPageSizeDefault = 100;

// Places in the fixed order in which versions of one record for several audiences are merged: the widest first.
int AudienceOrder(absl::string_view audience) { return audience == "public" ? 0 : audience == "consortium" ? 1 : 2; }

// The one that is meant, or FAILED_PRECONDITION naming those that it may be.
absl::StatusOr<const IndexedEntry*> OnlyOne(const Reading& reading, const std::vector<IndexedEntry>& entries,
                                            absl::string_view id) {
  std::set<std::string> partners;
  std::set<absl::string_view> kinds;
  const IndexedEntry* best = nullptr;
  for (const IndexedEntry& entry : entries) {
    const FeedKey& feed = reading.FeedOf(entry);
    partners.insert(feed.partner);
    kinds.insert(KindName(static_cast<v1::RecordKind>(entry.kind)));
    if (best == nullptr || AudienceOrder(feed.audience) < AudienceOrder(reading.FeedOf(*best).audience)) best = &entry;
  }
  if (partners.size() > 1) {
    return absl::FailedPreconditionError(absl::StrCat("several partners use the id ", id, ": ",
                                                      absl::StrJoin(partners, ", "), "; give partner as well"));
  }
  if (kinds.size() > 1) {
    return absl::FailedPreconditionError(absl::StrCat("records of several kinds have the id ", id, ": ",
                                                      absl::StrJoin(kinds, ", "), "; give kind as well"));
  }
  return best;
}

absl::StatusOr<ListKey> ListKeyFrom(const Reading& reading, const std::string& token, const std::string& fingerprint) {
  if (token.empty()) return ListKey();
  ASSIGN_OR_RETURN(const std::string page_key, reading.PageKey());
  ASSIGN_OR_RETURN(TokenReader reader, TokenReader::OpenSealed(token, "list", fingerprint, "page_token", page_key));
  ListKey key;
  key.kind = static_cast<int>(reader.Number());
  std::string id16;
  for (int i = 0; i < 16; ++i) id16.push_back(static_cast<char>(reader.Number()));
  key.id = UuidToText(id16);
  key.feed_id = static_cast<int64_t>(reader.Number());
  RETURN_IF_ERROR(reader.End());
  return key;
}

absl::StatusOr<std::string> ListToken(const Reading& reading, const IndexedEntry& last,
                                      const std::string& fingerprint) {
  ASSIGN_OR_RETURN(const std::string page_key, reading.PageKey());
  TokenWriter writer;
  writer.Number(static_cast<uint64_t>(last.kind));
  for (const char byte : last.id16) writer.Number(static_cast<unsigned char>(byte));
  return writer.Number(static_cast<uint64_t>(last.feed_id)).Seal("list", fingerprint, page_key);
}

}  // namespace

DirectoryReader::DirectoryReader(ReadStore* store, CharterSource charter, Clock* clock)
    : store_(store), charter_(std::move(charter)), clock_(clock) {}

absl::Status DirectoryReader::Read(const Reader& reader,
                                   const std::function<absl::Status(const Reading&)>& body) const {
  Reading reading;
  reading.charter = charter_();
  reading.now = clock_->Now();
  return store_->Read(
      [&](Connection& connection) {
        ASSIGN_OR_RETURN(reading.feeds, ReadableFeeds(connection, *reading.charter, reader));
        reading.connection = &connection;
        reading.columns = store_->columns();
        return body(reading);
      },
      absl::Milliseconds(limits::query_budget_millis));
}

absl::StatusOr<v1::GetRecordResponse> DirectoryReader::GetRecord(const Reader& reader,
                                                                 const v1::GetRecordRequest& request) const {
  const absl::StatusOr<std::string> id16 = UuidFromText(request.id());
  if (!id16.ok()) return Annotate(id16.status(), "id");
  const std::string id = UuidToText(*id16);
  v1::GetRecordResponse response;
  RETURN_IF_ERROR(Read(reader, [&](const Reading& reading) -> absl::Status {
    std::vector<int64_t> feed_ids;
    for (const IndexedFeed& feed : reading.feeds) {
      if (request.partner().empty() || feed.feed.partner == request.partner()) feed_ids.push_back(feed.feed_id);
    }
    ASSIGN_OR_RETURN(const std::vector<IndexedEntry> entries,
                     EntriesById(*reading.connection, feed_ids, static_cast<int>(request.kind()), id));
    if (entries.empty()) return absl::NotFoundError(absl::StrCat("there is no record ", id));
    ASSIGN_OR_RETURN(const IndexedEntry* entry, OnlyOne(reading, entries, id));
    ASSIGN_OR_RETURN(*response.mutable_record(), reading.View(*entry));
    return absl::OkStatus();
  }));
  return response;
}

absl::StatusOr<v1::ListRecordsResponse> DirectoryReader::ListRecords(const Reader& reader,
                                                                     const v1::ListRecordsRequest& request) const {
  ASSIGN_OR_RETURN(const uint32_t page_size,
                   PageSize(request.page_size(), kListPageSizeDefault, limits::list_page_size_max));
  ASSIGN_OR_RETURN(const v1::RecordFilter normalised, NormaliseFilter(request.filter()));
  const std::string fingerprint = FilterFingerprint(normalised);
  v1::ListRecordsResponse response;
  RETURN_IF_ERROR(Read(reader, [&](const Reading& reading) -> absl::Status {
    ASSIGN_OR_RETURN(const ListKey after, ListKeyFrom(reading, request.page_token(), fingerprint));
    // One more than the page tells whether there is another.
    ASSIGN_OR_RETURN(
        const std::vector<IndexedEntry> entries,
        ListEntries(*reading.connection, reading.Filter(normalised), after, page_size + 1, limits::page_bytes_max));
    const size_t on_page = std::min<size_t>(entries.size(), page_size);
    size_t bytes = 0;
    for (size_t i = 0; i < on_page; ++i) {
      ASSIGN_OR_RETURN(*response.add_records(), reading.View(entries[i]));
      bytes += entries[i].payload.size();
    }
    const bool more = entries.size() > on_page || bytes >= limits::page_bytes_max;
    if (!more) return absl::OkStatus();
    ASSIGN_OR_RETURN(*response.mutable_next_page_token(), ListToken(reading, entries[on_page - 1], fingerprint));
    return absl::OkStatus();
  }));
  return response;
}

absl::Status DirectoryReader::ExportRecords(const Reader& reader, const v1::ExportRecordsRequest& request,
                                            const ExportSink& sink) const {
  ASSIGN_OR_RETURN(const v1::RecordFilter normalised, NormaliseFilter(request.filter()));
  ListKey after;
  while (true) {
    v1::ExportRecordsResponse response;
    RETURN_IF_ERROR(Read(reader, [&](const Reading& reading) -> absl::Status {
      ASSIGN_OR_RETURN(const std::vector<IndexedEntry> entries,
                       ListEntries(*reading.connection, reading.Filter(normalised), after, limits::list_page_size_max,
                                   limits::page_bytes_target));
      for (const IndexedEntry& entry : entries) {
        ASSIGN_OR_RETURN(*response.add_records(), reading.View(entry));
        after = ListKey{entry.kind, UuidToText(entry.id16), entry.feed_id};
      }
      return absl::OkStatus();
    }));
    if (response.records().empty()) return absl::OkStatus();
    RETURN_IF_ERROR(sink(response));
  }
}

absl::StatusOr<v1::ListPartnersResponse> DirectoryReader::ListPartners(const Reader& reader) const {
  v1::ListPartnersResponse response;
  RETURN_IF_ERROR(Read(reader, [&](const Reading& reading) -> absl::Status {
    using Counts = std::map<int64_t, uint64_t>;
    ASSIGN_OR_RETURN(const Counts stale, CountStale(*reading.connection, absl::ToUnixMillis(reading.now),
                                                    VerifyDefaultDays(*reading.charter)));
    ASSIGN_OR_RETURN(const Counts supplements, CountSupplements(*reading.connection));
    std::map<std::string, v1::PartnerSummary> summaries;
    for (const v1::Partner& partner : reading.charter->charter().partners()) {
      // The public learns of a partner by what it publishes; members of the consortium know each other.
      if (!reader.partner().empty() && reader.MayAsk(audience_consortium)) summaries[partner.id()];
    }
    std::map<std::string, int64_t> as_of;
    for (const IndexedFeed& feed : reading.feeds) {
      v1::PartnerSummary& summary = summaries[feed.feed.partner];
      // A supplement is no record of its own.
      const auto merged = supplements.find(feed.feed_id);
      const uint64_t own =
          feed.live_count - std::min(feed.live_count, merged == supplements.end() ? 0 : merged->second);
      summary.set_live_records(summary.live_records() + own);
      const auto counted = stale.find(feed.feed_id);
      if (counted != stale.end()) summary.set_stale_records(summary.stale_records() + counted->second);
      as_of[feed.feed.partner] = std::max(as_of[feed.feed.partner], feed.as_of_unix_millis);
    }
    for (auto& [id, summary] : summaries) {
      summary.set_id(id);
      Describe(*reading.charter, as_of[id], &summary);
      response.add_partners()->Swap(&summary);
    }
    return absl::OkStatus();
  }));
  return response;
}

}  // namespace cairn
