// The directory as whole lists, counted and paged by number, and as a sequence of changes: what HTTP readers and
// harvesters ask for.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "cairn/v1/directory.pb.h"
#include "common/base/clock.h"
#include "server/charter/may_read.h"
#include "server/directory/directory_reader.h"
#include "server/directory/reading.h"
#include "server/store/catalogue_queries.h"
#include "server/store/change_order.h"
#include "server/store/store.h"

namespace cairn {

// Conditions that all must hold; what is empty holds for all.
struct CatalogueFilter {
  v1::RecordKind kind = v1::SERVICE;
  std::string words;            // as a person types them; whole words
  std::string organization_id;  // UUID; of services
  // Of each list one term, taxonomy and code as CatalogueTerm has them; no record has one of an empty list.
  std::vector<std::vector<std::pair<std::string, std::string>>> terms;
  absl::Time changed_since = absl::InfinitePast();
  bool or_services_changed = false;  // of organizations: a service of theirs counts for changed_since as well
  std::string postal_code;          // of a place that the record refers to
  std::optional<double> within_km;  // with postal_code: of its places' centre, rather than there
};

// A record as the reader sees it.
struct CatalogueRecord {
  v1::DirectoryRecord view;
  absl::Time changed;  // when this node last changed what the reader sees of it: see change_order.h
};

// A term that classifies records which the reader sees.
struct CatalogueTerm {
  std::string taxonomy;   // folded, as the index has it, and so is `code`
  std::string code;       // the name where the term has no code
  v1::TaxonomyTerm term;  // as one of the records writes it
};

// Lists made earlier, as long as what they were made of has not changed. Thread-safe.
class CatalogueCache {
 public:
  using Value = std::shared_ptr<const void>;
  // Null: not there.
  Value Find(const std::string& key);
  // `bytes`: what it takes, about. Drops those that were not used for the longest.
  void Put(const std::string& key, Value value, size_t bytes);

 private:
  struct Kept {
    std::string key;
    Value value;
    size_t bytes;
  };
  absl::Mutex mutex_;
  std::list<Kept> kept_ ABSL_GUARDED_BY(mutex_);  // the last used first
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

// One moment of the directory as one reader may see it. Made by Catalogue::Read, and good while that runs.
class CatalogueReading {
 public:
  CatalogueReading(const Reading* reading, CatalogueCache* cache) : reading_(*reading), cache_(cache) {}

  // The entries of all records that meet the filter: by relevance where it has words, else by id. INVALID_ARGUMENT:
  // more words than limits.h allows.
  absl::StatusOr<std::shared_ptr<const EntryList>> List(const CatalogueFilter& filter) const;
  // The places of the services that meet it; with a postal code, of these those that are there.
  absl::StatusOr<std::shared_ptr<const std::vector<ServicePlace>>> Places(const CatalogueFilter& filter) const;
  // Places with that id, of services that the reader may see.
  absl::StatusOr<std::vector<ServicePlace>> PlacesById(absl::string_view id) const;

  // What the reader sees of the record of that entry, also when the entry is another by now; nullopt: nothing.
  absl::StatusOr<std::optional<CatalogueRecord>> Record(int64_t entry_id, v1::RecordKind kind) const;
  // By the UUID's text. Where several partners use the id: that of `partner`, else of any, always the same.
  absl::StatusOr<std::optional<CatalogueRecord>> Find(v1::RecordKind kind, absl::string_view id,
                                                      absl::string_view partner = "") const;
  // As Find, for exporters, which ask for the same again and again.
  absl::StatusOr<std::optional<v1::Record>> Nested(v1::RecordKind kind, absl::string_view id,
                                                   absl::string_view partner) const;

  // At most limits::catalogue_terms_max.
  absl::StatusOr<std::shared_ptr<const std::vector<CatalogueTerm>>> Terms() const;

  // The number that stands for now, for whoever begins to follow public changes.
  absl::StatusOr<int64_t> BeginFollowing() const;
  // What changed in public feeds after the number, whether they may be read now or not; see ReadRecordChanges. `begun`
  // is what BeginFollowing gave when the reader held nothing. ABORTED with reason CHANGE_NUMBER_TOO_OLD when changes
  // after both are no longer known, and CHANGE_NUMBER_UNKNOWN when this database never gave out one so high: it was set
  // back to a copy, or the reader came from another node.
  absl::StatusOr<std::vector<RecordChange>> PublicChanges(v1::RecordKind kind, int64_t after, int64_t begun,
                                                          size_t limit) const;
  // Whoever asks for what changed since this time misses nothing that this moment does not have.
  absl::StatusOr<absl::Time> ChangedThrough() const;

  absl::Time now() const { return reading_.now; }

 private:
  absl::StatusOr<CatalogueRecord> View(const IndexedEntry& entry) const;
  absl::StatusOr<std::shared_ptr<const EntryList>> All(v1::RecordKind kind) const;
  absl::StatusOr<EntryList> Ranked(const CatalogueFilter& filter) const;
  absl::StatusOr<std::vector<EntryList>> Sets(const CatalogueFilter& filter) const;
  absl::StatusOr<std::vector<std::string>> LocationsOf(const CatalogueFilter& filter) const;
  absl::StatusOr<EntryList> PlacedIn(const CatalogueFilter& filter) const;
  IndexFilter Feeds() const;
  // What lists are made of, as a key of the cache; empty: it is on the move.
  absl::StatusOr<std::string> StateKey() const;
  template <typename Made>
  absl::StatusOr<std::shared_ptr<const Made>> Kept(const std::string& name,
                                                   const std::function<absl::StatusOr<Made>()>& make) const;

  const Reading& reading_;
  CatalogueCache* const cache_;
  mutable std::map<std::string, std::optional<v1::Record>> nested_;
};

// Thread-safe.
class Catalogue {
 public:
  // `store` and `clock` must outlive this.
  Catalogue(ReadStore* store, CharterSource charter, Clock* clock)
      : store_(store), charter_(std::move(charter)), clock_(clock) {}

  // Runs `body` in one read transaction, with the feeds that `reader` may read. DEADLINE_EXCEEDED when that takes
  // longer than limits::query_budget_millis.
  absl::Status Read(const Reader& reader, const std::function<absl::Status(const CatalogueReading&)>& body);

 private:
  ReadStore* const store_;
  const CharterSource charter_;
  Clock* const clock_;
  CatalogueCache cache_;
};

}  // namespace cairn
