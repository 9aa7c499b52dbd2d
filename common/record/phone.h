// Telephone numbers: E.164 or short codes, through libphonenumber.
//
// A number that is possible by length but not known as valid is accepted: numbering plans change faster than the
// library's tables, and refusing a working helpline harms more than keeping a dead number. What no telephone can dial
// is refused.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/record.pb.h"

namespace cairn {

// A number brought to its one form.
struct PhoneNumber {
  // E.164 with the plus sign, or the short code as dialled.
  std::string number;
  // ISO 3166-1 alpha-2. Empty for numbers of no country (+800 …).
  std::string country;
  // True: to be dialled as it is, inside `country` only.
  bool short_code = false;
  // Digits that followed "ext." in the text; empty when none.
  std::string extension;
  friend bool operator==(const PhoneNumber&, const PhoneNumber&) = default;
};

// Reads a number as people write it. `country` (ISO 3166-1 alpha-2, may be empty) is where numbers without "+" are
// dialled. Quotes around the text are ignored. "116 111" in PL, and "+48 116 111", are the short code 116111 of PL,
// never +48116111. INVALID_ARGUMENT says what to write instead. Thread-safe; the last numbers read on each thread are
// remembered, since libphonenumber takes some 20 microseconds.
absl::StatusOr<PhoneNumber> NormalisePhone(absl::string_view entered, absl::string_view country);

// Normalises `phone` in place: number, country, short_code, extension. The text as entered is kept in `as_entered` when
// it differs from `number`, and dropped when it no longer stands for it. `country_hint` is used when the phone names no
// country. Idempotent.
absl::Status NormalisePhoneField(v1::Phone* phone, absl::string_view country_hint);

// The country to which a number written with "+" belongs, when the phone names another one, which normalising therefore
// replaces; nullopt when the two agree or the number is none. An empty text: a number of no country (+800 …).
std::optional<std::string> OtherCountryOf(const v1::Phone& phone);

// The number as a reader in `reader_country` dials it: a short code as it is; inside the phone's country, or when
// `reader_country` is empty, `as_entered` while it still stands for `number`, else the national form; elsewhere the
// international form. The extension comes after " ext. ".
std::string PhoneAsDialled(const v1::Phone& phone, absl::string_view reader_country);

}  // namespace cairn
