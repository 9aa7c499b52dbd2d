#include "common/record/phone.h"

#include <phonenumbers/phonenumbermatch.h>
#include <phonenumbers/phonenumbermatcher.h>
#include <phonenumbers/phonenumberutil.h>
#include <phonenumbers/shortnumberinfo.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/record/country.h"
#include "common/record/problem.h"
#include "common/text/fold.h"
#include "common/text/utf8.h"

namespace cairn {
namespace {

using i18n::phonenumbers::PhoneNumberMatcher;
using i18n::phonenumbers::PhoneNumberUtil;
using i18n::phonenumbers::ShortNumberInfo;
using Parsed = i18n::phonenumbers::PhoneNumber;

constexpr size_t kExtensionDigitsMax = 20;
// No number as entered is longer; what is longer is a text.
constexpr size_t kEnteredBytesMax = 250;
// Fifteen digits of E.164, each with a separator, and a word or two.
constexpr size_t kNumberBytesMax = 40;

const PhoneNumberUtil& Util() { return *PhoneNumberUtil::GetInstance(); }

const ShortNumberInfo& ShortNumbers() {
  static const ShortNumberInfo* const kInfo = new ShortNumberInfo();
  return *kInfo;
}

// Without white space, quotes (the official HSDS examples hold them) and "tel:" around it.
absl::string_view StripEntered(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  while (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front()) {
    text = absl::StripAsciiWhitespace(text.substr(1, text.size() - 2));
  }
  if (absl::StartsWithIgnoreCase(text, "tel:")) text = absl::StripAsciiWhitespace(text.substr(4));
  return text;
}

// Where the first letter, "#" or "*" begins; npos when there is none.
size_t FirstLetter(absl::string_view text) {
  const auto size = static_cast<int64_t>(text.size());
  for (int64_t i = 0; i < size;) {
    const int64_t at = i;
    UChar32 c;
    U8_NEXT(text.data(), i, size, c);
    if (c < 0 || u_isalpha(c) || c == '#' || c == '*') return static_cast<size_t>(at);
  }
  return absl::string_view::npos;
}

// Digits of `tail` when it names an extension ("ext. 12", "x12", "wew. 5", "#7"); empty otherwise.
std::string ExtensionIn(absl::string_view tail) {
  static constexpr absl::string_view kWords[] = {"extension", "ext", "extn", "x", "wewn", "wew", "int",   "anexo",
                                                 "poste",     "app", "dw",   "#", "доб",  "вн",  "klapp", "nst"};
  const size_t digits_at = tail.find_first_of("0123456789");
  if (digits_at == absl::string_view::npos) return "";
  const std::string digits(absl::StripAsciiWhitespace(tail.substr(digits_at)));
  if (digits.size() > kExtensionDigitsMax || !std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit)) return "";
  const std::string folded = FoldForSearch(tail.substr(0, digits_at));
  absl::string_view word = folded;
  while (!word.empty() && absl::StrContains(" .:=", word.back())) word.remove_suffix(1);
  return std::find(std::begin(kWords), std::end(kWords), word) == std::end(kWords) ? "" : digits;
}

std::string DigitsOf(absl::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (absl::ascii_isdigit(c) || (c == '+' && digits.empty())) digits += c;
  }
  return digits;
}

std::string Format(const Parsed& parsed, PhoneNumberUtil::PhoneNumberFormat format) {
  std::string text;
  Util().Format(parsed, format, &text);
  return text;
}

// The region whose short numbers are meant: the hint when it shares the calling code, else the calling code's main one.
std::string ShortRegion(const Parsed& parsed, const std::string& hint) {
  if (!hint.empty() && Util().GetCountryCodeForRegion(hint) == parsed.country_code()) return hint;
  std::string region;
  Util().GetRegionCodeForCountryCode(parsed.country_code(), &region);
  return IsCountry(region) ? region : "";
}

bool IsShortCode(const Parsed& parsed, const std::string& region, PhoneNumberUtil::ValidationResult length) {
  if (region.empty()) return false;
  // The European 116 numbers (Commission Decision 2007/116/EC) are short codes even where six digits can be a full
  // number.
  std::string national;
  Util().GetNationalSignificantNumber(parsed, &national);
  const bool harmonised = national.size() == 6 && absl::StartsWith(national, "116");
  const bool possible_short = ShortNumbers().IsPossibleShortNumberForRegion(parsed, region);
  if (!possible_short) return false;
  if (harmonised) return true;
  if (Util().IsValidNumber(parsed)) return false;
  return ShortNumbers().IsValidShortNumberForRegion(parsed, region) || length != PhoneNumberUtil::IS_POSSIBLE;
}

PhoneNumber FullNumber(const Parsed& parsed) {
  PhoneNumber result;
  result.number = Format(parsed, PhoneNumberUtil::E164);
  Util().GetRegionCodeForNumber(parsed, &result.country);
  if (!IsCountry(result.country)) Util().GetRegionCodeForCountryCode(parsed.country_code(), &result.country);
  if (!IsCountry(result.country)) result.country.clear();
  return result;
}

// The number in `text` (no letters), or why it cannot be dialled.
struct Reading {
  PhoneNumber number;
  std::string problem;
};

Reading Read(const std::string& text, const std::string& region) {
  const std::string where = region.empty() ? "" : absl::StrCat(" in ", region);
  Parsed parsed;
  const auto error = Util().Parse(text, region.empty() ? "ZZ" : region, &parsed);
  if (error == PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR) {
    return {{},
            absl::StartsWith(text, "+") ? "begins with a calling code that no country has"
                                        : "a number without a calling code needs its country"};
  }
  if (error == PhoneNumberUtil::TOO_LONG_NSN) return {{}, "too long for one number"};
  if (error != PhoneNumberUtil::NO_PARSING_ERROR) return {{}, absl::StrCat("not a number that can be dialled", where)};
  const auto length = Util().IsPossibleNumberWithReason(parsed);
  const std::string short_region = ShortRegion(parsed, region);
  if (IsShortCode(parsed, short_region, length)) {
    std::string national;
    Util().GetNationalSignificantNumber(parsed, &national);
    return {PhoneNumber{national, short_region, true, ""}, ""};
  }
  switch (length) {
    case PhoneNumberUtil::IS_POSSIBLE:
      return {FullNumber(parsed), ""};
    case PhoneNumberUtil::IS_POSSIBLE_LOCAL_ONLY:
      return {{}, "lacks its area code"};
    case PhoneNumberUtil::TOO_SHORT:
      return {{}, absl::StrCat("too short for a number", where)};
    case PhoneNumberUtil::TOO_LONG:
      return {{}, absl::StrCat("too long for a number", where)};
    default:
      return {{}, absl::StrCat("not a number that can be dialled", where)};
  }
}

std::string ExampleFor(const std::string& region) {
  Parsed example;
  if (region.empty() || !Util().GetExampleNumber(region, &example)) return "+48 22 1234567";
  return Format(example, PhoneNumberUtil::INTERNATIONAL);
}

// Letters in place of digits, as in "1-800-FLOWERS": three or more, joined to the digits.
bool IsVanityNumber(absl::string_view text) {
  const size_t first = text.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
  if (first == absl::string_view::npos || first == 0 || !Util().IsAlphaNumber(std::string(text))) return false;
  return absl::ascii_isdigit(text[first - 1]) || absl::StrContains("-.", text[first - 1]);
}

// The digits before the letters alone are another number, so they are never suggested.
std::string VanityRemedy(absl::string_view text, const std::string& region) {
  std::string digits(text);
  Util().ConvertAlphaCharactersInNumber(&digits);
  const Reading meant = Read(digits, region);
  Parsed parsed;
  const bool valid = meant.problem.empty() &&
                     Util().Parse(meant.number.number, "ZZ", &parsed) == PhoneNumberUtil::NO_PARSING_ERROR &&
                     Util().IsValidNumber(parsed);
  if (!valid) {
    return absl::StrCat("letters are no digits: write one number such as ", ExampleFor(region));
  }
  return absl::StrCat("letters are no digits: write those of their keys, ", meant.number.number);
}

std::string Remedy(absl::string_view main, const std::string& region) {
  const std::string digits = DigitsOf(main);
  if (region.empty() && !absl::StartsWith(digits, "+")) {
    return absl::StrCat("write it as ", ExampleFor(""),
                        ", or give its country (needed for short codes such as 116111)");
  }
  if (main.size() <= kNumberBytesMax && IsVanityNumber(main)) return VanityRemedy(main, region);
  // Numbers amid words ("tollfree: 800-…, main: …"): the first is what stands best for the phone.
  PhoneNumberMatcher matcher(Util(), std::string(main), region.empty() ? "ZZ" : region, PhoneNumberMatcher::VALID, 1);
  if (matcher.HasNext()) {
    i18n::phonenumbers::PhoneNumberMatch match;
    matcher.Next(&match);
    return absl::StrCat("write ", Format(match.number(), PhoneNumberUtil::E164),
                        ", one number a phone, the words in description");
  }
  // A sentence has digits that mean no number, and digits around letters are those of no number either.
  const size_t letter = FirstLetter(main);
  const bool around = letter != absl::string_view::npos && letter < main.find_last_of("0123456789");
  if (main.size() > kNumberBytesMax || around) return absl::StrCat("write one number such as ", ExampleFor(region));
  const Reading meant = Read(digits, region);
  if (!meant.problem.empty()) return absl::StrCat("write one number such as ", ExampleFor(region));
  if (meant.number.short_code) return absl::StrCat("write ", meant.number.number, " or ", ExampleFor(region));
  return absl::StrCat("write ", meant.number.number);
}

absl::StatusOr<PhoneNumber> ReadEntered(absl::string_view entered, const std::string& region) {
  absl::string_view main = StripEntered(entered);
  if (main.empty()) return Refuse(entered, "no number", absl::StrCat("write one such as ", ExampleFor(region)));
  if (main.size() > kEnteredBytesMax || !IsValidUtf8(main)) {
    return Refuse(entered, "not a telephone number", absl::StrCat("write one such as ", ExampleFor(region)));
  }
  std::string extension;
  if (const size_t letter = FirstLetter(main); letter != absl::string_view::npos) {
    extension = ExtensionIn(main.substr(letter));
    if (extension.empty()) {
      const std::string where = region.empty() ? "" : absl::StrCat(" in ", region);
      return Refuse(entered, absl::StrCat("not a number that can be dialled", where), Remedy(main, region));
    }
    main = absl::StripAsciiWhitespace(main.substr(0, letter));
    while (!main.empty() && absl::StrContains(" ,;(", main.back())) main.remove_suffix(1);
  }
  Reading reading = Read(std::string(main), region);
  if (!reading.problem.empty()) return Refuse(entered, reading.problem, Remedy(main, region));
  reading.number.extension = extension;
  return reading.number;
}

// Codes that the tables do not know but an import declares short ("*767").
bool IsDeclaredShortCode(const v1::Phone& phone) {
  const std::string& number = phone.number();
  return phone.short_code() && IsCountry(phone.country()) && number.size() >= 2 && number.size() <= 8 &&
         number.find_first_not_of("0123456789*#") == std::string::npos;
}

bool StandsFor(const std::string& as_entered, const v1::Phone& phone) {
  const auto read = NormalisePhone(as_entered, phone.country());
  return read.ok() && read->number == phone.number() && read->short_code == phone.short_code() &&
         (read->extension.empty() || read->extension == phone.extension());
}

}  // namespace

absl::StatusOr<PhoneNumber> NormalisePhone(absl::string_view entered, absl::string_view country) {
  // The numbers of one import recur: in a service, its places and its contacts, and in the same file published again.
  constexpr size_t kRemembered = 1024;
  thread_local absl::flat_hash_map<std::string, absl::StatusOr<PhoneNumber>> remembered;
  const std::string region = IsCountry(country) ? std::string(country) : "";
  const std::string key = absl::StrCat(region, "|", entered);
  const auto found = remembered.find(key);
  if (found != remembered.end()) return found->second;
  absl::StatusOr<PhoneNumber> result = ReadEntered(entered, region);
  if (key.size() <= kEnteredBytesMax) {
    if (remembered.size() >= kRemembered) remembered.clear();
    remembered.emplace(key, result);
  }
  return result;
}

absl::Status NormalisePhoneField(v1::Phone* phone, absl::string_view country_hint) {
  const std::string entered = phone->number();
  const auto read = NormalisePhone(entered, phone->country().empty() ? country_hint : phone->country());
  if (IsDeclaredShortCode(*phone) && (!read.ok() || !read->short_code)) return absl::OkStatus();
  if (!read.ok()) return read.status();
  if (!read->extension.empty() && !phone->extension().empty() && read->extension != phone->extension()) {
    return Refuse(entered, absl::StrCat("its extension differs from the field's, ", phone->extension()),
                  "write the extension once");
  }
  phone->set_number(read->number);
  phone->set_country(read->country);
  phone->set_short_code(read->short_code);
  if (!read->extension.empty()) phone->set_extension(read->extension);
  if (phone->as_entered().empty() && entered != read->number) phone->set_as_entered(entered);
  if (!phone->as_entered().empty() && !StandsFor(phone->as_entered(), *phone)) phone->clear_as_entered();
  return absl::OkStatus();
}

std::optional<std::string> OtherCountryOf(const v1::Phone& phone) {
  const auto country = NormaliseCountry(phone.country());
  if (!country.ok() || !absl::StartsWith(StripEntered(phone.number()), "+")) return std::nullopt;
  const auto read = NormalisePhone(phone.number(), *country);
  if (!read.ok() || read->country == *country) return std::nullopt;
  return read->country;
}

std::string PhoneAsDialled(const v1::Phone& phone, absl::string_view reader_country) {
  const bool inside = reader_country.empty() || reader_country == phone.country();
  const bool as_entered = !phone.as_entered().empty() && StandsFor(phone.as_entered(), phone);
  const std::string suffix = phone.extension().empty() ? "" : absl::StrCat(" ext. ", phone.extension());
  if (as_entered && (inside || phone.short_code())) {
    const absl::string_view text = StripEntered(phone.as_entered());
    return absl::StrCat(text, FirstLetter(text) == absl::string_view::npos ? suffix : "");
  }
  Parsed parsed;
  if (phone.short_code() || Util().Parse(phone.number(), "ZZ", &parsed) != PhoneNumberUtil::NO_PARSING_ERROR) {
    return absl::StrCat(phone.number(), suffix);
  }
  const bool national = inside && !reader_country.empty();
  return absl::StrCat(Format(parsed, national ? PhoneNumberUtil::NATIONAL : PhoneNumberUtil::INTERNATIONAL), suffix);
}

}  // namespace cairn
