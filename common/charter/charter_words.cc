#include "common/charter/charter_words.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/base/hex.h"
#include "common/crypto/keys.h"

namespace cairn {

std::string DateWords(const google::protobuf::Timestamp& timestamp) {
  return absl::FormatTime("%Y-%m-%d", absl::FromUnixSeconds(timestamp.seconds()), absl::UTCTimeZone());
}

std::string StatusWords(const v1::Partner& partner) {
  if (partner.status() != v1::RETIRED) return absl::AsciiStrToLower(v1::PartnerStatus_Name(partner.status()));
  return partner.entries_kept() ? "retired, its entries stay as they are"
                                : "retired, its entries are withdrawn everywhere";
}

std::string KeyWords(const v1::PublishingKey& key) {
  std::string text = absl::StrCat("key ", KeyId(key.public_key()), " (generation ", key.generation());
  if (key.revoked()) absl::StrAppend(&text, ", REVOKED");
  for (const v1::KeyRange& range : key.ranges()) {
    absl::StrAppend(&text, ", ", range.audience());
    if (range.until_digest().empty()) {
      absl::StrAppend(&text, " from ", range.from_seq());
      if (range.until_seq() != 0) absl::StrAppend(&text, " to ", range.until_seq());
    } else {
      absl::StrAppend(&text, " good up to ", range.until_seq(), ":", ToHex(range.until_digest()).substr(0, 16));
    }
  }
  if (key.revoked() && key.ranges().empty()) absl::StrAppend(&text, ", nothing of it is good");
  return text + ")";
}

std::string NodeWords(const v1::Node& node) {
  return absl::StrCat("node ", node.id(), node.endpoint().empty() ? ", dials out only" : ", at ", node.endpoint(),
                      ", TLS key ", ToHex(node.spki_sha256()).substr(0, 16));
}

std::string PartnerWords(const v1::Partner& partner) {
  return absl::StrCat(partner.id(), " (", partner.name(), "), ", partner.country(), ", ", partner.role());
}

std::string QuotaWords(const v1::Quota& quota) {
  const auto bound = [](uint64_t n, absl::string_view unit) {
    return n == 0 ? absl::StrCat("the usual ", unit) : absl::StrCat(n, " ", unit);
  };
  return absl::StrCat(bound(quota.records_max(), "records"), ", ", bound(quota.bytes_max(), "bytes"), ", ",
                      bound(quota.publishes_per_hour_max(), "publishes an hour"));
}

std::string CircleWords(const v1::Circle& circle) {
  return absl::StrCat("circle ", circle.name(), ": ",
                      circle.partners().empty() ? "nobody" : absl::StrJoin(circle.partners(), ", "));
}

std::string GovernorWords(const v1::Governor& governor) {
  return absl::StrCat(governor.name(), ", key ", KeyId(governor.public_key()));
}

}  // namespace cairn
