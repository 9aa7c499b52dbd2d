#include "common/tables/record_rows.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "common/record/calendar.h"
#include "common/record/country.h"
#include "common/record/kinds.h"
#include "common/record/searchable.h"
#include "common/text/language.h"

namespace cairn {
namespace {

using google::protobuf::RepeatedPtrField;
using google::protobuf::Timestamp;

// PostgreSQL's text holds no U+0000; nobody reads one either.
TableValue Required(absl::string_view text) {
  if (text.find('\0') == absl::string_view::npos) return std::string(text);
  return absl::StrReplaceAll(text, {{absl::string_view("\0", 1), "\xEF\xBF\xBD"}});
}
TableValue Text(absl::string_view text) { return text.empty() ? TableValue() : Required(text); }
TableValue OrElse(absl::string_view text, absl::string_view otherwise) {
  return Required(text.empty() ? otherwise : text);
}
TableValue Known(int64_t number) { return number == 0 ? TableValue() : TableValue(number); }
TableValue Real(bool present, double value) {
  return present && std::isfinite(value) ? TableValue(value) : TableValue();
}
TableValue CountryNameOf(absl::string_view code) {
  return IsCountry(code) ? TableValue(CountryName(code)) : Text(code);
}

TableValue Day(absl::CivilDay day) { return absl::FormatCivilTime(day); }
TableValue Date(absl::string_view text) {
  const absl::StatusOr<absl::CivilDay> day = ParseDate(text);
  return day.ok() ? Day(*day) : TableValue();
}
// Years that every database can hold.
bool InRange(absl::Time time) {
  return time >= absl::FromCivil(absl::CivilDay(1, 1, 1), absl::UTCTimeZone()) &&
         time < absl::FromCivil(absl::CivilDay(10'000, 1, 1), absl::UTCTimeZone());
}
TableValue Moment(absl::Time time) {
  if (!InRange(time)) return {};
  return absl::FormatTime("%E4Y-%m-%d %H:%M:%S", time, absl::UTCTimeZone());
}
absl::Time At(const Timestamp& at) { return absl::FromUnixSeconds(at.seconds()); }
TableValue Moment(bool present, const Timestamp& at) { return present ? Moment(At(at)) : TableValue(); }
TableValue DayOf(bool present, const Timestamp& at) {
  if (!present || !InRange(At(at))) return {};
  return Day(absl::ToCivilDay(At(at), absl::UTCTimeZone()));
}

// Writes down the rows of one record; every kind of body has an overload of Add.
class RowMaker {
 public:
  explicit RowMaker(const v1::DirectoryRecord& directory_record)
      : view_(directory_record), record_(directory_record.record()), id_(Required(record_.id())) {}

  std::vector<TableRow> Rows() {
    if (KindOf(record_) == v1::RECORD_KIND_UNSPECIFIED) return {};
    AddCommon();
    VisitBody(record_, [this](const auto& body) { Add(body); });
    return std::move(rows_);
  }

 private:
  // Ids of `DirectoryTables`, first the key, then `values`.
  template <typename... Values>
  TableRow& Row(TableId table, Values&&... values) {
    TableRow& row = rows_.emplace_back();
    row.table = table;
    row.values.reserve(TableOf(table).columns.size());
    row.values.push_back(id_);
    row.values.push_back(Required(view_.partner()));
    (row.values.emplace_back(std::forward<Values>(values)), ...);
    return row;
  }
  // A row of a table that has a kind's records: ends with what all records have.
  template <typename... Values>
  void KindRow(TableId table, Values&&... values) {
    TableRow& row = Row(table, std::forward<Values>(values)...);
    row.values.insert(row.values.end(),
                      {Required(view_.audience()), Text(record_.language()), UpdatedAt(), VerifiedAt(), VerifyDueOn()});
  }
  TableValue UpdatedAt() const { return Moment(record_.has_updated_at(), record_.updated_at()); }
  TableValue VerifiedAt() const { return Moment(record_.has_verified_at(), record_.verified_at()); }
  TableValue VerifyDueOn() const { return DayOf(view_.has_verify_due_at(), view_.verify_due_at()); }

  void AddCommon();
  void AddTerms(const TableValue& kind);
  void AddPhones(const RepeatedPtrField<v1::Phone>& phones, absl::string_view location_id);
  void AddSchedules(const RepeatedPtrField<v1::Schedule>& schedules, absl::string_view location_id);
  void Add(const v1::Organization& o);
  void Add(const v1::Service& s);
  void Add(const v1::Location& l);
  void Add(const v1::Training& t);
  void AddSession(int64_t n, const v1::Training& t, const v1::TrainingSession& s);
  void Add(const v1::Resource& r);
  void Add(const v1::Assessment& a);
  void Add(const v1::Commitment& c);

  const v1::DirectoryRecord& view_;
  const v1::Record& record_;
  const TableValue id_;
  std::vector<TableRow> rows_;
  int64_t phones_ = 0;
  int64_t schedules_ = 0;
};

void RowMaker::AddCommon() {
  const TableValue kind = std::string(KindName(KindOf(record_)));
  Row(TableId::kRecord, kind, Required(DisplayName(record_)), Required(view_.audience()), Text(record_.language()),
      UpdatedAt(), VerifiedAt(), Text(record_.verified_by()), VerifyDueOn());
  int64_t n = 0;
  for (const std::string& country : CountriesOf(record_)) {
    Row(TableId::kRecordCountry, kind, n++, Required(country), CountryNameOf(country));
  }
  n = 0;
  for (const std::string& language : LanguagesOf(record_)) {
    Row(TableId::kRecordLanguage, kind, n++, Required(language), Text(LanguageName(language)));
  }
  AddTerms(kind);
}

void RowMaker::AddTerms(const TableValue& kind) {
  int64_t n = 0;
  for (const std::string& key : TermKeysOf(record_)) {
    const size_t colon = key.rfind(':');
    if (colon == std::string::npos) continue;
    const auto term = std::find_if(record_.terms().begin(), record_.terms().end(),
                                   [&](const v1::TaxonomyTerm& each) { return TermKey(each) == key; });
    Row(TableId::kTerm, kind, n++, Text(key.substr(0, colon)), Required(key.substr(colon + 1)),
        term == record_.terms().end() ? TableValue() : Text(term->name()));
  }
}

void RowMaker::AddPhones(const RepeatedPtrField<v1::Phone>& phones, absl::string_view location_id) {
  for (const v1::Phone& p : phones) {
    Row(TableId::kServicePhone, phones_++, Text(location_id), Required(p.number()), Text(p.country()), p.short_code(),
        Text(p.extension()), OrElse(p.type(), "voice"), Text(p.description()));
  }
}

void RowMaker::AddSchedules(const RepeatedPtrField<v1::Schedule>& schedules, absl::string_view location_id) {
  for (const v1::Schedule& s : schedules) {
    Row(TableId::kServiceSchedule, schedules_++, Text(location_id), Date(s.valid_from()), Date(s.valid_to()),
        Date(s.dtstart()), Text(s.byday()), Text(RecurrenceRule(s)), Text(s.opens_at()), Text(s.closes_at()),
        Text(s.time_zone()), Text(s.description()));
  }
}

void RowMaker::Add(const v1::Organization& o) {
  KindRow(TableId::kOrganization, Required(o.name()), Text(o.alternate_name()), Text(o.description()), Text(o.role()),
          Text(o.parent_organization_id()), Text(o.email()), Text(o.website()),
          Text(o.phones().empty() ? "" : o.phones(0).number()), Known(o.year_incorporated()));
}

void RowMaker::Add(const v1::Service& s) {
  KindRow(TableId::kService, Text(s.organization_id()), Required(s.name()), Text(s.alternate_name()),
          Text(s.description()), Text(s.status()), Text(s.email()), Text(s.url()),
          Real(s.has_minimum_age(), s.minimum_age()), Real(s.has_maximum_age(), s.maximum_age()),
          Text(s.eligibility_description()), Text(s.fees_description()));
  AddPhones(s.phones(), "");
  for (const v1::ServiceAtLocation& at : s.service_at_locations()) AddPhones(at.phones(), at.location_id());
  int64_t n = 0;
  for (const v1::Language& language : s.languages()) {
    Row(TableId::kServiceLanguage, n++, Text(language.code()),
        Text(language.code().empty() ? language.name() : LanguageName(language.code())), Text(language.note()));
  }
  AddSchedules(s.schedules(), "");
  for (const v1::ServiceAtLocation& at : s.service_at_locations()) AddSchedules(at.schedules(), at.location_id());
  n = 0;
  for (const v1::ServiceAtLocation& at : s.service_at_locations()) {
    Row(TableId::kServiceAtLocation, n++, Required(at.location_id()), Text(at.description()));
  }
}

void RowMaker::Add(const v1::Location& l) {
  const v1::Address& a = l.addresses().empty() ? v1::Address::default_instance() : l.addresses(0);
  KindRow(TableId::kLocation, Text(l.organization_id()), Text(l.location_type()), Text(l.name()), Text(l.description()),
          Real(l.has_latitude(), l.latitude()), Real(l.has_longitude(), l.longitude()), Text(a.address_1()),
          Text(a.city()), Text(a.postal_code()), Text(a.state_province()), Text(a.country()),
          CountryNameOf(a.country()));
}

// Free: every price that is known is nought.
TableValue IsFree(const v1::Training& t) {
  if (t.prices().empty()) return {};
  bool all = true;
  for (const v1::CostOption& price : t.prices()) {
    double amount = 0;
    if (!absl::SimpleAtod(price.amount(), &amount)) return {};
    all &= amount == 0;
  }
  return all;
}

std::string PricesOf(const v1::Training& t) {
  std::vector<std::string> parts;
  for (const v1::CostOption& price : t.prices()) {
    std::string part = price.amount().empty() ? price.amount_description() : price.amount();
    if (!price.currency().empty()) absl::StrAppend(&part, " ", price.currency());
    if (!price.option().empty()) absl::StrAppend(&part, " (", price.option(), ")");
    parts.push_back(std::move(part));
  }
  return absl::StrJoin(parts, "; ");
}

void RowMaker::Add(const v1::Training& t) {
  KindRow(TableId::kTraining, Text(t.provider_id()), Required(t.name()), Text(t.description()), Text(t.mode()),
          Text(absl::StrJoin(t.audience(), ", ")), IsFree(t), Text(PricesOf(t)), Known(t.duration_minutes()),
          Text(t.url()), Text(t.email()));
  for (int i = 0; i < t.sessions_size(); ++i) AddSession(i, t, t.sessions(i));
}

// The local day of a session's start or end.
TableValue DayOfMoment(absl::string_view local) {
  const absl::StatusOr<LocalMoment> moment = ParseLocalMoment(local);
  return moment.ok() ? Day(absl::CivilDay(moment->time)) : TableValue();
}

// In UTC, when the day has a time and the zone is known.
TableValue MomentOfLocal(absl::string_view local, absl::string_view time_zone) {
  const absl::StatusOr<LocalMoment> moment = ParseLocalMoment(local);
  if (!moment.ok() || moment->date_only || time_zone.empty()) return {};
  const std::optional<absl::Time> time = ToTime(local, time_zone);
  return time.has_value() ? Moment(*time) : TableValue();
}

void RowMaker::AddSession(int64_t n, const v1::Training& t, const v1::TrainingSession& s) {
  Row(TableId::kTrainingSession, n, Text(s.id()), Text(s.name()), DayOfMoment(s.start()), DayOfMoment(s.end()),
      MomentOfLocal(s.start(), s.time_zone()), MomentOfLocal(s.end(), s.time_zone()), Text(s.time_zone()),
      Text(s.mode().empty() ? t.mode() : s.mode()), OrElse(s.status(), "scheduled"), Text(s.place()),
      Text(s.location_id()), Text(s.country()), CountryNameOf(s.country()), Known(s.capacity()),
      Text(s.registration_url()));
}

void RowMaker::Add(const v1::Resource& r) {
  KindRow(TableId::kResource, Text(r.publisher_id()), Required(r.name()), Text(r.description()),
          Text(r.resource_type()), Text(r.url()), Text(r.license()), Known(r.year()));
}

void RowMaker::Add(const v1::Assessment& a) {
  KindRow(TableId::kAssessment, Text(a.service_id()), Text(a.assessor_id()), Required(a.name()), Text(a.criterion()),
          Text(a.method()), Date(a.period_start()), Date(a.period_end()), Real(a.has_score(), a.score()),
          Text(a.result()), Text(a.url()));
}

void RowMaker::Add(const v1::Commitment& c) {
  KindRow(TableId::kCommitment, Text(c.organization_id()), Required(c.name()), Text(c.target()), Text(c.action()),
          OrElse(c.status(), "planned"), Date(c.pledged_on()), Date(c.due()), Text(c.url()));
  int64_t n = 0;
  for (const v1::ProgressReport& report : c.reports()) {
    Row(TableId::kProgressReport, n++, Date(report.due()), Date(report.submitted()), Text(report.text()),
        Text(report.url()));
  }
}

}  // namespace

std::vector<TableRow> RowsOf(const v1::DirectoryRecord& record) { return RowMaker(record).Rows(); }

TableRow RowOf(const v1::PartnerSummary& partner) {
  return {TableId::kPartner,
          {Required(partner.id()), Text(partner.name()), Text(partner.country()), CountryNameOf(partner.country()),
           Text(partner.role()), Text(partner.status()), Moment(partner.has_as_of(), partner.as_of())}};
}

}  // namespace cairn
