#include "common/crypto/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/base/hex.h"
#include "common/crypto/hash.h"
#include "common/crypto/secret_file.h"
#include "common/crypto/tls_identity.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

// A path that does not exist yet.
std::string NewPath(const std::string& name) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/", getpid(), "_", name);
  unlink(path.c_str());
  return path;
}

SigningKey KeyOf(uint64_t seed) {
  SeededRandom random(seed);
  return *SigningKey::Generate(&random);
}

// Gives out the bytes it was made of.
class FixedRandom : public Random {
 public:
  explicit FixedRandom(std::string bytes) : bytes_(std::move(bytes)) {}
  void Fill(absl::Span<char> out) override { bytes_.copy(out.data(), out.size()); }

 private:
  const std::string bytes_;
};

TEST(HashTest, AgreesWithThePublishedExample) {
  EXPECT_EQ(ToHex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// RFC 8032, section 7.1, test 3.
TEST(SigningKeyTest, AgreesWithThePublishedExample) {
  FixedRandom seed(*FromHex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"));
  const SigningKey key = *SigningKey::Generate(&seed);
  EXPECT_EQ(ToHex(key.public_key()), "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
  EXPECT_EQ(ToHex(key.Sign("", *FromHex("af82"))),
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
}

TEST(SigningKeyTest, ItsSignatureVerifies) {
  const SigningKey key = KeyOf(1);
  EXPECT_TRUE(VerifySignature(key.public_key(), head_domain, "body", key.Sign(head_domain, "body")));
}

TEST(SigningKeyTest, NothingElseVerifies) {
  const SigningKey key = KeyOf(1);
  const std::string signature = key.Sign(head_domain, "body");
  std::string altered = signature;
  altered[10] ^= 1;
  EXPECT_FALSE(VerifySignature(key.public_key(), head_domain, "bodz", signature)) << "other bytes";
  EXPECT_FALSE(VerifySignature(key.public_key(), charter_domain, "body", signature)) << "other purpose";
  EXPECT_FALSE(VerifySignature(KeyOf(2).public_key(), head_domain, "body", signature)) << "other key";
  EXPECT_FALSE(VerifySignature(key.public_key(), head_domain, "body", altered)) << "altered signature";
  EXPECT_FALSE(VerifySignature(key.public_key(), head_domain, "body", signature.substr(1))) << "short signature";
  EXPECT_FALSE(VerifySignature(key.public_key(), head_domain, "body", "")) << "no signature";
  EXPECT_FALSE(VerifySignature("short", head_domain, "body", signature)) << "no key";
}

TEST(SigningKeyTest, SurvivesPem) {
  const SigningKey key = KeyOf(1);
  const auto back = SigningKey::FromPem(key.ToPem());
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->public_key(), key.public_key());
  EXPECT_EQ(back->Sign(head_domain, "x"), key.Sign(head_domain, "x"));
}

TEST(SigningKeyTest, ReadsWhatTheOpensslProgramWrites) {
  if (std::system("command -v openssl >/dev/null") != 0) GTEST_SKIP() << "no openssl program";
  const std::string path = NewPath("openssl.pem");
  ASSERT_EQ(std::system(absl::StrCat("umask 077; openssl genpkey -algorithm ed25519 -out ", path).c_str()), 0);
  EXPECT_TRUE(SigningKey::FromPemFile(path).ok());
}

TEST(SigningKeyTest, TheOpensslProgramReadsWhatItWrites) {
  if (std::system("command -v openssl >/dev/null") != 0) GTEST_SKIP() << "no openssl program";
  const std::string path = NewPath("ours.pem");
  ASSERT_TRUE(WriteSecretFile(path, KeyOf(1).ToPem()).ok());
  EXPECT_EQ(std::system(absl::StrCat("openssl pkey -noout -in ", path).c_str()), 0);
}

TEST(SigningKeyTest, RefusesWhatIsNoEd25519Key) {
  EXPECT_EQ(SigningKey::FromPem("").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(SigningKey::FromPem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").status().code(),
            absl::StatusCode::kInvalidArgument);
  const TlsIdentity p256 = *MakeTlsIdentity("node", absl::FromUnixSeconds(1'800'000'000));
  EXPECT_THAT(SigningKey::FromPem(p256.key_pem).status().message(), HasSubstr("Ed25519"));
}

TEST(SigningKeyTest, APublicKeyIsNamedAsSuchWhateverItsMode) {
  const std::string pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n";
  for (const std::string& text : {pem, absl::StrCat(ToHex(KeyOf(1).public_key()), "\n")}) {
    const std::string path = NewPath("key.pub");
    ASSERT_TRUE(WriteSecretFile(path, text).ok());
    ASSERT_EQ(chmod(path.c_str(), 0644), 0);
    EXPECT_EQ(SigningKey::FromPemFile(path).status().message(),
              absl::StrCat(path,
                           ": a public key, with which nothing can be signed; give the file of the private key "
                           "that belongs to it"));
    EXPECT_THAT(SigningKey::FromPem(text).status().message(), HasSubstr("a public key"));
  }
}

TEST(SigningKeyTest, RefusesAKeyFileThatOthersMayReadAndNamesTheRemedy) {
  const std::string path = NewPath("open.pem");
  ASSERT_TRUE(WriteSecretFile(path, KeyOf(1).ToPem()).ok());
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  const auto key = SigningKey::FromPemFile(path);
  EXPECT_EQ(key.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(key.status().message(), HasSubstr(absl::StrCat("chmod 600 ", path)));
  EXPECT_THAT(key.status().message(), HasSubstr("0640"));
}

TEST(KeyIdTest, IsTheBeginningOfTheHashOfTheKey) {
  const SigningKey key = KeyOf(1);
  EXPECT_EQ(KeyId(key.public_key()), ToHex(Sha256(key.public_key())).substr(0, 16));
}

TEST(SecretFileTest, IsWrittenForItsOwnerAlone) {
  const std::string path = NewPath("secret");
  ASSERT_TRUE(WriteSecretFile(path, "words").ok());
  struct stat info = {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(*ReadSecretFile(path), "words");
}

TEST(SecretFileTest, IsNeverOverwritten) {
  const std::string path = NewPath("kept");
  ASSERT_TRUE(WriteSecretFile(path, "first").ok());
  EXPECT_EQ(WriteSecretFile(path, "second").code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(*ReadSecretFile(path), "first");
}

TEST(SecretFileTest, RefusesWhatIsNoFile) {
  EXPECT_EQ(ReadSecretFile(NewPath("missing")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadSecretFile(::testing::TempDir()).status().code(), absl::StatusCode::kFailedPrecondition);
  const std::string fifo = NewPath("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(ReadSecretFile(fifo).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(SecretFileTest, RefusesWhatIsTooLarge) {
  const std::string path = NewPath("large");
  ASSERT_TRUE(WriteSecretFile(path, std::string(64 * 1024 + 1, 'x')).ok());
  EXPECT_EQ(ReadSecretFile(path).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(TlsIdentityTest, NamesThePinOfItsOwnCertificate) {
  const auto identity = MakeTlsIdentity("pl-example-1", absl::FromUnixSeconds(1'800'000'000));
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(identity->spki_sha256.size(), 32u);
  EXPECT_EQ(*SpkiSha256OfCertPem(identity->certificate_pem), identity->spki_sha256);
}

TEST(TlsIdentityTest, HasAKeyOfItsOwnEachTime) {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  EXPECT_NE(MakeTlsIdentity("a", now)->spki_sha256, MakeTlsIdentity("a", now)->spki_sha256);
}

TEST(TlsIdentityTest, TheOpensslProgramAgreesOnThePin) {
  if (std::system("command -v openssl >/dev/null") != 0) GTEST_SKIP() << "no openssl program";
  const TlsIdentity identity = *MakeTlsIdentity("pl-example-1", absl::FromUnixSeconds(1'800'000'000));
  const std::string certificate = NewPath("node.crt"), pin = NewPath("pin");
  std::ofstream(certificate) << identity.certificate_pem;
  ASSERT_EQ(std::system(absl::StrCat(
                            "openssl x509 -in ", certificate,
                            " -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary > ", pin)
                            .c_str()),
            0);
  std::ifstream in(pin, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), identity.spki_sha256);
}

TEST(TlsIdentityTest, RefusesANameThatACertificateCannotHold) {
  EXPECT_FALSE(MakeTlsIdentity(std::string(65, 'n'), absl::FromUnixSeconds(1'800'000'000)).ok());
}

TEST(TlsIdentityTest, RefusesWhatIsNoCertificate) {
  EXPECT_EQ(SpkiSha256OfCertPem("garbage").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace cairn
