#include "server/store/record_columns.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "common/record/kinds.h"
#include "common/text/fold.h"
#include "common/text/utf8.h"

namespace cairn {
namespace {

constexpr char kSelectBlocks[] = "SELECT block, version FROM record_block ORDER BY block";
constexpr char kSelectRecords[] =
    "SELECT r.entry_id, r.updated_unix_millis, r.verified_unix_millis, coalesce(s.base_entry_id, 0), r.feed_id, "
    "r.countries, r.languages, r.terms, r.verify_every_days, r.kind, r.title FROM record r "
    "LEFT JOIN supplement s ON s.entry_id = r.entry_id WHERE r.entry_id BETWEEN ? AND ? ORDER BY r.entry_id";
constexpr char kSelectSchedules[] =
    "SELECT entry_id, first_date, last_date, weekdays, rule, dtstart, opens_at, closes_at, time_zone "
    "FROM service_schedule WHERE entry_id BETWEEN ? AND ? ORDER BY entry_id, n";
constexpr char kSelectOutOfService[] =
    "SELECT entry_id FROM service WHERE entry_id BETWEEN ? AND ? "
    "AND status IN ('inactive', 'defunct', 'temporarily closed') ORDER BY entry_id";
constexpr char kSelectModes[] = "SELECT entry_id, mode FROM training WHERE entry_id BETWEEN ? AND ? ORDER BY entry_id";
constexpr char kSelectSessions[] =
    "SELECT entry_id, starts_at, ends_at, mode FROM training_session WHERE entry_id BETWEEN ? AND ? "
    "AND status NOT IN ('cancelled', 'postponed') ORDER BY entry_id, n";

// RecordTimes, and the text that is equal for equal ones and for no others, whatever an owner wrote into the fields.
struct Times {
  RecordTimes times;
  std::set<std::string> modes, months;
  std::string key;

  void AddToKey(absl::string_view what, absl::string_view text) { absl::StrAppend(&key, what, text.size(), ":", text); }
};

void AddSchedule(const Statement& row, Times* times) {
  OpeningHours hours;
  hours.first_date = row.String(1);
  hours.last_date = row.String(2);
  if (!row.IsNull(3)) hours.weekdays = row.Int64(3);
  hours.rule = row.String(4);
  hours.dtstart = row.String(5);
  hours.opens_at = row.String(6);
  hours.closes_at = row.String(7);
  hours.time_zone = row.String(8);
  for (int column = 1; column <= 8; ++column) times->AddToKey(row.IsNull(column) ? "n" : "s", row.Text(column));
  times->times.schedules.push_back(std::move(hours));
}

void AddMode(absl::string_view mode, Times* times) {
  if (mode.empty()) return;
  times->modes.emplace(mode);
  times->AddToKey("m", mode);
}

void AddSession(const Statement& row, Times* times) {
  const std::string start = row.String(1);
  const std::string end = row.Text(2).empty() ? start : row.String(2);
  const SessionDays session{start.substr(0, 10), end.substr(0, 10)};
  for (std::string& month : MonthsOf(session)) times->months.insert(std::move(month));
  times->AddToKey("f", session.first_date);
  times->AddToKey("l", session.last_date);
  times->times.sessions.push_back(session);
  AddMode(row.Text(3), times);
}

// Fills in what depends on the record and gives the number.
uint32_t AddTimes(Times times, absl::string_view countries, ColumnValues* values) {
  for (OpeningHours& hours : times.times.schedules) {
    if (!hours.time_zone.empty()) continue;
    hours.time_zone = ZoneByCountry(countries);
    times.AddToKey("z", hours.time_zone);
  }
  return values->times.Add(times.key, [&] {
    times.times.modes.assign(times.modes.begin(), times.modes.end());
    times.times.months.assign(times.months.begin(), times.months.end());
    return std::move(times.times);
  });
}

// Reads one block.
class Loader {
 public:
  Loader(Connection& db, int64_t block)
      : db_(db), first_(block * record_block_entries), last_(first_ + record_block_entries - 1) {}

  absl::Status Load(ColumnValues* values, ColumnBlock* block) {
    RETURN_IF_ERROR(Each(kSelectSchedules, [](const Statement& row, Times* times) { AddSchedule(row, times); }));
    RETURN_IF_ERROR(Each(kSelectOutOfService, [](const Statement&, Times* times) {
      times->times.out_of_service = true;
      times->AddToKey("o", "");
    }));
    RETURN_IF_ERROR(Each(kSelectModes, [](const Statement& row, Times* times) { AddMode(row.Text(1), times); }));
    RETURN_IF_ERROR(Each(kSelectSessions, [](const Statement& row, Times* times) { AddSession(row, times); }));
    Statement row = db_.Prepare(kSelectRecords);
    row.Bind(first_, last_);
    while (row.Step()) AddRecord(row, values, block);
    return row.status();
  }

 private:
  template <typename Add>
  absl::Status Each(const char* sql, const Add& add) {
    Statement row = db_.Prepare(sql);
    row.Bind(first_, last_);
    while (row.Step()) add(row, &times_[row.Int64(0)]);
    return row.status();
  }

  void AddRecord(const Statement& row, ColumnValues* values, ColumnBlock* block) {
    RecordColumns& record = block->records.emplace_back();
    record.entry_id = row.Int64(0);
    record.updated_unix_millis = row.Int64(1);
    if (!row.IsNull(2)) record.verified_unix_millis = row.Int64(2);
    record.base_entry_id = row.Int64(3);
    record.feed_id = static_cast<uint32_t>(row.Int64(4));
    record.countries = values->countries.Add(row.Text(5), ',');
    record.languages = values->languages.Add(row.Text(6), ',');
    record.terms = values->terms.Add(row.Text(7), '\n');
    record.verify_every_days = static_cast<uint32_t>(row.Int64(8));
    record.kind = static_cast<uint8_t>(row.Int64(9));
    record.title_letters = static_cast<uint8_t>(std::min<size_t>(CodePointCount(row.Text(10)), 255));
    record.title_at = static_cast<uint32_t>(block->titles.size());
    FoldForSearch(row.Text(10), &block->titles);
    record.title_bytes = static_cast<uint32_t>(block->titles.size()) - record.title_at;
    const auto times = times_.find(record.entry_id);
    if (times != times_.end()) record.times = AddTimes(std::move(times->second), row.Text(5), values);
    block->has_supplements |= record.base_entry_id != 0;
    block->slots[static_cast<size_t>(record.entry_id - first_)] = static_cast<uint16_t>(block->records.size());
  }

  Connection& db_;
  const int64_t first_;
  const int64_t last_;
  std::map<int64_t, Times> times_;
};

}  // namespace

uint32_t ListColumn::Add(absl::string_view text, char separator) {
  return lists.Add(text, [&] {
    List list;
    for (const absl::string_view value : absl::StrSplit(text, separator, absl::SkipEmpty())) {
      list.values.push_back(values.Add(value, [&] { return std::string(value); }));
    }
    return list;
  });
}

bool ColumnValues::full() const {
  const auto column_full = [](const ListColumn& column) { return column.lists.full() || column.values.full(); };
  return column_full(countries) || column_full(languages) || column_full(terms) || times.full();
}

const ColumnBlock* ColumnView::BlockOf(int64_t entry_id) const {
  const int64_t number = entry_id / record_block_entries;
  // Without gaps, as in a file that lost no whole block, the place is the number's distance from the first.
  if (!blocks.empty()) {
    const int64_t guess = number - blocks.front()->number;
    if (guess >= 0 && guess < static_cast<int64_t>(blocks.size()) && blocks[guess]->number == number) {
      return blocks[guess].get();
    }
  }
  const auto block = std::lower_bound(blocks.begin(), blocks.end(), number,
                                      [](const auto& each, int64_t wanted) { return each->number < wanted; });
  return block == blocks.end() || (*block)->number != number ? nullptr : block->get();
}

const RecordColumns* ColumnView::Find(int64_t entry_id) const {
  const ColumnBlock* block = BlockOf(entry_id);
  if (block == nullptr) return nullptr;
  const uint16_t slot = block->slots[static_cast<size_t>(entry_id % record_block_entries)];
  return slot == 0 ? nullptr : &block->records[slot - 1];
}

std::shared_ptr<ColumnValues> ColumnCache::Values() {
  absl::MutexLock lock(&mutex_);
  if (values_ == nullptr || values_->full()) {
    values_ = std::make_shared<ColumnValues>();
    blocks_.clear();  // their numbers are of the old values; who is reading keeps both
  }
  return values_;
}

void ColumnCache::Keep(const std::shared_ptr<ColumnValues>& values, const std::shared_ptr<const ColumnBlock>& block) {
  absl::MutexLock lock(&mutex_);
  if (values != values_) return;
  std::shared_ptr<const ColumnBlock>& kept = blocks_[block->number];
  if (kept == nullptr || kept->version < block->version) kept = block;
}

absl::StatusOr<ColumnView> ColumnCache::View(Connection& db) {
  const std::shared_ptr<ColumnValues> values = Values();
  ColumnView view;
  std::vector<std::pair<size_t, int64_t>> missing;  // place in the view, version
  std::vector<int64_t> numbers;
  {
    Statement row = db.Prepare(kSelectBlocks);
    absl::MutexLock lock(&mutex_);
    while (row.Step()) {
      numbers.push_back(row.Int64(0));
      const auto kept = values == values_ ? blocks_.find(row.Int64(0)) : blocks_.end();
      const bool good = kept != blocks_.end() && kept->second->version == row.Int64(1);
      if (!good) missing.emplace_back(view.blocks.size(), row.Int64(1));
      view.blocks.push_back(good ? kept->second : nullptr);
    }
    RETURN_IF_ERROR(row.status());
  }
  for (const auto& [place, version] : missing) {
    auto block = std::make_shared<ColumnBlock>();
    block->number = numbers[place];
    block->version = version;
    RETURN_IF_ERROR(Loader(db, block->number).Load(values.get(), block.get()));
    view.blocks[place] = block;
    Keep(values, block);
  }
  view.values = values;
  return view;
}

}  // namespace cairn
