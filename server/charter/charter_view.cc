#include "server/charter/charter_view.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "common/base/limits.h"
#include "common/crypto/keys.h"

namespace cairn {

CharterView::CharterView(v1::Charter charter, std::string sha256)
    : charter_(std::move(charter)), sha256_(std::move(sha256)) {
  for (const v1::Partner& partner : charter_.partners()) {
    partners_[partner.id()] = &partner;
    if (partner.status() == v1::RETIRED) continue;
    for (const v1::Node& node : partner.nodes()) {
      nodes_[node.id()] = {&partner, &node};
      pins_[node.spki_sha256()] = {&partner, &node};
    }
  }
  for (const v1::Circle& circle : charter_.circles()) circles_[circle.name()] = &circle;
}

const v1::Partner* CharterView::FindPartner(absl::string_view partner) const {
  const auto it = partners_.find(partner);
  return it == partners_.end() ? nullptr : it->second;
}

const v1::Partner* CharterView::FindActivePartner(absl::string_view partner) const {
  const v1::Partner* const found = FindPartner(partner);
  return found != nullptr && found->status() == v1::ACTIVE ? found : nullptr;
}

std::string CharterView::MarkOf(absl::string_view partner) const {
  const v1::Partner* const found = FindPartner(partner);
  if (found == nullptr || found->status() == v1::ACTIVE) return "";
  return absl::AsciiStrToLower(v1::PartnerStatus_Name(found->status()));
}

std::optional<CharterView::NodeRef> CharterView::FindNode(absl::string_view node) const {
  const auto it = nodes_.find(node);
  if (it == nodes_.end()) return std::nullopt;
  return it->second;
}

std::optional<CharterView::NodeRef> CharterView::FindPin(absl::string_view spki_sha256) const {
  const auto it = pins_.find(spki_sha256);
  if (it == pins_.end()) return std::nullopt;
  return it->second;
}

const v1::Circle* CharterView::FindCircle(absl::string_view name) const {
  const auto it = circles_.find(name);
  return it == circles_.end() ? nullptr : it->second;
}

const v1::PublishingKey* CharterView::FindPublishingKey(absl::string_view partner, uint32_t generation,
                                                        absl::string_view key_id) const {
  const v1::Partner* const owner = FindPartner(partner);
  if (owner == nullptr) return nullptr;
  for (const v1::PublishingKey& key : owner->publishing_keys()) {
    if (key.generation() == generation && KeyId(key.public_key()) == key_id) return &key;
  }
  return nullptr;
}

v1::Quota CharterView::QuotaOf(absl::string_view partner) const {
  v1::Quota quota;
  if (const v1::Partner* const found = FindPartner(partner); found != nullptr) quota = found->quota();
  if (quota.records_max() == 0) quota.set_records_max(limits::quota_records_default);
  if (quota.bytes_max() == 0) quota.set_bytes_max(limits::quota_bytes_default);
  if (quota.publishes_per_hour_max() == 0) quota.set_publishes_per_hour_max(limits::quota_publishes_per_hour_default);
  return quota;
}

}  // namespace cairn
