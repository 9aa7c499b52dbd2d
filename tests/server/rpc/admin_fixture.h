// The administrators' listener of a node's parts, over real TLS.
#pragma once

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>

#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cairn/client.h"
#include "common/base/status_macros.h"
#include "common/crypto/secret_file.h"
#include "common/crypto/tls_identity.h"
#include "server/rpc/admin_server.h"
#include "tests/server/rpc/services_fixture.h"

namespace cairn {

// The key and certificate of that name; the same at each call.
inline const TlsIdentity& Identity(const std::string& name) {
  static std::map<std::string, TlsIdentity> made;
  const auto found = made.find(name);
  if (found != made.end()) return found->second;
  return made.emplace(name, *MakeTlsIdentity(name, absl::FromUnixSeconds(1'790'000'000))).first->second;
}

class AdminServerTest : public ServicesTest {
 protected:
  AdminServerTest()
      : ServicesTest(32, {{Identity("office").spki_sha256, "office", v1::PUBLISHER, {}},
                          {Identity("forger").spki_sha256, "forger", v1::OPERATOR, {}}}) {
    EXPECT_TRUE(WriteSecretFile(folder_ + "/key", Identity("node").key_pem).ok());
    std::ofstream(folder_ + "/crt") << Identity("node").certificate_pem;
    // Certificates that are their own authority. The forger's key is known, its certificate's authority is not.
    std::ofstream(folder_ + "/ca") << Identity("office").certificate_pem << Identity("visitor").certificate_pem;
    const AdminServer::Options options{"127.0.0.1:0", folder_ + "/key", folder_ + "/crt", folder_ + "/ca"};
    admin_ = *AdminServer::Start(
        options, gate_.get(),
        {directory_service_.get(), publishing_service_.get(), operations_service_.get(), tables_service_.get()});
  }
  ~AdminServerTest() override {
    directory_service_->Stop();
    admin_->Stop(absl::Seconds(1));
  }

  Caller Local() const { return *authoriser_->Authorise(Credential{true, {}, ""}, "/cairn.v1.Operations/CreateToken"); }

  std::string Token(Role role, const std::string& name = "") {
    v1::CreateTokenRequest request;
    request.set_name(name.empty() ? absl::StrCat("t", ++tokens_made_) : name);
    request.set_role(role);
    return tokens_->Create(Local(), request)->secret();
  }

  ChannelSecurity Pinned(const std::string& token = "") const {
    ChannelSecurity security;
    security.pin_sha256 = Identity("node").spki_sha256;
    security.token = token;
    return security;
  }
  ChannelSecurity WithCertificate(const std::string& name) const {
    ChannelSecurity security = Pinned();
    security.certificate_pem = Identity(name).certificate_pem;
    security.key_pem = Identity(name).key_pem;
    return security;
  }
  std::shared_ptr<grpc::Channel> Connect(const ChannelSecurity& security) const {
    const std::string address = absl::StrCat("127.0.0.1:", admin_->port());
    return *OpenChannel({absl::StrCat("dns:///", address), address, ""}, security);
  }
  Client ClientWith(const ChannelSecurity& security) const {
    CallOptions options;
    options.attempts_max = 1;
    return Client(Connect(security), options);
  }
  Client ClientOf(Role role) { return ClientWith(Pinned(Token(role))); }

  // Calls `path` with one empty message, whatever its kind, and returns how it ended; OK when anything was answered.
  static grpc::Status CallAnything(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                                   const std::vector<std::string>& headers = {}) {
    grpc::GenericStub stub(channel);
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(Clock::Real()->Now() + absl::Seconds(20)));
    for (const std::string& header : headers) context.AddMetadata("authorization", header);
    grpc::CompletionQueue queue;
    void* tag = nullptr;
    bool ok = false;
    const auto call = stub.PrepareCall(&context, path, &queue);
    call->StartCall(&context);
    queue.Next(&tag, &ok);
    const grpc::Slice nothing;
    call->WriteLast(grpc::ByteBuffer(&nothing, 1), grpc::WriteOptions(), &context);
    queue.Next(&tag, &ok);
    grpc::ByteBuffer answer;
    call->Read(&answer, &context);
    bool answered = false;
    queue.Next(&tag, &answered);
    if (answered) context.TryCancel();
    grpc::Status status;
    call->Finish(&status, &context);
    queue.Next(&tag, &ok);
    return answered ? grpc::Status::OK : status;
  }

  // A stream of any kind that stays open: one empty message was sent.
  struct OpenStream {
    OpenStream(const std::shared_ptr<grpc::Channel>& channel, const std::string& path) : stub(channel) {
      context.set_deadline(absl::ToChronoTime(Clock::Real()->Now() + absl::Seconds(60)));
      call = stub.PrepareCall(&context, path, &queue);
      call->StartCall(&context);
      Wait();
      const grpc::Slice nothing;
      call->Write(grpc::ByteBuffer(&nothing, 1), this);
      Wait();
    }
    ~OpenStream() {
      context.TryCancel();
      Finish();
    }
    bool Wait() {
      void* tag = nullptr;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    }
    bool Read() {
      call->Read(&answer, this);
      return Wait();
    }
    grpc::Status Finish() {
      if (finished) return status;
      finished = true;
      call->Finish(&status, this);
      Wait();
      return status;
    }
    grpc::GenericStub stub;
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call;
    grpc::ByteBuffer answer;
    grpc::Status status;
    bool finished = false;
  };

  // Refusals are queued: whoever reads at once may miss them, so what was queued is written first.
  v1::ListAuditResponse Audit() {
    EXPECT_TRUE(store_->Write([](Connection&) { return absl::OkStatus(); }).ok());
    return *audit_->List({});
  }

  int tokens_made_ = 0;
  std::unique_ptr<AdminServer> admin_;
};

// Publishes one resource; the header says how.
inline absl::StatusOr<v1::PublishResult> PublishWith(Client* client, const v1::PublishHeader& header) {
  const std::unique_ptr<PublishCall> call = client->Publish(header, {});
  const v1::PublishRequest records = OneResource("One");
  RETURN_IF_ERROR(call->Add(records.records().records(0)));
  return call->Commit();
}

}  // namespace cairn
