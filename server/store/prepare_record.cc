// PrepareRecord: from payload to rows.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/base/hex.h"
#include "common/record/ids.h"
#include "common/record/kinds.h"
#include "common/record/searchable.h"
#include "common/text/fold.h"
#include "server/store/derived.h"
#include "server/store/schedule_days.h"

namespace cairn {
namespace {

// Writes down rows; every kind of body has an overload of Add.
class RowMaker {
 public:
  explicit RowMaker(const v1::Record& record) : record_(record) {}

  std::vector<DerivedRow> Rows() {
    AddCommon();
    VisitBody(record_, [this](const auto& body) { Add(body); });
    return std::move(rows_);
  }

 private:
  template <typename... Values>
  void Row(DerivedTable table, Values&&... values) {
    DerivedRow& row = rows_.emplace_back();
    row.table = table;
    row.values.reserve(sizeof...(values));
    (row.values.push_back(ToValue(std::forward<Values>(values))), ...);
  }
  static DerivedValue ToValue(DerivedValue value) { return value; }
  static DerivedValue ToValue(std::string value) { return value; }
  template <typename T>
  requires std::is_integral_v<T>
  static DerivedValue ToValue(T value) { return static_cast<int64_t>(value); }

  // SQLite keeps no NaN; a foreign payload may hold one.
  static DerivedValue Number(bool present, double value) {
    return present && std::isfinite(value) ? DerivedValue(value) : DerivedValue();
  }
  static DerivedValue Index(int at_location) {
    return at_location < 0 ? DerivedValue() : DerivedValue(int64_t{at_location});
  }
  static int64_t Millis(const google::protobuf::Timestamp& time) {
    constexpr int64_t kSecondsMax = 253'402'300'799;  // end of year 9999, as Timestamp defines
    return std::clamp<int64_t>(time.seconds(), -kSecondsMax, kSecondsMax) * 1000 + time.nanos() / 1'000'000;
  }

  void AddCommon();
  void AddPlaces(std::vector<std::string> location_ids);
  void AddPhones(const google::protobuf::RepeatedPtrField<v1::Phone>& phones, int at_location);
  void AddSchedules(const google::protobuf::RepeatedPtrField<v1::Schedule>& schedules, int at_location);
  void Add(const v1::Organization& o);
  void Add(const v1::Service& s);
  void Add(const v1::Location& l);
  void Add(const v1::Training& t);
  void Add(const v1::Resource& r);
  void Add(const v1::Assessment& a);
  void Add(const v1::Commitment& c);

  const v1::Record& record_;
  std::vector<DerivedRow> rows_;
  int phones_ = 0;
  int schedules_ = 0;
};

void RowMaker::AddCommon() {
  const std::vector<std::string> countries = CountriesOf(record_);
  const std::vector<std::string> languages = LanguagesOf(record_);
  const std::vector<std::string> terms = TermKeysOf(record_);
  const bool verified = record_.has_verified_at();
  Row(DerivedTable::kRecord, static_cast<int>(KindOf(record_)), record_.id(), DisplayName(record_), record_.language(),
      absl::StrJoin(countries, ","), absl::StrJoin(languages, ","), absl::StrJoin(terms, "\n"),
      Millis(record_.updated_at()), verified ? DerivedValue(Millis(record_.verified_at())) : DerivedValue(),
      record_.verify_every_days(), record_.verified_by());
  for (const std::string& country : countries) Row(DerivedTable::kCountry, country);
  for (const std::string& language : languages) Row(DerivedTable::kLanguage, language);
  for (const std::string& term : terms) {
    const size_t colon = term.rfind(':');
    if (colon == std::string::npos) continue;
    Row(DerivedTable::kTerm, term.substr(colon + 1), term.substr(0, colon));
  }
}

void RowMaker::AddPlaces(std::vector<std::string> location_ids) {
  std::sort(location_ids.begin(), location_ids.end());
  location_ids.erase(std::unique(location_ids.begin(), location_ids.end()), location_ids.end());
  for (std::string& id : location_ids) {
    if (!id.empty()) Row(DerivedTable::kPlace, std::move(id));
  }
}

void RowMaker::AddPhones(const google::protobuf::RepeatedPtrField<v1::Phone>& phones, int at_location) {
  for (const v1::Phone& p : phones) {
    Row(DerivedTable::kServicePhone, phones_++, Index(at_location), p.number(), p.country(), p.short_code(),
        p.type().empty() ? std::string("voice") : p.type());
  }
}

void RowMaker::AddSchedules(const google::protobuf::RepeatedPtrField<v1::Schedule>& schedules, int at_location) {
  for (const v1::Schedule& s : schedules) {
    ScheduleDays days = DaysOf(s);
    Row(DerivedTable::kServiceSchedule, schedules_++, Index(at_location), std::move(days.first_date),
        std::move(days.last_date), days.weekdays ? DerivedValue(*days.weekdays) : DerivedValue(), std::move(days.rule),
        std::move(days.dtstart), s.opens_at(), s.closes_at(), s.time_zone(), s.description());
  }
}

void RowMaker::Add(const v1::Organization& o) {
  AddPlaces({o.location_ids().begin(), o.location_ids().end()});
  Row(DerivedTable::kOrganization, record_.id(), o.name(), o.alternate_name(), o.role(), o.parent_organization_id(),
      o.email(), o.website(), o.phones().empty() ? std::string() : o.phones(0).number(), o.year_incorporated());
}

void RowMaker::Add(const v1::Service& s) {
  std::vector<std::string> places;
  for (const v1::ServiceAtLocation& at : s.service_at_locations()) places.push_back(at.location_id());
  AddPlaces(std::move(places));
  Row(DerivedTable::kService, record_.id(), s.organization_id(), s.name(), s.status(), s.email(), s.url(),
      Number(s.has_minimum_age(), s.minimum_age()), Number(s.has_maximum_age(), s.maximum_age()), s.fees_description());
  AddPhones(s.phones(), -1);
  for (int i = 0; i < s.service_at_locations_size(); ++i) AddPhones(s.service_at_locations(i).phones(), i);
  AddSchedules(s.schedules(), -1);
  for (int i = 0; i < s.service_at_locations_size(); ++i) AddSchedules(s.service_at_locations(i).schedules(), i);
  for (int i = 0; i < s.service_at_locations_size(); ++i) {
    const v1::ServiceAtLocation& at = s.service_at_locations(i);
    Row(DerivedTable::kServiceAtLocation, i, at.location_id(), at.description(), ServiceAtLocationId(record_.id(), at));
  }
}

void RowMaker::Add(const v1::Location& l) {
  const v1::Address& a = l.addresses().empty() ? v1::Address::default_instance() : l.addresses(0);
  const std::optional<Place> place = PlaceOf(record_);
  const bool on_map = place && std::abs(place->latitude) <= 90 && std::abs(place->longitude) <= 180;
  const double latitude = on_map ? place->latitude : 0;
  const double longitude = on_map ? place->longitude : 0;
  Row(DerivedTable::kLocation, record_.id(), l.organization_id(), l.location_type(), l.name(), Number(on_map, latitude),
      Number(on_map, longitude), a.address_1(), a.city(), a.postal_code(), a.state_province(), a.country());
  if (!on_map) return;
  Row(DerivedTable::kLocationGeo, DerivedValue(latitude), DerivedValue(latitude), DerivedValue(longitude),
      DerivedValue(longitude));
}

void RowMaker::Add(const v1::Training& t) {
  std::vector<std::string> places;
  for (const v1::TrainingSession& session : t.sessions()) places.push_back(session.location_id());
  AddPlaces(std::move(places));
  Row(DerivedTable::kTraining, record_.id(), t.provider_id(), t.name(), t.mode(), absl::StrJoin(t.audience(), "\n"),
      t.duration_minutes(), t.url(), t.email());
  for (int i = 0; i < t.sessions_size(); ++i) {
    const v1::TrainingSession& s = t.sessions(i);
    Row(DerivedTable::kTrainingSession, i, s.id(), s.name(), s.start(), s.end(), s.time_zone(), s.place(),
        s.location_id(), s.country(), s.status().empty() ? std::string("scheduled") : s.status(),
        s.mode().empty() ? t.mode() : s.mode(), s.capacity(), s.registration_url());
  }
}

void RowMaker::Add(const v1::Resource& r) {
  Row(DerivedTable::kResource, record_.id(), r.publisher_id(), r.name(), r.resource_type(), r.url(), r.license(),
      r.year());
}

void RowMaker::Add(const v1::Assessment& a) {
  Row(DerivedTable::kAssessment, record_.id(), a.service_id(), a.assessor_id(), a.name(), a.criterion(), a.method(),
      a.period_start(), a.period_end(), Number(a.has_score(), a.score()), a.result());
}

void RowMaker::Add(const v1::Commitment& c) {
  Row(DerivedTable::kCommitment, record_.id(), c.organization_id(), c.name(), c.target(),
      c.status().empty() ? std::string("planned") : c.status(), c.pledged_on(), c.due());
  for (int i = 0; i < c.reports_size(); ++i) {
    Row(DerivedTable::kProgressReport, i, c.reports(i).due(), c.reports(i).submitted(), c.reports(i).text());
  }
}

// The words of a folded column for the text index, those left out that stand in a weightier column already: the index
// keeps only whether a word is there, and each one costs its time to write. Cut at ASCII signs alone; the index's
// tokenizer does the rest. `seen` views into `folded`.
std::string NewWords(absl::string_view folded, absl::flat_hash_set<absl::string_view>* seen) {
  std::string words;
  words.reserve(folded.size());
  const auto in_word = [](unsigned char c) { return c >= 0x80 || absl::ascii_isalnum(c); };
  for (size_t at = 0; at < folded.size();) {
    size_t end = at;
    while (end < folded.size() && in_word(static_cast<unsigned char>(folded[end]))) ++end;
    const absl::string_view word = folded.substr(at, end - at);
    if (!word.empty() && seen->insert(word).second) absl::StrAppend(&words, words.empty() ? "" : " ", word);
    at = end + 1;
  }
  return words;
}

}  // namespace

PreparedRecord PrepareRecord(v1::RecordKind kind, absl::string_view id16, absl::string_view payload) {
  PreparedRecord prepared;
  v1::Record record;
  if (!record.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return prepared;
  if (KindOf(record) == v1::RECORD_KIND_UNSPECIFIED || KindOf(record) != kind) return prepared;
  // An owner may sign a payload that names another record; indexing it under that name would be a lie.
  if (record.id().empty() || record.id() != UuidToText(id16)) return prepared;
  if (record.supplement()) return prepared;  // has rows only when merged, see supplement_rows.h
  prepared.indexed = true;
  const SearchableText text = SearchableTextOf(record);
  const std::string title = FoldForSearch(text.title);
  const std::string keywords = FoldForSearch(absl::StrCat(text.keywords, "\n", text.contacts));
  const std::string body = FoldForSearch(text.body);
  absl::flat_hash_set<absl::string_view> seen;
  seen.reserve(body.size() / 8);
  prepared.title = NewWords(title, &seen);
  prepared.keywords = NewWords(keywords, &seen);
  prepared.body = NewWords(body, &seen);
  prepared.rows = RowMaker(record).Rows();
  return prepared;
}

}  // namespace cairn
