#include "server/http/client_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace cairn {
namespace {

struct Address {
  bool v4 = false;
  std::array<unsigned char, 16> bytes{};
};

std::optional<Address> Parse(absl::string_view text) {
  const std::string plain(text.substr(0, text.find('%')));  // without a zone
  Address address;
  if (inet_pton(AF_INET, plain.c_str(), address.bytes.data()) == 1) {
    address.v4 = true;
    return address;
  }
  if (inet_pton(AF_INET6, plain.c_str(), address.bytes.data()) != 1) return std::nullopt;
  static constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (!std::equal(mapped.begin(), mapped.end(), address.bytes.begin())) return address;
  std::copy(address.bytes.begin() + 12, address.bytes.end(), address.bytes.begin());
  address.v4 = true;
  return address;
}

// With only the first `kept` bytes.
std::string Text(Address address, size_t kept) {
  std::fill(address.bytes.begin() + static_cast<std::ptrdiff_t>(kept), address.bytes.end(), 0);
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(address.v4 ? AF_INET : AF_INET6, address.bytes.data(), text, sizeof(text));
  return text;
}

}  // namespace

std::string PlainAddress(absl::string_view address) {
  const std::optional<Address> parsed = Parse(address);
  return parsed ? Text(*parsed, parsed->v4 ? 4 : 16) : std::string(address);
}

std::string LimitKey(absl::string_view address) {
  const std::optional<Address> parsed = Parse(address);
  return parsed ? Text(*parsed, parsed->v4 ? 4 : 8) : std::string(address);
}

std::string ShortenedAddress(absl::string_view address) {
  const std::optional<Address> parsed = Parse(address);
  if (!parsed) return "?";
  return absl::StrCat(Text(*parsed, parsed->v4 ? 3 : 6), parsed->v4 ? "/24" : "/48");
}

std::string ClientOf(absl::string_view peer, absl::string_view forwarded_for, const std::vector<std::string>& proxies) {
  const auto is_proxy = [&](const std::string& address) {
    return std::find(proxies.begin(), proxies.end(), address) != proxies.end();
  };
  std::string client = PlainAddress(peer);
  std::vector<absl::string_view> hops = absl::StrSplit(forwarded_for, ',', absl::SkipWhitespace());
  while (is_proxy(client) && !hops.empty()) {
    const absl::string_view hop = absl::StripAsciiWhitespace(hops.back());
    hops.pop_back();
    if (!Parse(hop)) break;
    client = PlainAddress(hop);
  }
  return client;
}

}  // namespace cairn
