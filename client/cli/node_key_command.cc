// cairn node new-key: the publishing key that comes after the present one.
#include <algorithm>
#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/files.h"
#include "common/base/data_dir.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/charter/charter_file.h"
#include "common/charter/key_request.h"
#include "common/crypto/key_files.h"
#include "common/crypto/secret_file.h"

namespace cairn {
namespace {

constexpr size_t request_bytes_max = 64 * 1024;

struct NewKeyOptions {
  std::string data;
  std::string partner;
  bool another = false;
};

// A node's directory holds the request that it was admitted with, and so its partner's id.
absl::StatusOr<std::string> PartnerOf(const NewKeyOptions& options) {
  if (!options.partner.empty()) return options.partner;
  const std::string path = JoinPath(options.data, data_dir::join_request);
  const absl::StatusOr<std::string> text = ReadWholeFile(path, request_bytes_max);
  if (!text.ok()) {
    return UsageError(absl::StrCat("--partner is missing, and ", path, " cannot be read (", text.status().message(),
                                   "); write --partner ID"));
  }
  ASSIGN_OR_RETURN(const v1::JoinRequest request, JoinRequestFromText(*text));
  return request.partner().id();
}

struct PendingKey {
  std::string file;
  bool made = false;  // false: it was there
};

// The newest key beside the first one, made when there is none or another is wanted.
absl::StatusOr<PendingKey> PendingKeyOf(const NewKeyOptions& options, Context* context) {
  const std::vector<std::string> files = PublishingKeyFiles(JoinPath(options.data, data_dir::publishing_key));
  const auto free = std::find_if(files.begin() + 1, files.end(),
                                 [](const std::string& file) { return !std::filesystem::exists(file); });
  if (free != files.begin() + 1 && !options.another) return PendingKey{*(free - 1), false};
  if (free == files.end()) {
    return absl::ResourceExhaustedError(
        absl::StrCat(files.size(), " keys lie in ", options.data, "/keys; take away those that no charter names"));
  }
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Generate(context->random()));
  RETURN_IF_ERROR(WriteSecretFile(*free, key.ToPem()));
  return PendingKey{*free, true};
}

std::string RequestText(const v1::NewKeyRequest& request) {
  return absl::StrCat("Request of ", request.partner(), " for its new publishing key ", KeyId(request.public_key()),
                      ".\nIts fingerprint, for the sender to read out on the telephone: ", NewKeyFingerprint(request),
                      "\n", ArmourNewKeyRequest(request));
}

void Print(const PendingKey& pending, const std::string& request_file, const v1::NewKeyRequest& request,
           Context* context) {
  if (context->json) {
    context->PrintJson({{"key", pending.file},
                        {"made", pending.made},
                        {"key_id", KeyId(request.public_key())},
                        {"request", request_file},
                        {"fingerprint", NewKeyFingerprint(request)}});
    return;
  }
  context->out() << (pending.made ? "The new key is in " : "A new key is there already, and left as it is: ")
                 << pending.file << (pending.made ? "  (keep a copy where nobody else can read it)\n" : "\n")
                 << (pending.made ? "" : "When the charter names it already, add --another for one more.\n") << "Send "
                 << request_file << " to the governors (it is not secret).\n"
                 << "They will ask for its fingerprint by another way, such as the telephone:\n  "
                 << context->style().Strong(NewKeyFingerprint(request)) << "\n"
                 << "The node signs with the new key by itself once a charter names it; keep the old one until then.\n";
}

absl::StatusOr<ExitCode> NewKey(const NewKeyOptions& options, Context* context) {
  ASSIGN_OR_RETURN(const std::string partner, PartnerOf(options));
  ASSIGN_OR_RETURN(const PendingKey pending, PendingKeyOf(options, context));
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::FromPemFile(pending.file));
  ASSIGN_OR_RETURN(std::vector<SigningKey> old, ReadPublishingKeys(JoinPath(options.data, data_dir::publishing_key)));
  old.erase(std::remove_if(old.begin(), old.end(),
                           [&](const SigningKey& other) { return other.public_key() == key.public_key(); }),
            old.end());
  ASSIGN_OR_RETURN(const v1::NewKeyRequest request, MakeNewKeyRequest(partner, key, old));
  const std::string request_file = JoinPath(options.data, data_dir::new_key_request);
  RETURN_IF_ERROR(WriteWholeFile(request_file, RequestText(request)));
  Print(pending, request_file, request, context);
  return kDone;
}

}  // namespace

void AddNodeKeyCommand(CLI::App* node, Context* context) {
  CLI::App* command = node->add_subcommand("new-key", "Make the publishing key that follows the present one");
  auto options = std::make_shared<NewKeyOptions>();
  command->add_option("--data", options->data, "The node's data directory")->type_name("DIR");
  command->add_option("--partner", options->partner, "The partner's id, when DIR has no join-request to tell");
  command->add_flag("--another", options->another, "Make one more although a new key is there already");
  command->callback([options, context] {
    context->action = [options, context]() -> absl::StatusOr<ExitCode> {
      if (options->data.empty()) options->data = context->data;
      if (options->data.empty()) return UsageError("--data is missing; write --data DIR, the node's data directory");
      return NewKey(*options, context);
    };
  });
}

}  // namespace cairn
