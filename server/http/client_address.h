// Addresses of those who ask.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cairn {

// "::ffff:192.0.2.1" as "192.0.2.1"; others as they are.
std::string PlainAddress(absl::string_view address);

// What limits are counted for: an IPv4 address, or the /64 of an IPv6 one, which one subscriber has whole.
std::string LimitKey(absl::string_view address);

// For logs: "192.0.2.0/24", "2001:db8:1::/48", so that no line names a person. "?" for what is no address.
std::string ShortenedAddress(absl::string_view address);

// Who asks: `peer`, or, when that is one of `proxies`, the last address of `forwarded_for` (an X-Forwarded-For header)
// that is not; what stands before it could be anybody's word.
std::string ClientOf(absl::string_view peer, absl::string_view forwarded_for, const std::vector<std::string>& proxies);

}  // namespace cairn
