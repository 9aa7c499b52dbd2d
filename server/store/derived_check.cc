#include "server/store/derived_check.h"

#include <cmath>
#include <set>
#include <tuple>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/base/status_macros.h"
#include "server/store/derived_tables.h"
#include "server/store/search_functions.h"

namespace cairn {
namespace {

constexpr char kSelectFeed[] = "SELECT feed_id FROM record WHERE entry_id = ?";
constexpr char kMakeWords[] =
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.record_text_word USING fts5vocab (main, record_text, instance)";
constexpr char kSelectWords[] = "SELECT doc, col, term FROM temp.record_text_word";
constexpr char kDropWords[] = "DROP TABLE IF EXISTS temp.record_text_word";

// Sums of it do not depend on the order. Differs from run to run, which is good enough within one.
uint64_t WordHash(int64_t entry_id, absl::string_view column, absl::string_view word) {
  return absl::Hash<std::tuple<int64_t, absl::string_view, absl::string_view>>()({entry_id, column, word});
}

bool SameValue(const Statement& row, int column, const DerivedValue& value) {
  if (std::holds_alternative<std::monostate>(value)) return row.IsNull(column);
  if (row.IsNull(column)) return false;
  if (const auto* number = std::get_if<int64_t>(&value)) return row.Int64(column) == *number;
  if (const auto* real = std::get_if<double>(&value)) return row.Double(column) == *real;
  return row.Text(column) == std::get<std::string>(value);
}

// The R*Tree keeps single precision: a box around the point.
bool SamePlace(const Statement& row, const DerivedRow& expected) {
  for (int i = 0; i < 4; ++i) {
    if (std::abs(row.Double(i) - std::get<double>(expected.values[static_cast<size_t>(i)])) > 1e-4) return false;
  }
  return true;
}

bool SameRow(const Statement& row, const DerivedRow& expected) {
  if (expected.table == DerivedTable::kLocationGeo) return SamePlace(row, expected);
  for (size_t i = 0; i < expected.values.size(); ++i) {
    if (!SameValue(row, static_cast<int>(i), expected.values[i])) return false;
  }
  return true;
}

absl::StatusOr<bool> HoldsKeyed(Connection& db, int64_t entry_id, const DerivedRow& row) {
  Statement select = db.Prepare(SqlOf(row.table).select);
  int index = 1;
  for (const DerivedValue& value : row.values) select.BindAt(index++, std::get<std::string>(value));
  select.BindAt(index, entry_id);
  const bool holds = select.Step();
  RETURN_IF_ERROR(select.status());
  return holds;
}

absl::StatusOr<bool> HoldsExactly(Connection& db, DerivedTable table, int64_t entry_id,
                                  absl::Span<const DerivedRow> rows) {
  if (SqlOf(table).by_value) {
    for (const DerivedRow& row : rows) {
      ASSIGN_OR_RETURN(const bool holds, HoldsKeyed(db, entry_id, row));
      if (!holds) return false;
    }
    return true;
  }
  Statement select = db.Prepare(SqlOf(table).select);
  select.Bind(entry_id);
  size_t n = 0;
  bool same = true;
  for (; same && select.Step(); ++n) same = n < rows.size() && SameRow(select, rows[n]);
  RETURN_IF_ERROR(select.status());
  return same && n == rows.size();
}

}  // namespace

absl::Status DerivedCheck::Entry(Connection& connection, int64_t feed_id, int64_t entry_id,
                                 const PreparedRecord& prepared, std::vector<std::string>* findings) {
  absl::Span<const DerivedRow> rest(prepared.rows);
  for (size_t i = 0; i < kDerivedTableCount; ++i) {
    const auto table = static_cast<DerivedTable>(i);
    size_t n = 0;
    while (n < rest.size() && rest[n].table == table) ++n;
    expected_rows_[i] += static_cast<int64_t>(n);
    ASSIGN_OR_RETURN(const bool same, HoldsExactly(connection, table, entry_id, rest.first(n)));
    if (!same) findings->push_back(absl::StrCat("entry ", entry_id, ": its rows in ", SqlOf(table).name, " differ"));
    rest.remove_prefix(n);
  }
  if (!prepared.indexed) return absl::OkStatus();
  Statement feed = connection.Prepare(kSelectFeed);
  feed.Bind(entry_id);
  if (feed.Step() && feed.Int64(0) != feed_id) {
    findings->push_back(absl::StrCat("entry ", entry_id, ": record names feed ", feed.Int64(0), ", not ", feed_id));
  }
  RETURN_IF_ERROR(feed.status());
  return CountWords(connection, entry_id, prepared);
}

absl::Status DerivedCheck::CountWords(Connection& connection, int64_t entry_id, const PreparedRecord& prepared) {
  ASSIGN_OR_RETURN(const auto tokenizer, IndexTokenizer::Make(connection.handle()));
  const std::pair<const char*, const std::string*> columns[] = {
      {"title", &prepared.title}, {"keywords", &prepared.keywords}, {"body", &prepared.body}};
  for (const auto& [column, text] : columns) {
    std::set<std::string> words;
    RETURN_IF_ERROR(tokenizer->Split(*text, [&](absl::string_view word) { words.emplace(word); }));
    for (const std::string& word : words) expected_words_ += WordHash(entry_id, column, word);
  }
  return absl::OkStatus();
}

absl::Status DerivedCheck::Supplement(Connection& connection, const SupplementView& expected,
                                      std::vector<std::string>* findings) {
  Statement row = connection.Prepare("SELECT base_entry_id, merged FROM supplement WHERE entry_id = ?");
  row.Bind(expected.entry_id);
  const bool same = row.Step() && row.Int64(0) == expected.base_entry_id && row.Bytes(1) == expected.merged;
  if (row.status().ok() && !same) {
    findings->push_back(absl::StrCat("entry ", expected.entry_id, ": its row in supplement differs"));
  }
  return row.status();
}

absl::Status DerivedCheck::Finish(Connection& connection, int64_t supplements, std::vector<std::string>* findings) {
  Statement merged = connection.Prepare("SELECT count(*) FROM supplement");
  if (merged.Step() && merged.Int64(0) != supplements) {
    findings->push_back(absl::StrCat("supplement has ", merged.Int64(0), " rows; the entries make ", supplements));
  }
  RETURN_IF_ERROR(merged.status());
  for (size_t i = 0; i < kDerivedTableCount; ++i) {
    Statement count = connection.Prepare(absl::StrCat("SELECT count(*) FROM ", kDerivedTables[i].name));
    const int64_t rows = count.Step() ? count.Int64(0) : 0;
    RETURN_IF_ERROR(count.status());
    if (rows == expected_rows_[i]) continue;
    findings->push_back(
        absl::StrCat(kDerivedTables[i].name, " has ", rows, " rows; the entries make ", expected_rows_[i]));
  }
  RETURN_IF_ERROR(connection.Execute(kMakeWords));
  uint64_t words = 0;
  {
    Statement select = connection.Prepare(kSelectWords);
    while (select.Step()) words += WordHash(select.Int64(0), select.Text(1), select.Text(2));
    RETURN_IF_ERROR(select.status());
  }
  RETURN_IF_ERROR(connection.Execute(kDropWords));
  if (words != expected_words_) findings->push_back("record_text does not hold the words of the entries");
  return absl::OkStatus();
}

}  // namespace cairn
