// cairn token create, list, revoke; cairn audit.
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/option_checks.h"
#include "client/cli/table.h"
#include "client/cli/text_width.h"
#include "client/cli/wording.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

struct CreateOptions {
  v1::CreateTokenRequest request;
  std::string role;
  std::vector<std::string> audiences;
};

struct AuditOptions {
  std::string since;
  uint32_t limit = 0;
};

std::string RoleText(v1::AccessRole role) { return absl::AsciiStrToLower(v1::AccessRole_Name(role)); }

absl::StatusOr<v1::AccessRole> RoleOf(const std::string& text) {
  v1::AccessRole role = v1::ACCESS_ROLE_UNSPECIFIED;
  const bool known = v1::AccessRole_Parse(absl::AsciiStrToUpper(text), &role);
  if (known && role != v1::ACCESS_ROLE_UNSPECIFIED) return role;
  return UsageError(absl::StrCat("--role ", Quoted(text), ": write reader, editor, publisher or operator"));
}

// "2026-11-22", or a time as RFC 3339 has it; days begin in UTC, as all that is printed.
absl::StatusOr<absl::Time> TimeOf(const std::string& text) {
  absl::Time time;
  std::string ignored;
  if (absl::ParseTime("%Y-%m-%d", text, &time, &ignored) ||
      absl::ParseTime(absl::RFC3339_full, text, &time, &ignored)) {
    return time;
  }
  return UsageError(absl::StrCat("--since ", Quoted(text), ": write a date such as 2026-11-22"));
}

std::string MinuteText(absl::Time time) { return absl::FormatTime("%Y-%m-%d %H:%M", time, absl::UTCTimeZone()); }

// The token alone goes to the output, so that it can be sent to a file without being seen.
void PrintCreated(const v1::CreateTokenResponse& created, Context* context) {
  const v1::AccessToken& token = created.token();
  context->out() << created.secret() << "\n";
  std::ostream& notes = context->err();
  notes << "Token " << token.name() << ": " << RoleText(token.role()) << ", valid until "
        << DateText(FromProto(token.expires_at())) << ". It is shown this once; keep it in a file with mode 600.\n";
  if (created.listen().empty()) {
    notes << "The HTTP side takes it, where that is on. For `cairn --node` the node does not listen yet: set "
             "admin.listen in its node.toml.\n";
    return;
  }
  notes << "Use it with: cairn --node " << Printable(created.listen()) << " --pin " << ToHex(created.spki_sha256())
        << " --token-file FILE COMMAND\n";
}

absl::StatusOr<ExitCode> CreateToken(CreateOptions options, Context* context) {
  ASSIGN_OR_RETURN(const v1::AccessRole role, RoleOf(options.role));
  options.request.set_role(role);
  for (const std::string& audience : options.audiences) options.request.add_audiences(audience);
  ASSIGN_OR_RETURN(Client* const client, context->client());
  ASSIGN_OR_RETURN(const v1::CreateTokenResponse created, client->CreateToken(options.request));
  if (context->json) {
    context->PrintJson(ToJson(created));
  } else {
    PrintCreated(created, context);
  }
  return kDone;
}

Badge StateOf(const v1::AccessToken& token, absl::Time now) {
  if (token.has_revoked_at()) {
    return {absl::StrCat("revoked ", DateText(FromProto(token.revoked_at()))), Tone::kQuiet};
  }
  const absl::Time expires = FromProto(token.expires_at());
  if (expires <= now) return {absl::StrCat("expired ", DateText(expires)), Tone::kQuiet};
  return {absl::StrCat("valid until ", DateText(expires)), Tone::kGood};
}

absl::StatusOr<ExitCode> ListTokens(Context* context) {
  ASSIGN_OR_RETURN(Client* const client, context->client());
  ASSIGN_OR_RETURN(const v1::ListTokensResponse listed, client->ListTokens());
  if (context->json) {
    context->PrintJson(ToJson(listed));
    return kDone;
  }
  if (listed.tokens().empty()) {
    context->out() << "No tokens. Make one with: cairn token create --name NAME --role ROLE\n";
    return kDone;
  }
  Table table({{"NAME"}, {"ROLE"}, {"STATE"}, {"LAST USED"}, {"AUDIENCES", false, true}});
  for (const v1::AccessToken& token : listed.tokens()) {
    const Badge state = StateOf(token, context->now());
    const std::string used =
        token.has_last_used_at() ? AgeText(FromProto(token.last_used_at()), context->now()) : "never";
    const std::string audiences =
        token.role() == v1::OPERATOR ? "all of its partner's" : absl::StrJoin(token.audiences(), " ");
    table.AddRow({token.name(), RoleText(token.role()), Table::Cell(state.text, state.tone), used,
                  audiences.empty() ? "public" : audiences});
  }
  table.Print(context->out(), context->style(), context->columns());
  return kDone;
}

absl::StatusOr<ExitCode> RevokeToken(const std::string& name, Context* context) {
  ASSIGN_OR_RETURN(Client* const client, context->client());
  v1::RevokeTokenRequest request;
  request.set_name(name);
  ASSIGN_OR_RETURN(const v1::RevokeTokenResponse revoked, client->RevokeToken(request));
  if (context->json) {
    context->PrintJson(ToJson(revoked));
  } else {
    context->out() << "Token " << Printable(name) << " is worthless from now on.\n";
  }
  return kDone;
}

absl::StatusOr<ExitCode> ShowAudit(const AuditOptions& options, Context* context) {
  v1::ListAuditRequest request;
  request.set_limit(options.limit);
  if (!options.since.empty()) {
    ASSIGN_OR_RETURN(const absl::Time since, TimeOf(options.since));
    request.mutable_since()->set_seconds(absl::ToUnixSeconds(since));
  }
  ASSIGN_OR_RETURN(Client* const client, context->client());
  ASSIGN_OR_RETURN(const v1::ListAuditResponse listed, client->ListAudit(request));
  if (context->json) {
    context->PrintJson(ToJson(listed));
    return kDone;
  }
  if (listed.entries().empty()) {
    context->out() << "Nothing was changed" << (options.since.empty() ? "" : " since then") << ".\n";
    return kDone;
  }
  Table table({{"TIME (UTC)"}, {"WHO"}, {"ROLE"}, {"CALL"}, {"RESULT"}, {"WHAT", false, true}});
  for (const v1::AuditEntry& entry : listed.entries()) {
    const Tone tone = entry.refused() ? Tone::kBad : entry.result() == "ok" ? Tone::kPlain : Tone::kWarning;
    table.AddRow({MinuteText(FromProto(entry.at())), entry.caller(), RoleText(entry.role()), entry.method(),
                  Table::Cell(entry.refused() ? "refused" : entry.result(), tone), entry.description()});
  }
  table.Print(context->out(), context->style(), context->columns());
  return kDone;
}

void AddTokenCreate(CLI::App* token, Context* context) {
  CLI::App* create = token->add_subcommand("create", "Make a token; it is printed once and kept nowhere");
  auto options = std::make_shared<CreateOptions>();
  auto name = std::make_shared<std::string>();
  auto days = std::make_shared<uint32_t>(0);
  create->add_option("--name", *name, "What it is for: lower-case letters, digits, hyphens; no person's name")
      ->required();
  create->add_option("--role", options->role, "reader, editor, publisher or operator")->required();
  create
      ->add_option("--audience", options->audiences,
                   "What it may read besides the public audience: consortium, and with it circle:NAME; may be repeated")
      ->check(Audience());
  create->add_option("--days", *days, "Days that it is valid; by default 90")->check(WholeNumber(1, 100'000));
  create->callback([=] {
    options->request.set_name(*name);
    options->request.set_days(*days);
    context->action = [options, context] { return CreateToken(*options, context); };
  });
}

}  // namespace

void AddAccessCommands(CLI::App* app, Context* context) {
  CLI::App* token = app->add_subcommand("token", "Tokens for administrators, programs and dashboards elsewhere");
  token->require_subcommand(1);
  AddTokenCreate(token, context);
  CLI::App* list = token->add_subcommand("list", "All tokens, with what they may do and when they were used");
  list->callback([context] { context->action = [context] { return ListTokens(context); }; });
  CLI::App* revoke = token->add_subcommand("revoke", "Make a token worthless at once");
  auto name = std::make_shared<std::string>();
  revoke->add_option("NAME", *name, "The token's name")->required();
  revoke->callback([name, context] { context->action = [name, context] { return RevokeToken(*name, context); }; });

  CLI::App* audit = app->add_subcommand("audit", "Who changed what at this node, and what was refused; newest first");
  auto options = std::make_shared<AuditOptions>();
  audit->add_option("--since", options->since, "Only from that day on")->type_name("DATE");
  audit->add_option("--limit", options->limit, "At most so many; by default 100")->check(WholeNumber(1, 100'000));
  audit->callback([options, context] { context->action = [=] { return ShowAudit(*options, context); }; });
}

}  // namespace cairn
