#include "common/crypto/tls_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/crypto/secret_file.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

// A node's two files; each test spoils one.
class TlsFilesTest : public ::testing::Test {
 protected:
  TlsFilesTest() : folder_(absl::StrCat(::testing::TempDir(), "tls-files-", getpid())) {
    std::filesystem::create_directories(folder_);
    Write(own_.key_pem, own_.certificate_pem);
  }
  ~TlsFilesTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& key, const std::string& certificate) const {
    std::filesystem::remove(key_path());
    ASSERT_TRUE(WriteSecretFile(key_path(), key).ok());
    std::ofstream(certificate_path(), std::ios::binary) << certificate;
  }
  std::string key_path() const { return folder_ + "/tls.key"; }
  std::string certificate_path() const { return folder_ + "/tls.crt"; }
  std::string Refusal() const {
    const auto pin = SpkiSha256OfTlsFiles(key_path(), certificate_path());
    return pin.ok() ? "" : std::string(pin.status().message());
  }

  const std::string folder_;
  const TlsIdentity own_ = *MakeTlsIdentity("pl-x-1", absl::FromUnixSeconds(1'800'000'000));
  const TlsIdentity other_ = *MakeTlsIdentity("lv-y-1", absl::FromUnixSeconds(1'800'000'000));
};

TEST_F(TlsFilesTest, GivesThePinOfAKeyWithItsCertificate) {
  EXPECT_EQ(*SpkiSha256OfTlsFiles(key_path(), certificate_path()), own_.spki_sha256);
}

TEST_F(TlsFilesTest, RefusesAKeyThatIsEmptyCutShortOrNone) {
  Write("", own_.certificate_pem);
  EXPECT_THAT(Refusal(), HasSubstr(key_path() + ": empty; put back"));
  for (const std::string& key : {std::string("garbage"), own_.key_pem.substr(0, 100), own_.certificate_pem}) {
    Write(key, own_.certificate_pem);
    EXPECT_THAT(Refusal(), HasSubstr(key_path() + ": no unencrypted private key in PEM form; put back"));
  }
}

TEST_F(TlsFilesTest, RefusesTheKeyOfAnotherNode) {
  Write(other_.key_pem, own_.certificate_pem);
  EXPECT_THAT(Refusal(), HasSubstr(key_path() + ": not the key of the certificate in " + certificate_path()));
}

TEST_F(TlsFilesTest, RefusesACertificateThatIsEmptyOrNone) {
  Write(own_.key_pem, "");
  EXPECT_THAT(Refusal(), HasSubstr(certificate_path() + ": empty"));
  Write(own_.key_pem, own_.key_pem);
  EXPECT_THAT(Refusal(), HasSubstr(certificate_path() + ": no certificate in PEM form"));
  std::filesystem::remove(certificate_path());
  EXPECT_THAT(Refusal(), HasSubstr("cannot open " + certificate_path()));
}

}  // namespace
}  // namespace cairn
