#include "client/cli/record_view.h"

#include <google/protobuf/descriptor.h>

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "client/cli/text_width.h"
#include "client/cli/wording.h"
#include "common/record/country.h"
#include "common/record/ids.h"
#include "common/record/kinds.h"
#include "common/record/phone.h"
#include "common/text/language.h"

namespace cairn {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr size_t label_columns = 25;  // the longest, "Organization identifiers", and a space

std::string DayName(absl::string_view rule_day) {
  static constexpr std::pair<absl::string_view, absl::string_view> names[] = {
      {"MO", "Mon"}, {"TU", "Tue"}, {"WE", "Wed"}, {"TH", "Thu"}, {"FR", "Fri"}, {"SA", "Sat"}, {"SU", "Sun"}};
  for (const auto& [code, name] : names) {
    if (rule_day == code) return std::string(name);
  }
  return std::string(rule_day);
}

std::string LanguageText(const v1::Language& language) {
  std::string text = language.code().empty() ? language.name() : LanguageName(language.code());
  if (!language.note().empty()) absl::StrAppend(&text, " (", language.note(), ")");
  return text;
}

std::string CostText(const v1::CostOption& cost) {
  std::string text;
  if (!cost.amount().empty()) text = cost.amount() == "0" ? "free" : absl::StrCat(cost.amount(), " ", cost.currency());
  for (const std::string* more : {&cost.amount_description(), &cost.option()}) {
    if (!more->empty()) absl::StrAppend(&text, text.empty() ? "" : ", ", *more);
  }
  return text;
}

std::string TermText(const v1::TaxonomyTerm& term) {
  const std::string& name = term.name().empty() ? term.code() : term.name();
  return term.taxonomy().empty() ? name : absl::StrCat(name, " (", term.taxonomy(), ":", term.code(), ")");
}

std::string SessionText(const v1::TrainingSession& session) {
  const auto moment = [](std::string text) { return absl::StrReplaceAll(text, {{"T", " "}}); };
  std::string text = moment(session.start());
  if (!session.end().empty()) absl::StrAppend(&text, " to ", moment(session.end()));
  if (!session.time_zone().empty()) absl::StrAppend(&text, " (", session.time_zone(), ")");
  for (const std::string* part : {&session.name(), &session.place(), &session.country(), &session.mode(),
                                  &session.status(), &session.registration_url()}) {
    if (!part->empty()) absl::StrAppend(&text, ", ", *part);
  }
  return text;
}

std::string AddressText(const v1::Address& address) {
  std::vector<std::string> parts;
  const std::string city = absl::StrJoin(std::vector<std::string>{address.postal_code(), address.city()}, " ",
                                         [](std::string* out, const std::string& part) { absl::StrAppend(out, part); });
  for (const std::string& part :
       {address.attention(), address.address_1(), address.address_2(), std::string(absl::StripAsciiWhitespace(city)),
        address.state_province(), address.country().empty() ? "" : CountryName(address.country())}) {
    if (!part.empty()) parts.push_back(part);
  }
  return absl::StrJoin(parts, ", ");
}

// The fields of a message in one line, for messages that have no form of their own.
std::string FieldsText(const Message& message) {
  std::vector<std::string> parts;
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->is_repeated() || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING || field->name() == "id") continue;
    parts.push_back(message.GetReflection()->GetString(message, field));
  }
  return absl::StrJoin(parts, ", ");
}

std::string MessageText(const Message& message) {
  const auto* type = message.GetDescriptor();
  if (type == v1::Phone::descriptor()) return PhoneText(static_cast<const v1::Phone&>(message));
  if (type == v1::Schedule::descriptor()) return ScheduleText(static_cast<const v1::Schedule&>(message));
  if (type == v1::Language::descriptor()) return LanguageText(static_cast<const v1::Language&>(message));
  if (type == v1::CostOption::descriptor()) return CostText(static_cast<const v1::CostOption&>(message));
  if (type == v1::TrainingSession::descriptor()) return SessionText(static_cast<const v1::TrainingSession&>(message));
  if (type == v1::Address::descriptor()) return AddressText(static_cast<const v1::Address&>(message));
  if (type == v1::TaxonomyTerm::descriptor()) return TermText(static_cast<const v1::TaxonomyTerm&>(message));
  return FieldsText(message);
}

std::string NumberText(const Message& message, const FieldDescriptor* field) {
  const auto* r = message.GetReflection();
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) return absl::StrCat(r->GetDouble(message, field));
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_UINT32) return absl::StrCat(r->GetUInt32(message, field));
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) return r->GetBool(message, field) ? "yes" : "no";
  return "";
}

// "organization_id" → "Organization".
std::string LabelOf(absl::string_view field) {
  for (const absl::string_view suffix : {"_ids", "_id"}) {
    if (absl::EndsWith(field, suffix)) field.remove_suffix(suffix.size());
  }
  if (field == "url") return "URL";
  std::string label = absl::StrReplaceAll(field, {{"_", " "}});
  if (!label.empty()) label[0] = absl::ascii_toupper(label[0]);
  return label;
}

class RecordPrinter {
 public:
  RecordPrinter(std::ostream& out, const RecordViewOptions& options) : out_(out), options_(options) {}

  // A label and its text, wrapped beside it.
  void Line(absl::string_view label, absl::string_view text) {
    if (text.empty()) return;
    const size_t indent = label_columns + 2;
    const size_t room = options_.columns > indent + 20 ? options_.columns - indent : 20;
    std::string head = PadTo(CutTo(label, label_columns - 1), label_columns);
    for (const std::string& line : Wrap(text, room)) {
      out_ << "  " << options_.style.Quiet(head) << line << "\n";
      head = std::string(label_columns, ' ');
    }
  }

  // Every field of the body that is set, in the order of the protocol; the name was shown before.
  void Body(const Message& body) {
    std::vector<const FieldDescriptor*> fields;
    body.GetReflection()->ListFields(body, &fields);
    for (const FieldDescriptor* field : fields) {
      if (field->name() == "name" || field->name() == "extra") continue;
      if (field->is_repeated()) {
        Repeated(body, field);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        Line(LabelOf(field->name()), TextOf(field, body.GetReflection()->GetString(body, field)));
      } else {
        Line(LabelOf(field->name()), NumberText(body, field));
      }
    }
  }

 private:
  std::string TextOf(const FieldDescriptor* field, const std::string& text) const {
    const bool refers = absl::EndsWith(field->name(), "_id") || absl::EndsWith(field->name(), "_ids");
    if (field->name() == "languages") return LanguageName(text);
    if (!refers || !options_.name_of) return text;
    const std::string name = options_.name_of(text);
    return name.empty() ? text : absl::StrCat(name, "  ", text);
  }

  void Repeated(const Message& body, const FieldDescriptor* field) {
    const auto* r = body.GetReflection();
    std::string label = LabelOf(field->name());
    for (int i = 0; i < r->FieldSize(body, field); ++i) {
      const std::string text = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE
                                   ? MessageText(r->GetRepeatedMessage(body, field, i))
                                   : TextOf(field, r->GetRepeatedString(body, field, i));
      Line(label, text);
      if (!text.empty()) label.clear();
    }
  }

  std::ostream& out_;
  const RecordViewOptions& options_;
};

void PrintOrigin(RecordPrinter* printer, const v1::DirectoryRecord& shown, absl::Time now) {
  const v1::Record& record = shown.record();
  printer->Line(
      "Published by",
      absl::StrCat(
          shown.partner(), " to ",
          shown.merged_audiences().empty() ? shown.audience() : absl::StrJoin(shown.merged_audiences(), " and "),
          ", change ", shown.seq(),
          record.has_updated_at() ? absl::StrCat(", ", AgeText(FromProto(record.updated_at()), now)) : ""));
  if (!shown.partner_status().empty()) {
    printer->Line("Partner",
                  absl::StrCat(shown.partner_status(), ": this stands as it left it; nobody updates it now"));
  }
  if (!record.verified_by().empty()) {
    printer->Line("Verified by", absl::StrCat(record.verified_by(), " on ", DateText(FromProto(record.verified_at()))));
  }
  if (shown.has_verify_due_at()) printer->Line("Verify again by", DateText(FromProto(shown.verify_due_at())));
  printer->Line("Id", record.id());
  printer->Line("Owner's own id", record.source_id());
}

}  // namespace

std::string PhoneText(const v1::Phone& phone) {
  std::string text = PhoneAsDialled(phone, "");
  if (phone.short_code() && !phone.country().empty()) {
    absl::StrAppend(&text, " (in ", CountryName(phone.country()), ")");
  }
  if (!phone.type().empty() && phone.type() != "voice") absl::StrAppend(&text, ", ", phone.type());
  if (!phone.description().empty()) absl::StrAppend(&text, ", ", phone.description());
  return text;
}

std::string ScheduleText(const v1::Schedule& schedule) {
  std::vector<std::string> parts;
  if (!schedule.byday().empty()) {
    std::vector<std::string> days;
    for (const absl::string_view day : absl::StrSplit(schedule.byday(), ',')) days.push_back(DayName(day));
    parts.push_back(absl::StrJoin(days, ", "));
  } else if (schedule.freq() == "DAILY") {
    parts.emplace_back("every day");
  } else if (!schedule.dtstart().empty() && schedule.freq().empty()) {
    parts.push_back(schedule.dtstart());
  }
  if (!schedule.opens_at().empty() || !schedule.closes_at().empty()) {
    parts.push_back(absl::StrCat(schedule.opens_at(), "-", schedule.closes_at()));
  } else if (!parts.empty()) {
    parts.emplace_back("all day");
  }
  std::string text = absl::StrJoin(parts, " ");
  if (!text.empty() && !schedule.time_zone().empty()) absl::StrAppend(&text, " (", schedule.time_zone(), ")");
  if (!schedule.description().empty()) absl::StrAppend(&text, text.empty() ? "" : "; ", schedule.description());
  return text;
}

std::string Provenance(const v1::DirectoryRecord& record) {
  std::string text(KindName(record.kind()));
  if (record.record().countries_size() > 0) {
    const auto& countries = record.record().countries();
    const int shown = std::min(countries.size(), 3);
    absl::StrAppend(&text, " · ", absl::StrJoin(countries.begin(), countries.begin() + shown, ", "));
    if (countries.size() > shown) absl::StrAppend(&text, " and ", countries.size() - shown, " more");
  }
  return absl::StrCat(text, " · ", record.partner());
}

void PrintRecord(std::ostream& out, const v1::DirectoryRecord& shown, const RecordViewOptions& options) {
  const v1::Record& record = shown.record();
  const Badge badge = FreshnessOf(shown, options.now);
  for (const std::string& line : Wrap(DisplayName(record), options.columns)) {
    out << options.style.Strong(line) << "\n";
  }
  out << Printable(Provenance(shown)) << " · " << options.style.Paint(badge.tone, badge.text) << "\n\n";
  RecordPrinter printer(out, options);
  if (const Message* body = BodyOf(record)) printer.Body(*body);
  std::vector<std::string> terms;
  for (const v1::TaxonomyTerm& term : record.terms()) terms.push_back(TermText(term));
  printer.Line("Terms", absl::StrJoin(terms, ", "));
  if (!record.language().empty()) printer.Line("Written in", LanguageName(record.language()));
  std::vector<std::string> translations;
  for (const v1::Translation& t : record.translations()) translations.push_back(LanguageName(t.language()));
  printer.Line("Translated to", absl::StrJoin(translations, ", "));
  out << "\n";
  PrintOrigin(&printer, shown, options.now);
}

}  // namespace cairn
