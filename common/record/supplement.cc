#include "common/record/supplement.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/errors.h"
#include "common/record/kinds.h"

namespace cairn {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Path = std::vector<std::string>;

int RankOf(absl::string_view audience) {
  if (audience == audience_public) return 0;
  return audience == audience_consortium ? 1 : 2;
}

// --- the body, whatever its kind

const FieldDescriptor* BodyField(const v1::Record& record) {
  const Descriptor* descriptor = v1::Record::descriptor();
  return record.GetReflection()->GetOneofFieldDescriptor(record, descriptor->FindOneofByName("body"));
}

const FieldDescriptor* BodyFieldOf(absl::string_view kind) {
  const FieldDescriptor* field = v1::Record::descriptor()->FindFieldByName(std::string(kind));
  return field != nullptr && field->containing_oneof() != nullptr ? field : nullptr;
}

const Message& BodyOf(const v1::Record& record, const FieldDescriptor* field) {
  return record.GetReflection()->GetMessage(record, field);
}

Message* MutableBody(v1::Record* record, const FieldDescriptor* field) {
  return record->GetReflection()->MutableMessage(record, field);
}

bool HasField(const Message& message, const FieldDescriptor* field) {
  const Reflection* reflection = message.GetReflection();
  return field->is_repeated() ? reflection->FieldSize(message, field) > 0 : reflection->HasField(message, field);
}

std::vector<const FieldDescriptor*> FieldsSet(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  return fields;
}

std::unique_ptr<Message> Copy(const Message& message) {
  std::unique_ptr<Message> copy(message.New());
  copy->CopyFrom(message);
  return copy;
}

// Sets one field of `to` as it is in `from`, which has it.
void CopyField(const Message& from, const FieldDescriptor* field, Message* to) {
  const std::unique_ptr<Message> only = Copy(from);
  for (const FieldDescriptor* other : FieldsSet(*only)) {
    if (other != field) only->GetReflection()->ClearField(only.get(), other);
  }
  to->GetReflection()->ClearField(to, field);
  to->MergeFrom(*only);
}

void Overlay(const Message& over, Message* under) {
  for (const FieldDescriptor* field : FieldsSet(over)) {
    const bool single_message = !field->is_repeated() && field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (single_message && HasField(*under, field)) {
      Overlay(over.GetReflection()->GetMessage(over, field), under->GetReflection()->MutableMessage(under, field));
    } else {
      CopyField(over, field, under);
    }
  }
}

// --- translations

// "sessions[1].name" -> {"sessions", "name"}.
Path StepsOf(absl::string_view text_path) {
  Path steps;
  for (absl::string_view step : absl::StrSplit(text_path, '.')) steps.emplace_back(step.substr(0, step.find('[')));
  return steps;
}

bool BeginsWith(const Path& path, const Path& prefix) {
  return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

v1::Translation* TranslationInto(v1::Record* record, const std::string& language) {
  for (v1::Translation& translation : *record->mutable_translations()) {
    if (translation.language() == language) return &translation;
  }
  v1::Translation* added = record->add_translations();
  added->set_language(language);
  return added;
}

void DropEmptyTranslations(v1::Record* record) {
  auto* all = record->mutable_translations();
  all->erase(std::remove_if(all->begin(), all->end(), [](const auto& t) { return t.texts().empty(); }), all->end());
}

// Texts whose path begins with one of `prefixes`: removed from `from` and, with `to`, put there.
void MoveTranslations(const std::vector<Path>& prefixes, bool copy_only, v1::Record* from, v1::Record* to) {
  for (v1::Translation& translation : *from->mutable_translations()) {
    std::vector<std::string> moved;
    for (const auto& [path, text] : translation.texts()) {
      const Path steps = StepsOf(path);
      const bool meant =
          std::any_of(prefixes.begin(), prefixes.end(), [&](const Path& p) { return BeginsWith(steps, p); });
      if (meant) moved.push_back(path);
    }
    for (const std::string& path : moved) {
      if (to != nullptr)
        (*TranslationInto(to, translation.language())->mutable_texts())[path] = translation.texts().at(path);
      if (!copy_only) translation.mutable_texts()->erase(path);
    }
  }
  DropEmptyTranslations(from);
}

void MergeTranslations(const v1::Record& supplement, const FieldDescriptor* body, v1::Record* merged) {
  std::vector<Path> replaced;
  for (const FieldDescriptor* field : FieldsSet(BodyOf(supplement, body))) replaced.push_back({field->name()});
  MoveTranslations(replaced, /*copy_only=*/false, merged, nullptr);
  for (const v1::Translation& translation : supplement.translations()) {
    v1::Translation* into = TranslationInto(merged, translation.language());
    for (const auto& [path, text] : translation.texts()) (*into->mutable_texts())[path] = text;
  }
}

bool Earlier(const google::protobuf::Timestamp& a, const google::protobuf::Timestamp& b) {
  return std::tuple(a.seconds(), a.nanos()) < std::tuple(b.seconds(), b.nanos());
}

void MergeTimes(const v1::Record& supplement, v1::Record* merged) {
  if (Earlier(merged->updated_at(), supplement.updated_at())) *merged->mutable_updated_at() = supplement.updated_at();
  if (!supplement.has_verified_at() || !merged->has_verified_at()) return;
  if (Earlier(supplement.verified_at(), merged->verified_at())) {
    *merged->mutable_verified_at() = supplement.verified_at();
    merged->set_verified_by(supplement.verified_by());
  }
}

// --- redaction

// {"location", "addresses", "address_1"}; a last "*" is left out, since it says the same.
Path RuleSteps(const RedactionRule& rule) {
  Path steps = absl::StrSplit(rule.path, '.');
  if (steps.size() > 2 && steps.back() == "*") steps.pop_back();
  return steps;
}

bool IsEmpty(const Message& message) { return FieldsSet(message).empty(); }

bool ClearBelow(Message* message, absl::Span<const std::string> steps);

// Clears the rest of the path in every element; elements of which nothing is left go.
bool ClearInElements(Message* message, const FieldDescriptor* field, absl::Span<const std::string> rest) {
  const Reflection* reflection = message->GetReflection();
  bool any = false;
  for (int i = reflection->FieldSize(*message, field) - 1; i >= 0; --i) {
    Message* element = reflection->MutableRepeatedMessage(message, field, i);
    if (!ClearBelow(element, rest)) continue;
    any = true;
    if (!IsEmpty(*element)) continue;
    for (int at = i; at + 1 < reflection->FieldSize(*message, field); ++at) {
      reflection->SwapElements(message, field, at, at + 1);
    }
    reflection->RemoveLast(message, field);
  }
  return any;
}

// Clears what `steps` name below `message`, and `extra` beside it. Returns whether there was anything.
bool ClearBelow(Message* message, absl::Span<const std::string> steps) {
  const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(steps.front());
  if (field == nullptr || !HasField(*message, field)) return false;
  const Reflection* reflection = message->GetReflection();
  bool any = true;
  if (steps.size() == 1) {
    reflection->ClearField(message, field);
  } else if (field->is_repeated()) {
    any = ClearInElements(message, field, steps.subspan(1));
  } else {
    any = ClearBelow(reflection->MutableMessage(message, field), steps.subspan(1));
  }
  const FieldDescriptor* extra = message->GetDescriptor()->FindFieldByName("extra");
  if (any && extra != nullptr) reflection->ClearField(message, extra);
  return any;
}

bool HasBelow(const Message& message, absl::Span<const std::string> steps) {
  return ClearBelow(Copy(message).get(), steps);
}

v1::Record EmptySupplement(const v1::Record& record, const FieldDescriptor* body) {
  v1::Record supplement;
  supplement.set_id(record.id());
  supplement.set_source_id(record.source_id());
  supplement.set_language(record.language());
  *supplement.mutable_updated_at() = record.updated_at();
  if (record.has_verified_at()) *supplement.mutable_verified_at() = record.verified_at();
  supplement.set_verified_by(record.verified_by());
  supplement.set_verify_every_days(record.verify_every_days());
  supplement.set_supplement(true);
  MutableBody(&supplement, body);
  return supplement;
}

}  // namespace

bool AudienceBefore(absl::string_view a, absl::string_view b) {
  return std::tuple(RankOf(a), a) < std::tuple(RankOf(b), b);
}

bool IsCircle(absl::string_view audience) { return absl::StartsWith(audience, audience_circle_prefix); }

bool LacksConsortium(absl::Span<const std::string> audiences) {
  return std::any_of(audiences.begin(), audiences.end(), IsCircle) &&
         std::find(audiences.begin(), audiences.end(), audience_consortium) == audiences.end();
}

bool IsWiderAudience(absl::string_view a, absl::string_view b) { return RankOf(a) < RankOf(b); }

v1::Record MergeSupplement(const v1::Record& base, const v1::Record& supplement) {
  v1::Record merged = base;
  const FieldDescriptor* body = BodyField(base);
  if (body == nullptr || body != BodyField(supplement)) return merged;
  MergeTranslations(supplement, body, &merged);
  Overlay(BodyOf(supplement, body), MutableBody(&merged, body));
  for (const char* name : {"terms", "countries", "extra"}) {
    const FieldDescriptor* field = v1::Record::descriptor()->FindFieldByName(name);
    if (HasField(supplement, field)) CopyField(supplement, field, &merged);
  }
  MergeTimes(supplement, &merged);
  return merged;
}

std::vector<std::string> FieldsOf(const v1::Record& record) {
  std::vector<std::string> paths;
  for (const char* name : {"translations", "terms", "countries", "extra"}) {
    if (HasField(record, v1::Record::descriptor()->FindFieldByName(name))) paths.push_back(name);
  }
  const FieldDescriptor* body = BodyField(record);
  if (body == nullptr) return paths;
  for (const FieldDescriptor* field : FieldsSet(BodyOf(record, body))) {
    paths.push_back(absl::StrCat(body->name(), ".", field->name()));
  }
  return paths;
}

absl::Status CheckRedactionRule(const RedactionRule& rule) {
  const auto refuse = [&](absl::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat("redaction of ", Quoted(rule.path), " to ", Quoted(rule.audience), ": ", why));
  };
  if (rule.audience != audience_consortium && !(absl::StartsWith(rule.audience, audience_circle_prefix) &&
                                                rule.audience.size() > audience_circle_prefix.size())) {
    return refuse("write \"consortium\" or \"circle:NAME\" as the audience");
  }
  const Path steps = RuleSteps(rule);
  const FieldDescriptor* body = BodyFieldOf(steps.front());
  if (body == nullptr) {
    return refuse("begin with a kind, such as \"location.addresses.address_1\" or \"service.phones\"");
  }
  if (steps.size() < 2 || steps[1] == "*") return refuse("name a field; to keep a whole record back, publish it there");
  const Descriptor* at = body->message_type();
  for (size_t i = 1; i < steps.size(); ++i) {
    const FieldDescriptor* field = at == nullptr ? nullptr : at->FindFieldByName(steps[i]);
    if (field == nullptr || field->is_map()) {
      return refuse(absl::StrCat(Quoted(steps[i]), " is no field of ",
                                 at == nullptr ? "a text or number" : absl::AsciiStrToLower(at->name()),
                                 "; `cairn get ID --json` shows how fields are called"));
    }
    at = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE ? field->message_type() : nullptr;
  }
  return absl::OkStatus();
}

Redactor::Redactor(std::vector<RedactionRule> rules) : rules_(std::move(rules)) {
  std::stable_sort(rules_.begin(), rules_.end(), [](const RedactionRule& a, const RedactionRule& b) {
    return AudienceBefore(a.audience, b.audience);
  });
}

std::vector<std::string> Redactor::AudiencesOf(v1::RecordKind kind, absl::string_view audience) const {
  std::vector<std::string> audiences;
  for (const RedactionRule& rule : rules_) {
    if (RuleSteps(rule).front() != KindName(kind) || !IsWiderAudience(audience, rule.audience)) continue;
    if (audiences.empty() || audiences.back() != rule.audience) audiences.push_back(rule.audience);
  }
  return audiences;
}

std::map<std::string, v1::Record> Redactor::Split(v1::Record* record, absl::string_view audience) const {
  std::map<std::string, v1::Record> supplements;
  const FieldDescriptor* body = BodyField(*record);
  if (body == nullptr) return supplements;
  const v1::Record whole = *record;
  for (const std::string& narrower : AudiencesOf(KindOf(whole), audience)) {
    supplements[narrower] = EmptySupplement(whole, body);
  }
  for (const RedactionRule& rule : rules_) {
    const Path steps = RuleSteps(rule);
    if (steps.front() != body->name() || !IsWiderAudience(audience, rule.audience)) continue;
    const Path below(steps.begin() + 1, steps.end());
    if (!HasBelow(BodyOf(whole, body), below)) continue;
    v1::Record& supplement = supplements.at(rule.audience);
    const FieldDescriptor* field = body->message_type()->FindFieldByName(below.front());
    CopyField(BodyOf(whole, body), field, MutableBody(&supplement, body));
    v1::Record copy = whole;
    MoveTranslations({Path{below.front()}}, /*copy_only=*/true, &copy, &supplement);
    ClearBelow(MutableBody(record, body), below);
    MoveTranslations({below}, /*copy_only=*/false, record, nullptr);
    // What is kept for others, narrower ones or other circles, must not come along inside a repeated field.
    for (const RedactionRule& other : rules_) {
      const Path others = RuleSteps(other);
      if (others.front() != body->name() || other.audience == rule.audience ||
          IsWiderAudience(other.audience, rule.audience)) {
        continue;
      }
      const Path other_below(others.begin() + 1, others.end());
      ClearBelow(MutableBody(&supplement, body), other_below);
      MoveTranslations({other_below}, /*copy_only=*/false, &supplement, nullptr);
    }
  }
  return supplements;
}

bool Redactor::Governs(v1::RecordKind kind, absl::string_view audience, absl::string_view body_field) const {
  return std::any_of(rules_.begin(), rules_.end(), [&](const RedactionRule& rule) {
    const Path steps = RuleSteps(rule);
    return rule.audience == audience && steps.front() == KindName(kind) && steps[1] == body_field;
  });
}

void KeepOtherHand(const Redactor& redactor, absl::string_view audience, bool governed, const v1::Record& held,
                   v1::Record* fresh) {
  const FieldDescriptor* body = BodyField(held);
  if (body == nullptr || body != BodyField(*fresh)) return;
  std::vector<Path> kept;
  for (const FieldDescriptor* field : FieldsSet(BodyOf(held, body))) {
    if (redactor.Governs(KindOf(held), audience, field->name()) != governed) continue;
    if (HasField(BodyOf(*fresh, body), field)) continue;
    CopyField(BodyOf(held, body), field, MutableBody(fresh, body));
    kept.push_back({field->name()});
  }
  if (kept.empty()) return;
  v1::Record copy = held;
  MoveTranslations(kept, /*copy_only=*/true, &copy, fresh);
}

bool IsEmptySupplement(const v1::Record& supplement) {
  const FieldDescriptor* body = BodyField(supplement);
  return body == nullptr || IsEmpty(BodyOf(supplement, body));
}

}  // namespace cairn
