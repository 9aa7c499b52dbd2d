#include "server/replicate/grpc_credentials.h"

#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <cstdlib>
#include <utility>
#include <vector>

#include "common/base/log.h"
#include "common/crypto/tls_identity.h"
#include "server/replicate/grpc_tls_files.h"

namespace cairn {
namespace {

using grpc::experimental::CertificateVerifier;
using grpc::experimental::ExternalCertificateVerifier;
using grpc::experimental::TlsCustomVerificationCheckRequest;

constexpr unsigned identity_refresh_seconds = 10;

// Answers within the call: an asynchronous verifier would keep unverified connections waiting.
class PinVerifier : public ExternalCertificateVerifier {
 public:
  explicit PinVerifier(PinCheck pinned) : pinned_(std::move(pinned)) {}

  bool Verify(TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* status) override {
    const grpc::string_ref pem = request->peer_cert();
    const absl::StatusOr<std::string> spki = SpkiSha256OfCertPem(absl::string_view(pem.data(), pem.size()));
    const bool accepted = spki.ok() && pinned_(*spki);
    *status = accepted ? grpc::Status::OK : grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "the key is not pinned");
    return true;
  }
  void Cancel(TlsCustomVerificationCheckRequest*) override {}

 private:
  const PinCheck pinned_;
};

void SetCommon(grpc::experimental::TlsCredentialsOptions* options, PinCheck pinned) {
  AllowOnlyTls13();
  options->watch_identity_key_cert_pairs();
  options->set_certificate_verifier(ExternalCertificateVerifier::Create<PinVerifier>(std::move(pinned)));
  options->set_check_call_host(false);
}

}  // namespace

// gRPC 1.51 has no setting for the lowest TLS version. It does let the cipher list of TLS 1.2 be chosen: one that needs
// a pre-shared key, which no side has, leaves TLS 1.3 alone.
void AllowOnlyTls13() {
  static const int set = setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-GCM-SHA384", 1);
  (void)set;
}

TlsIdentityFiles WatchTlsIdentity(const std::string& key_path, const std::string& certificate_path) {
  const auto watched = WatchTlsFiles({key_path, certificate_path, ""});
  if (watched.ok()) return *watched;
  // Whoever starts a node has looked before; so the files have gone wrong this moment, and are watched as they are.
  LogError("tls.files_refused", {{"error", watched.status().message()}, {"in_force", "nothing"}});
  return std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(key_path, certificate_path,
                                                                              identity_refresh_seconds);
}

std::shared_ptr<grpc::ServerCredentials> PinnedServerCredentials(const TlsIdentityFiles& identity, PinCheck pinned) {
  grpc::experimental::TlsServerCredentialsOptions options(identity);
  SetCommon(&options, std::move(pinned));
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> PinnedChannelCredentials(const TlsIdentityFiles& identity,
                                                                   std::string spki_sha256,
                                                                   std::function<void(absl::string_view)> refused) {
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(identity);
  SetCommon(&options, [pin = std::move(spki_sha256), refused = std::move(refused)](absl::string_view spki) {
    if (spki == pin) return true;
    refused(spki);
    return false;
  });
  options.set_verify_server_certs(false);
  return grpc::experimental::TlsCredentials(options);
}

absl::StatusOr<std::string> PeerSpkiSha256(const grpc::AuthContext& context) {
  const std::vector<grpc::string_ref> pem = context.FindPropertyValues("x509_pem_cert");
  if (pem.size() != 1) return absl::UnauthenticatedError("the peer showed no certificate");
  return SpkiSha256OfCertPem(absl::string_view(pem[0].data(), pem[0].size()));
}

}  // namespace cairn
