// Supplements: one record published to several audiences. The widest audience has the record; narrower ones have
// supplements of it (Record.supplement), which hold only the fields that they add or replace. Whoever may read several
// sees them laid over each other in the order of AudienceBefore.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cairn/v1/record.pb.h"

namespace cairn {

inline constexpr absl::string_view audience_public = "public";
inline constexpr absl::string_view audience_consortium = "consortium";
inline constexpr absl::string_view audience_circle_prefix = "circle:";

// The order in which audiences are laid over each other: public, consortium, then circles by name. Strict and total.
bool AudienceBefore(absl::string_view a, absl::string_view b);
// True for "circle:NAME".
bool IsCircle(absl::string_view audience);
// True when there are circles among the audiences that somebody is given, and not the consortium. A circle's supplement
// is laid over, and searched together with, what the consortium sees: it is no reader's without that.
bool LacksConsortium(absl::Span<const std::string> audiences);
inline constexpr absl::string_view lacks_consortium_text =
    "a circle without consortium; give both, since what a circle sees is laid over what the consortium sees";

// True when everybody who may read `b` may read `a`, and not the other way round: public before all, consortium before
// circles. Two circles are neither wider nor narrower than each other.
bool IsWiderAudience(absl::string_view a, absl::string_view b);

// `base` as somebody sees it who may read `supplement` too. Of the body, a field that the supplement has replaces that
// of the base: repeated fields and maps as a whole, single messages field by field. Likewise terms, countries and extra
// of the record itself. Translations go by language and path; those of a text that the supplement replaces are dropped
// unless it brings its own. The later updated_at and the earlier verified_at count, so that what is overdue in part is
// overdue. Ids and the mark `supplement` stay those of the base. Bodies of different kinds: the base unchanged.
v1::Record MergeSupplement(const v1::Record& base, const v1::Record& supplement);

// The fields that a record holds beside its ids and times, as paths: "location.addresses", "terms". In the order of the
// protocol.
std::vector<std::string> FieldsOf(const v1::Record& record);

// Fields that must never be published to a wider audience than this one: "location.addresses.address_1" moves to
// "consortium". A path is a kind, then fields of record.proto; a last "*" stands for everything below. Through repeated
// fields it means every element.
struct RedactionRule {
  std::string path;
  std::string audience;
};

// INVALID_ARGUMENT for a path that names no field, the kind or envelope itself, or an audience that is none or public.
absl::Status CheckRedactionRule(const RedactionRule& rule);

// Splits records so that nobody has to remember. Immutable; thread-safe.
class Redactor {
 public:
  Redactor() = default;
  // The rules must have passed CheckRedactionRule. They are applied in the order of narrowness, the widest first.
  explicit Redactor(std::vector<RedactionRule> rules);

  // Audiences that parts of a record published to `audience` may go to: those of rules for its kind that are narrower.
  std::vector<std::string> AudiencesOf(v1::RecordKind kind, absl::string_view audience) const;

  // Takes out of `record`, which is to be published to `audience`, what the rules keep for narrower ones, translations
  // included, and returns it as supplements, one for each of AudiencesOf; an empty one where nothing was found. Of a
  // repeated field of which a part is kept back, the narrower audience gets the whole, since repeated fields are
  // replaced as a whole; the wider one loses that part and, from the same elements, `extra`, which may hold the same
  // in other words.
  std::map<std::string, v1::Record> Split(v1::Record* record, absl::string_view audience) const;

  // True when a rule decides over this field of the body in the supplements for `audience`.
  bool Governs(v1::RecordKind kind, absl::string_view audience, absl::string_view body_field) const;

 private:
  std::vector<RedactionRule> rules_;
};

// Completes a new version of a supplement by what another hand put there: fields of `held` that are governed by rules
// (or, with `governed` false, those that are not) and that `fresh` lacks are kept. So neither a file published to the
// narrow audience takes away what the rules had moved there, nor the other way round.
void KeepOtherHand(const Redactor& redactor, absl::string_view audience, bool governed, const v1::Record& held,
                   v1::Record* fresh);

// True when the body of the supplement has no field: nothing is left to publish.
bool IsEmptySupplement(const v1::Record& supplement);

}  // namespace cairn
