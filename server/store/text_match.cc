#include "server/store/text_match.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "cairn/v1/record.pb.h"
#include "common/base/status_macros.h"
#include "common/record/searchable.h"
#include "common/text/fold.h"
#include "server/store/search_functions.h"

namespace cairn {
namespace {

constexpr char kSelectText[] =
    "SELECT coalesce(s.merged, p.bytes) FROM entry e JOIN payload p ON p.payload_id = e.payload_id "
    "LEFT JOIN supplement s ON s.entry_id = e.entry_id WHERE e.entry_id = ?";

}  // namespace

absl::StatusOr<std::string> MatchExpression(Connection& db, absl::Span<const std::string> words, bool last_is_prefix) {
  ASSIGN_OR_RETURN(const auto tokenizer, IndexTokenizer::Make(db.handle()));
  std::string expression;
  for (const std::string& word : words) {
    RETURN_IF_ERROR(tokenizer->Split(word, [&](absl::string_view token) {
      absl::StrAppend(&expression, expression.empty() ? "" : " AND ", "\"", token, "\"");
    }));
  }
  if (last_is_prefix && !expression.empty()) expression += " *";
  return expression;
}

absl::StatusOr<bool> HoldsPhrases(Connection& db, int64_t entry_id,
                                  absl::Span<const std::vector<std::string>> phrases) {
  Statement row = db.Prepare(kSelectText);
  row.Bind(entry_id);
  const bool found = row.Step();
  RETURN_IF_ERROR(row.status());
  v1::Record record;
  if (!found || !record.ParseFromArray(row.Text(0).data(), static_cast<int>(row.Text(0).size()))) return false;
  const SearchableText text = SearchableTextOf(record);
  std::vector<std::vector<std::string>> texts;
  for (const std::string* each : {&text.title, &text.keywords, &text.body}) texts.push_back(FoldedWords(*each));
  return std::all_of(phrases.begin(), phrases.end(), [&](const std::vector<std::string>& phrase) {
    return std::any_of(texts.begin(), texts.end(), [&](const std::vector<std::string>& words) {
      return std::search(words.begin(), words.end(), phrase.begin(), phrase.end()) != words.end();
    });
  });
}

}  // namespace cairn
