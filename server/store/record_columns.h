// What filters, counts and ranks compare, of every record, in memory: some 100 bytes a record. Looking here costs
// nanoseconds where a row of SQL costs a microsecond, so that a word of every second record can be filtered, counted
// and ranked whole, without a cap that would make the counts a guess.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "server/store/database.h"
#include "server/store/interner.h"
#include "server/store/record_times.h"
#include "server/store/schema_blocks.h"

namespace cairn {

inline constexpr int64_t never_verified = std::numeric_limits<int64_t>::min();

// One record.
struct RecordColumns {
  int64_t entry_id = 0;
  int64_t updated_unix_millis = 0;
  int64_t verified_unix_millis = never_verified;
  int64_t base_entry_id = 0;  // of a supplement; 0: it is none
  uint32_t feed_id = 0;
  uint32_t countries = 0;  // numbers in ColumnValues
  uint32_t languages = 0;
  uint32_t terms = 0;
  uint32_t times = 0;
  uint32_t verify_every_days = 0;
  uint32_t title_at = 0;  // in ColumnBlock::titles
  uint32_t title_bytes = 0;
  uint8_t kind = 0;
  uint8_t title_letters = 0;  // of the title as shown; 255: or more
};

// The records of one block, immutable.
struct ColumnBlock {
  int64_t number = 0;
  int64_t version = 0;
  std::vector<RecordColumns> records;                  // in order of entry_id
  std::array<uint16_t, record_block_entries> slots{};  // by entry_id: place in `records` plus 1; 0: no record
  std::string titles;                                  // folded
  bool has_supplements = false;

  absl::string_view TitleOf(const RecordColumns& record) const {
    return absl::string_view(titles).substr(record.title_at, record.title_bytes);
  }
};

// A column whose cells are lists of values: the lists that occur, and the values that occur in them.
struct ListColumn {
  struct List {
    std::vector<uint32_t> values;
  };
  Interner<List> lists;
  Interner<std::string> values;
  uint32_t Add(absl::string_view text, char separator);
};

// What the columns' numbers stand for.
struct ColumnValues {
  ListColumn countries;
  ListColumn languages;
  ListColumn terms;
  Interner<RecordTimes> times;
  bool full() const;
};

// All records as of one transaction.
struct ColumnView {
  std::shared_ptr<const ColumnValues> values;
  std::vector<std::shared_ptr<const ColumnBlock>> blocks;  // in order of number

  // nullptr: there is none.
  const RecordColumns* Find(int64_t entry_id) const;
  const ColumnBlock* BlockOf(int64_t entry_id) const;
};

// Keeps the blocks of the last view, so that the next one loads only those that have changed.
//
// Never stale: the versions of the blocks stand in the same file and are read in the caller's own transaction
// (record_block); a block of another version, newer or older, is loaded through that transaction. A reader on an old
// snapshot loads for itself what has changed since. Nothing here decides who may read what: the view holds every feed,
// and each use of it asks for the feed (see ColumnFilter). Thread-safe.
class ColumnCache {
 public:
  // Loading all takes some 50 milliseconds for 100,000 records; what was loaded before an error or a deadline stays.
  absl::StatusOr<ColumnView> View(Connection& db);

 private:
  using Blocks = absl::flat_hash_map<int64_t, std::shared_ptr<const ColumnBlock>>;
  std::shared_ptr<ColumnValues> Values();
  void Keep(const std::shared_ptr<ColumnValues>& values, const std::shared_ptr<const ColumnBlock>& block);

  absl::Mutex mutex_;
  std::shared_ptr<ColumnValues> values_ ABSL_GUARDED_BY(mutex_);
  Blocks blocks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace cairn
