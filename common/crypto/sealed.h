// Secrets under a passphrase, for keys that leave the node in a backup.
//
// The format, so that it can be opened without this program:
//   bytes 0-7    "CAIRNSL1"
//   bytes 8-23   salt
//   bytes 24-35  nonce
//   then         ciphertext, as long as the plain text
//   last 16      tag
// The key is scrypt(passphrase, salt, N=2^17, r=8, p=1), 32 bytes; the cipher AES-256-GCM with bytes 0-35 as additional
// data. Another N, r or p would be another magic.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/random.h"

namespace cairn {

// Takes some 0.4 s and 128 MiB, so that passphrases cannot be tried quickly. INVALID_ARGUMENT for a passphrase of fewer
// than 12 bytes.
absl::StatusOr<std::string> Seal(absl::string_view plain, absl::string_view passphrase, Random* random);

// DATA_LOSS: not such a text, altered, or another passphrase; the three cannot be told apart.
absl::StatusOr<std::string> Unseal(absl::string_view sealed, absl::string_view passphrase);

// For what leaves this program and comes back: AES-256-GCM under a key at hand of 32 bytes, bound to `about`. The nonce
// comes from key, `about` and text (a synthetic one, as in RFC 5297), so that the same text is always sealed the same
// way. 28 bytes longer than the text.
absl::StatusOr<std::string> SealUnder(absl::string_view key, absl::string_view about, absl::string_view plain);
// DATA_LOSS: not sealed so, altered, about something else, or under another key.
absl::StatusOr<std::string> UnsealUnder(absl::string_view key, absl::string_view about, absl::string_view sealed);

}  // namespace cairn
