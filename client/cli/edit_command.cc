// cairn withdraw, cairn verified, cairn who-sees, cairn receipts.
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/publish_report.h"
#include "client/cli/table.h"
#include "client/cli/text_width.h"
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

Table::Cell ReceiptCell(const v1::NodeReceipt& receipt) {
  if (receipt.erased()) return Table::Cell("yes, it may no longer read it and has erased its copy", Tone::kGood);
  if (receipt.holds_present_state()) return Table::Cell("yes", Tone::kGood);
  return Table::Cell(receipt.seq() == 0 ? "no, not heard of" : absl::StrCat("no, it stands at change ", receipt.seq()),
                     Tone::kWarning);
}

std::string SinceText(absl::Time since, Context* context) {
  return absl::StrCat(DateText(since), ", ", AgeText(since, context->now()));
}

void PrintReceipts(const v1::GetReceiptsResponse& response, Context* context) {
  // A node has a line for each audience that it may read; it is missing while it lacks one of them.
  std::set<std::string> nodes, missing;
  Table table({{"PARTNER"}, {"NODE"}, {"AUDIENCE"}, {"CONFIRMED"}, {"SINCE"}});
  for (const v1::NodeReceipt& receipt : response.receipts()) {
    nodes.insert(receipt.node());
    if (!receipt.holds_present_state() && !receipt.erased()) missing.insert(receipt.node());
    table.AddRow({receipt.partner(), receipt.node(), receipt.audience(), ReceiptCell(receipt),
                  receipt.has_confirmed_at() ? SinceText(FromProto(receipt.confirmed_at()), context) : ""});
  }
  context->out() << (response.withdrawn() ? "Withdrawn" : "Published") << " with change " << response.seq() << "; "
                 << nodes.size() - missing.size() << " of " << CountOf(nodes.size(), "other node") << " confirmed "
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

void PrintAccess(const v1::ExplainAccessResponse& response, Context* context) {
  const Style style = context->style();
  if (response.rules_size() == 0) {
    context->out() << "Nobody: the record is withdrawn from every audience.\n";
    return;
  }
  context->out() << style.Strong(Printable(response.name())) << "\n";
  for (const v1::AccessRule& rule : response.rules()) {
    context->out() << "\n"
                   << style.Strong(rule.audience()) << (rule.supplement() ? "  in addition" : "") << "\n"
                   << context->Wrapped(absl::StrCat("  ", absl::StrJoin(rule.fields(), ", "), "\n"))
                   << context->Wrapped(absl::StrCat("  ", ReadersText(rule.readers()), "\n"));
  }
}

absl::StatusOr<ExitCode> WhoSees(const std::string& id, Context* context) {
  RETURN_IF_ERROR(CheckIds({id}));
  ASSIGN_OR_RETURN(Client* const client, context->client());
  v1::ExplainAccessRequest request;
  request.set_id(id);
  ASSIGN_OR_RETURN(const v1::ExplainAccessResponse response, client->ExplainAccess(request));
  if (context->json) {
    context->PrintJson(ToJson(response));
  } else {
    PrintAccess(response, context);
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

  auto seen_id = std::make_shared<std::string>();
  CLI::App* who = app->add_subcommand("who-sees", "Who may read a record of this partner, which fields, and why");
  who->add_option("ID", *seen_id, "The record's id, a UUID")->required();
  who->callback([seen_id, context] { context->action = [seen_id, context] { return WhoSees(*seen_id, context); }; });

  auto id = std::make_shared<std::string>();
  CLI::App* receipts = app->add_subcommand("receipts", "Which nodes have confirmed a record's present state");
  receipts->add_option("ID", *id, "The record's id, a UUID")->required();
  receipts->callback([id, context] { context->action = [id, context] { return Receipts(*id, context); }; });
}

}  // namespace cairn
