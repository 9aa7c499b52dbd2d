// cairn charter inspect, sign, merge, submit: from a draft to a charter in force.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/cli/charter_draft.h"
#include "client/cli/wording.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/charter/charter_document.h"
#include "common/charter/charter_text.h"
#include "common/crypto/keys.h"

namespace cairn {
namespace {

constexpr size_t submit_bytes_target =
    1024 * 1024;  // a message to the node; one version more has at most as much again

bool Names(const v1::Charter& charter, const SigningKey& key) {
  return std::any_of(charter.governors().begin(), charter.governors().end(),
                     [&](const v1::Governor& governor) { return governor.public_key() == key.public_key(); });
}

bool HasSigned(const v1::SignedCharter& version, const SigningKey& key) {
  v1::Charter alone;
  alone.add_governors()->set_public_key(key.public_key());
  return CountSignatures(version, alone) == 1;
}

absl::StatusOr<ExitCode> SignFile(const CharterOptions& options, Context* context) {
  ASSIGN_OR_RETURN(CharterDraft draft, LoadCharter(options.file));
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::FromPemFile(options.key));
  bool is_governor = Names(draft.last, key);
  if (draft.previous() != nullptr) {
    ASSIGN_OR_RETURN(const v1::Charter before, ParseCharter(*draft.previous()));
    is_governor |= Names(before, key);
  }
  if (!is_governor) {
    return absl::PermissionDeniedError(absl::StrCat("key ", Quoted(options.key, 300), " (", KeyId(key.public_key()),
                                                    "): not a governor's of this charter, so its signature would "
                                                    "count for nothing"));
  }
  if (HasSigned(draft.last_signed(), key) && !context->json) {
    context->out() << "Version " << draft.last.version() << " has the signature of this key ("
                   << KeyId(key.public_key()) << ") already; a second one counts for nothing.\n";
  }
  SignCharter(draft.chain.mutable_versions(draft.chain.versions_size() - 1), key);
  return SaveAndReport(draft.chain, options.out.empty() ? options.file : options.out, context);
}

absl::StatusOr<ExitCode> MergeFiles(const CharterOptions& options, Context* context) {
  ASSIGN_OR_RETURN(CharterDraft draft, LoadCharter(options.file));
  for (const std::string& other : options.more) {
    ASSIGN_OR_RETURN(const CharterDraft from, LoadCharter(other));
    RETURN_IF_ERROR(
        Annotate(MergeSignatures(draft.chain.mutable_versions(draft.chain.versions_size() - 1), from.last_signed()),
                 absl::StrCat("charter ", Quoted(other, 300))));
  }
  return SaveAndReport(draft.chain, options.file, context);
}

absl::StatusOr<ExitCode> Inspect(const std::string& path, Context* context) {
  ASSIGN_OR_RETURN(const CharterDraft draft, LoadCharter(path));
  if (context->json) {
    context->PrintJson(DraftJson(draft, path, context));
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
  PrintDangers(draft, context);
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

// A chain of many years is more than one message holds. What the node has of it already it skips.
absl::StatusOr<v1::SubmitCharterResponse> SubmitInParts(const v1::CharterChain& chain, Client* client) {
  v1::SubmitCharterResponse all;
  for (int next = 0; next < chain.versions_size();) {
    v1::SubmitCharterRequest request;
    for (size_t bytes = 0; next < chain.versions_size() && bytes < submit_bytes_target; ++next) {
      bytes += chain.versions(next).ByteSizeLong();
      *request.mutable_chain()->add_versions() = chain.versions(next);
    }
    ASSIGN_OR_RETURN(const v1::SubmitCharterResponse response, client->SubmitCharter(request));
    all.set_version(response.version());
    all.set_accepted(all.accepted() + response.accepted());
  }
  return all;
}

absl::StatusOr<ExitCode> Submit(const std::string& path, Context* context) {
  ASSIGN_OR_RETURN(const CharterDraft draft, LoadCharter(path));
  if (!draft.complete()) {
    return absl::FailedPreconditionError(absl::StrCat("charter ", Quoted(path, 300), ": a draft, ",
                                                      DescribeSignatures(draft.last_signed(), draft.previous()),
                                                      "; nodes take it when it is signed"));
  }
  ASSIGN_OR_RETURN(Client* const client, context->client());
  ASSIGN_OR_RETURN(const v1::SubmitCharterResponse response, SubmitInParts(draft.chain, client));
  if (context->json) {
    context->PrintJson(ToJson(response));
  } else if (response.accepted() == 0) {
    context->out() << "The node has this charter already; version " << response.version() << " is in force.\n";
  } else {
    context->out() << "Version " << response.version() << " is in force; the node passes it on to the others.\n";
  }
  return kDone;
}

}  // namespace

void AddCharterSigningCommands(CLI::App* charter, Context* context) {
  auto sign = std::make_shared<CharterOptions>();
  CLI::App* add = charter->add_subcommand("sign", "Sign the last version; inspect it first");
  AddCharterFile(add, sign.get());
  add->add_option("--key", sign->key, "Your private key")->required()->type_name("FILE");
  RunCharter(add, context, [sign, context] { return SignFile(*sign, context); });

  auto merge = std::make_shared<CharterOptions>();
  CLI::App* unite = charter->add_subcommand("merge", "Bring the signatures of signed copies into one file");
  unite->add_option("CHARTER", merge->file, "The file that receives them")->required();
  unite->add_option("COPY", merge->more, "Copies that others have signed")->required();
  RunCharter(unite, context, [merge, context] { return MergeFiles(*merge, context); });

  auto inspect = std::make_shared<CharterOptions>();
  CLI::App* read = charter->add_subcommand("inspect", "What it says, what it changes, who has signed");
  read->add_option("CHARTER", inspect->file, "The charter file")->required();
  RunCharter(read, context, [inspect, context] { return Inspect(inspect->file, context); });

  auto submit = std::make_shared<CharterOptions>();
  CLI::App* give = charter->add_subcommand("submit", "Give a signed charter to the node, which passes it on");
  give->add_option("CHARTER", submit->file, "The charter file")->required();
  RunCharter(give, context, [submit, context] { return Submit(submit->file, context); });
}

}  // namespace cairn
