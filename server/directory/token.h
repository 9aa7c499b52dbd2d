// Opaque tokens: where a page or a watch goes on. A token is bound to the request that it belongs to. It grants
// nothing: what it leads to is asked of MayRead again.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cairn {

// Writes the fields of a token one after the other.
class TokenWriter {
 public:
  TokenWriter& Number(uint64_t value);
  // The token, in letters that are safe in URLs. `purpose` and `fingerprint` name the request it belongs to.
  // Whoever holds it can read the fields.
  std::string Finish(absl::string_view purpose, absl::string_view fingerprint) const;
  // The same, but neither fields nor their size can be read without the key: for places in the database, whose numbers
  // count what the reader may not see (R7).
  absl::StatusOr<std::string> Seal(absl::string_view purpose, absl::string_view fingerprint,
                                   absl::string_view key) const;

 private:
  std::string bytes_;
};

// Reads them back in order. Errors stick: read all fields, then ask End().
class TokenReader {
 public:
  // INVALID_ARGUMENT when `token` was not made by Finish with this purpose and fingerprint; `field` is its name in the
  // request.
  static absl::StatusOr<TokenReader> Open(absl::string_view token, absl::string_view purpose,
                                          absl::string_view fingerprint, absl::string_view field);
  // The same of what Seal made with this key.
  static absl::StatusOr<TokenReader> OpenSealed(absl::string_view token, absl::string_view purpose,
                                                absl::string_view fingerprint, absl::string_view field,
                                                absl::string_view key);
  uint64_t Number();
  bool at_end() const { return broken_ || at_ >= bytes_.size(); }
  // OK when every field was there and nothing is left.
  absl::Status End() const;

 private:
  std::string bytes_;
  size_t at_ = 0;
  std::string field_;
  bool broken_ = false;
};

}  // namespace cairn
