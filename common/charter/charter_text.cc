#include "common/charter/charter_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/charter/charter_document.h"
#include "common/charter/charter_words.h"

namespace cairn {

namespace {

void DescribePartner(const v1::Partner& partner, std::string* out) {
  absl::StrAppend(out, "  ", PartnerWords(partner), ", ", StatusWords(partner), "\n");
  for (const v1::PublishingKey& key : partner.publishing_keys()) absl::StrAppend(out, "    ", KeyWords(key), "\n");
  for (const v1::Node& node : partner.nodes()) absl::StrAppend(out, "    ", NodeWords(node), "\n");
  if (partner.has_quota()) absl::StrAppend(out, "    at most ", QuotaWords(partner.quota()), "\n");
}

std::string Signers(const v1::SignedCharter& signed_charter, const v1::Charter& governors_of) {
  std::vector<std::string> names;
  for (const v1::Governor& governor : governors_of.governors()) {
    v1::Charter alone;
    *alone.add_governors() = governor;
    if (CountSignatures(signed_charter, alone) == 1) names.push_back(governor.name());
  }
  const uint32_t need = governors_of.threshold();
  std::string text = absl::StrCat("signed by ", names.size(), " of the ", need, " needed");
  if (!names.empty()) absl::StrAppend(&text, ": ", absl::StrJoin(names, ", "));
  if (names.size() < need) absl::StrAppend(&text, "; ", need - names.size(), " more must sign");
  return text;
}

}  // namespace

std::string Describe(const v1::Charter& charter, absl::Time now) {
  std::string out = absl::StrCat(charter.consortium_name(), " (", charter.consortium(), "), charter version ",
                                 charter.version(), "\n");
  absl::StrAppend(&out, "issued ", DateWords(charter.issued_at()));
  if (charter.has_expires_at()) {
    const bool expired = absl::FromUnixSeconds(charter.expires_at().seconds()) < now;
    absl::StrAppend(&out, expired ? ", OUT OF DATE since " : ", in date until ", DateWords(charter.expires_at()));
  }
  absl::StrAppend(&out, "\n", charter.threshold(), " of these governors must sign the next version:\n");
  for (const v1::Governor& governor : charter.governors()) {
    absl::StrAppend(&out, "  ", GovernorWords(governor), "\n");
  }
  absl::StrAppend(&out, charter.partners_size(), " partners:\n");
  for (const v1::Partner& partner : charter.partners()) DescribePartner(partner, &out);
  for (const v1::Circle& circle : charter.circles()) absl::StrAppend(&out, CircleWords(circle), "\n");
  return out;
}

std::string DescribeSignatures(const v1::SignedCharter& signed_charter, const v1::SignedCharter* previous) {
  v1::Charter own;
  own.ParseFromString(signed_charter.body());
  const std::string text = Signers(signed_charter, own);
  if (previous == nullptr) return text;
  v1::Charter before;
  before.ParseFromString(previous->body());
  const std::string other = Signers(signed_charter, before);
  if (other == text) return text;
  return absl::StrCat("of its own governors: ", text, "\nof the governors of the version before: ", other);
}

}  // namespace cairn
