#include "common/charter/charter_edit.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/charter/charter_document.h"
#include "common/charter/charter_parts.h"
#include "common/charter/join_request.h"

namespace cairn {

namespace {

void SetTime(google::protobuf::Timestamp* timestamp, absl::Time time) {
  timestamp->set_seconds(absl::ToUnixSeconds(time));
}

void SetDates(v1::Charter* charter, absl::Time now) {
  SetTime(charter->mutable_issued_at(), now);
  SetTime(charter->mutable_expires_at(), now + charter_lifetime_default);
}

absl::StatusOr<v1::Charter> SetStatus(v1::Charter charter, absl::string_view id, v1::PartnerStatus from,
                                      v1::PartnerStatus to, absl::string_view wanted) {
  ASSIGN_OR_RETURN(v1::Partner * partner, PartnerIn(&charter, id));
  if (partner->status() != from) {
    return absl::InvalidArgumentError(absl::StrCat(
        "partner ", Quoted(id), ": is ", v1::PartnerStatus_Name(partner->status()), ", so it cannot be ", wanted));
  }
  partner->set_status(to);
  return CheckedCharter(std::move(charter));
}

// A further machine of a partner that is in. Its key must be one of the partner's: else anybody could add a node to it.
absl::StatusOr<v1::Charter> AdmitNode(v1::Charter charter, v1::Partner* partner, const v1::Partner& asked) {
  const std::string& key = asked.publishing_keys(0).public_key();
  const bool known = std::any_of(partner->publishing_keys().begin(), partner->publishing_keys().end(),
                                 [&](const v1::PublishingKey& k) { return k.public_key() == key; });
  if (!known) {
    return absl::AlreadyExistsError(absl::StrCat("partner ", Quoted(asked.id()),
                                                 ": is in the charter with another key (", KeyId(key),
                                                 " is not among its keys); a changed key is for a rotation"));
  }
  for (const v1::Node& node : partner->nodes()) {
    if (node.SerializeAsString() == asked.nodes(0).SerializeAsString()) {
      return absl::AlreadyExistsError(absl::StrCat("node ", Quoted(node.id()), ": is in the charter already"));
    }
  }
  *partner->add_nodes() = asked.nodes(0);
  return CheckedCharter(std::move(charter));
}

}  // namespace

absl::StatusOr<v1::Charter> NewCharter(const NewCharterOptions& options) {
  v1::Charter charter;
  charter.set_consortium(options.consortium);
  charter.set_consortium_name(options.consortium_name);
  charter.set_version(1);
  charter.mutable_governors()->Assign(options.governors.begin(), options.governors.end());
  charter.set_threshold(options.threshold);
  SetDates(&charter, options.now);
  return CheckedCharter(std::move(charter));
}

absl::StatusOr<v1::Charter> Successor(const v1::SignedCharter& previous, absl::Time now) {
  ASSIGN_OR_RETURN(v1::Charter charter, ParseCharter(previous));
  charter.set_version(charter.version() + 1);
  charter.set_previous_sha256(CharterSha256(previous));
  SetDates(&charter, now);
  return charter;
}

absl::StatusOr<v1::Charter> Admit(v1::Charter charter, const v1::JoinRequest& request) {
  RETURN_IF_ERROR(CheckJoinRequest(request));
  const v1::Partner& asked = request.partner();
  const absl::StatusOr<v1::Partner*> there = PartnerIn(&charter, asked.id());
  if (there.ok()) {
    v1::Partner* const partner = *there;  // before the charter moves; a move keeps the elements where they are
    return AdmitNode(std::move(charter), partner, asked);
  }
  *charter.add_partners() = asked;
  return CheckedCharter(std::move(charter));
}

absl::StatusOr<v1::Charter> Suspend(v1::Charter charter, absl::string_view partner) {
  return SetStatus(std::move(charter), partner, v1::ACTIVE, v1::SUSPENDED, "suspended");
}

absl::StatusOr<v1::Charter> Reinstate(v1::Charter charter, absl::string_view partner) {
  return SetStatus(std::move(charter), partner, v1::SUSPENDED, v1::ACTIVE, "reinstated");
}

absl::StatusOr<v1::Charter> Retire(v1::Charter charter, absl::string_view id) {
  ASSIGN_OR_RETURN(v1::Partner * partner, PartnerIn(&charter, id));
  if (partner->status() == v1::RETIRED) {
    return absl::InvalidArgumentError(absl::StrCat("partner ", Quoted(id), ": is RETIRED already"));
  }
  partner->set_status(v1::RETIRED);
  partner->clear_nodes();
  for (v1::Circle& circle : *charter.mutable_circles()) {
    auto* members = circle.mutable_partners();
    members->erase(std::remove(members->begin(), members->end(), id), members->end());
  }
  return CheckedCharter(std::move(charter));
}

absl::StatusOr<v1::Charter> RemoveNode(v1::Charter charter, absl::string_view id) {
  RETURN_IF_ERROR(NodeIn(&charter, id).status());
  for (v1::Partner& partner : *charter.mutable_partners()) {
    auto* nodes = partner.mutable_nodes();
    nodes->erase(std::remove_if(nodes->begin(), nodes->end(), [&](const v1::Node& n) { return n.id() == id; }),
                 nodes->end());
  }
  return CheckedCharter(std::move(charter));
}

absl::StatusOr<v1::Charter> SetPin(v1::Charter charter, absl::string_view id, absl::string_view spki_sha256) {
  ASSIGN_OR_RETURN(v1::Node * node, NodeIn(&charter, id));
  if (node->spki_sha256() == spki_sha256) {
    return absl::AlreadyExistsError(absl::StrCat("node ", Quoted(id), ": has this pin already"));
  }
  node->set_spki_sha256(std::string(spki_sha256));
  return CheckedCharter(std::move(charter));
}

absl::StatusOr<v1::Charter> SetPin(v1::Charter charter, const v1::JoinRequest& request) {
  RETURN_IF_ERROR(CheckJoinRequest(request));
  const v1::Partner& asked = request.partner();
  ASSIGN_OR_RETURN(v1::Partner * partner, PartnerIn(&charter, asked.id()));
  const auto& nodes = partner->nodes();
  if (std::none_of(nodes.begin(), nodes.end(), [&](const v1::Node& n) { return n.id() == asked.nodes(0).id(); })) {
    return absl::NotFoundError(absl::StrCat("node ", Quoted(asked.nodes(0).id()), ": not one of partner ",
                                            Quoted(asked.id()), "; `cairn charter admit` takes in a further one"));
  }
  return SetPin(std::move(charter), asked.nodes(0).id(), asked.nodes(0).spki_sha256());
}

absl::StatusOr<v1::Charter> SetEndpoint(v1::Charter charter, absl::string_view id, absl::string_view endpoint) {
  ASSIGN_OR_RETURN(v1::Node * node, NodeIn(&charter, id));
  node->set_endpoint(std::string(endpoint));
  return CheckedCharter(std::move(charter));
}

absl::StatusOr<v1::Charter> SetGovernors(v1::Charter charter, std::vector<v1::Governor> governors, uint32_t threshold) {
  charter.mutable_governors()->Assign(governors.begin(), governors.end());
  charter.set_threshold(threshold);
  return CheckedCharter(std::move(charter));
}

absl::StatusOr<v1::Charter> SetCircle(v1::Charter charter, absl::string_view name,
                                      const std::vector<std::string>& partners) {
  auto* circles = charter.mutable_circles();
  circles->erase(std::remove_if(circles->begin(), circles->end(), [&](const auto& c) { return c.name() == name; }),
                 circles->end());
  if (!partners.empty()) {
    v1::Circle* circle = circles->Add();
    circle->set_name(std::string(name));
    circle->mutable_partners()->Assign(partners.begin(), partners.end());
  }
  return CheckedCharter(std::move(charter));
}

absl::StatusOr<v1::Charter> ChangeCircle(v1::Charter charter, absl::string_view name,
                                         const std::vector<std::string>& add, const std::vector<std::string>& remove) {
  std::vector<std::string> members;
  for (const v1::Circle& circle : charter.circles()) {
    if (circle.name() == name) members.assign(circle.partners().begin(), circle.partners().end());
  }
  for (const std::string& partner : remove) {
    const auto there = std::find(members.begin(), members.end(), partner);
    if (there == members.end()) {
      return absl::NotFoundError(absl::StrCat(
          "partner ", Quoted(partner), ": not in circle ", Quoted(name),
          members.empty() ? ", which is nobody" : absl::StrCat(", which has ", absl::StrJoin(members, ", "))));
    }
    members.erase(there);
  }
  for (const std::string& partner : add) {
    if (std::find(members.begin(), members.end(), partner) == members.end()) members.push_back(partner);
  }
  return SetCircle(std::move(charter), name, members);
}

absl::StatusOr<v1::Charter> SetQuota(v1::Charter charter, absl::string_view id, const v1::Quota& quota) {
  ASSIGN_OR_RETURN(v1::Partner * partner, PartnerIn(&charter, id));
  *partner->mutable_quota() = quota;
  return CheckedCharter(std::move(charter));
}

}  // namespace cairn
