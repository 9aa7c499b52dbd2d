// Charter files as governors pass them around: a chain whose last version may still lack signatures (a draft).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cairn/v1/charter.pb.h"

namespace cairn {

// A charter file, read and checked.
struct CharterDraft {
  v1::CharterChain chain;
  // The content of the last version.
  v1::Charter last;
  // OK: the last version has all signatures that it needs. PERMISSION_DENIED: it lacks some.
  absl::Status signatures;
  // Governors who have signed the last version.
  uint32_t signed_by = 0;

  bool complete() const { return signatures.ok(); }
  const v1::SignedCharter& last_signed() const { return *chain.versions().rbegin(); }
  // The version before the last; nullptr when the last is the first.
  const v1::SignedCharter* previous() const {
    return chain.versions_size() < 2 ? nullptr : &chain.versions(chain.versions_size() - 2);
  }
};

// Reads and checks a charter file; "-" is standard input. Every version must be right, and all but the last signed:
// INVALID_ARGUMENT otherwise.
absl::StatusOr<CharterDraft> LoadCharter(const std::string& path);

// What LoadCharter finds, for a chain that is at hand. `name` stands in errors.
absl::StatusOr<CharterDraft> CheckDraft(v1::CharterChain chain, const std::string& name);

// Writes the chain as text, whole or not at all. People read above the armour what it is.
absl::Status SaveCharter(const std::string& path, const v1::CharterChain& chain);

}  // namespace cairn
