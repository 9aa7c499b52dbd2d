#include "server/access/method_roles.h"

#include <algorithm>
#include <iterator>

namespace cairn {
namespace {

struct MethodRole {
  absl::string_view method;
  Role least;
};

constexpr MethodRole method_roles[] = {
    {"/cairn.v1.Directory/GetRecord", v1::READER},
    {"/cairn.v1.Directory/ListRecords", v1::READER},
    {"/cairn.v1.Directory/Search", v1::READER},
    {"/cairn.v1.Directory/GetFacets", v1::READER},
    {"/cairn.v1.Directory/WatchRecords", v1::READER},
    {"/cairn.v1.Directory/ExportRecords", v1::READER},
    {"/cairn.v1.Directory/ListPartners", v1::READER},
    {"/cairn.v1.Tables/MakeSnapshot", v1::READER},  // of audiences that the caller was given, as the next
    {"/cairn.v1.Tables/FollowRecords", v1::READER},
    {"/cairn.v1.Publishing/Publish", v1::EDITOR},  // a dry run; what changes something asks for PUBLISHER itself
    {"/cairn.v1.Publishing/Withdraw", v1::PUBLISHER},
    {"/cairn.v1.Publishing/MarkVerified", v1::EDITOR},
    {"/cairn.v1.Publishing/ExplainAccess", v1::EDITOR},
    {"/cairn.v1.Publishing/GetReceipts", v1::EDITOR},
    {"/cairn.v1.Operations/GetStatus", v1::EDITOR},
    {"/cairn.v1.Operations/SubmitCharter", v1::OPERATOR},
    {"/cairn.v1.Operations/GetCharter", v1::OPERATOR},  // it names the circles and who is in them
    {"/cairn.v1.Operations/Verify", v1::OPERATOR},
    {"/cairn.v1.Operations/Rebuild", v1::OPERATOR},
    {"/cairn.v1.Operations/Backup", v1::OPERATOR},
    {"/cairn.v1.Operations/CreateToken", v1::OPERATOR},
    {"/cairn.v1.Operations/ListTokens", v1::OPERATOR},
    {"/cairn.v1.Operations/RevokeToken", v1::OPERATOR},
    {"/cairn.v1.Operations/ListAudit", v1::OPERATOR},
    {"/grpc.health.v1.Health/Watch", v1::READER},  // it holds a stream
    {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", v1::READER},
};

}  // namespace

std::optional<Role> LeastRole(absl::string_view method) {
  const auto* row = std::find_if(std::begin(method_roles), std::end(method_roles),
                                 [&](const MethodRole& candidate) { return candidate.method == method; });
  if (row == std::end(method_roles)) return std::nullopt;
  return row->least;
}

std::vector<std::string> KnownMethods() {
  std::vector<std::string> methods;
  for (const MethodRole& row : method_roles) methods.emplace_back(row.method);
  return methods;
}

bool IsOpenToAnybody(absl::string_view method) { return method == "/grpc.health.v1.Health/Check"; }

}  // namespace cairn
