#include "client/cli/charter_draft.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
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
#include "common/charter/key_request.h"
#include "common/crypto/keys.h"

namespace cairn {

namespace {

constexpr size_t small_file_bytes_max = 64 * 1024;  // keys and requests have a few hundred bytes
constexpr size_t digest_bytes = 32;

// The content of the version before the last; that of a first version is its own.
v1::Charter BeforeOf(const CharterDraft& draft) {
  if (draft.previous() == nullptr) return draft.last;
  const absl::StatusOr<v1::Charter> before = ParseCharter(*draft.previous());
  return before.ok() ? *before : draft.last;
}

void PrintDraftState(const CharterDraft& draft, const std::string& path, Context* context) {
  context->out() << "Version " << draft.last.version() << " in " << path << " is "
                 << DescribeSignatures(draft.last_signed(), draft.previous()) << ".\n";
  PrintDangers(draft, context);
  if (draft.complete()) {
    context->out() << "It is complete. Give it to a node: cairn charter submit " << path << "\n";
  } else {
    context->out() << "It is a draft until then. A governor reads it with `cairn charter inspect " << path
                   << "` and signs it with `cairn charter sign " << path << " --key KEY`.\n";
  }
}

std::string ComparedLine(const std::string& fingerprint, const std::string& whose, Context* context) {
  return absl::StrCat("  ", context->style().Strong(fingerprint), "  ", Printable(whose), "\n");
}

}  // namespace

void RunCharter(CLI::App* command, Context* context, Action action) {
  command->callback([context, action = std::move(action)] { context->action = action; });
}

void AddCharterFile(CLI::App* command, CharterOptions* options) {
  command->add_option("CHARTER", options->file, "The charter file")->required();
  command->add_option("--out", options->out, "Write here instead of back to CHARTER")->type_name("FILE");
}

void PrintDangers(const CharterDraft& draft, Context* context) {
  const std::vector<std::string> dangers = DescribeDangers(BeforeOf(draft), draft.last, context->now());
  if (dangers.empty()) return;
  const Style style = context->style();
  context->out() << style.Paint(Tone::kBad, "LOOK TWICE before you sign:") << "\n";
  for (const std::string& danger : dangers) context->out() << context->Wrapped(absl::StrCat("  ! ", danger, "\n"));
}

void PrintToCompare(const std::string& list, Context* context) {
  if (context->json || list.empty()) return;
  context->out() << "Before anybody signs, ask each of these by another way, such as the telephone, whether their "
                    "node shows this fingerprint:\n"
                 << list;
}

Json DraftJson(const CharterDraft& draft, const std::string& path, Context* context) {
  const v1::Charter before = BeforeOf(draft);
  return {{"file", path},
          {"version", draft.last.version()},
          {"versions", draft.chain.versions_size()},
          {"sha256", ToHex(CharterSha256(draft.last_signed()))},
          {"complete", draft.complete()},
          {"signed_by", draft.signed_by},
          {"signatures", DescribeSignatures(draft.last_signed(), draft.previous())},
          {"changes", DescribeChange(before, draft.last)},
          {"dangers", DescribeDangers(before, draft.last, context->now())},
          {"charter", ToJson(draft.last)}};
}

absl::StatusOr<ExitCode> SaveAndReport(const v1::CharterChain& chain, const std::string& path, Context* context) {
  RETURN_IF_ERROR(SaveCharter(path, chain));
  ASSIGN_OR_RETURN(const CharterDraft draft, CheckDraft(chain, path));
  if (context->json) {
    context->PrintJson(DraftJson(draft, path, context));
  } else {
    PrintDraftState(draft, path, context);
  }
  return kDone;
}

absl::StatusOr<ExitCode> EditCharter(const CharterOptions& options, const std::vector<CharterEdit>& edits,
                                     Context* context) {
  ASSIGN_OR_RETURN(CharterDraft draft, LoadCharter(options.file));
  if (!draft.complete() && draft.last_signed().signatures_size() > 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("charter ", Quoted(options.file, 300), ": version ", draft.last.version(), " is ",
                     DescribeSignatures(draft.last_signed(), draft.previous()),
                     "; a change would make that worthless. Finish signing it first, or start again from the file "
                     "before it was signed"));
  }
  v1::Charter next = draft.last;
  if (draft.complete()) {
    ASSIGN_OR_RETURN(next, Successor(draft.last_signed(), context->now()));
    draft.chain.add_versions();
  }
  for (const CharterEdit& edit : edits) {
    ASSIGN_OR_RETURN(next, edit(std::move(next)));
  }
  ASSIGN_OR_RETURN(*draft.chain.mutable_versions(draft.chain.versions_size() - 1), MakeUnsigned(next));
  return SaveAndReport(draft.chain, options.out.empty() ? options.file : options.out, context);
}

// --- what is handed over

absl::Status CheckThreshold(uint32_t threshold, size_t governors) {
  if (threshold >= 1 && threshold <= governors) return absl::OkStatus();
  return UsageError(absl::StrCat("--threshold ", threshold, ": ", CountOf(governors, "governor"),
                                 " cannot give so many signatures; write 1 to ", governors));
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

absl::StatusOr<LastGood> ParseLastGood(const std::string& text) {
  const size_t equals = text.find('=');
  const size_t colon = text.rfind(':');
  const auto usage = [&](absl::string_view why) {
    return UsageError(absl::StrCat("--last-good ", Quoted(text, 200), ": ", why,
                                   "; write AUDIENCE=SEQ:DIGEST, such as public=8123:3f9c..., as `cairn status --json` "
                                   "shows them as seq and state_digest of a feed"));
  };
  if (equals == std::string::npos || colon == std::string::npos || colon < equals) return usage("not in that form");
  LastGood good;
  good.audience = text.substr(0, equals);
  if (!IsAudience(good.audience)) return usage("public, consortium or circle:NAME come first");
  if (!absl::SimpleAtoi(text.substr(equals + 1, colon - equals - 1), &good.seq) || good.seq == 0) {
    return usage("the sequence number is a whole number from 1");
  }
  const absl::StatusOr<std::string> digest = FromHex(text.substr(colon + 1));
  if (!digest.ok() || digest->size() != digest_bytes) return usage("the digest has 64 hexadecimal digits");
  good.state_digest = *digest;
  return good;
}

absl::StatusOr<std::vector<LastGood>> ParseLastGoods(const std::vector<std::string>& texts) {
  std::vector<LastGood> goods;
  for (const std::string& text : texts) {
    ASSIGN_OR_RETURN(LastGood good, ParseLastGood(text));
    for (const LastGood& other : goods) {
      if (other.audience == good.audience) {
        return UsageError(absl::StrCat("--last-good names audience ", good.audience, " twice"));
      }
    }
    goods.push_back(std::move(good));
  }
  return goods;
}

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) { return ReadWholeFile(path, small_file_bytes_max); }

absl::StatusOr<v1::JoinRequest> ReadJoinRequest(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(path));
  absl::StatusOr<v1::JoinRequest> request = JoinRequestFromText(text);
  if (!request.ok()) return Annotate(request.status(), absl::StrCat("join request ", Quoted(path, 300)));
  return request;
}

absl::StatusOr<v1::NewKeyRequest> ReadNewKeyRequest(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(path));
  absl::StatusOr<v1::NewKeyRequest> request = NewKeyRequestFromText(text);
  if (!request.ok()) return Annotate(request.status(), absl::StrCat("request for a new key ", Quoted(path, 300)));
  return request;
}

absl::StatusOr<ReadKey> ReadNewKey(const std::string& path, Context* context) {
  ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(path));
  ReadKey read;
  if (const absl::StatusOr<v1::JoinRequest> join = JoinRequestFromText(text); join.ok()) {
    ASSIGN_OR_RETURN(read.key, NewKeyOf(*join));
    read.to_compare = ComparedLine(JoinFingerprint(*join), read.key.partner, context);
    return read;
  }
  const absl::StatusOr<v1::NewKeyRequest> request = NewKeyRequestFromText(text);
  if (!request.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "file ", Quoted(path, 300),
        ": neither a join request nor a request for a new key; `cairn node init` and `cairn node new-key` make them"));
  }
  ASSIGN_OR_RETURN(read.key, NewKeyOf(*request));
  read.to_compare = ComparedLine(NewKeyFingerprint(*request), read.key.partner, context);
  return read;
}

}  // namespace cairn
