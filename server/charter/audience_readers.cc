#include "server/charter/audience_readers.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/errors.h"
#include "common/charter/charter_document.h"
#include "server/charter/may_read.h"

namespace cairn {
namespace {

std::string RuleOf(const CharterView& charter, absl::string_view audience) {
  if (audience == "public") return "public: everybody";
  if (audience == "consortium") return "consortium: its active partners";
  if (!absl::ConsumePrefix(&audience, "circle:")) return "no audience: nobody";
  const v1::Circle* const circle = charter.FindCircle(audience);
  if (circle == nullptr) return absl::StrCat("circle ", audience, ": not in the charter, so nobody");
  return absl::StrCat("circle ", audience, ": those of its ", circle->partners_size(), " members that are active");
}

}  // namespace

v1::AudienceReaders ReadersOf(const CharterView& charter, absl::string_view owner, absl::string_view audience) {
  v1::AudienceReaders readers;
  readers.set_rule(RuleOf(charter, audience));
  readers.set_everybody(MayRead(charter, Reader::Anonymous(), owner, audience));
  for (const v1::Partner& partner : charter.charter().partners()) {
    if (partner.id() == owner || partner.nodes().empty()) continue;
    if (!MayRead(charter, Reader::Partner(partner.id()), owner, audience)) continue;
    v1::PartnerReader* reader = readers.add_partners();
    reader->set_partner(partner.id());
    reader->set_name(partner.name());
    for (const v1::Node& node : partner.nodes()) reader->add_nodes(node.id());
  }
  std::sort(readers.mutable_partners()->begin(), readers.mutable_partners()->end(),
            [](const v1::PartnerReader& a, const v1::PartnerReader& b) { return a.partner() < b.partner(); });
  return readers;
}

absl::Status CheckAudience(const CharterView& charter, absl::string_view audience) {
  if (!IsAudience(audience)) {
    return absl::InvalidArgumentError(
        absl::StrCat("audience ", Quoted(audience), ": none; write public, consortium or circle:NAME"));
  }
  absl::string_view circle = audience;
  if (!absl::ConsumePrefix(&circle, "circle:") || charter.FindCircle(circle) != nullptr) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("audience ", Quoted(audience), ": charter version ",
                                                    charter.version(),
                                                    " has no such circle, so nobody would receive it; `cairn charter "
                                                    "circle` makes one"));
}

}  // namespace cairn
