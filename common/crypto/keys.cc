#include "common/crypto/keys.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/crypto/hash.h"
#include "common/crypto/secret_file.h"

namespace cairn {

namespace {

using PKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using MdContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* Bytes(absl::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// Without it OpenSSL would ask for the password of an encrypted key on the terminal.
int NoPassword(char*, int, int, void*) { return -1; }

absl::StatusOr<std::string> PublicKeyOf(EVP_PKEY* key) {
  std::string out(public_key_bytes, '\0');
  size_t size = out.size();
  if (EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(out.data()), &size) != 1 ||
      size != public_key_bytes) {
    return absl::InternalError("OpenSSL gives no public key for an Ed25519 key");
  }
  return out;
}

// PEM, or the 64 hexadecimal digits that `cairn charter key` writes.
bool IsPublicKey(absl::string_view text) {
  const absl::string_view digits = absl::StripAsciiWhitespace(text);
  const bool hex = digits.size() == 2 * public_key_bytes && absl::c_all_of(digits, absl::ascii_isxdigit);
  return hex || absl::StrContains(text, "-----BEGIN PUBLIC KEY-----");
}

absl::Status PublicKeyError() {
  return absl::InvalidArgumentError(
      "a public key, with which nothing can be signed; give the file of the private key that belongs to it");
}

// Looked at before the file's mode: a public key may be read by everybody, and `chmod` is no remedy for it.
bool IsPublicKeyFile(const std::string& path) {
  constexpr size_t kHeadBytes = 4096;  // a PEM file with a comment before the key
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;  // a pipe would wait
  std::string head(kHeadBytes, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  return IsPublicKey(absl::string_view(head).substr(0, static_cast<size_t>(file.gcount())));
}

}  // namespace

absl::StatusOr<SigningKey> SigningKey::Generate(Random* random) {
  std::string seed(32, '\0');
  random->Fill(absl::MakeSpan(seed.data(), seed.size()));
  std::shared_ptr<EVP_PKEY> key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Bytes(seed), seed.size()),
                                EVP_PKEY_free);
  if (key == nullptr) return absl::InternalError("OpenSSL makes no Ed25519 key");
  ASSIGN_OR_RETURN(std::string public_key, PublicKeyOf(key.get()));
  return SigningKey(std::move(key), std::move(public_key));
}

absl::StatusOr<SigningKey> SigningKey::FromPem(absl::string_view pem) {
  if (IsPublicKey(pem)) return PublicKeyError();
  Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr), EVP_PKEY_free);
  ERR_clear_error();
  if (key == nullptr || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) {
    return absl::InvalidArgumentError(
        "not an unencrypted Ed25519 private key in PEM form; `openssl genpkey -algorithm ed25519` makes one");
  }
  ASSIGN_OR_RETURN(std::string public_key, PublicKeyOf(key.get()));
  return SigningKey(std::move(key), std::move(public_key));
}

absl::StatusOr<SigningKey> SigningKey::FromPemFile(const std::string& path) {
  if (IsPublicKeyFile(path)) return Annotate(PublicKeyError(), path);
  ASSIGN_OR_RETURN(std::string pem, ReadSecretFile(path));
  absl::StatusOr<SigningKey> key = FromPem(pem);
  if (!key.ok()) return Annotate(key.status(), path);
  return key;
}

std::string SigningKey::ToPem() const {
  Bio bio(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PKCS8PrivateKey(bio.get(), static_cast<EVP_PKEY*>(key_.get()), nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string SigningKey::Sign(absl::string_view domain, absl::string_view bytes) const {
  const std::string message = absl::StrCat(domain, bytes);
  MdContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::string signature(signature_bytes, '\0');
  size_t size = signature.size();
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, static_cast<EVP_PKEY*>(key_.get())) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, Bytes(message),
                     message.size()) != 1) {
    ERR_clear_error();
    return "";  // out of memory only; nobody accepts an empty signature
  }
  return signature;
}

bool VerifySignature(absl::string_view public_key, absl::string_view domain, absl::string_view bytes,
                     absl::string_view signature) {
  if (public_key.size() != public_key_bytes || signature.size() != signature_bytes) return false;
  PKey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(public_key), public_key.size()), EVP_PKEY_free);
  MdContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const std::string message = absl::StrCat(domain, bytes);
  const bool good =
      key != nullptr && context != nullptr &&
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
      EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message), message.size()) == 1;
  ERR_clear_error();
  return good;
}

std::string KeyId(absl::string_view public_key) { return ToHex(Sha256(public_key)).substr(0, 16); }

}  // namespace cairn
