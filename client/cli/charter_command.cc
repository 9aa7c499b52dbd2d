// cairn charter: governance, offline on files.
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/cli/charter_store.h"
#include "client/cli/commands.h"
#include "client/cli/files.h"
#include "client/cli/text_width.h"
#include "client/cli/wording.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/charter/charter_document.h"
#include "common/charter/charter_edit.h"
#include "common/charter/charter_file.h"
#include "common/charter/charter_text.h"
#include "common/charter/join_request.h"
#include "common/crypto/keys.h"
#include "common/crypto/secret_file.h"

namespace cairn {
namespace {

constexpr size_t small_file_bytes_max = 64 * 1024;  // keys and join requests have a few hundred bytes

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

// --- printing

void PrintDraftState(const CharterDraft& draft, const std::string& path, Context* context) {
  context->out() << "Version " << draft.last.version() << " in " << path << " is "
                 << DescribeSignatures(draft.last_signed(), draft.previous()) << ".\n";
  if (draft.complete()) {
    context->out() << "It is complete. Give it to a node: cairn charter submit " << path << "\n";
  } else {
    context->out() << "It is a draft until then. A governor reads it with `cairn charter inspect " << path
                   << "` and signs it with `cairn charter sign " << path << " --key KEY`.\n";
  }
}

Json DraftJson(const CharterDraft& draft, const std::string& path) {
  std::vector<std::string> changes;
  if (draft.previous() != nullptr) {
    const absl::StatusOr<v1::Charter> before = ParseCharter(*draft.previous());
    if (before.ok()) changes = DescribeChange(*before, draft.last);
  }
  return {{"file", path},
          {"version", draft.last.version()},
          {"versions", draft.chain.versions_size()},
          {"sha256", ToHex(CharterSha256(draft.last_signed()))},
          {"complete", draft.complete()},
          {"signed_by", draft.signed_by},
          {"signatures", DescribeSignatures(draft.last_signed(), draft.previous())},
          {"changes", changes},
          {"charter", ToJson(draft.last)}};
}

// Saves and says how it stands.
absl::StatusOr<ExitCode> SaveAndReport(const v1::CharterChain& chain, const std::string& path, Context* context) {
  RETURN_IF_ERROR(SaveCharter(path, chain));
  ASSIGN_OR_RETURN(const CharterDraft draft, CheckDraft(chain, path));
  if (context->json) {
    context->PrintJson(DraftJson(draft, path));
  } else {
    PrintDraftState(draft, path, context);
  }
  return kDone;
}

// --- keys

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

absl::StatusOr<v1::Governor> ParseGovernor(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos) {
    return UsageError(absl::StrCat("--governor ", Quoted(text), ": write NAME=FILE, such as secretariat=a.pub"));
  }
  v1::Governor governor;
  governor.set_name(text.substr(0, equals));
  std::string key = text.substr(equals + 1);
  if (!(key.size() == 2 * public_key_bytes && FromHex(key).ok())) {
    ASSIGN_OR_RETURN(key, ReadWholeFile(key, small_file_bytes_max));
  }
  const absl::StatusOr<std::string> bytes = FromHex(absl::StripAsciiWhitespace(key));
  if (!bytes.ok() || bytes->size() != public_key_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("governor ", Quoted(text, 300),
                                                   ": not a public key; it must hold 64 hexadecimal digits, as `cairn "
                                                   "charter key` writes to a file that ends in .pub"));
  }
  governor.set_public_key(*bytes);
  return governor;
}

// --- init and edits

struct InitOptions {
  std::string consortium;
  std::string name;
  uint32_t threshold = 0;
  std::vector<std::string> governors;
  std::string out = "charter.chain";
};

absl::StatusOr<ExitCode> Init(const InitOptions& options, Context* context) {
  const absl::StatusOr<std::string> existing = ReadWholeFile(options.out, small_file_bytes_max);
  if (!absl::IsNotFound(existing.status())) {
    return absl::AlreadyExistsError(
        absl::StrCat("file ", Quoted(options.out, 300), ": exists; name another with --out, or remove it"));
  }
  NewCharterOptions charter{options.consortium, options.name, {}, options.threshold, context->now()};
  for (const std::string& text : options.governors) {
    ASSIGN_OR_RETURN(v1::Governor governor, ParseGovernor(text));
    charter.governors.push_back(std::move(governor));
  }
  ASSIGN_OR_RETURN(const v1::Charter first, NewCharter(charter));
  v1::CharterChain chain;
  ASSIGN_OR_RETURN(*chain.add_versions(), MakeUnsigned(first));
  return SaveAndReport(chain, options.out, context);
}

using Edit = std::function<absl::StatusOr<v1::Charter>(v1::Charter)>;

// Applies the edits to the draft at the end of the chain; when the last version is complete, to a new one after it.
absl::StatusOr<ExitCode> EditChain(const std::string& path, const std::string& out, const std::vector<Edit>& edits,
                                   Context* context) {
  ASSIGN_OR_RETURN(CharterDraft draft, LoadCharter(path));
  if (!draft.complete() && draft.last_signed().signatures_size() > 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("charter ", Quoted(path, 300), ": version ", draft.last.version(), " is ",
                     DescribeSignatures(draft.last_signed(), draft.previous()),
                     "; a change would make that worthless. Finish signing it first, or start again from the file "
                     "before it was signed"));
  }
  v1::Charter next = draft.last;
  if (draft.complete()) {
    ASSIGN_OR_RETURN(next, Successor(draft.last_signed(), context->now()));
    draft.chain.add_versions();
  }
  for (const Edit& edit : edits) {
    ASSIGN_OR_RETURN(next, edit(std::move(next)));
  }
  ASSIGN_OR_RETURN(*draft.chain.mutable_versions(draft.chain.versions_size() - 1), MakeUnsigned(next));
  return SaveAndReport(draft.chain, out.empty() ? path : out, context);
}

absl::StatusOr<ExitCode> AdmitRequests(const std::string& path, const std::string& out,
                                       const std::vector<std::string>& files, Context* context) {
  std::vector<Edit> edits;
  std::string to_compare;
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(file, small_file_bytes_max));
    absl::StatusOr<v1::JoinRequest> request = JoinRequestFromText(text);
    if (!request.ok()) return Annotate(request.status(), absl::StrCat("join request ", Quoted(file, 300)));
    absl::StrAppend(&to_compare, "  ", context->style().Strong(JoinFingerprint(*request)), "  ",
                    Printable(request->partner().id()), " (", Printable(request->partner().name()), ")\n");
    edits.push_back([r = *std::move(request), file](v1::Charter charter) -> absl::StatusOr<v1::Charter> {
      absl::StatusOr<v1::Charter> next = Admit(std::move(charter), r);
      if (!next.ok()) return Annotate(next.status(), absl::StrCat("join request ", Quoted(file, 300)));
      return next;
    });
  }
  ASSIGN_OR_RETURN(const ExitCode code, EditChain(path, out, edits, context));
  if (!context->json) {
    context->out() << "Before anybody signs, ask each of these by another way, such as the telephone, whether their "
                      "node shows this fingerprint:\n"
                   << to_compare;
  }
  return code;
}

// --- signing

absl::StatusOr<ExitCode> SignFile(const std::string& path, const std::string& key_file, const std::string& out,
                                  Context* context) {
  ASSIGN_OR_RETURN(CharterDraft draft, LoadCharter(path));
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::FromPemFile(key_file));
  const auto names = [&](const v1::Charter& charter) {
    for (const v1::Governor& governor : charter.governors()) {
      if (governor.public_key() == key.public_key()) return true;
    }
    return false;
  };
  bool is_governor = names(draft.last);
  if (draft.previous() != nullptr) {
    ASSIGN_OR_RETURN(const v1::Charter before, ParseCharter(*draft.previous()));
    is_governor |= names(before);
  }
  if (!is_governor) {
    return absl::PermissionDeniedError(absl::StrCat("key ", Quoted(key_file, 300), " (", KeyId(key.public_key()),
                                                    "): not a governor's of this charter, so its signature would "
                                                    "count for nothing"));
  }
  SignCharter(draft.chain.mutable_versions(draft.chain.versions_size() - 1), key);
  return SaveAndReport(draft.chain, out.empty() ? path : out, context);
}

absl::StatusOr<ExitCode> MergeFiles(const std::string& path, const std::vector<std::string>& others, Context* context) {
  ASSIGN_OR_RETURN(CharterDraft draft, LoadCharter(path));
  for (const std::string& other : others) {
    ASSIGN_OR_RETURN(const CharterDraft from, LoadCharter(other));
    RETURN_IF_ERROR(
        Annotate(MergeSignatures(draft.chain.mutable_versions(draft.chain.versions_size() - 1), from.last_signed()),
                 absl::StrCat("charter ", Quoted(other, 300))));
  }
  return SaveAndReport(draft.chain, path, context);
}

// --- reading

absl::StatusOr<ExitCode> Inspect(const std::string& path, Context* context) {
  ASSIGN_OR_RETURN(const CharterDraft draft, LoadCharter(path));
  if (context->json) {
    context->PrintJson(DraftJson(draft, path));
    return kDone;
  }
  const Style style = context->style();
  context->out() << Describe(draft.last, context->now()) << "\n";
  if (draft.previous() != nullptr) {
    ASSIGN_OR_RETURN(const v1::Charter before, ParseCharter(*draft.previous()));
    const std::vector<std::string> changes = DescribeChange(before, draft.last);
    context->out() << style.Strong(absl::StrCat("What version ", draft.last.version(), " changes")) << "\n";
    for (const std::string& change : changes) context->out() << "  - " << change << "\n";
    if (changes.empty()) context->out() << "  nothing but version and dates\n";
    context->out() << "\n";
  }
  context->out() << style.Strong("Signatures") << "\n  "
                 << style.Paint(draft.complete() ? Tone::kGood : Tone::kWarning,
                                DescribeSignatures(draft.last_signed(), draft.previous()))
                 << "\n  SHA-256 of what is signed: " << ToHex(CharterSha256(draft.last_signed())) << "\n";
  if (draft.chain.versions_size() > 1) {
    context->out() << "  the " << CountOf(draft.chain.versions_size() - 1, "version") << " before it "
                   << (draft.chain.versions_size() == 2 ? "is" : "are") << " signed as they must be\n";
  }
  return kDone;
}

absl::StatusOr<ExitCode> Submit(const std::string& path, Context* context) {
  ASSIGN_OR_RETURN(CharterDraft draft, LoadCharter(path));
  if (!draft.complete()) {
    return absl::FailedPreconditionError(absl::StrCat("charter ", Quoted(path, 300), ": a draft, ",
                                                      DescribeSignatures(draft.last_signed(), draft.previous()),
                                                      "; nodes take it when it is signed"));
  }
  ASSIGN_OR_RETURN(Client* const client, context->client());
  v1::SubmitCharterRequest request;
  *request.mutable_chain() = std::move(draft.chain);
  ASSIGN_OR_RETURN(const v1::SubmitCharterResponse response, client->SubmitCharter(request));
  if (context->json) {
    context->PrintJson(ToJson(response));
  } else if (response.accepted() == 0) {
    context->out() << "The node has this charter already; version " << response.version() << " is in force.\n";
  } else {
    context->out() << "Version " << response.version() << " is in force; the node passes it on to the others.\n";
  }
  return kDone;
}

// --- the commands

void Run(CLI::App* command, Context* context, Action action) {
  command->callback([context, action = std::move(action)] { context->action = action; });
}

struct FileOptions {
  std::string file;
  std::string out;
  std::string key;
  std::string subject;
  std::string value;
  std::vector<std::string> more;
};

// A command that changes one thing of one partner or node.
void AddEditCommand(CLI::App* charter, Context* context, const char* name, const char* help, const char* subject,
                    std::function<absl::StatusOr<v1::Charter>(v1::Charter, absl::string_view)> edit) {
  auto o = std::make_shared<FileOptions>();
  CLI::App* command = charter->add_subcommand(name, help);
  command->add_option("CHARTER", o->file, "The charter file")->required();
  command->add_option(subject, o->subject, "Its id")->required();
  command->add_option("--out", o->out, "Write here instead of back to CHARTER")->type_name("FILE");
  Run(command, context, [o, context, edit] {
    const Edit one = [o, edit](v1::Charter c) { return edit(std::move(c), o->subject); };
    return EditChain(o->file, o->out, {one}, context);
  });
}

void AddMakingCommands(CLI::App* charter, Context* context) {
  auto key = std::make_shared<FileOptions>();
  CLI::App* make_key = charter->add_subcommand("key", "Make the key of a governor");
  make_key->add_option("--out", key->out, "The private key's file; the public key goes to FILE.pub")
      ->required()
      ->type_name("FILE");
  Run(make_key, context, [key, context] { return MakeKey(key->out, context); });

  auto init = std::make_shared<InitOptions>();
  CLI::App* make = charter->add_subcommand("init", "Begin a consortium: a draft of version 1");
  make->add_option("--consortium", init->consortium, "Its id, for good: lower case, digits, hyphens")->required();
  make->add_option("--name", init->name, "Its name")->required();
  make->add_option("--threshold", init->threshold, "How many governors must sign a charter")->required();
  make->add_option("--governor", init->governors, "A governor's office and public key; once for each")
      ->required()
      ->type_name("NAME=FILE")
      ->expected(1)
      ->take_all();
  make->add_option("--out", init->out, "The charter file to make")->capture_default_str()->type_name("FILE");
  Run(make, context, [init, context] { return Init(*init, context); });

  auto admit = std::make_shared<FileOptions>();
  CLI::App* take = charter->add_subcommand("admit", "Take in the partners or nodes of join requests");
  take->add_option("CHARTER", admit->file, "The charter file")->required();
  take->add_option("REQUEST", admit->more, "Join requests, as `cairn node init` makes them")->required();
  take->add_option("--out", admit->out, "Write here instead of back to CHARTER")->type_name("FILE");
  Run(take, context, [admit, context] { return AdmitRequests(admit->file, admit->out, admit->more, context); });
}

void AddChangingCommands(CLI::App* charter, Context* context) {
  AddEditCommand(charter, context, "suspend", "Accept nothing new of a partner", "PARTNER", Suspend);
  AddEditCommand(charter, context, "reinstate", "End a suspension", "PARTNER", Reinstate);
  AddEditCommand(charter, context, "retire", "A partner leaves for good", "PARTNER", Retire);
  AddEditCommand(charter, context, "remove-node", "Take one node out; its connections end", "NODE", RemoveNode);

  auto o = std::make_shared<FileOptions>();
  CLI::App* endpoint = charter->add_subcommand("set-endpoint", "Change where a node is dialled");
  endpoint->add_option("CHARTER", o->file, "The charter file")->required();
  endpoint->add_option("NODE", o->subject, "The node's id")->required();
  endpoint->add_option("ENDPOINT", o->value, "host:port; leave it out when the node only dials");
  endpoint->add_option("--out", o->out, "Write here instead of back to CHARTER")->type_name("FILE");
  Run(endpoint, context, [o, context] {
    const Edit edit = [o](v1::Charter c) { return SetEndpoint(std::move(c), o->subject, o->value); };
    return EditChain(o->file, o->out, {edit}, context);
  });

  auto renew = std::make_shared<FileOptions>();
  CLI::App* extend = charter->add_subcommand("renew", "The same charter with a new date of expiry");
  extend->add_option("CHARTER", renew->file, "The charter file")->required();
  extend->add_option("--out", renew->out, "Write here instead of back to CHARTER")->type_name("FILE");
  Run(extend, context, [renew, context] { return EditChain(renew->file, renew->out, {}, context); });
}

void AddSigningCommands(CLI::App* charter, Context* context) {
  auto sign = std::make_shared<FileOptions>();
  CLI::App* add = charter->add_subcommand("sign", "Sign the last version; inspect it first");
  add->add_option("CHARTER", sign->file, "The charter file")->required();
  add->add_option("--key", sign->key, "Your private key")->required()->type_name("FILE");
  add->add_option("--out", sign->out, "Write here instead of back to CHARTER")->type_name("FILE");
  Run(add, context, [sign, context] { return SignFile(sign->file, sign->key, sign->out, context); });

  auto merge = std::make_shared<FileOptions>();
  CLI::App* unite = charter->add_subcommand("merge", "Bring the signatures of signed copies into one file");
  unite->add_option("CHARTER", merge->file, "The file that receives them")->required();
  unite->add_option("COPY", merge->more, "Copies that others have signed")->required();
  Run(unite, context, [merge, context] { return MergeFiles(merge->file, merge->more, context); });

  auto inspect = std::make_shared<FileOptions>();
  CLI::App* read = charter->add_subcommand("inspect", "What it says, what it changes, who has signed");
  read->add_option("CHARTER", inspect->file, "The charter file")->required();
  Run(read, context, [inspect, context] { return Inspect(inspect->file, context); });

  auto submit = std::make_shared<FileOptions>();
  CLI::App* give = charter->add_subcommand("submit", "Give a signed charter to the node, which passes it on");
  give->add_option("CHARTER", submit->file, "The charter file")->required();
  Run(give, context, [submit, context] { return Submit(submit->file, context); });
}

}  // namespace

void AddCharterCommands(CLI::App* app, Context* context) {
  CLI::App* charter = app->add_subcommand("charter", "Govern the consortium, offline on files");
  charter->require_subcommand(1);
  charter->footer(flow);
  AddMakingCommands(charter, context);
  AddSigningCommands(charter, context);
  AddChangingCommands(charter, context);
}

}  // namespace cairn
