#include "server/store/change_order.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cairn/v1/record.pb.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "server/store/store.h"

namespace cairn {
namespace {

// Of a record that changed several times, in several feeds, or went and came again, the last change alone stands.
constexpr char kSelectEntryChanges[] =
    "SELECT e.change_no, e.id FROM entry e WHERE e.is_public = ? AND e.kind = ? AND e.change_no > ? "
    "AND NOT (e.is_public AND (EXISTS (SELECT 1 FROM entry l WHERE l.id = e.id AND l.kind = e.kind AND l.is_public "
    "AND l.change_no > e.change_no) OR EXISTS (SELECT 1 FROM gone_entry g WHERE g.id = e.id AND g.kind = e.kind "
    "AND g.change_no > e.change_no))) ORDER BY e.change_no LIMIT ?";
constexpr char kSelectGoneChanges[] =
    "SELECT g.change_no, g.id FROM gone_entry g WHERE g.kind = ? AND g.change_no > ? "
    "AND NOT EXISTS (SELECT 1 FROM entry l WHERE l.id = g.id AND l.kind = g.kind AND l.is_public = 1 "
    "AND l.change_no > g.change_no) "
    "AND NOT EXISTS (SELECT 1 FROM gone_entry l WHERE l.id = g.id AND l.kind = g.kind AND l.change_no > g.change_no) "
    "ORDER BY g.change_no LIMIT ?";
constexpr char kSelectFeedEntries[] =
    "SELECT entry_id, seq, is_public FROM entry WHERE feed_id = ? AND (seq, entry_id) > (?, ?) "
    "ORDER BY seq, entry_id LIMIT ?";
// A public change moves all that show it; another only what stands in feeds for the same audience.
constexpr char kDependentCondition[] =
    " AND e.change_no < ? AND e.payload_id IS NOT NULL AND (? OR f.audience IN (SELECT o.audience FROM entry x "
    "JOIN feed o ON o.feed_id = x.feed_id WHERE x.id = ? AND x.kind = ? AND x.is_public = 0 AND x.change_no = ?)) "
    "ORDER BY e.entry_id LIMIT ?";
constexpr char kOfOrganization[] =
    "SELECT e.entry_id, e.is_public FROM service s JOIN entry e ON e.entry_id = s.entry_id "
    "JOIN feed f ON f.feed_id = e.feed_id WHERE s.organization_id = ?";
constexpr char kOfLocation[] =
    "SELECT e.entry_id, e.is_public FROM record_place s JOIN entry e ON e.entry_id = s.entry_id "
    "JOIN feed f ON f.feed_id = e.feed_id WHERE s.location_id = ?";

constexpr char kFloorKey[] = "change_no_floor";
constexpr char kMarkKey[] = "change_no_mark";

const char* KeyOf(bool is_public) { return is_public ? "change_no_public" : "change_no_other"; }

absl::StatusOr<int64_t> ReadNumber(Connection& db, const char* key) {
  ASSIGN_OR_RETURN(const std::string text, GetMeta(db, key));
  int64_t number = 0;
  if (!text.empty() && !absl::SimpleAtoi(text, &number)) {
    return absl::DataLossError(absl::StrCat("node_meta ", key, " is \"", text, "\", which is no number"));
  }
  return number;
}

// An entry that is to be given a number.
struct Numbered {
  int64_t entry_id;
  bool is_public;
};

absl::Status Renumber(Connection& db, const std::vector<Numbered>& entries, absl::Time now) {
  ASSIGN_OR_RETURN(ChangeNumbers of_public, ChangeNumbers::Begin(db, true, now));
  ASSIGN_OR_RETURN(ChangeNumbers of_others, ChangeNumbers::Begin(db, false, now));
  for (const Numbered& entry : entries) {
    const int64_t number = entry.is_public ? of_public.Take() : of_others.Take();
    RETURN_IF_ERROR(db.Execute("UPDATE entry SET change_no = ? WHERE entry_id = ?", number, entry.entry_id));
  }
  RETURN_IF_ERROR(of_public.Save(db));
  return of_others.Save(db);
}

// Of the services among them, the organizations.
absl::Status NoteServicesLeft(Connection& db, const std::vector<Numbered>& entries, absl::Time now) {
  ASSIGN_OR_RETURN(ChangeNumbers numbers, ChangeNumbers::Begin(db, true, now));
  std::set<std::string> organizations;
  for (const Numbered& entry : entries) {
    ASSIGN_OR_RETURN(std::string id, OrganizationOf(db, entry.entry_id));
    organizations.insert(std::move(id));
  }
  for (const std::string& id : organizations) RETURN_IF_ERROR(NoteServiceLeft(db, &numbers, kFeedAsAWhole, id));
  return numbers.Save(db);
}

absl::Status Collect(Statement row, int kind, std::vector<RecordChange>* changes) {
  while (row.Step()) changes->push_back({row.Int64(0), kind, row.String(1)});
  return row.status();
}

}  // namespace

absl::StatusOr<int64_t> LastChangeNumber(Connection& db, bool is_public) { return ReadNumber(db, KeyOf(is_public)); }

absl::StatusOr<int64_t> ChangeMark(Connection& db) { return ReadNumber(db, kMarkKey); }

absl::Status MarkChanges(Connection& db, absl::Time now) {
  ASSIGN_OR_RETURN(const int64_t mark, ChangeMark(db));
  const int64_t next = absl::ToUnixMicros(now);
  return next <= mark ? absl::OkStatus() : SetMeta(db, kMarkKey, absl::StrCat(next));
}

absl::StatusOr<ChangeNumbers> ChangeNumbers::Begin(Connection& db, bool is_public, absl::Time now) {
  ASSIGN_OR_RETURN(const int64_t last, LastChangeNumber(db, is_public));
  ASSIGN_OR_RETURN(const int64_t mark, ChangeMark(db));
  return ChangeNumbers(is_public, std::max({last, mark, absl::ToUnixMicros(now) - 1}));
}

absl::Status ChangeNumbers::Save(Connection& db) const { return SetMeta(db, KeyOf(is_public_), absl::StrCat(last_)); }

absl::Status NoteGone(Connection& db, ChangeNumbers* numbers, int kind, absl::string_view id16) {
  if (!numbers->is_public()) return absl::OkStatus();
  return db.Execute("INSERT INTO gone_entry (kind, change_no, id) VALUES (?, ?, ?)", kind, numbers->Take(), Blob{id16});
}

absl::StatusOr<std::string> OrganizationOf(Connection& db, int64_t entry_id) {
  Statement row = db.Prepare("SELECT organization_id FROM service WHERE entry_id = ?");
  row.Bind(entry_id);
  std::string id = row.Step() ? row.String(0) : "";
  RETURN_IF_ERROR(row.status());
  return id;
}

absl::Status NoteServiceLeft(Connection& db, ChangeNumbers* numbers, int64_t feed_id,
                             absl::string_view organization_id) {
  if (organization_id.empty()) return absl::OkStatus();
  return db.Execute(
      "INSERT INTO service_left (feed_id, organization_entry_id, change_no) "
      "SELECT iif(?1 = ?2, feed_id, ?1), entry_id, ?3 FROM record WHERE id = ?4 AND kind = ?5 "
      "ON CONFLICT (feed_id, organization_entry_id) DO UPDATE SET change_no = excluded.change_no",
      feed_id, kFeedAsAWhole, numbers->Take(), organization_id, v1::ORGANIZATION);
}

absl::StatusOr<int64_t> ChangeFloor(Connection& db) { return ReadNumber(db, kFloorKey); }

absl::Status RaiseChangeFloor(Connection& db, int64_t change_no) {
  ASSIGN_OR_RETURN(const int64_t floor, ReadNumber(db, kFloorKey));
  return change_no <= floor ? absl::OkStatus() : SetMeta(db, kFloorKey, absl::StrCat(change_no));
}

absl::Status PurgeGone(Connection& db, absl::Time before) {
  Statement row = db.Prepare("SELECT max(change_no) FROM gone_entry WHERE change_no < ?");
  row.Bind(absl::ToUnixMicros(before));
  const bool any = row.Step() && !row.IsNull(0);
  RETURN_IF_ERROR(row.status());
  if (!any) return absl::OkStatus();
  RETURN_IF_ERROR(RaiseChangeFloor(db, row.Int64(0)));
  return db.Execute("DELETE FROM gone_entry WHERE change_no < ?", absl::ToUnixMicros(before));
}

absl::StatusOr<std::vector<RecordChange>> ReadRecordChanges(Connection& db, bool is_public, int kind, int64_t after,
                                                            size_t limit) {
  std::vector<RecordChange> changes;
  Statement entries = db.Prepare(kSelectEntryChanges);
  entries.Bind(is_public, kind, after, limit);
  RETURN_IF_ERROR(Collect(std::move(entries), kind, &changes));
  if (is_public) {
    Statement gone = db.Prepare(kSelectGoneChanges);
    gone.Bind(kind, after, limit);
    RETURN_IF_ERROR(Collect(std::move(gone), kind, &changes));
  }
  std::sort(changes.begin(), changes.end(),
            [](const RecordChange& a, const RecordChange& b) { return a.change_no < b.change_no; });
  if (changes.size() > limit) changes.resize(limit);
  return changes;
}

absl::StatusOr<std::vector<int64_t>> HiddenFeeds(Connection& db) {
  std::vector<int64_t> feed_ids;
  Statement row = db.Prepare("SELECT feed_id FROM feed WHERE public_hidden = 1 ORDER BY feed_id");
  while (row.Step()) feed_ids.push_back(row.Int64(0));
  RETURN_IF_ERROR(row.status());
  return feed_ids;
}

absl::Status SetHidden(Connection& db, int64_t feed_id, bool hidden) {
  return db.Execute("UPDATE feed SET public_hidden = ? WHERE feed_id = ?", hidden, feed_id);
}

absl::StatusOr<std::optional<FeedPlace>> RenumberFeed(Connection& db, int64_t feed_id, const FeedPlace& after,
                                                      absl::Time now) {
  std::vector<Numbered> entries;
  FeedPlace place = after;
  Statement row = db.Prepare(kSelectFeedEntries);
  row.Bind(feed_id, after.seq, after.entry_id, limits::apply_slice_entries);
  while (row.Step()) {
    entries.push_back({row.Int64(0), row.Int64(2) != 0});
    place = {row.Int64(1), row.Int64(0)};
  }
  RETURN_IF_ERROR(row.status());
  RETURN_IF_ERROR(Renumber(db, entries, now));
  RETURN_IF_ERROR(NoteServicesLeft(db, entries, now));
  if (entries.size() < limits::apply_slice_entries) return std::nullopt;
  return std::optional<FeedPlace>(place);
}

absl::StatusOr<bool> RenumberDependents(Connection& db, bool is_public, const RecordChange& change, absl::Time now) {
  std::vector<Numbered> entries;
  Statement row =
      db.Prepare(absl::StrCat(change.kind == v1::ORGANIZATION ? kOfOrganization : kOfLocation, kDependentCondition));
  row.Bind(UuidToText(change.id16), change.change_no, is_public, Blob{change.id16}, change.kind, change.change_no,
           limits::apply_slice_entries);
  while (row.Step()) entries.push_back({row.Int64(0), row.Int64(1) != 0});
  RETURN_IF_ERROR(row.status());
  RETURN_IF_ERROR(Renumber(db, entries, now));
  return entries.size() >= limits::apply_slice_entries;
}

}  // namespace cairn
