#include "client/cli/charter_store.h"

#include "absl/strings/str_cat.h"
#include "client/cli/files.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/charter/charter_document.h"
#include "common/charter/charter_file.h"

namespace cairn {

absl::StatusOr<CharterDraft> CheckDraft(v1::CharterChain chain, const std::string& name) {
  const std::string file = absl::StrCat("charter ", Quoted(name, 300));
  if (chain.versions_size() == 0) return absl::InvalidArgumentError(file + ": holds no version");
  CharterDraft draft;
  draft.chain = std::move(chain);
  absl::StatusOr<v1::Charter> last = ParseCharter(draft.last_signed());
  if (!last.ok()) return Annotate(last.status(), file);
  draft.last = *std::move(last);
  draft.signed_by = CountSignatures(draft.last_signed(), draft.last);
  if (draft.previous() == nullptr) {
    draft.signatures = CheckFirst(draft.last_signed());
  } else {
    v1::CharterChain before = draft.chain;
    before.mutable_versions()->RemoveLast();
    RETURN_IF_ERROR(Annotate(CheckChain(before), file));
    draft.signatures = CheckSuccessor(*draft.previous(), draft.last_signed());
  }
  if (draft.signatures.ok() || absl::IsPermissionDenied(draft.signatures)) return draft;
  return Annotate(draft.signatures, file);
}

absl::StatusOr<CharterDraft> LoadCharter(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(path, limits::charter_file_bytes_max));
  absl::StatusOr<v1::CharterChain> chain = ChainFromText(text);
  if (!chain.ok()) return Annotate(chain.status(), absl::StrCat("charter ", Quoted(path, 300)));
  return CheckDraft(*std::move(chain), path);
}

absl::Status SaveCharter(const std::string& path, const v1::CharterChain& chain) {
  ASSIGN_OR_RETURN(const CharterDraft draft, CheckDraft(chain, path));
  return WriteWholeFile(
      path, absl::StrCat("Charter of ", draft.last.consortium_name(), " (", draft.last.consortium(), "), version ",
                         draft.last.version(), draft.complete() ? ", signed" : ", a draft that lacks signatures",
                         ".\nRead it with: cairn charter inspect FILE\n", ArmourChain(chain)));
}

}  // namespace cairn
