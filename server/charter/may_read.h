// Who may read what: the one place that decides. Every path asks it: heads, pulls, inline changes, search, counts,
// watch, export.
//
// Denied unless a rule here allows it:
//   the partner that owns the feed      always
//   a feed of an unknown or retired partner  nobody else, unless the charter keeps the entries of the retired one
//   "public"                            everybody
//   "consortium"                        active partners
//   "circle:NAME"                       active partners in the circle; an unknown or empty circle: nobody
//   any other audience                  nobody
//
// A reader with a token is bounded twice: by the audiences that the token names, and by what its node's partner may.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/charter/charter_view.h"

namespace cairn {

// Someone who reads: a peer, a person at the node, or anybody.
class Reader {
 public:
  // Anybody from the internet.
  static Reader Anonymous() { return Reader(""); }
  // A partner's node, authenticated by its pin.
  static Reader Partner(absl::string_view partner) { return Reader(partner); }
  // Whoever may open the socket of the partner's own node; reads what that partner may.
  static Reader LocalOperator(absl::string_view own_partner) { return Reader(own_partner); }

  // Whoever has a token or certificate of the partner's own node: reads what is public and exactly these audiences, as
  // far as that partner may. None: what is public. Circles do not count without "consortium": see LacksConsortium.
  static Reader Limited(absl::string_view own_partner, std::vector<std::string> audiences);

  // Empty: anonymous.
  const std::string& partner() const { return partner_; }
  // True when nothing but the partner's own rights bounds this reader, or `audience` is among those it was given.
  bool MayAsk(absl::string_view audience) const;
  // True for a reader that was given audiences, or none.
  bool limited() const { return audiences_.has_value(); }

 private:
  explicit Reader(absl::string_view partner) : partner_(partner) {}
  std::string partner_;
  std::optional<std::vector<std::string>> audiences_;  // nullopt: no bound of its own
};

// True when `reader` may read, and learn of, the feed of `partner` for `audience` under this charter. Thread-safe.
bool MayRead(const CharterView& charter, const Reader& reader, absl::string_view partner, absl::string_view audience);

}  // namespace cairn
