#include "client/cairn/channel.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/crypto/tls_identity.h"

namespace cairn {
namespace {

namespace tls = grpc::experimental;

constexpr int receive_bytes_max = 64 * 1024 * 1024;  // a page of 200 records of the largest size, with room

// Accepts one key. Answers within the call: nothing is sent before.
class OnlyThisKey : public tls::ExternalCertificateVerifier {
 public:
  explicit OnlyThisKey(std::string pin) : pin_(std::move(pin)) {}

  bool Verify(tls::TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* status) override {
    const grpc::string_ref pem = request->peer_cert();
    const absl::StatusOr<std::string> spki = SpkiSha256OfCertPem(absl::string_view(pem.data(), pem.size()));
    *status = spki.ok() && *spki == pin_
                  ? grpc::Status::OK
                  : grpc::Status(grpc::StatusCode::UNAUTHENTICATED,
                                 absl::StrCat("the node there has another key than --pin says: ",
                                              spki.ok() ? ToHex(*spki) : "none", "; it may be another node"));
    return true;
  }
  void Cancel(tls::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::string pin_;
};

// Shows the token with each call. gRPC itself sends what comes from here over encrypted connections only.
class TokenPlugin : public grpc::MetadataCredentialsPlugin {
 public:
  explicit TokenPlugin(const std::string& token) : header_(absl::StrCat("Bearer ", token)) {}

  bool IsBlocking() const override { return false; }
  grpc::Status GetMetadata(grpc::string_ref, grpc::string_ref, const grpc::AuthContext&,
                           std::multimap<grpc::string, grpc::string>* metadata) override {
    metadata->emplace("authorization", header_);
    return grpc::Status::OK;
  }
  grpc::string DebugString() override { return "TokenPlugin"; }

 private:
  const std::string header_;
};

std::shared_ptr<grpc::ChannelCredentials> TrustAuthorities(const ChannelSecurity& security) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = security.ca_pem;
  options.pem_private_key = security.key_pem;
  options.pem_cert_chain = security.certificate_pem;
  return grpc::SslCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> TrustOneKey(const ChannelSecurity& security) {
  tls::TlsChannelCredentialsOptions options;
  options.set_certificate_verifier(tls::ExternalCertificateVerifier::Create<OnlyThisKey>(security.pin_sha256));
  options.set_verify_server_certs(false);
  options.set_check_call_host(false);
  if (!security.certificate_pem.empty()) {
    options.set_certificate_provider(std::make_shared<tls::StaticDataCertificateProvider>(
        std::vector<tls::IdentityKeyCertPair>{{security.key_pem, security.certificate_pem}}));
    options.watch_identity_key_cert_pairs();
  }
  return tls::TlsCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> CredentialsOf(const ChannelSecurity& security) {
  if (!security.encrypted()) return grpc::InsecureChannelCredentials();
  std::shared_ptr<grpc::ChannelCredentials> channel =
      security.pin_sha256.empty() ? TrustAuthorities(security) : TrustOneKey(security);
  if (security.token.empty()) return channel;
  return grpc::CompositeChannelCredentials(
      channel, grpc::MetadataCredentialsFromPlugin(std::make_unique<TokenPlugin>(security.token)));
}

absl::Status CheckSecurity(const NodeTarget& target, const ChannelSecurity& security) {
  const bool shows_secret = !security.token.empty() || !security.certificate_pem.empty();
  if (!target.socket_path.empty() && (security.encrypted() || shows_secret)) {
    return absl::InvalidArgumentError(absl::StrCat("socket ", target.display,
                                                   ": needs no token, certificate, --ca or --pin, since the file's "
                                                   "permissions decide; they are for --node HOST:PORT"));
  }
  if (!security.ca_pem.empty() && !security.pin_sha256.empty()) {
    return absl::InvalidArgumentError("--ca and --pin: give one of them, by which the node is recognised");
  }
  if (shows_secret && !security.encrypted()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a token is never sent to ", target.display,
        " without encryption; add --pin SHA256 of the node's key, which `token create` says, or --ca FILE"));
  }
  if (security.certificate_pem.empty() != security.key_pem.empty()) {
    return absl::InvalidArgumentError("a client certificate and its key belong together; give both");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const NodeTarget& target, const ChannelSecurity& security) {
  RETURN_IF_ERROR(CheckSecurity(target, security));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(receive_bytes_max);
  // gRPC's own reconnect back-off of a second would outlast the first repetitions. Its "minimum" is in truth how long
  // an attempt to connect may last: a loaded node takes its time.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  // A proxy named in the environment is for the Web; a node is reached directly.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(target.grpc_name, CredentialsOf(security), arguments);
}

}  // namespace cairn
