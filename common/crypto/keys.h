// Ed25519 keys (RFC 8032): those of publishers sign heads and join requests, those of governors sign charters.
//
// What is signed is a domain followed by the bytes, so that a signature for one purpose is never one for another.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/random.h"

namespace cairn {

// The domains; each ends with a newline and is no prefix of another.
inline constexpr absl::string_view head_domain = "cairn.v1.head\n";
inline constexpr absl::string_view charter_domain = "cairn.v1.charter\n";
inline constexpr absl::string_view join_domain = "cairn.v1.join\n";
inline constexpr absl::string_view new_key_domain = "cairn.v1.newkey\n";

inline constexpr size_t public_key_bytes = 32;
inline constexpr size_t signature_bytes = 64;

// A private key. Copies share it; immutable and thread-safe. Never printed, never logged.
class SigningKey {
 public:
  // A new key from 32 bytes of `random`.
  static absl::StatusOr<SigningKey> Generate(Random* random);

  // A key from PEM text (PKCS #8, "BEGIN PRIVATE KEY"), as `openssl genpkey -algorithm ed25519` writes it.
  // INVALID_ARGUMENT for anything else, an encrypted key included.
  static absl::StatusOr<SigningKey> FromPem(absl::string_view pem);

  // The key of a PEM file that only its owner may read; see ReadSecretFile for errors.
  static absl::StatusOr<SigningKey> FromPemFile(const std::string& path);

  // PKCS #8 PEM text, unencrypted, for WriteSecretFile.
  std::string ToPem() const;

  // The signature of `domain` followed by `bytes`; 64 bytes, the same each time. Some 50 microseconds.
  std::string Sign(absl::string_view domain, absl::string_view bytes) const;

  // The 32 raw bytes of the public key.
  const std::string& public_key() const { return public_key_; }

 private:
  SigningKey(std::shared_ptr<void> key, std::string public_key)
      : key_(std::move(key)), public_key_(std::move(public_key)) {}

  std::shared_ptr<void> key_;  // an EVP_PKEY; its type stays in the source file, and OpenSSL's headers with it
  std::string public_key_;
};

// True when `signature` is the one of `domain` followed by `bytes` under the raw public key. False for keys and
// signatures of a wrong length or form; never an error. Thread-safe; some 80 microseconds.
bool VerifySignature(absl::string_view public_key, absl::string_view domain, absl::string_view bytes,
                     absl::string_view signature);

// The short name of a key: the first 16 hexadecimal digits of the SHA-256 of its raw public key. It finds a key; it
// proves nothing.
std::string KeyId(absl::string_view public_key);

}  // namespace cairn
