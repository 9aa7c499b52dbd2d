// cairn status.
#include "client/cli/commands.h"
#include "client/cli/status_view.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

absl::StatusOr<ExitCode> ShowStatus(bool check, Context* context) {
  ASSIGN_OR_RETURN(Client* const client, context->client());
  ASSIGN_OR_RETURN(const v1::GetStatusResponse status, client->GetStatus());
  if (context->json) {
    context->PrintJson(ToJson(status));
  } else {
    PrintStatus(context->out(), status, context->style(), context->columns());
  }
  return check && !IsHealthy(status) ? kFailed : kDone;
}

}  // namespace

void AddStatusCommand(CLI::App* app, Context* context) {
  auto check = std::make_shared<bool>(false);
  CLI::App* status = app->add_subcommand("status", "How the node is: alerts, peers, feeds, charter, disk");
  status->add_flag("--check", *check, "Exit with 1 when there are alerts, for scripts");
  status->callback([check, context] { context->action = [check, context] { return ShowStatus(*check, context); }; });
}

}  // namespace cairn
