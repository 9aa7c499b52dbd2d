// Inside of validation: the checker that keeps the path of the field at hand, and the checks of the parts that several
// kinds share. Not for use outside this folder.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cairn/v1/record.pb.h"
#include "common/record/problem.h"
#include "common/record/url.h"

namespace cairn {

// Collects problems with their paths. All `field` arguments are names within the message at hand; every check of a
// value leaves empty values alone unless it says otherwise. One thread.
class Checker {
 public:
  explicit Checker(std::vector<Problem>* problems) : problems_(problems) {}

  // Makes `name`, or element `index` of it, the message at hand while it lives. `name` must outlive it.
  class At {
   public:
    At(Checker* checker, absl::string_view name, int index = -1) : checker_(checker) {
      checker_->path_.push_back({name, index});
    }
    ~At() { checker_->path_.pop_back(); }
    At(const At&) = delete;
    At& operator=(const At&) = delete;

   private:
    Checker* const checker_;
  };

  void Report(absl::string_view field, absl::string_view value, absl::string_view problem, absl::string_view remedy);
  // The parts of an error made by Refuse().
  void Report(absl::string_view field, absl::string_view value, const absl::Status& refused);

  // Reports a value that is empty or blank, unless it is one of a partial body itself.
  void Required(absl::string_view field, absl::string_view value);
  // Replaces the value by its normal form, or reports it.
  void Apply(absl::string_view field, std::string* value, absl::StatusOr<std::string> (*normalise)(absl::string_view));
  void Url(absl::string_view field, std::string* value, UrlSchemes schemes = UrlSchemes::kWeb);
  // Lower-cases the value; it must then be one of `options`.
  void OneOf(absl::string_view field, std::string* value, absl::Span<const absl::string_view> options);
  // The same, and reports a value that is empty.
  void RequiredOneOf(absl::string_view field, std::string* value, absl::Span<const absl::string_view> options);
  void Date(absl::string_view field, absl::string_view value);
  // Two dates; the second must not be before the first.
  void Period(absl::string_view first_field, absl::string_view first, absl::string_view last_field,
              absl::string_view last);
  // Reports lists that are too long.
  void Count(absl::string_view field, int size, int max);
  // Normalises each tag and drops repetitions.
  void LanguageTags(absl::string_view field, google::protobuf::RepeatedPtrField<std::string>* tags);
  // Year of four digits, or 0.
  void Year(absl::string_view field, uint32_t year);

  // The country in which numbers without one are dialled.
  void set_phone_country(std::string country) { phone_country_ = std::move(country); }
  const std::string& phone_country() const { return phone_country_; }
  // What the body lacks is in the record that it supplements.
  void set_partial(bool partial) { partial_ = partial; }

  // "service.phones[0].number" for the field of the message at hand.
  std::string PathOf(absl::string_view field) const;

 private:
  struct Step {
    absl::string_view name;
    int index;
  };
  std::vector<Problem>* const problems_;
  std::vector<Step> path_;
  std::string phone_country_;
  bool partial_ = false;
};

// Calls check(element, checker) for each element of a list, the element being the message at hand.
template <typename Element>
void CheckEach(Checker* c, absl::string_view field, google::protobuf::RepeatedPtrField<Element>* list,
               void (*check)(Element*, Checker*)) {
  for (int i = 0; i < list->size(); ++i) {
    Checker::At at(c, field, i);
    check(list->Mutable(i), c);
  }
}

void CheckTerm(v1::TaxonomyTerm* term, Checker* c);
void CheckPhone(v1::Phone* phone, Checker* c);
void CheckLanguage(v1::Language* language, Checker* c);
void CheckUrl(v1::Url* url, Checker* c);
void CheckSchedule(v1::Schedule* schedule, Checker* c);
void CheckContact(v1::Contact* contact, Checker* c);
void CheckCost(v1::CostOption* cost, Checker* c);
void CheckIdentifier(v1::OrganizationIdentifier* identifier, Checker* c);
void CheckServiceAtLocation(v1::ServiceAtLocation* place, Checker* c);
void CheckAddress(v1::Address* address, Checker* c);
void CheckAccessibility(v1::Accessibility* accessibility, Checker* c);

// What holds for every text of every message: well-formed UTF-8, no control characters but line feed and tab (CR LF
// becomes line feed), length, length of lists; `extra` holds JSON and is bounded in all. Texts of translations are left
// to the caller, by CheckText.
void CheckTexts(v1::Record* record, Checker* c);
void CheckText(absl::string_view field, std::string* text, Checker* c);

}  // namespace cairn
