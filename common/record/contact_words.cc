#include "common/record/contact_words.h"

#include <phonenumbers/phonenumberutil.h>

#include <algorithm>
#include <set>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/text/fold.h"

namespace cairn {
namespace {

using i18n::phonenumbers::PhoneNumberUtil;

// Fewer digits with signs between are "24/7" more often than a short code.
constexpr size_t kJoinedDigitsMin = 5;
// E.164 has fifteen; "00" may stand before them.
constexpr size_t kJoinedDigitsMax = 17;
// The shortest numbers with a calling code: "00" before fewer digits is no international prefix.
constexpr size_t kInternationalDigitsMin = 8;

struct Dialling {
  std::string calling_code;
  // Dialled before a number inside the country: "0"; empty where nothing is.
  std::string national_prefix;
};

const absl::flat_hash_map<std::string, Dialling>& DiallingByCountry() {
  static const auto* const kTable = [] {
    auto* table = new absl::flat_hash_map<std::string, Dialling>();
    const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
    std::set<std::string> regions;
    util.GetSupportedRegions(&regions);
    for (const std::string& region : regions) {
      Dialling& dialling = (*table)[region];
      dialling.calling_code = absl::StrCat(util.GetCountryCodeForRegion(region));
      util.GetNddPrefixForRegion(region, /*strip_non_digits=*/true, &dialling.national_prefix);
    }
    return table;
  }();
  return *kTable;
}

std::string DigitsOf(absl::string_view text) {
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits), absl::ascii_isdigit);
  return digits;
}

// Signs that people put between the digits of a number; dashes of other widths fold to none of these.
bool IsNumberPart(absl::string_view token) {
  return token.find_first_not_of("0123456789+-./()") == absl::string_view::npos;
}

// The host when `token` is an address, else the token.
absl::string_view AddressAsHost(absl::string_view token) {
  const bool has_scheme = absl::StrContains(token, "://") || absl::StartsWith(token, "www.");
  const size_t at = token.rfind('@');
  const bool is_email = at != absl::string_view::npos && at > 0 && absl::StrContains(token.substr(at), '.');
  if (!has_scheme && !is_email) return token;
  if (const size_t scheme = token.find("://"); scheme != absl::string_view::npos) token.remove_prefix(scheme + 3);
  token = token.substr(0, token.find_first_of("/?#"));
  token = token.substr(token.rfind('@') + 1);
  token = token.substr(0, token.rfind(':'));
  return absl::StripPrefix(token, "www.");
}

// The digits of one number as they are indexed.
std::string JoinedNumber(absl::string_view typed) {
  // "+49 (0)30 …": the zero is for callers inside the country.
  const bool international = absl::StartsWith(absl::StripPrefix(typed, "("), "+");
  std::string digits = DigitsOf(international ? absl::StrReplaceAll(typed, {{"(0)", ""}}) : std::string(typed));
  if (absl::StartsWith(digits, "00") && digits.size() >= kInternationalDigitsMin + 2) digits.erase(0, 2);
  return digits;
}

// Collects tokens, those of one number as one word.
class Joiner {
 public:
  void Add(absl::string_view token) {
    if (IsNumberPart(token)) {
      absl::StrAppend(&number_, token);
      parts_.push_back(token);
      return;
    }
    Flush();
    out_.emplace_back(token);
  }
  std::string Text() {
    Flush();
    return absl::StrJoin(out_, " ");
  }

 private:
  void Flush() {
    const size_t digits = DigitsOf(number_).size();
    if (digits >= kJoinedDigitsMin && digits <= kJoinedDigitsMax) {
      out_.push_back(JoinedNumber(number_));
    } else {
      for (const absl::string_view part : parts_) out_.emplace_back(part);
    }
    number_.clear();
    parts_.clear();
  }
  std::vector<std::string> out_;
  std::string number_;
  std::vector<absl::string_view> parts_;
};

}  // namespace

std::string PhoneWords(const v1::Phone& phone) {
  const std::string digits = DigitsOf(phone.number());
  if (phone.short_code() || !absl::StartsWith(phone.number(), "+")) return digits;
  const auto& table = DiallingByCountry();
  const auto found = table.find(phone.country());
  if (found == table.end() || !absl::StartsWith(digits, found->second.calling_code)) return digits;
  const std::string national = digits.substr(found->second.calling_code.size());
  const std::string& prefix = found->second.national_prefix;
  std::string words = absl::StrCat(digits, " ", national);
  if (!prefix.empty() && prefix != found->second.calling_code) absl::StrAppend(&words, " ", prefix, national);
  return words;
}

std::string HostOf(absl::string_view address) {
  const absl::string_view host = AddressAsHost(address);
  return host == address ? "" : std::string(host);
}

std::string FoldContacts(absl::string_view query) {
  std::string folded = FoldForSearch(query);
  // Folding keeps the dashes of typographers; numbers are set with them.
  folded = absl::StrReplaceAll(folded, {{"\u2010", "-"}, {"\u2012", "-"}, {"\u2013", "-"}, {"\u2212", "-"}});
  Joiner joiner;
  for (absl::string_view token : absl::StrSplit(folded, absl::ByAnyChar(" \t\n"), absl::SkipEmpty())) {
    joiner.Add(AddressAsHost(absl::StripPrefix(token, "tel:")));
  }
  return joiner.Text();
}

}  // namespace cairn
