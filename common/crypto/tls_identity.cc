#include "common/crypto/tls_identity.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/crypto/hash.h"

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
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  ERR_clear_error();
  std::string hash = certificate == nullptr ? "" : SpkiSha256(certificate.get());
  if (hash.empty()) return absl::InvalidArgumentError("no certificate in PEM form");
  return hash;
}

}  // namespace cairn
