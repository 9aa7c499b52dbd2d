// What a new version changes, and what of that is dangerous. Part of charter_text.h.
#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/hex.h"
#include "common/charter/charter_text.h"
#include "common/charter/charter_words.h"
#include "common/crypto/keys.h"

namespace cairn {

namespace {

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

// Two entries of one key, of different generations, are two things.
std::string KeyName(const v1::PublishingKey& key) { return absl::StrCat(key.public_key(), "#", key.generation()); }

void ComparePartners(const v1::Partner& before, const v1::Partner& after, std::vector<std::string>* out) {
  const std::string of = absl::StrCat("partner ", after.id(), ": ");
  if (StatusWords(before) != StatusWords(after)) {
    out->push_back(absl::StrCat(of, StatusWords(before), " becomes ", StatusWords(after)));
  }
  if (PartnerWords(before) != PartnerWords(after)) {
    out->push_back(absl::StrCat(of, PartnerWords(before), " becomes ", PartnerWords(after)));
  }
  if (before.generation() != after.generation()) {
    out->push_back(absl::StrCat(of, "begins generation ", after.generation(), " of its feeds"));
  }
  const auto key_changes = [&](const v1::PublishingKey& b, const v1::PublishingKey& a) {
    if (KeyWords(b) != KeyWords(a)) out->push_back(absl::StrCat(of, KeyWords(b), " becomes ", KeyWords(a)));
  };
  const auto node_changes = [&](const v1::Node& b, const v1::Node& a) {
    if (NodeWords(b) != NodeWords(a)) out->push_back(absl::StrCat(of, NodeWords(b), " becomes ", NodeWords(a)));
  };
  Compare(before.publishing_keys(), after.publishing_keys(), KeyName, of + "adds ", of + "takes away ", KeyWords,
          key_changes, out);
  Compare(
      before.nodes(), after.nodes(), [](const v1::Node& n) { return n.id(); }, of + "adds ", of + "takes away ",
      NodeWords, node_changes, out);
  if (QuotaWords(before.quota()) != QuotaWords(after.quota())) {
    out->push_back(absl::StrCat(of, "may publish ", QuotaWords(after.quota())));
  }
}

// Who is in `after` and not in `before`.
std::vector<std::string> Newcomers(const v1::Circle& before, const v1::Circle& after) {
  const std::set<std::string> old(before.partners().begin(), before.partners().end());
  std::vector<std::string> fresh;
  for (const std::string& partner : after.partners()) {
    if (old.count(partner) == 0) fresh.push_back(partner);
  }
  return fresh;
}

void CompareCircles(const v1::Circle& before, const v1::Circle& after, std::vector<std::string>* out) {
  const std::vector<std::string> come = Newcomers(before, after);
  const std::vector<std::string> go = Newcomers(after, before);
  if (come.empty() && go.empty()) return;
  out->push_back(absl::StrCat("changes ", CircleWords(after),
                              come.empty() ? "" : absl::StrCat("; new in it: ", absl::StrJoin(come, ", ")),
                              go.empty() ? "" : absl::StrCat("; no longer in it: ", absl::StrJoin(go, ", "))));
}

// --- dangers

template <typename List, typename IdOf>
const typename List::value_type* FindIn(const List& list, const std::string& id, IdOf id_of) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const auto& element) { return id_of(element) == id; });
  return found == list.end() ? nullptr : &*found;
}

std::string IdOfPartner(const v1::Partner& partner) { return partner.id(); }
std::string IdOfNode(const v1::Node& node) { return node.id(); }
std::string NameOfCircle(const v1::Circle& circle) { return circle.name(); }

void DangersOfGovernors(const v1::Charter& before, const v1::Charter& after, std::vector<std::string>* out) {
  if (after.threshold() < before.threshold()) {
    out->push_back(absl::StrCat("the threshold falls from ", before.threshold(), " to ", after.threshold(),
                                ": fewer people can change everything from now on"));
  }
  uint32_t stay = 0;
  for (const v1::Governor& governor : before.governors()) {
    stay += FindIn(after.governors(), governor.public_key(), [](const auto& g) { return g.public_key(); }) != nullptr;
  }
  if (stay == static_cast<uint32_t>(before.governors_size())) return;
  out->push_back(absl::StrCat(
      before.governors_size() - static_cast<int>(stay), " of the ", before.governors_size(), " governors go",
      stay < after.threshold() ? "; those who stay cannot undo this, since they are fewer than must sign" : ""));
}

void DangersOfKeys(const v1::Partner& before, const v1::Partner& after, std::vector<std::string>* out) {
  for (const v1::PublishingKey& key : before.publishing_keys()) {
    const std::string of = absl::StrCat("key ", KeyId(key.public_key()), " of ", after.id());
    const v1::PublishingKey* now = FindIn(after.publishing_keys(), KeyName(key), KeyName);
    if (now == nullptr) {
      out->push_back(absl::StrCat(of, " is taken away: what ", after.id(),
                                  " has not signed anew with another key is shown nowhere any more"));
    } else if (now->revoked() && !key.revoked()) {
      out->push_back(absl::StrCat(of,
                                  " is revoked: what it signed beyond the last good states named above is shown "
                                  "nowhere any more"));
    } else if (!now->revoked() && key.revoked()) {
      out->push_back(absl::StrCat(of, " was revoked and becomes good again"));
    }
  }
  if (after.generation() > before.generation()) {
    out->push_back(absl::StrCat(after.id(), " begins generation ", after.generation(),
                                ": all that it has published is replaced by what it publishes with its new key"));
  } else if (after.generation() < before.generation()) {
    out->push_back(absl::StrCat(after.id(), " goes back to generation ", after.generation(),
                                ", which nodes that are further will not take"));
  }
}

void DangersOfPartner(const v1::Partner& before, const v1::Partner& after, std::vector<std::string>* out) {
  if (after.status() == v1::RETIRED && !after.entries_kept() &&
      (before.status() != v1::RETIRED || before.entries_kept())) {
    out->push_back(absl::StrCat("all entries of ", after.id(), " are withdrawn everywhere"));
  }
  if (after.status() == v1::ACTIVE && before.status() == v1::RETIRED) {
    out->push_back(absl::StrCat(after.id(), " had left and comes back"));
  }
  DangersOfKeys(before, after, out);
  for (const v1::Node& node : before.nodes()) {
    const v1::Node* now = FindIn(after.nodes(), node.id(), IdOfNode);
    if (now == nullptr || now->spki_sha256() == node.spki_sha256()) continue;
    out->push_back(absl::StrCat("node ", node.id(), " shows another TLS key: whoever holds it receives all that ",
                                after.id(), " may read"));
  }
}

void DangersOfExpiry(const v1::Charter& after, absl::Time now, std::vector<std::string>* out) {
  if (!after.has_expires_at()) return;
  const absl::Duration left = absl::FromUnixSeconds(after.expires_at().seconds()) - now;
  if (left <= absl::ZeroDuration()) {
    out->push_back("this version is out of date already; `cairn charter renew` gives it a new date");
  } else if (left < charter_expiry_warning) {
    out->push_back(absl::StrCat("this version runs out in ", absl::ToInt64Hours(left) / 24, " days"));
  }
}

// Nobody should sign what was not shown.
void DangersOfTheUnknown(const v1::Charter& after, std::vector<std::string>* out) {
  v1::Charter known = after;
  known.DiscardUnknownFields();
  if (known.ByteSizeLong() == after.ByteSizeLong()) return;
  out->push_back(
      "it says more than this program can show: it was written by a newer one, or by somebody with something to hide; "
      "read it with the newest program before you sign");
}

}  // namespace

std::vector<std::string> DescribeChange(const v1::Charter& previous, const v1::Charter& next) {
  std::vector<std::string> out;
  const auto nothing = [](const auto&, const auto&) {};
  Compare(previous.governors(), next.governors(), GovernorWords, "adds governor ", "takes away governor ",
          GovernorWords, nothing, &out);
  if (previous.threshold() != next.threshold()) {
    out.push_back(
        absl::StrCat("needs ", next.threshold(), " signatures from now on, ", previous.threshold(), " until now"));
  }
  if (previous.consortium_name() != next.consortium_name()) {
    out.push_back(absl::StrCat("renames the consortium to ", next.consortium_name()));
  }
  Compare(
      previous.partners(), next.partners(), IdOfPartner, "admits partner ", "takes away partner ",
      [](const v1::Partner& p) {
        std::string words = PartnerWords(p);
        for (const v1::Node& node : p.nodes()) absl::StrAppend(&words, ", ", NodeWords(node));
        for (const v1::PublishingKey& key : p.publishing_keys()) absl::StrAppend(&words, ", ", KeyWords(key));
        return words;
      },
      [&](const v1::Partner& before, const v1::Partner& after) { ComparePartners(before, after, &out); }, &out);
  Compare(
      previous.circles(), next.circles(), NameOfCircle, "makes ", "takes away ", CircleWords,
      [&](const v1::Circle& before, const v1::Circle& after) { CompareCircles(before, after, &out); }, &out);
  if (previous.verify_every_days() != next.verify_every_days()) {
    out.push_back(absl::StrCat("asks for verification every ", next.verify_every_days(), " days"));
  }
  return out;
}

std::vector<std::string> DescribeDangers(const v1::Charter& previous, const v1::Charter& next, absl::Time now) {
  std::vector<std::string> out;
  DangersOfGovernors(previous, next, &out);
  for (const v1::Partner& before : previous.partners()) {
    const v1::Partner* after = FindIn(next.partners(), before.id(), IdOfPartner);
    if (after == nullptr) {
      out.push_back(absl::StrCat("partner ", before.id(),
                                 " is no longer in the charter: its entries are withdrawn "
                                 "everywhere"));
    } else {
      DangersOfPartner(before, *after, &out);
    }
  }
  for (const v1::Circle& after : next.circles()) {
    const v1::Circle* before = FindIn(previous.circles(), after.name(), NameOfCircle);
    if (before == nullptr) continue;
    for (const std::string& partner : Newcomers(*before, after)) {
      out.push_back(absl::StrCat(partner, " receives all that was ever published to circle ", after.name(),
                                 ", which cannot be taken back"));
    }
  }
  DangersOfExpiry(next, now, &out);
  DangersOfTheUnknown(next, &out);
  return out;
}

}  // namespace cairn
