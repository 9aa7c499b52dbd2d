#include "server/directory/query.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/base/limits.h"
#include "common/record/contact_words.h"
#include "common/text/fold.h"
#include "common/text/utf8.h"
#include "server/directory/request_filter.h"

namespace cairn {
namespace {

// Fewer letters begin too many words to be a guess at what was meant; who asks for them gets them.
constexpr size_t kGuessLettersMin = 3;

// " “ ” „ ‟ « »
constexpr std::array<absl::string_view, 7> kQuotes = {"\"",           "\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x9e",
                                                      "\xe2\x80\x9f", "\xc2\xab",     "\xc2\xbb"};

// What stands between quotes; what is behind a last one that is not closed is not quoted.
std::vector<absl::string_view> QuotedParts(absl::string_view text) {
  std::vector<absl::string_view> parts;
  bool open = false;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const auto* quote = std::find_if(kQuotes.begin(), kQuotes.end(),
                                     [&](absl::string_view each) { return absl::StartsWith(text.substr(at), each); });
    if (quote == kQuotes.end()) {
      ++at;
      continue;
    }
    if (open) parts.push_back(text.substr(begin, at - begin));
    open = !open;
    at += quote->size();
    begin = at;
  }
  return parts;
}

bool EndsWithQuote(absl::string_view text) {
  return std::any_of(kQuotes.begin(), kQuotes.end(),
                     [&](absl::string_view quote) { return absl::EndsWith(text, quote); });
}

// `words_of`: how a text becomes words.
template <typename WordsOf>
void AddAttempt(absl::string_view text, bool prefix, const WordsOf& words_of, Query* query) {
  IndexQuery attempt;
  attempt.words = words_of(text);
  attempt.last_is_prefix = prefix;
  for (const absl::string_view part : QuotedParts(text)) {
    std::vector<std::string> phrase = words_of(part);
    if (phrase.size() > 1) attempt.phrases.push_back(std::move(phrase));
  }
  if (query->attempts.empty() || query->attempts.back().words != attempt.words) {
    query->attempts.push_back(std::move(attempt));
  }
}

void AddGuesses(Query* query) {
  const size_t whole = query->attempts.size();
  for (size_t i = 0; i < whole; ++i) {
    IndexQuery guess = query->attempts[i];
    if (guess.words.empty() || CodePointCount(guess.words.back()) < kGuessLettersMin) continue;
    guess.last_is_prefix = true;
    query->attempts.push_back(std::move(guess));
  }
}

std::string Fingerprint(const Query& query) {
  std::string print = absl::StrCat(query.any);
  for (const IndexQuery& attempt : query.attempts) absl::StrAppend(&print, "\n", QueryText(attempt));
  return print;
}

}  // namespace

absl::StatusOr<Query> ParseQuery(absl::string_view text, bool prefix) {
  if (text.size() > limits::query_bytes_max) {
    return absl::InvalidArgumentError(
        absl::StrCat("query has ", text.size(), " bytes; give at most ", limits::query_bytes_max));
  }
  text = absl::StripAsciiWhitespace(text);
  Query query;
  query.any = !text.empty();
  const size_t words = FoldedWords(text).size();
  if (words > static_cast<size_t>(limits::query_words_max)) {
    return absl::InvalidArgumentError(
        absl::StrCat("query has ", words, " words; give at most ", limits::query_words_max));
  }
  const bool quoted_end = EndsWithQuote(text);  // the last word is whole, that is what the quote says
  const bool beginning = (prefix || absl::ConsumeSuffix(&text, "*")) && !quoted_end && words > 0;
  AddAttempt(
      text, beginning, [](absl::string_view part) { return FoldedWords(FoldContacts(std::string(part))); }, &query);
  AddAttempt(
      text, beginning, [](absl::string_view part) { return FoldedWords(part); }, &query);
  query.typed = query.attempts.size() - 1;
  if (!beginning && !quoted_end) AddGuesses(&query);
  query.fingerprint = Fingerprint(query);
  return query;
}

std::string SearchFingerprint(const Query& query, v1::SearchOrder order, const v1::RecordFilter& normalised) {
  return absl::StrCat(order, "\n", query.fingerprint, "\n", FilterFingerprint(normalised));
}

std::string QueryText(const IndexQuery& query) {
  std::vector<std::string> parts;
  auto at = query.words.begin();
  for (const std::vector<std::string>& phrase : query.phrases) {
    const auto begin = std::search(at, query.words.end(), phrase.begin(), phrase.end());
    if (begin == query.words.end()) continue;
    parts.insert(parts.end(), at, begin);
    parts.push_back(absl::StrCat("\"", absl::StrJoin(phrase, " "), "\""));
    at = begin + static_cast<ptrdiff_t>(phrase.size());
  }
  parts.insert(parts.end(), at, query.words.end());
  return absl::StrCat(absl::StrJoin(parts, " "), query.last_is_prefix ? "*" : "");
}

}  // namespace cairn
