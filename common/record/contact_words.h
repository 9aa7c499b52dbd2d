// Numbers and addresses as words of the search: what a person reads on a page, types or pastes must find the record.
// The index side and the query side stand here together, so that the two agree.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "cairn/v1/record.pb.h"

namespace cairn {

// The digits under which a number is found, separated by spaces: a short code as it is; else with calling code
// ("48225550110"), without it ("225550110") and, where there is one, with the prefix dialled inside the country
// ("0301234567"). Empty for a text without digits. Thread-safe; well below a microsecond.
std::string PhoneWords(const v1::Phone& phone);

// The host of a web or e-mail address, without "www.": "https://www.example.org/help" and "help@example.org" give
// "example.org". Empty when there is none ("tel:…"). The local part is left out: it says "info" on half of all records.
std::string HostOf(absl::string_view address);

// The query, folded, with what PhoneWords and HostOf make of the numbers and addresses in it: "+48 22 555-01-10" and
// "0048225550110" become "48225550110", "https://example.org/pl" and "help@example.org" become "example.org". Other
// text stays. Digits that stand apart may also mean something else (a date, a postal code): whoever finds nothing with
// this asks with the words as typed.
std::string FoldContacts(absl::string_view query);

}  // namespace cairn
