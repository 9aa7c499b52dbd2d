// cairn withdraw, cairn verified, cairn receipts.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/publish_report.h"
#include "client/cli/table.h"
#include "client/cli/wording.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/record/ids.h"

namespace cairn {
namespace {

constexpr size_t ids_max = 10'000;  // of one request, see WithdrawRequest

struct EditOptions {
  std::vector<std::string> ids;
  std::string by;
  uint32_t wait_for = 0;
  uint32_t wait_seconds = 0;
};

absl::Status CheckIds(const std::vector<std::string>& ids) {
  if (ids.size() > ids_max) {
    return UsageError(absl::StrCat("ID: ", ids.size(), " ids; at most ", ids_max, " at a time"));
  }
  for (const std::string& id : ids) {
    if (!IsUuid(id)) {
      return UsageError(absl::StrCat(
          "ID ", Quoted(id), ": not an id, which is a UUID; `cairn search WORDS` shows the ids of what it finds"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> Withdraw(const EditOptions& options, Context* context) {
  RETURN_IF_ERROR(CheckIds(options.ids));
  ASSIGN_OR_RETURN(Client* const client, context->client());
  RETURN_IF_ERROR(CheckWait(client, options.wait_for));
  v1::WithdrawRequest request;
  for (const std::string& id : options.ids) request.add_ids(id);
  request.set_wait_for_partners(options.wait_for);
  request.set_wait_seconds(options.wait_for == 0 ? 0 : options.wait_seconds);
  ASSIGN_OR_RETURN(const v1::WithdrawResponse response, client->Withdraw(request));
  const v1::PublishResult& result = response.result();
  if (context->json) {
    context->PrintJson(ToJson(result));
  } else {
    context->out() << CountOf(result.withdrawn(), "record") << " withdrawn";
    if (result.unchanged() > 0) context->out() << ", " << CountText(result.unchanged()) << " withdrawn before";
    context->out() << ".\n";
  }
  return ReportWait(result, options.wait_for, context);
}

absl::StatusOr<ExitCode> MarkVerified(const EditOptions& options, Context* context) {
  RETURN_IF_ERROR(CheckIds(options.ids));
  ASSIGN_OR_RETURN(Client* const client, context->client());
  v1::MarkVerifiedRequest request;
  for (const std::string& id : options.ids) request.add_ids(id);
  request.set_verified_by(options.by);
  ASSIGN_OR_RETURN(const v1::MarkVerifiedResponse response, client->MarkVerified(request));
  if (context->json) {
    context->PrintJson(ToJson(response.result()));
  } else {
    context->out() << CountOf(response.result().changed(), "record") << " stamped as verified now.\n";
  }
  return kDone;
}

std::string SinceText(absl::Time since, Context* context) {
  return absl::StrCat(DateText(since), ", ", AgeText(since, context->now()));
}

void PrintReceipts(const v1::GetReceiptsResponse& response, Context* context) {
  std::vector<std::string> missing;
  Table table({{"PARTNER"}, {"NODE"}, {"CONFIRMED"}, {"SINCE"}});
  for (const v1::NodeReceipt& receipt : response.receipts()) {
    const bool confirmed = receipt.holds_present_state() || receipt.erased();
    if (!confirmed) missing.push_back(receipt.node());
    const std::string since = receipt.has_confirmed_at() ? SinceText(FromProto(receipt.confirmed_at()), context) : "";
    const std::string not_yet =
        receipt.seq() == 0 ? "no, never heard of" : absl::StrCat("no, it stands at change ", receipt.seq());
    table.AddRow({receipt.partner(), receipt.node(),
                  confirmed ? Table::Cell(receipt.erased() ? "yes, erased its copy" : "yes", Tone::kGood)
                            : Table::Cell(not_yet, Tone::kWarning),
                  since});
  }
  const size_t all = static_cast<size_t>(response.receipts_size());
  context->out() << (response.withdrawn() ? "Withdrawn" : "Published") << " with change " << response.seq() << "; "
                 << all - missing.size() << " of " << CountOf(all, "other node") << " confirmed "
                 << (response.withdrawn() ? "that it is gone there" : "its present state") << ".\n";
  if (!missing.empty()) context->out() << "Missing: " << absl::StrJoin(missing, ", ") << ".\n";
  if (!table.empty()) table.Print(context->out(), context->style(), context->columns());
}

absl::StatusOr<ExitCode> Receipts(const std::string& id, Context* context) {
  RETURN_IF_ERROR(CheckIds({id}));
  ASSIGN_OR_RETURN(Client* const client, context->client());
  v1::GetReceiptsRequest request;
  request.set_id(id);
  ASSIGN_OR_RETURN(const v1::GetReceiptsResponse response, client->GetReceipts(request));
  if (context->json) {
    context->PrintJson(ToJson(response));
  } else {
    PrintReceipts(response, context);
  }
  return kDone;
}

}  // namespace

void AddEditCommands(CLI::App* app, Context* context) {
  auto withdraw = std::make_shared<EditOptions>();
  CLI::App* remove = app->add_subcommand("withdraw", "Remove records of this partner from every node");
  remove->add_option("ID", withdraw->ids, "Ids of records, UUIDs")->required();
  AddWaitOptions(remove, &withdraw->wait_for, &withdraw->wait_seconds);
  remove->callback(
      [withdraw, context] { context->action = [withdraw, context] { return Withdraw(*withdraw, context); }; });

  auto verified = std::make_shared<EditOptions>();
  CLI::App* stamp = app->add_subcommand("verified", "Stamp records of this partner as checked by a person today");
  stamp->add_option("ID", verified->ids, "Ids of records, UUIDs")->required();
  stamp->add_option("--by", verified->by, "The role of who checked, such as \"service manager\"; never a name")
      ->type_name("ROLE");
  stamp->callback(
      [verified, context] { context->action = [verified, context] { return MarkVerified(*verified, context); }; });

  auto id = std::make_shared<std::string>();
  CLI::App* receipts = app->add_subcommand("receipts", "Which nodes have confirmed a record's present state");
  receipts->add_option("ID", *id, "The record's id, a UUID")->required();
  receipts->callback([id, context] { context->action = [id, context] { return Receipts(*id, context); }; });
}

}  // namespace cairn
