// cairn charter key, init, admit: a consortium begins and grows.
#include "absl/strings/str_cat.h"
#include "client/cli/charter_draft.h"
#include "client/cli/files.h"
#include "client/cli/option_checks.h"
#include "client/cli/text_width.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/charter/charter_document.h"
#include "common/charter/charter_edit.h"
#include "common/charter/join_request.h"
#include "common/crypto/keys.h"
#include "common/crypto/secret_file.h"

namespace cairn {
namespace {

absl::StatusOr<ExitCode> MakeKey(const std::string& out, Context* context) {
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Generate(context->random()));
  RETURN_IF_ERROR(WriteSecretFile(out, key.ToPem()));
  const std::string public_file = out + ".pub";
  RETURN_IF_ERROR(WriteWholeFile(public_file, ToHex(key.public_key()) + "\n"));
  if (context->json) {
    context->PrintJson({{"key", out},
                        {"public_key_file", public_file},
                        {"public_key", ToHex(key.public_key())},
                        {"key_id", KeyId(key.public_key())}});
    return kDone;
  }
  context->out() << "Private key: " << out << "  (keep it secret, keep a copy; whoever has it signs in your name)\n"
                 << "Public key:  " << public_file << "  (send this one)\n"
                 << "             " << ToHex(key.public_key()) << "\n"
                 << "Key id:      " << KeyId(key.public_key()) << "  (this is how charters name it)\n";
  return kDone;
}

struct InitOptions {
  std::string consortium;
  std::string name;
  uint32_t threshold = 0;
  std::vector<std::string> governors;
  std::string out = "charter.chain";
};

absl::StatusOr<ExitCode> Init(const InitOptions& options, Context* context) {
  const absl::StatusOr<std::string> existing = ReadSmallFile(options.out);
  if (!absl::IsNotFound(existing.status())) {
    return absl::AlreadyExistsError(
        absl::StrCat("file ", Quoted(options.out, 300), ": exists; name another with --out, or remove it"));
  }
  NewCharterOptions charter{options.consortium, options.name, {}, options.threshold, context->now()};
  for (const std::string& text : options.governors) {
    ASSIGN_OR_RETURN(v1::Governor governor, ParseGovernor(text));
    charter.governors.push_back(std::move(governor));
  }
  RETURN_IF_ERROR(CheckThreshold(options.threshold, charter.governors.size()));
  // Nothing but the options is in it, so whatever is wrong is wrong with them.
  const absl::StatusOr<v1::Charter> first = NewCharter(charter);
  if (!first.ok()) return UsageError(first.status().message());
  v1::CharterChain chain;
  ASSIGN_OR_RETURN(*chain.add_versions(), MakeUnsigned(*first));
  return SaveAndReport(chain, options.out, context);
}

absl::StatusOr<ExitCode> AdmitRequests(const CharterOptions& options, Context* context) {
  std::vector<CharterEdit> edits;
  std::string to_compare;
  for (const std::string& file : options.more) {
    ASSIGN_OR_RETURN(v1::JoinRequest request, ReadJoinRequest(file));
    absl::StrAppend(&to_compare, "  ", context->style().Strong(JoinFingerprint(request)), "  ",
                    Printable(request.partner().id()), " (", Printable(request.partner().name()), ")\n");
    edits.push_back([r = std::move(request), file](v1::Charter charter) -> absl::StatusOr<v1::Charter> {
      absl::StatusOr<v1::Charter> next = Admit(std::move(charter), r);
      if (!next.ok()) return Annotate(next.status(), absl::StrCat("join request ", Quoted(file, 300)));
      return next;
    });
  }
  ASSIGN_OR_RETURN(const ExitCode code, EditCharter(options, edits, context));
  PrintToCompare(to_compare, context);
  return code;
}

}  // namespace

void AddCharterMakingCommands(CLI::App* charter, Context* context) {
  auto key = std::make_shared<CharterOptions>();
  CLI::App* make_key = charter->add_subcommand("key", "Make the key of a governor");
  make_key->add_option("--out", key->out, "The private key's file; the public key goes to FILE.pub")
      ->required()
      ->type_name("FILE");
  RunCharter(make_key, context, [key, context] { return MakeKey(key->out, context); });

  auto init = std::make_shared<InitOptions>();
  CLI::App* make = charter->add_subcommand("init", "Begin a consortium: a draft of version 1");
  make->add_option("--consortium", init->consortium, "Its id, for good: lower case, digits, hyphens")->required();
  make->add_option("--name", init->name, "Its name")->required();
  make->add_option("--threshold", init->threshold, "How many governors must sign a charter")
      ->required()
      ->check(WholeNumber(1, limits::charter_governors_max));
  make->add_option("--governor", init->governors, "A governor's office and public key; once for each")
      ->required()
      ->type_name("NAME=FILE")
      ->expected(1)
      ->take_all();
  make->add_option("--out", init->out, "The charter file to make")->capture_default_str()->type_name("FILE");
  RunCharter(make, context, [init, context] { return Init(*init, context); });

  auto admit = std::make_shared<CharterOptions>();
  CLI::App* take = charter->add_subcommand("admit", "Take in the partners or nodes of join requests");
  AddCharterFile(take, admit.get());
  take->add_option("REQUEST", admit->more, "Join requests, as `cairn node init` makes them")->required();
  RunCharter(take, context, [admit, context] { return AdmitRequests(*admit, context); });
}

}  // namespace cairn
