// What a node shows in TLS: a key and a self-signed certificate. Nobody verifies the certificate's names or dates; the
// charter pins the SHA-256 of its public key.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace cairn {

// A key with its certificate.
struct TlsIdentity {
  // PKCS #8 PEM, unencrypted; for WriteSecretFile.
  std::string key_pem;
  // X.509 PEM.
  std::string certificate_pem;
  // SHA-256 of the subject public key info, 32 bytes: what the charter pins.
  std::string spki_sha256;
};

// A fresh ECDSA P-256 key and a certificate for `common_name` (at most 64 bytes), valid from a day before `now` for a
// hundred years: trust ends with the pin, not with a date. The key comes from OpenSSL's own generator.
absl::StatusOr<TlsIdentity> MakeTlsIdentity(absl::string_view common_name, absl::Time now);

// SHA-256 of the subject public key info of the first certificate in `pem`, 32 bytes. INVALID_ARGUMENT when there is
// none. Thread-safe.
absl::StatusOr<std::string> SpkiSha256OfCertPem(absl::string_view pem);

// What the pin of a node with these files must be. Checks that the key is readable by its owner alone (ReadSecretFile),
// that both files hold what they should, and that they belong together. The error names the file, what is wrong with it
// and what would be right: FAILED_PRECONDITION, or what ReadSecretFile gives. Thread-safe.
absl::StatusOr<std::string> SpkiSha256OfTlsFiles(const std::string& key_path, const std::string& certificate_path);

}  // namespace cairn
