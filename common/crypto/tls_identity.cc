#include "common/crypto/tls_identity.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <fstream>
#include <iterator>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/crypto/hash.h"
#include "common/crypto/secret_file.h"

namespace cairn {

namespace {

using PKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

// Without it OpenSSL would ask for the password of an encrypted key on the terminal.
int NoPassword(char*, int, int, void*) { return -1; }

PKey KeyOfPem(absl::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  return PKey(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr), EVP_PKEY_free);
}

Certificate CertificateOfPem(absl::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  return Certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
}

absl::Status RefuseFile(const std::string& path, absl::string_view contents, absl::string_view problem) {
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": ", contents.empty() ? "empty" : problem,
                   "; put back this node's own key and certificate, or, when they are lost, make a new node with "
                   "`cairn node init` and have the governors admit it"));
}

std::string SpkiSha256(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return "";
  std::string hash = Sha256(absl::string_view(reinterpret_cast<char*>(der), static_cast<size_t>(size)));
  OPENSSL_free(der);
  return hash;
}

bool SetSerial(X509* certificate) {
  uint64_t serial = 0;
  return RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial | 1) == 1;
}

bool SetName(X509* certificate, absl::string_view common_name) {
  X509_NAME* name = X509_get_subject_name(certificate);
  return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(common_name.data()),
                                    static_cast<int>(common_name.size()), -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1;
}

bool SetDates(X509* certificate, absl::Time now) {
  const time_t start = absl::ToTimeT(now - absl::Hours(24));
  return ASN1_TIME_adj(X509_getm_notBefore(certificate), start, 0, 0) != nullptr &&
         ASN1_TIME_adj(X509_getm_notAfter(certificate), start, 365 * 100, 0) != nullptr;
}

}  // namespace

absl::StatusOr<TlsIdentity> MakeTlsIdentity(absl::string_view common_name, absl::Time now) {
  const PKey key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Certificate certificate(X509_new(), X509_free);
  const bool made = key != nullptr && certificate != nullptr && X509_set_version(certificate.get(), 2) == 1 &&
                    SetSerial(certificate.get()) && SetName(certificate.get(), common_name) &&
                    SetDates(certificate.get(), now) && X509_set_pubkey(certificate.get(), key.get()) == 1 &&
                    X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0;
  const Bio key_pem(BIO_new(BIO_s_mem()), BIO_free);
  const Bio certificate_pem(BIO_new(BIO_s_mem()), BIO_free);
  if (!made || PEM_write_bio_PKCS8PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(certificate_pem.get(), certificate.get()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError(
        absl::StrCat("no certificate can be made for ", Quoted(common_name), "; a name has 1 to 64 bytes"));
  }
  return TlsIdentity{TextOf(key_pem.get()), TextOf(certificate_pem.get()), SpkiSha256(certificate.get())};
}

absl::StatusOr<std::string> SpkiSha256OfCertPem(absl::string_view pem) {
  const Certificate certificate = CertificateOfPem(pem);
  ERR_clear_error();
  std::string hash = certificate == nullptr ? "" : SpkiSha256(certificate.get());
  if (hash.empty()) return absl::InvalidArgumentError("no certificate in PEM form");
  return hash;
}

absl::StatusOr<std::string> SpkiSha256OfTlsFiles(const std::string& key_path, const std::string& certificate_path) {
  ASSIGN_OR_RETURN(const std::string key_pem, ReadSecretFile(key_path));
  std::ifstream file(certificate_path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot open ", certificate_path));
  const std::string certificate_pem(std::istreambuf_iterator<char>(file), {});
  const PKey key = KeyOfPem(key_pem);
  const Certificate certificate = CertificateOfPem(certificate_pem);
  const bool pair =
      key != nullptr && certificate != nullptr && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (key == nullptr) return RefuseFile(key_path, key_pem, "no unencrypted private key in PEM form");
  if (certificate == nullptr) return RefuseFile(certificate_path, certificate_pem, "no certificate in PEM form");
  if (!pair) return RefuseFile(key_path, key_pem, absl::StrCat("not the key of the certificate in ", certificate_path));
  return SpkiSha256(certificate.get());
}

}  // namespace cairn
