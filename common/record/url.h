// Web and mail addresses.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cairn {

// Which schemes a field takes.
enum class UrlSchemes {
  kWeb,             // http, https
  kWebOrMail,       // http, https, mailto
  kWebMailOrPhone,  // http, https, mailto, tel
};

// The address without surrounding white space, its scheme and host in lower case; else unchanged. INVALID_ARGUMENT for
// other schemes (javascript:, file:), white space or control characters inside, a missing host, credentials before the
// host; for "www.example.org" the message says to write "https://www.example.org". Thread-safe.
absl::StatusOr<std::string> NormaliseUrl(absl::string_view text, UrlSchemes schemes = UrlSchemes::kWeb);

// The e-mail address without surrounding white space and a leading "mailto:", its domain in lower case. One address of
// the form local@domain, at most 254 bytes; non-ASCII letters are allowed in both parts (RFC 6531). INVALID_ARGUMENT
// otherwise. Thread-safe.
absl::StatusOr<std::string> NormaliseEmail(absl::string_view text);

}  // namespace cairn
