// The part of Operations that is about tokens and the audit.
#include <utility>

#include "server/rpc/operations_service.h"
#include "server/rpc/status.h"

namespace cairn {

grpc::Status OperationsService::CreateToken(grpc::ServerContext* context, const v1::CreateTokenRequest* request,
                                            v1::CreateTokenResponse* response) {
  const absl::StatusOr<Admission> call = access_.gate->Admit(*context, "/cairn.v1.Operations/CreateToken");
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  absl::StatusOr<v1::CreateTokenResponse> created = access_.tokens->Create(call->caller(), *request);
  if (!created.ok()) return ToGrpcStatus(context, created.status());
  *response = *std::move(created);
  auto [listen, pin] = access_.listen_and_pin();
  response->set_listen(std::move(listen));
  response->set_spki_sha256(std::move(pin));
  return grpc::Status::OK;
}

grpc::Status OperationsService::ListTokens(grpc::ServerContext* context, const v1::ListTokensRequest*,
                                           v1::ListTokensResponse* response) {
  const absl::StatusOr<Admission> call = access_.gate->Admit(*context, "/cairn.v1.Operations/ListTokens");
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  *response = access_.tokens->List();
  return grpc::Status::OK;
}

grpc::Status OperationsService::RevokeToken(grpc::ServerContext* context, const v1::RevokeTokenRequest* request,
                                            v1::RevokeTokenResponse* response) {
  const absl::StatusOr<Admission> call = access_.gate->Admit(*context, "/cairn.v1.Operations/RevokeToken");
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  absl::StatusOr<v1::AccessToken> revoked = access_.tokens->Revoke(call->caller(), request->name());
  if (!revoked.ok()) return ToGrpcStatus(context, revoked.status());
  access_.gate->CutOff(request->name());
  *response->mutable_token() = *std::move(revoked);
  return grpc::Status::OK;
}

grpc::Status OperationsService::ListAudit(grpc::ServerContext* context, const v1::ListAuditRequest* request,
                                          v1::ListAuditResponse* response) {
  const absl::StatusOr<Admission> call = access_.gate->Admit(*context, "/cairn.v1.Operations/ListAudit");
  if (!call.ok()) return ToGrpcStatus(context, call.status());
  absl::StatusOr<v1::ListAuditResponse> listed = access_.audit->List(*request);
  if (!listed.ok()) return ToGrpcStatus(context, listed.status());
  *response = *std::move(listed);
  return grpc::Status::OK;
}

}  // namespace cairn
