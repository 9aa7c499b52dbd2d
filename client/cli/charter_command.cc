// cairn charter: governance, offline on files.
#include "client/cli/charter_draft.h"
#include "client/cli/commands.h"

namespace cairn {
namespace {

constexpr const char* flow = R"(
Three governors on three machines, by mail:
  each        cairn charter key --out governor.key          makes a key; governor.key.pub goes to the first
  the first   cairn charter init --consortium ID --name N --threshold 2 --governor A=a.pub --governor B=b.pub
              --governor C=c.pub --out charter.chain        makes a draft of version 1
  the first   cairn charter admit charter.chain pl.join     takes in a partner, in the same draft
  the first   cairn charter sign charter.chain --key governor.key      and mails charter.chain to the second
  the second  cairn charter inspect charter.chain           reads what it says and changes
  the second  cairn charter sign charter.chain --key governor.key      now it has its two signatures
  anyone      cairn charter submit charter.chain            gives it to a node, which passes it on
Signing at the same time is fine as well: each signs a copy, `cairn charter merge` puts the signatures together.
A charter file is text and can be pasted into a mail. Only governor.key is secret.
)";

}  // namespace

void AddCharterCommands(CLI::App* app, Context* context) {
  CLI::App* charter = app->add_subcommand("charter", "Govern the consortium, offline on files");
  charter->require_subcommand(1);
  charter->footer(flow);
  AddCharterMakingCommands(charter, context);
  AddCharterSigningCommands(charter, context);
  AddCharterChangingCommands(charter, context);
  AddCharterKeyCommands(charter, context);
}

}  // namespace cairn
