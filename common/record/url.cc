#include "common/record/url.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/record/problem.h"
#include "common/text/utf8.h"

namespace cairn {
namespace {

// Longer than any address in use; browsers stop at this, too.
constexpr size_t kUrlBytesMax = 2048;

bool HasControlOrSpace(absl::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
}

absl::string_view Allowed(UrlSchemes schemes) {
  switch (schemes) {
    case UrlSchemes::kWeb:
      return "write an address that begins with https:// or http://";
    case UrlSchemes::kWebOrMail:
      return "write an address that begins with https://, http:// or mailto:";
    case UrlSchemes::kWebMailOrPhone:
      return "write an address that begins with https://, http://, mailto: or tel:";
  }
  return "";
}

// The scheme in lower case; empty when there is none ("www.example.org", "example.org:8080").
std::string SchemeOf(absl::string_view url) {
  const size_t colon = url.find(':');
  if (colon == absl::string_view::npos || colon == 0 || !absl::ascii_isalpha(url[0])) return "";
  const absl::string_view scheme = url.substr(0, colon);
  const bool legal = std::all_of(scheme.begin(), scheme.end(),
                                 [](char c) { return absl::ascii_isalnum(c) || c == '+' || c == '-' || c == '.'; });
  if (!legal || (absl::StrContains(scheme, '.') && !absl::StartsWith(url.substr(colon), "://"))) return "";
  return absl::AsciiStrToLower(scheme);
}

// Host names, addresses in brackets; letters of any script (RFC 3987).
bool IsHost(absl::string_view host) {
  if (absl::StartsWith(host, "[")) return absl::EndsWith(host, "]") && host.size() > 3;
  if (host.empty() || host.size() > 253 || host.front() == '.' || host.front() == '-') return false;
  if (absl::StrContains(host, "..")) return false;
  return std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_' || static_cast<unsigned char>(c) >= 0x80;
  });
}

absl::StatusOr<std::string> NormaliseWebUrl(absl::string_view original, absl::string_view url,
                                            absl::string_view scheme) {
  const absl::string_view rest = url.substr(scheme.size() + 1);
  if (!absl::StartsWith(rest, "//"))
    return Refuse(original, "has no host", "write one such as \"https://example.org/\"");
  const size_t end = rest.find_first_of("/?#", 2);
  const absl::string_view authority = rest.substr(2, end == absl::string_view::npos ? end : end - 2);
  if (absl::StrContains(authority, '@')) return Refuse(original, "has credentials before the host", "leave them out");
  absl::string_view host = authority;
  const size_t colon = host.rfind(':');
  if (colon != absl::string_view::npos && !absl::EndsWith(host, "]")) {
    const absl::string_view port = host.substr(colon + 1);
    if (port.size() > 5 || !std::all_of(port.begin(), port.end(), absl::ascii_isdigit)) {
      return Refuse(original, "its port is not a number", "write one such as \"https://example.org:8443/\"");
    }
    host = host.substr(0, colon);
  }
  if (!IsHost(host))
    return Refuse(original, "its host is not a host name", "write one such as \"https://example.org/\"");
  const absl::string_view path = end == absl::string_view::npos ? absl::string_view() : rest.substr(end);
  return absl::StrCat(scheme, "://", absl::AsciiStrToLower(authority), path);
}

}  // namespace

absl::StatusOr<std::string> NormaliseUrl(absl::string_view text, UrlSchemes schemes) {
  const absl::string_view url = absl::StripAsciiWhitespace(text);
  if (url.size() > kUrlBytesMax) return Refuse(text, "longer than 2,048 bytes", "write a shorter address");
  if (!IsValidUtf8(url) || HasControlOrSpace(url)) {
    return Refuse(text, "has white space or control characters inside", "write one address, spaces as %20");
  }
  const std::string scheme = SchemeOf(url);
  const bool web = scheme == "http" || scheme == "https";
  if (web) return NormaliseWebUrl(text, url, scheme);
  if (scheme.empty()) {
    const absl::string_view host = url.substr(0, url.find_first_of("/?#:"));
    if (absl::StrContains(host, '.') && !absl::StrContains(host, '@') && IsHost(host)) {
      return Refuse(text, "has no scheme", absl::StrCat("write \"https://", url, "\""));
    }
    return Refuse(text, "not a web address", Allowed(schemes));
  }
  if (scheme == "mailto" && schemes != UrlSchemes::kWeb) {
    const absl::string_view rest = url.substr(7);
    const auto email = NormaliseEmail(rest.substr(0, rest.find('?')));
    if (!email.ok()) return Refuse(text, "leads to no e-mail address", "write one such as \"mailto:help@example.org\"");
    return absl::StrCat("mailto:", rest);
  }
  if (scheme == "tel" && schemes == UrlSchemes::kWebMailOrPhone) {
    const absl::string_view number = url.substr(4);
    const bool digits = number.find_first_of("0123456789") != absl::string_view::npos;
    if (!digits) return Refuse(text, "leads to no number", "write one such as \"tel:+48221234567\"");
    return absl::StrCat("tel:", number);
  }
  return Refuse(text, absl::StrCat("addresses of \"", scheme, ":\" are not taken here"), Allowed(schemes));
}

absl::StatusOr<std::string> NormaliseEmail(absl::string_view text) {
  constexpr absl::string_view kRemedy = "write one address such as \"help@example.org\"";
  absl::string_view address = absl::StripAsciiWhitespace(text);
  if (absl::StartsWithIgnoreCase(address, "mailto:")) address.remove_prefix(7);
  const size_t at = address.rfind('@');
  if (at == absl::string_view::npos || at == 0) return Refuse(text, "not an e-mail address", kRemedy);
  const absl::string_view local = address.substr(0, at);
  const absl::string_view domain = address.substr(at + 1);
  // Quoted local parts are legal, unused, and a way around filters.
  const bool bad_local = local.size() > 64 || local.find_first_of("@\"<>,;:\\[]()") != absl::string_view::npos ||
                         local.front() == '.' || local.back() == '.' || absl::StrContains(local, "..");
  const bool bad_domain = !IsHost(domain) || !absl::StrContains(domain, '.') || domain.back() == '.' ||
                          domain.back() == '-' || absl::StrContains(domain, '_');
  if (address.size() > 254 || !IsValidUtf8(address) || HasControlOrSpace(address) || bad_local || bad_domain) {
    return Refuse(text, "not an e-mail address", kRemedy);
  }
  return absl::StrCat(local, "@", absl::AsciiStrToLower(domain));
}

}  // namespace cairn
