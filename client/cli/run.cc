#include "client/cli/run.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/tables_commands.h"
#include "client/cli/text_width.h"
#include "common/base/errors.h"
#include "common/text/utf8.h"

namespace cairn {
namespace {

constexpr const char* footer = R"(
Where the node is, first found:
  --node      a socket's path, or host:port
  --data      a node's data directory; its socket is cairn.sock
  CAIRN_NODE  environment: like --node
  CAIRN_DATA  environment: like --data
  /var/lib/cairn

A node at host:port is spoken to over TLS when --pin (the SHA-256 of its key) or --ca says how to recognise it, and is
shown the token of --token-file or the certificate of --client-certificate; all but the last also from CAIRN_PIN,
CAIRN_CA, CAIRN_TOKEN_FILE. Without, nothing is encrypted: for this machine and tunnels, and never with a token.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage. `cairn COMMAND --help` explains a command.
)";

void AddGlobalOptions(CLI::App* app, Context* context) {
  app->add_option("--node", context->node, "The node: a socket's path, or host:port")->type_name("SOCKET|ADDRESS");
  app->add_option("--data", context->data, "The node's data directory")->type_name("DIR");
  app->add_option("--token-file", context->token_file, "File with the token to show a node at host:port")
      ->type_name("FILE");
  app->add_option("--pin", context->pin, "SHA-256 of the node's public key, by which it is recognised")
      ->type_name("HEX");
  app->add_option("--ca", context->ca_file, "Or: certificates of authorities that sign the node's")->type_name("FILE");
  app->add_option("--client-certificate", context->certificate_file, "A certificate to show instead of a token")
      ->type_name("FILE");
  app->add_option("--client-key", context->key_file, "Its key")->type_name("FILE");
  app->add_flag("--json", context->json, "Answer in JSON: one document, or a line each for streams");
  app->set_version_flag("--version", "cairn 0.1.0", "Print the version");
}

void AddCommands(CLI::App* app, Context* context) {
  AddStatusCommand(app, context);
  AddSearchCommand(app, context);
  AddReadCommands(app, context);
  AddWatchCommand(app, context);
  AddExportCommand(app, context);
  AddSnapshotCommand(app, context);
  AddFollowCommand(app, context);
  AddPublishCommand(app, context);
  AddEditCommands(app, context);
  AddNodeCommands(app, context);
  AddCharterCommands(app, context);
  AddMaintainCommands(app, context);
  AddAccessCommands(app, context);
  AddBackupCommands(app, context);
}

// The command that was being typed, for "try … --help".
std::string CommandTyped(const CLI::App& app) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  return chosen.empty() ? app.get_name() : absl::StrCat(app.get_name(), " ", CommandTyped(*chosen.front()));
}

// What was typed and fits nowhere; CLI11 lists it backwards.
std::string ExtrasText(const CLI::App& app) {
  const std::vector<std::string> extras = app.remaining(true);
  const auto option =
      std::find_if(extras.begin(), extras.end(), [](const std::string& extra) { return absl::StartsWith(extra, "-"); });
  if (option != extras.end()) return absl::StrCat("there is no option ", Quoted(*option), " of this command");
  return absl::StrCat("argument ", Quoted(extras.empty() ? "" : extras.front()), ": one too many");
}

// CLI11's words are for its developers, and it says only that a command is missing when it does not know the one that
// was typed.
std::string ParseErrorText(const CLI::ParseError& error, const CLI::App& app) {
  const CLI::App* typed = &app;
  while (!typed->get_subcommands().empty()) typed = typed->get_subcommands().front();
  const std::string what = error.what();
  const absl::string_view option = absl::string_view(what).substr(0, what.find(':'));
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) return ExtrasText(app);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr && absl::EndsWith(what, " missing")) {
    return absl::StrCat(option, ": its value is missing");
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error) == nullptr) return what;
  if (typed->get_require_subcommand_min() == 0) return error.what();
  const std::vector<std::string> unknown = app.remaining(true);
  if (unknown.empty()) return "a command is missing";
  const bool is_option = absl::StartsWith(unknown.front(), "-");
  return absl::StrCat("there is no ", is_option ? "option " : "command ", Quoted(unknown.front()));
}

int ReportParseError(const CLI::ParseError& error, const CLI::App& app, Context* context) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    return app.exit(error, context->out(), context->err());
  }
  context->err() << "cairn: " << Printable(ParseErrorText(error, app)) << "\nTry: " << CommandTyped(app) << " --help\n";
  return kWrongUsage;
}

// A message to the node holds UTF-8 only; a file with another name can still be read as standard input.
absl::Status CheckArguments(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (!IsValidUtf8(argument)) return UsageError(absl::StrCat("argument ", Quoted(argument), ": not UTF-8"));
  }
  return absl::OkStatus();
}

int ReportError(const absl::Status& status, const CLI::App& app, Context* context) {
  context->err() << context->err_style().Paint(Tone::kBad, "cairn:") << " " << Printable(status.message()) << "\n";
  if (!IsUsageError(status)) return kFailed;
  context->err() << "Try: " << CommandTyped(app) << " --help\n";
  return kWrongUsage;
}

}  // namespace

int RunCli(const std::vector<std::string>& arguments, Environment environment) {
  Context context(std::move(environment));
  CLI::App app("Cairn: a directory that partners publish together and every node holds whole.", "cairn");
  app.fallthrough();
  app.require_subcommand(1);
  AddGlobalOptions(&app, &context);
  AddCommands(&app, &context);
  app.footer(footer);  // last, since commands inherit it from their making on
  if (const absl::Status well_formed = CheckArguments(arguments); !well_formed.ok()) {
    return ReportError(well_formed, app, &context);
  }
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 wants it
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return ReportParseError(error, app, &context);
  }
  const absl::StatusOr<ExitCode> code = context.action();
  if (!code.ok()) return ReportError(code.status(), app, &context);
  context.out().flush();
  if (context.out().good()) return *code;
  return ReportError(absl::DataLossError("the output could not be written; is the disk full?"), app, &context);
}

}  // namespace cairn
