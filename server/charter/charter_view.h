// One charter version with the lookups that a node needs on every connection, head and read. Immutable; pointers from
// it live as long as it does. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "cairn/v1/charter.pb.h"

namespace cairn {

class CharterView {
 public:
  // A node with its partner.
  struct NodeRef {
    const v1::Partner* partner;
    const v1::Node* node;
  };

  // No charter yet: version 0, no partner, nobody is let in.
  CharterView() = default;
  // `charter` must have been validated; `sha256` is that of its body.
  CharterView(v1::Charter charter, std::string sha256);
  CharterView(const CharterView&) = delete;
  CharterView& operator=(const CharterView&) = delete;

  // True before the node was given a charter.
  bool empty() const { return charter_.version() == 0; }
  const v1::Charter& charter() const { return charter_; }
  uint64_t version() const { return charter_.version(); }
  // 32 bytes; empty without a charter.
  const std::string& sha256() const { return sha256_; }

  // The partner of that id whatever its status, or nullptr.
  const v1::Partner* FindPartner(absl::string_view partner) const;
  // The partner when it is active, or nullptr.
  const v1::Partner* FindActivePartner(absl::string_view partner) const;
  // How what the partner published is marked: "suspended", "retired"; empty for an active or unknown partner.
  std::string MarkOf(absl::string_view partner) const;
  // The node of that id. Nodes of retired partners are not found; those of suspended ones are, since they may still
  // read what is public.
  std::optional<NodeRef> FindNode(absl::string_view node) const;
  // The node that has this pin (SHA-256 of its TLS key's SPKI, 32 bytes); as FindNode.
  std::optional<NodeRef> FindPin(absl::string_view spki_sha256) const;
  // The circle of that name, or nullptr.
  const v1::Circle* FindCircle(absl::string_view name) const;
  // The key with this id among those that sign this generation of the partner's feeds, or nullptr.
  const v1::PublishingKey* FindPublishingKey(absl::string_view partner, uint32_t generation,
                                             absl::string_view key_id) const;

  // Bounds of the partner with defaults filled in; those of an unknown partner are the defaults.
  v1::Quota QuotaOf(absl::string_view partner) const;

 private:
  v1::Charter charter_;
  std::string sha256_;
  // Keys view into charter_.
  absl::flat_hash_map<absl::string_view, const v1::Partner*> partners_;
  absl::flat_hash_map<absl::string_view, NodeRef> nodes_;
  absl::flat_hash_map<absl::string_view, NodeRef> pins_;
  absl::flat_hash_map<absl::string_view, const v1::Circle*> circles_;
};

}  // namespace cairn
