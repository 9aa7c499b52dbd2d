// What makes a charter's content well formed: ValidateCharter and the names in it.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/charter/charter_document.h"
#include "common/record/country.h"

namespace cairn {

namespace {

constexpr size_t id_bytes_max = 64;
constexpr size_t hash_bytes = 32;
constexpr absl::string_view id_remedy = "write 1 to 64 lower-case letters, digits and hyphens, such as \"pl-example\"";

bool IsIdCharacter(char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-'; }

// Collects problems; a path is built only where one is found.
class Rules {
 public:
  explicit Rules(std::vector<Problem>* problems) : problems_(problems) {}

  void Add(std::string path, absl::string_view value, absl::string_view problem, absl::string_view remedy) {
    problems_->push_back({std::move(path), std::string(value), std::string(problem), std::string(remedy)});
  }

  void Id(const std::string& path, absl::string_view value) {
    if (!IsCharterId(value)) Add(path, value, value.empty() ? "missing" : "not an id", id_remedy);
  }

  // A name is shown to those who decide: nothing in it may hide or rearrange text on a terminal.
  void Name(const std::string& path, absl::string_view value, bool required) {
    if (value.empty() && required) Add(path, value, "missing", "write a name");
    if (value.size() > limits::charter_name_bytes_max) {
      Add(path, value, "longer than 400 bytes", "shorten it");
    }
    if (std::any_of(value.begin(), value.end(), [](char c) { return absl::ascii_iscntrl(c); })) {
      Add(path, value, "holds a control character", "write it on one line");
    }
  }

  void Bytes(const std::string& path, absl::string_view value, size_t size, absl::string_view what) {
    if (value.size() != size) {
      Add(path, ToHex(value), absl::StrCat(value.size(), " bytes"), absl::StrCat(what, " has ", size));
    }
  }

  // True when `value` had not been seen in `seen` before.
  void Unique(std::set<std::string>* seen, const std::string& path, const std::string& value, bool hex = false) {
    if (!value.empty() && !seen->insert(value).second) {
      Add(path, hex ? ToHex(value) : value, "used twice", "each is used once in a charter");
    }
  }

  void Size(const std::string& path, int count, int max) {
    if (count > max) Add(path, absl::StrCat(count), "too many", absl::StrCat("at most ", max));
  }

 private:
  std::vector<Problem>* const problems_;
};

// What must be unique over the whole charter.
struct Seen {
  std::set<std::string> partners, nodes, pins, endpoints, publishing_keys, governors, circles;
};

void CheckRange(Rules* rules, const std::string& path, const v1::KeyRange& range, std::set<std::string>* audiences) {
  if (!IsAudience(range.audience())) {
    rules->Add(path + ".audience", range.audience(), "not an audience", "write public, consortium or circle:NAME");
  }
  rules->Unique(audiences, path + ".audience", range.audience());
  if (range.until_seq() != 0 && range.until_seq() < range.from_seq()) {
    rules->Add(path + ".until_seq", absl::StrCat(range.until_seq()), absl::StrCat("below from_seq ", range.from_seq()),
               "write 0 for no end");
  }
  if (range.until_digest().empty()) return;
  rules->Bytes(path + ".until_digest", range.until_digest(), hash_bytes, "a state digest");
  if (range.until_seq() == 0) {
    rules->Add(path + ".until_digest", ToHex(range.until_digest()), "without until_seq", "name the sequence number");
  }
}

void CheckKey(Rules* rules, const std::string& path, const v1::PublishingKey& key, uint32_t generation, Seen* seen) {
  rules->Bytes(path + ".public_key", key.public_key(), public_key_bytes, "an Ed25519 public key");
  rules->Unique(&seen->publishing_keys, path + ".public_key", absl::StrCat(key.public_key(), "#", key.generation()),
                true);
  if (key.generation() == 0 || key.generation() > generation) {
    rules->Add(path + ".generation", absl::StrCat(key.generation()), "not a generation of the partner",
               absl::StrCat("write 1 to ", generation));
  }
  std::set<std::string> audiences;
  for (int i = 0; i < key.ranges_size(); ++i) {
    const std::string range_path = absl::StrCat(path, ".ranges[", i, "]");
    CheckRange(rules, range_path, key.ranges(i), &audiences);
    if (key.revoked() && key.ranges(i).until_digest().empty()) {
      rules->Add(range_path + ".until_digest", "", "missing",
                 "a revoked key keeps only what is named by number and digest");
    }
  }
}

void CheckNode(Rules* rules, const std::string& path, const v1::Node& node, Seen* seen) {
  rules->Id(path + ".id", node.id());
  rules->Unique(&seen->nodes, path + ".id", node.id());
  if (!node.endpoint().empty() && !IsEndpoint(node.endpoint())) {
    rules->Add(path + ".endpoint", node.endpoint(), "not an address", "write host:port, such as node.example.org:7420");
  }
  rules->Unique(&seen->endpoints, path + ".endpoint", node.endpoint());
  rules->Bytes(path + ".spki_sha256", node.spki_sha256(), hash_bytes, "the SHA-256 of a TLS key");
  rules->Unique(&seen->pins, path + ".spki_sha256", node.spki_sha256(), true);
}

void CheckPartner(Rules* rules, const std::string& path, const v1::Partner& partner, Seen* seen) {
  rules->Id(path + ".id", partner.id());
  rules->Unique(&seen->partners, path + ".id", partner.id());
  rules->Name(path + ".name", partner.name(), true);
  if (!IsCountry(partner.country())) {
    rules->Add(path + ".country", partner.country(), "not a country",
               "write ISO 3166-1 alpha-2 in capitals, such as PL");
  }
  const auto& roles = PartnerRoles();
  if (std::find(roles.begin(), roles.end(), partner.role()) == roles.end()) {
    rules->Add(path + ".role", partner.role(), "not a role", absl::StrCat("write one of ", absl::StrJoin(roles, ", ")));
  }
  if (partner.status() != v1::ACTIVE && partner.status() != v1::SUSPENDED && partner.status() != v1::RETIRED) {
    rules->Add(path + ".status", absl::StrCat(partner.status()), "not a status", "ACTIVE, SUSPENDED or RETIRED");
  }
  if (partner.generation() == 0) rules->Add(path + ".generation", "0", "missing", "generations count from 1");
  if (partner.entries_kept() && partner.status() != v1::RETIRED) {
    rules->Add(path + ".entries_kept", "true", "set for a partner that has not left",
               "it is for the status RETIRED only");
  }
  rules->Size(path + ".publishing_keys", partner.publishing_keys_size(), limits::charter_keys_max);
  for (int i = 0; i < partner.publishing_keys_size(); ++i) {
    CheckKey(rules, absl::StrCat(path, ".publishing_keys[", i, "]"), partner.publishing_keys(i), partner.generation(),
             seen);
  }
  rules->Size(path + ".nodes", partner.nodes_size(), limits::charter_nodes_max);
  for (int i = 0; i < partner.nodes_size(); ++i) {
    CheckNode(rules, absl::StrCat(path, ".nodes[", i, "]"), partner.nodes(i), seen);
  }
}

void CheckGovernors(Rules* rules, const v1::Charter& charter, Seen* seen) {
  if (charter.governors().empty()) rules->Add("governors", "", "missing", "name at least one governor");
  rules->Size("governors", charter.governors_size(), limits::charter_governors_max);
  for (int i = 0; i < charter.governors_size(); ++i) {
    const std::string path = absl::StrCat("governors[", i, "]");
    rules->Name(path + ".name", charter.governors(i).name(), true);
    rules->Bytes(path + ".public_key", charter.governors(i).public_key(), public_key_bytes, "an Ed25519 public key");
    rules->Unique(&seen->governors, path + ".public_key", charter.governors(i).public_key(), true);
  }
  if (charter.threshold() < 1 || charter.threshold() > static_cast<uint32_t>(charter.governors_size())) {
    rules->Add("threshold", absl::StrCat(charter.threshold()), "not a number of signatures that the governors can give",
               absl::StrCat("write 1 to ", charter.governors_size(), ", the number of governors"));
  }
}

void CheckCircles(Rules* rules, const v1::Charter& charter, Seen* seen) {
  for (int i = 0; i < charter.circles_size(); ++i) {
    const v1::Circle& circle = charter.circles(i);
    const std::string path = absl::StrCat("circles[", i, "]");
    rules->Id(path + ".name", circle.name());
    rules->Unique(&seen->circles, path + ".name", circle.name());
    std::set<std::string> members;
    for (int j = 0; j < circle.partners_size(); ++j) {
      const std::string member_path = absl::StrCat(path, ".partners[", j, "]");
      rules->Unique(&members, member_path, circle.partners(j));
      if (seen->partners.count(circle.partners(j)) == 0) {
        rules->Add(member_path, circle.partners(j), "no partner of this charter", "name a partner by its id");
      }
    }
  }
}

void CheckFrame(Rules* rules, const v1::Charter& charter) {
  rules->Id("consortium", charter.consortium());
  rules->Name("consortium_name", charter.consortium_name(), true);
  if (charter.version() == 0) rules->Add("version", "0", "missing", "versions count from 1");
  if (charter.version() > 1 || !charter.previous_sha256().empty()) {
    rules->Bytes("previous_sha256", charter.previous_sha256(), charter.version() > 1 ? hash_bytes : 0,
                 charter.version() > 1 ? "the SHA-256 of the version before" : "version 1 follows nothing, so it");
  }
}

}  // namespace

bool IsCharterId(absl::string_view id) {
  return !id.empty() && id.size() <= id_bytes_max && std::all_of(id.begin(), id.end(), IsIdCharacter) &&
         id.front() != '-' && id.back() != '-';
}

bool IsAudience(absl::string_view audience) {
  return audience == "public" || audience == "consortium" ||
         (absl::ConsumePrefix(&audience, "circle:") && IsCharterId(audience));
}

bool IsEndpoint(absl::string_view endpoint) {
  const size_t colon = endpoint.rfind(':');
  if (colon == absl::string_view::npos || endpoint.size() > 300) return false;
  absl::string_view host = endpoint.substr(0, colon);
  const absl::string_view digits = endpoint.substr(colon + 1);
  uint32_t port = 0;
  if (digits.size() > 5 || !std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(digits, &port) || port < 1 || port > 65535) {
    return false;
  }
  const bool bracketed = absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  return !host.empty() && std::all_of(host.begin(), host.end(), [&](char c) {
    return bracketed ? absl::ascii_isxdigit(c) || c == ':' || c == '.'
                     : absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
  });
}

const std::vector<absl::string_view>& PartnerRoles() {
  static const auto* const roles = new std::vector<absl::string_view>{
      "helpline", "university", "clinic", "police", "technology", "ngo", "legal", "government", "network", "other"};
  return *roles;
}

std::vector<Problem> ValidateCharter(const v1::Charter& charter) {
  std::vector<Problem> problems;
  Rules rules(&problems);
  Seen seen;
  CheckFrame(&rules, charter);
  CheckGovernors(&rules, charter, &seen);
  rules.Size("partners", charter.partners_size(), limits::charter_partners_max);
  for (int i = 0; i < charter.partners_size(); ++i) {
    CheckPartner(&rules, absl::StrCat("partners[", i, "]"), charter.partners(i), &seen);
  }
  CheckCircles(&rules, charter, &seen);
  return problems;
}

}  // namespace cairn
