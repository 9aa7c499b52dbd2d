#include "common/crypto/sealed.h"

#include <openssl/evp.h>

#include <memory>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/crypto/hash.h"

namespace cairn {
namespace {

constexpr absl::string_view magic = "CAIRNSL1";
constexpr size_t salt_bytes = 16;
constexpr size_t nonce_bytes = 12;
constexpr size_t header_bytes = 8 + salt_bytes + nonce_bytes;
constexpr size_t tag_bytes = 16;
constexpr size_t passphrase_bytes_min = 12;  // what cannot be tried out at a few a second
constexpr uint64_t scrypt_n = 1 << 17;
constexpr uint64_t scrypt_r = 8;
constexpr uint64_t scrypt_p = 1;
constexpr uint64_t scrypt_memory_max = 256ull * 1024 * 1024;  // twice what N and r need

const unsigned char* Bytes(absl::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string* text) { return reinterpret_cast<unsigned char*>(text->data()); }

absl::StatusOr<std::string> KeyOf(absl::string_view passphrase, absl::string_view salt) {
  std::string key(32, '\0');
  if (EVP_PBE_scrypt(passphrase.data(), passphrase.size(), Bytes(salt), salt.size(), scrypt_n, scrypt_r, scrypt_p,
                     scrypt_memory_max, Bytes(&key), key.size()) != 1) {
    return absl::ResourceExhaustedError("scrypt needs 128 MiB of memory, which are not there");
  }
  return key;
}

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)>;

// Ready for the text; nullptr when the library fails.
Cipher Begin(absl::string_view key, absl::string_view nonce, absl::string_view about, bool encrypt) {
  Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int length = 0;
  const bool ready =
      cipher != nullptr &&
      EVP_CipherInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(key), Bytes(nonce), encrypt ? 1 : 0) == 1 &&
      EVP_CipherUpdate(cipher.get(), nullptr, &length, Bytes(about), static_cast<int>(about.size())) == 1;
  if (!ready) cipher.reset();
  return cipher;
}

// Ciphertext and tag.
absl::StatusOr<std::string> Encrypt(absl::string_view key, absl::string_view nonce, absl::string_view about,
                                    absl::string_view plain) {
  const Cipher cipher = Begin(key, nonce, about, true);
  std::string text(plain.size(), '\0');
  std::string tag(tag_bytes, '\0');
  int length = 0;
  if (cipher == nullptr ||
      EVP_CipherUpdate(cipher.get(), Bytes(&text), &length, Bytes(plain), static_cast<int>(plain.size())) != 1 ||
      EVP_CipherFinal_ex(cipher.get(), Bytes(&tag), &length) != 1 ||
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes, tag.data()) != 1) {
    return absl::InternalError("AES-256-GCM failed");
  }
  return text + tag;
}

// The text; nullopt when it is not what Encrypt made of these.
std::optional<std::string> Decrypt(absl::string_view key, absl::string_view nonce, absl::string_view about,
                                   absl::string_view sealed) {
  if (sealed.size() < tag_bytes) return std::nullopt;
  const absl::string_view text = sealed.substr(0, sealed.size() - tag_bytes);
  std::string tag(sealed.substr(text.size()));
  const Cipher cipher = Begin(key, nonce, about, false);
  std::string plain(text.size(), '\0');
  std::string rest(tag_bytes, '\0');
  int length = 0;
  if (cipher == nullptr ||
      EVP_CipherUpdate(cipher.get(), Bytes(&plain), &length, Bytes(text), static_cast<int>(text.size())) != 1 ||
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) != 1 ||
      EVP_CipherFinal_ex(cipher.get(), Bytes(&rest), &length) != 1) {
    return std::nullopt;
  }
  return plain;
}

absl::string_view NonceOf(absl::string_view header) { return header.substr(header_bytes - nonce_bytes); }

}  // namespace

absl::StatusOr<std::string> Seal(absl::string_view plain, absl::string_view passphrase, Random* random) {
  if (passphrase.size() < passphrase_bytes_min) {
    return absl::InvalidArgumentError(absl::StrCat("a passphrase of ", passphrase.size(), " bytes: write at least ",
                                                   passphrase_bytes_min, ", such as five words drawn by lot"));
  }
  std::string header(header_bytes, '\0');
  random->Fill(absl::MakeSpan(&header[magic.size()], salt_bytes + nonce_bytes));
  header.replace(0, magic.size(), magic.data(), magic.size());
  ASSIGN_OR_RETURN(const std::string key,
                   KeyOf(passphrase, absl::string_view(header).substr(magic.size(), salt_bytes)));
  ASSIGN_OR_RETURN(const std::string sealed, Encrypt(key, NonceOf(header), header, plain));
  return header + sealed;
}

absl::StatusOr<std::string> Unseal(absl::string_view sealed, absl::string_view passphrase) {
  const absl::Status wrong = absl::DataLossError("another passphrase, or no sealed file, or an altered one");
  if (!absl::StartsWith(sealed, magic) || sealed.size() < header_bytes + tag_bytes) return wrong;
  const absl::string_view header = sealed.substr(0, header_bytes);
  ASSIGN_OR_RETURN(const std::string key, KeyOf(passphrase, header.substr(magic.size(), salt_bytes)));
  std::optional<std::string> plain = Decrypt(key, NonceOf(header), header, sealed.substr(header_bytes));
  if (!plain.has_value()) return wrong;
  return *std::move(plain);
}

absl::StatusOr<std::string> SealUnder(absl::string_view key, absl::string_view about, absl::string_view plain) {
  const std::string nonce =
      Sha256(absl::StrCat("cairn.v1.nonce\n", key, about.size(), "\n", about, plain)).substr(0, nonce_bytes);
  ASSIGN_OR_RETURN(const std::string sealed, Encrypt(key, nonce, about, plain));
  return nonce + sealed;
}

absl::StatusOr<std::string> UnsealUnder(absl::string_view key, absl::string_view about, absl::string_view sealed) {
  std::optional<std::string> plain;
  if (sealed.size() >= nonce_bytes) {
    plain = Decrypt(key, sealed.substr(0, nonce_bytes), about, sealed.substr(nonce_bytes));
  }
  if (!plain.has_value()) return absl::DataLossError("altered, about something else, or under another key");
  return *std::move(plain);
}

}  // namespace cairn
