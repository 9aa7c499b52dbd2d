#include "common/charter/charter_text.h"

#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/hex.h"
#include "common/charter/charter_document.h"
#include "common/crypto/keys.h"

namespace cairn {

namespace {

std::string Date(const google::protobuf::Timestamp& timestamp) {
  return absl::FormatTime("%Y-%m-%d", absl::FromUnixSeconds(timestamp.seconds()), absl::UTCTimeZone());
}

std::string StatusWord(v1::PartnerStatus status) { return absl::AsciiStrToLower(v1::PartnerStatus_Name(status)); }

std::string Limited(const v1::PublishingKey& key) {
  std::string text = absl::StrCat("key ", KeyId(key.public_key()), " (generation ", key.generation());
  for (const v1::KeyRange& range : key.ranges()) {
    absl::StrAppend(&text, ", ", range.audience(), " from ", range.from_seq());
    if (range.until_seq() != 0) absl::StrAppend(&text, " to ", range.until_seq());
  }
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

void DescribePartner(const v1::Partner& partner, std::string* out) {
  absl::StrAppend(out, "  ", PartnerWords(partner), ", ", StatusWord(partner.status()), "\n");
  for (const v1::PublishingKey& key : partner.publishing_keys()) absl::StrAppend(out, "    ", Limited(key), "\n");
  for (const v1::Node& node : partner.nodes()) absl::StrAppend(out, "    ", NodeWords(node), "\n");
  if (partner.has_quota()) absl::StrAppend(out, "    at most ", QuotaWords(partner.quota()), "\n");
}

// What came, went and changed between two lists, each said once. `key` identifies an element, `words` describes it; of
// an element in both, `changed` says what is different.
template <typename List, typename KeyOf, typename Words, typename Changed>
void Compare(const List& before, const List& after, KeyOf key, absl::string_view came, absl::string_view went,
             Words words, Changed changed, std::vector<std::string>* out) {
  std::map<std::string, const typename List::value_type*> old;
  for (const auto& element : before) old[key(element)] = &element;
  for (const auto& element : after) {
    const auto there = old.find(key(element));
    if (there == old.end()) {
      out->push_back(absl::StrCat(came, words(element)));
    } else {
      changed(*there->second, element);
      old.erase(there);
    }
  }
  for (const auto& [name, element] : old) out->push_back(absl::StrCat(went, words(*element)));
}

void ComparePartners(const v1::Partner& before, const v1::Partner& after, std::vector<std::string>* out) {
  const std::string of = absl::StrCat("partner ", after.id(), ": ");
  if (before.status() != after.status()) {
    out->push_back(absl::StrCat(of, StatusWord(before.status()), " becomes ", StatusWord(after.status())));
  }
  if (PartnerWords(before) != PartnerWords(after)) {
    out->push_back(absl::StrCat(of, PartnerWords(before), " becomes ", PartnerWords(after)));
  }
  if (before.generation() != after.generation()) {
    out->push_back(absl::StrCat(of, "begins generation ", after.generation(), " of its feeds"));
  }
  const auto nothing = [](const auto&, const auto&) {};
  Compare(before.publishing_keys(), after.publishing_keys(), Limited, of + "adds ", of + "takes away ", Limited,
          nothing, out);
  Compare(before.nodes(), after.nodes(), NodeWords, of + "adds ", of + "takes away ", NodeWords, nothing, out);
  if (QuotaWords(before.quota()) != QuotaWords(after.quota())) {
    out->push_back(absl::StrCat(of, "may publish ", QuotaWords(after.quota())));
  }
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
  absl::StrAppend(&out, "issued ", Date(charter.issued_at()));
  if (charter.has_expires_at()) {
    const bool expired = absl::FromUnixSeconds(charter.expires_at().seconds()) < now;
    absl::StrAppend(&out, expired ? ", OUT OF DATE since " : ", in date until ", Date(charter.expires_at()));
  }
  absl::StrAppend(&out, "\n", charter.threshold(), " of these governors must sign the next version:\n");
  for (const v1::Governor& governor : charter.governors()) {
    absl::StrAppend(&out, "  ", governor.name(), ", key ", KeyId(governor.public_key()), "\n");
  }
  absl::StrAppend(&out, charter.partners_size(), " partners:\n");
  for (const v1::Partner& partner : charter.partners()) DescribePartner(partner, &out);
  for (const v1::Circle& circle : charter.circles()) absl::StrAppend(&out, CircleWords(circle), "\n");
  return out;
}

std::vector<std::string> DescribeChange(const v1::Charter& previous, const v1::Charter& next) {
  std::vector<std::string> out;
  const auto nothing = [](const auto&, const auto&) {};
  const auto governor = [](const v1::Governor& g) { return absl::StrCat(g.name(), ", key ", KeyId(g.public_key())); };
  Compare(previous.governors(), next.governors(), governor, "adds governor ", "takes away governor ", governor, nothing,
          &out);
  if (previous.threshold() != next.threshold()) {
    out.push_back(
        absl::StrCat("needs ", next.threshold(), " signatures from now on, ", previous.threshold(), " until now"));
  }
  if (previous.consortium_name() != next.consortium_name()) {
    out.push_back(absl::StrCat("renames the consortium to ", next.consortium_name()));
  }
  Compare(
      previous.partners(), next.partners(), [](const v1::Partner& p) { return p.id(); }, "admits partner ",
      "takes away partner ",
      [](const v1::Partner& p) {
        std::string words = PartnerWords(p);
        for (const v1::Node& node : p.nodes()) absl::StrAppend(&words, ", ", NodeWords(node));
        for (const v1::PublishingKey& key : p.publishing_keys()) absl::StrAppend(&words, ", ", Limited(key));
        return words;
      },
      [&](const v1::Partner& before, const v1::Partner& after) { ComparePartners(before, after, &out); }, &out);
  Compare(
      previous.circles(), next.circles(), [](const v1::Circle& c) { return c.name(); }, "makes ", "takes away ",
      CircleWords,
      [&](const v1::Circle& before, const v1::Circle& after) {
        if (CircleWords(before) != CircleWords(after)) out.push_back("changes " + CircleWords(after));
      },
      &out);
  if (previous.verify_every_days() != next.verify_every_days()) {
    out.push_back(absl::StrCat("asks for verification every ", next.verify_every_days(), " days"));
  }
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
