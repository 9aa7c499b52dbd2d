// What the charter commands share: reading what a person hands over, changing a draft, saying how it stands.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cairn/v1/charter.pb.h"
#include "client/cli/charter_store.h"
#include "client/cli/context.h"
#include "client/cli/json_text.h"
#include "common/charter/key_edit.h"

namespace cairn {

// The groups of commands below `cairn charter`, a source file each.
void AddCharterMakingCommands(CLI::App* charter, Context* context);    // key, init, admit
void AddCharterSigningCommands(CLI::App* charter, Context* context);   // inspect, sign, merge, submit
void AddCharterChangingCommands(CLI::App* charter, Context* context);  // suspend, circle, quota, governors, ...
void AddCharterKeyCommands(CLI::App* charter, Context* context);       // rotate-key, revoke-key, ...

// One change of a draft; see charter_edit.h.
using CharterEdit = std::function<absl::StatusOr<v1::Charter>(v1::Charter)>;

// What most of these commands are told.
struct CharterOptions {
  std::string file;
  std::string out;  // empty: back to `file`
  std::string key;
  std::string subject;
  std::string value;
  std::vector<std::string> more;
};

// `command` does `action` when it is chosen.
void RunCharter(CLI::App* command, Context* context, Action action);
// The options CHARTER and --out.
void AddCharterFile(CLI::App* command, CharterOptions* options);

// Applies the edits to the draft at the end of the chain; when the last version is complete, to a new one after it.
// Saves, and says how it stands.
absl::StatusOr<ExitCode> EditCharter(const CharterOptions& options, const std::vector<CharterEdit>& edits,
                                     Context* context);
// Saves the chain and says how it stands.
absl::StatusOr<ExitCode> SaveAndReport(const v1::CharterChain& chain, const std::string& path, Context* context);

// How a draft stands, for scripts and for people.
Json DraftJson(const CharterDraft& draft, const std::string& path, Context* context);
void PrintDangers(const CharterDraft& draft, Context* context);
// A list of what people must compare by telephone before anybody signs.
void PrintToCompare(const std::string& list, Context* context);

// --- what is handed over as text or file

// "NAME=FILE", or the 64 digits in the place of FILE.
absl::StatusOr<v1::Governor> ParseGovernor(const std::string& text);
// A threshold that the governors named with it can reach.
absl::Status CheckThreshold(uint32_t threshold, size_t governors);
// "AUDIENCE=SEQ:DIGEST".
absl::StatusOr<LastGood> ParseLastGood(const std::string& text);
absl::StatusOr<std::vector<LastGood>> ParseLastGoods(const std::vector<std::string>& texts);
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);
absl::StatusOr<v1::JoinRequest> ReadJoinRequest(const std::string& path);
absl::StatusOr<v1::NewKeyRequest> ReadNewKeyRequest(const std::string& path);
// The key of a request of either kind, with the line that people compare.
struct ReadKey {
  NewKey key;
  std::string to_compare;
};
absl::StatusOr<ReadKey> ReadNewKey(const std::string& path, Context* context);

}  // namespace cairn
