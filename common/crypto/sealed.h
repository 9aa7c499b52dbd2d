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

}  // namespace cairn
