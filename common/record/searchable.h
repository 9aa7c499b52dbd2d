// What of a record the index holds: texts for the full-text index, keys for the filters. Nothing here folds; see
// common/text/fold.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cairn/v1/record.pb.h"

namespace cairn {

// The texts of a record by weight, parts separated by newlines.
struct SearchableText {
  // The name, and its translations.
  std::string title;
  // What people search for by word: other names, terms, cities, audiences, language names as given, short codes.
  std::string keywords;
  // All other texts, and their translations.
  std::string body;
  // Digits of the numbers and hosts of the addresses (contact_words.h): weighed as keywords, for no one to read.
  std::string contacts;
};
SearchableText SearchableTextOf(const v1::Record& record);

// Language tags, sorted, each once: the record's own, its translations', and those in which the service, number, place,
// training or resource can be used.
std::vector<std::string> LanguagesOf(const v1::Record& record);

// Countries, sorted, each once: `countries`, addresses, sessions, phones.
std::vector<std::string> CountriesOf(const v1::Record& record);

// Terms as "taxonomy:code", folded as for search ("cairn:audience:police", keywords as ":code"; the name stands in for
// a missing code), sorted, each once.
std::vector<std::string> TermKeysOf(const v1::Record& record);

// One term as TermKeysOf writes it: the key that a filter is compared with.
std::string TermKey(const v1::TaxonomyTerm& term);

// WGS 84 degrees.
struct Place {
  double latitude;
  double longitude;
};
// Where the record itself is: a location's coordinates. Services are found by the places of the locations they refer
// to.
std::optional<Place> PlaceOf(const v1::Record& record);

// When one session of a training takes place: [start, end).
struct SessionTime {
  std::string session_id;
  absl::Time start;
  absl::Time end;
};
// The sessions of a training that are not cancelled, in order of start. Dates without a time are taken in UTC.
std::vector<SessionTime> SessionTimesOf(const v1::Record& record);

// When the next confirmation by a person falls due: `verified_at` plus the record's `verify_every_days`, or
// `default_days` when that is 0. A record that was never confirmed is due since 1970-01-01.
absl::Time VerifyDueAt(const v1::Record& record, uint32_t default_days);

}  // namespace cairn
