#include "server/rpc/gate.h"

#include <grpc/grpc_security_constants.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/crypto/tls_identity.h"
#include "server/access/method_roles.h"

namespace cairn {
namespace {

constexpr absl::Duration revoked_grace = absl::Milliseconds(700);  // a watch looks every 250 ms

absl::string_view ViewOf(const grpc::string_ref& text) { return absl::string_view(text.data(), text.size()); }

// What a caller over TLS shows. A header that is not of the form "Bearer TOKEN" counts as a token, which is wrong.
Credential CredentialOf(const grpc::AuthMetadataProcessor::InputMetadata& metadata, const grpc::AuthContext& context) {
  Credential credential;
  const auto [begin, end] = metadata.equal_range("authorization");
  for (auto header = begin; header != end; ++header) {
    credential.bearer.emplace_back(absl::StripPrefix(ViewOf(header->second), "Bearer "));
  }
  // Certificates that the library did not verify never get here: the listener asks for verified ones or none.
  const std::vector<grpc::string_ref> pem = context.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (pem.size() == 1) {
    const absl::StatusOr<std::string> spki = SpkiSha256OfCertPem(ViewOf(pem[0]));
    if (spki.ok()) credential.certificate_spki = *spki;
  }
  return credential;
}

bool IsTls(const grpc::AuthContext& context) {
  const auto types = context.FindPropertyValues(GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME);
  return types.size() == 1 && (types[0] == "ssl" || types[0] == "tls");
}

// The health service and reflection: served by gRPC, so that no handler of ours counts their calls.
bool IsOfLibrary(absl::string_view method) { return absl::StartsWith(method, "/grpc.") && !IsOpenToAnybody(method); }

}  // namespace

class Doorkeeper : public grpc::AuthMetadataProcessor {
 public:
  explicit Doorkeeper(const Gate* gate) : gate_(gate) {}

  bool IsBlocking() const override { return false; }  // looks into memory only

  // The header stays: the handler asks again, for who it is, and counts the call.
  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata*,
                       OutputMetadata*) override {
    const auto path = metadata.find(":path");
    const absl::string_view method = path == metadata.end() ? "" : ViewOf(path->second);
    if (IsOpenToAnybody(method)) return grpc::Status::OK;
    const auto caller = gate_->authoriser_->Authorise(CredentialOf(metadata, *context), method);
    absl::Status status = caller.status();
    if (status.ok() && IsOfLibrary(method)) status = gate_->limits_->TakeRequest(*caller);
    return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
  }

 private:
  const Gate* const gate_;
};

// One stream of the library's services, from its metadata to its end.
class StreamGuard : public grpc::experimental::Interceptor {
 public:
  StreamGuard(const Gate* gate, grpc::experimental::ServerRpcInfo* call) : gate_(gate), call_(call) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    using grpc::experimental::InterceptionHookPoints;
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_INITIAL_METADATA) && !Take().ok()) {
      call_->server_context()->TryCancel();
    }
    // While the call still lives, since whoever cuts it off holds its context.
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) stream_.reset();
    methods->Proceed();
  }

 private:
  absl::Status Take() {
    grpc::ServerContextBase* const context = call_->server_context();
    ASSIGN_OR_RETURN(const Caller caller,
                     gate_->authoriser_->Authorise(CredentialOf(context->client_metadata(), *context->auth_context()),
                                                   call_->method()));
    ASSIGN_OR_RETURN(slot_, gate_->limits_->TakeStream(caller));
    stream_ = std::make_unique<RunningStreams::Entry>(gate_->streams_.get(), caller.name(), context);
    // Revoked in between, it would not be among those that are cut off.
    return gate_->authoriser_->StillValid(caller);
  }

  const Gate* const gate_;
  grpc::experimental::ServerRpcInfo* const call_;
  std::unique_ptr<CallerLimits::Slot> slot_;
  std::unique_ptr<RunningStreams::Entry> stream_;
};

// Counts what a caller over TLS is sent.
class ByteMeter : public grpc::experimental::Interceptor {
 public:
  ByteMeter(const Gate* gate, grpc::experimental::ServerRpcInfo* call) : gate_(gate), call_(call) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    using grpc::experimental::InterceptionHookPoints;
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_INITIAL_METADATA)) Identify();
    if (!caller_.empty() && methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_MESSAGE)) {
      gate_->limits_->UseBytes(caller_, methods->GetSerializedSendMessage()->Length());
    }
    methods->Proceed();
  }

 private:
  // Whoever is not let in gets no message: its handler asks as well.
  void Identify() {
    grpc::ServerContextBase* const context = call_->server_context();
    const auto caller = gate_->authoriser_->Authorise(
        CredentialOf(context->client_metadata(), *context->auth_context()), call_->method());
    if (caller.ok() && !caller->local()) caller_ = caller->name();
  }

  const Gate* const gate_;
  grpc::experimental::ServerRpcInfo* const call_;
  std::string caller_;
};

namespace {

class StreamGuards : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit StreamGuards(const Gate* gate) : gate_(gate) {}
  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* call) override {
    if (IsOfLibrary(call->method())) return new StreamGuard(gate_, call);
    return IsOpenToAnybody(call->method()) ? nullptr : new ByteMeter(gate_, call);
  }

 private:
  const Gate* const gate_;
};

}  // namespace

RunningStreams::Entry::Entry(RunningStreams* streams, std::string caller, grpc::ServerContextBase* context)
    : streams_(streams), caller_(std::move(caller)), context_(context) {
  absl::MutexLock lock(&streams_->mutex_);
  streams_->entries_.push_back(this);
}

RunningStreams::Entry::~Entry() {
  absl::MutexLock lock(&streams_->mutex_);
  std::vector<const Entry*>& entries = streams_->entries_;
  entries.erase(std::find(entries.begin(), entries.end(), this));
}

bool RunningStreams::AnyOf(absl::string_view caller) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry* entry) { return entry->caller_ == caller; });
}

void RunningStreams::CutOff(absl::string_view caller, absl::Duration grace) {
  absl::MutexLock lock(&mutex_);
  const auto none = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !AnyOf(caller); };
  if (mutex_.AwaitWithTimeout(absl::Condition(&none), grace)) return;
  // Under the lock, so that no context goes meanwhile.
  for (const Entry* entry : entries_) {
    if (entry->caller_ == caller) entry->context_->TryCancel();
  }
}

void Gate::CutOff(absl::string_view token) const { CutOffCaller(absl::StrCat("token ", token)); }

void Gate::CutOffCaller(absl::string_view name) const { streams_->CutOff(name, revoked_grace); }

std::shared_ptr<grpc::AuthMetadataProcessor> Gate::MakeDoorkeeper() const { return std::make_shared<Doorkeeper>(this); }

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> Gate::MakeStreamGuard() const {
  return std::make_unique<StreamGuards>(this);
}

absl::StatusOr<Caller> Gate::Let(const grpc::ServerContext& context, absl::string_view method) const {
  Credential credential;
  const std::shared_ptr<const grpc::AuthContext> peer = context.auth_context();
  if (IsTls(*peer)) {
    credential = CredentialOf(context.client_metadata(), *peer);
  } else {
    credential.local = absl::StartsWith(context.peer(), "unix:");
  }
  ASSIGN_OR_RETURN(Caller caller, authoriser_->Authorise(credential, method));
  RETURN_IF_ERROR(limits_->TakeRequest(caller));
  return caller;
}

absl::StatusOr<Admission> Gate::Admit(const grpc::ServerContext& context, absl::string_view method) const {
  ASSIGN_OR_RETURN(Caller caller, Let(context, method));
  return Admission(authoriser_, std::move(caller), nullptr, nullptr);
}

absl::StatusOr<Admission> Gate::AdmitStream(grpc::ServerContext* context, absl::string_view method,
                                            StreamKind kind) const {
  ASSIGN_OR_RETURN(Caller caller, Let(*context, method));
  ASSIGN_OR_RETURN(std::unique_ptr<CallerLimits::Slot> slot, limits_->TakeStream(caller, kind));
  auto stream = std::make_unique<RunningStreams::Entry>(streams_.get(), caller.name(), context);
  // Revoked in between, it would not be among those that are cut off.
  RETURN_IF_ERROR(authoriser_->StillValid(caller));
  return Admission(authoriser_, std::move(caller), std::move(slot), std::move(stream));
}

}  // namespace cairn
