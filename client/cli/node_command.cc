// cairn node init: keys, configuration and join request of a new node.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/files.h"
#include "client/cli/text_width.h"
#include "common/base/data_dir.h"
#include "common/base/errors.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/charter/charter_document.h"
#include "common/charter/charter_file.h"
#include "common/charter/join_request.h"
#include "common/crypto/keys.h"
#include "common/crypto/secret_file.h"
#include "common/crypto/tls_identity.h"
#include "common/record/country.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

struct InitOptions {
  std::string data;
  std::string partner;
  std::string name;
  std::string country;
  std::string role = "other";
  std::string node_id;
  std::string listen;
  std::string endpoint;
  std::string http;
  bool dial_out_only = false;
};

// A directory that is filled apart and moved to its place when complete, so that a failure leaves nothing. One that is
// there already may be a disk of its own or belong to another user's folder: it stays, and is filled from within.
class NewDirectory {
 public:
  static absl::StatusOr<NewDirectory> Create(const std::string& path) {
    std::error_code error;
    fs::path directory = fs::absolute(path, error).lexically_normal();
    if (!directory.has_filename()) directory = directory.parent_path();  // "dir/"
    const bool exists = fs::exists(directory, error);
    if (exists && !IsFree(directory)) {
      return absl::AlreadyExistsError(absl::StrCat("data directory ", Quoted(path, 300),
                                                   ": exists and is not empty; name a new one, since the keys of a "
                                                   "node must not be overwritten"));
    }
    const std::string suffix = absl::StrCat(".new-", getpid());
    const fs::path building = exists ? directory / suffix : fs::path(directory.string() + suffix);
    fs::create_directories(building.parent_path(), error);
    if (mkdir(building.c_str(), 0700) != 0 || mkdir((building / "keys").c_str(), 0700) != 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", Quoted(building.string(), 300)));
    }
    return NewDirectory(building, directory, exists);
  }
  NewDirectory(NewDirectory&& other) noexcept
      : building_(std::exchange(other.building_, fs::path())), directory_(other.directory_), within_(other.within_) {}
  ~NewDirectory() {
    std::error_code ignored;
    if (!building_.empty()) fs::remove_all(building_, ignored);
  }

  std::string PathOf(absl::string_view file) const { return (building_ / std::string(file)).string(); }
  std::string directory() const { return directory_.string(); }

  absl::Status Commit() {
    if (!within_) {
      RETURN_IF_ERROR(Move(building_, directory_));
      building_.clear();
      return absl::OkStatus();
    }
    if (chmod(directory_.c_str(), 0700) != 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot keep others out of ", Quoted(directory_.string(), 300)));
    }
    // The settings come last: with them it is a node's.
    const std::string settings(data_dir::config);
    std::vector<fs::path> names;
    for (const fs::directory_entry& made : fs::directory_iterator(building_)) {
      if (made.path().filename() != settings) names.push_back(made.path().filename());
    }
    names.push_back(settings);
    for (const fs::path& name : names) RETURN_IF_ERROR(Move(building_ / name, directory_ / name));
    return absl::OkStatus();
  }

 private:
  NewDirectory(fs::path building, fs::path directory, bool within)
      : building_(std::move(building)), directory_(std::move(directory)), within_(within) {}

  // A new file system is not quite empty.
  static bool IsFree(const fs::path& directory) {
    std::error_code error;
    fs::directory_iterator entries(directory, error);
    return !error && std::all_of(begin(entries), end(entries),
                                 [](const auto& entry) { return entry.path().filename() == "lost+found"; });
  }

  static absl::Status Move(const fs::path& from, const fs::path& to) {
    if (rename(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot move ", from.string(), " to ", to.string()));
  }

  fs::path building_;
  fs::path directory_;
  bool within_;
};

bool IsWildcard(absl::string_view listen) {
  return absl::StartsWith(listen, "0.0.0.0:") || absl::StartsWith(listen, "[::]:") || absl::StartsWith(listen, "*:");
}

// Where others dial this node.
absl::StatusOr<std::string> EndpointOf(const InitOptions& options) {
  if (options.dial_out_only) {
    if (options.endpoint.empty() && options.listen.empty()) return std::string();
    return UsageError(absl::StrCat(options.listen.empty() ? "--endpoint" : "--listen",
                                   " and --dial-out-only contradict each other; give one of them"));
  }
  if (!options.endpoint.empty()) return options.endpoint;
  if (options.listen.empty()) {
    return UsageError("--listen is missing; write --listen HOST:PORT, or --dial-out-only when nobody can reach it");
  }
  if (!IsWildcard(options.listen)) return options.listen;
  return UsageError(absl::StrCat("--listen ", Quoted(options.listen),
                                 " is every address of this machine, which nobody can dial; add --endpoint HOST:PORT "
                                 "as others reach it, or give --dial-out-only instead"));
}

absl::Status CheckId(absl::string_view option, absl::string_view id) {
  if (IsCharterId(id)) return absl::OkStatus();
  return UsageError(absl::StrCat(option, " ", Quoted(id),
                                 ": not an id; write 1 to 64 lower-case letters, digits and hyphens, such as pl-fdds"));
}

absl::StatusOr<JoinOptions> JoinOptionsOf(const InitOptions& options) {
  JoinOptions join;
  join.partner = options.partner;
  join.name = options.name;
  const absl::StatusOr<std::string> country = NormaliseCountry(options.country);
  if (!country.ok()) return UsageError(absl::StrCat("--country: ", country.status().message()));
  join.country = *country;
  RETURN_IF_ERROR(CheckId("--partner", options.partner));
  if (!options.node_id.empty()) RETURN_IF_ERROR(CheckId("--node-id", options.node_id));
  if (options.name.empty()) return UsageError("--name: empty; write the organisation's name");
  join.role = options.role;
  join.node = options.node_id.empty() ? options.partner + "-1" : options.node_id;
  ASSIGN_OR_RETURN(join.endpoint, EndpointOf(options));
  return join;
}

// The request with what people read above it.
std::string JoinRequestText(const v1::JoinRequest& request) {
  const v1::Partner& partner = request.partner();
  return absl::StrCat("Request of ", Printable(partner.name()), " (", partner.id(), ", ", partner.country(),
                      ") to be admitted with node ", partner.nodes(0).id(), ".\n",
                      "Its fingerprint, for the sender to read out on the telephone: ", JoinFingerprint(request), "\n",
                      ArmourJoinRequest(request));
}

struct MadeNode {
  std::string directory;
  JoinOptions join;
  v1::JoinRequest request;
  std::string key_id;
};

absl::StatusOr<MadeNode> MakeNode(const InitOptions& options, Context* context) {
  MadeNode made;
  ASSIGN_OR_RETURN(made.join, JoinOptionsOf(options));
  ASSIGN_OR_RETURN(const SigningKey key, SigningKey::Generate(context->random()));
  ASSIGN_OR_RETURN(const TlsIdentity identity, MakeTlsIdentity(made.join.node, context->now()));
  made.join.spki_sha256 = identity.spki_sha256;
  const absl::StatusOr<v1::JoinRequest> request = MakeJoinRequest(made.join, key);
  if (!request.ok()) return UsageError(request.status().message());
  made.request = *request;
  made.key_id = KeyId(key.public_key());

  ASSIGN_OR_RETURN(NewDirectory directory, NewDirectory::Create(options.data));
  RETURN_IF_ERROR(WriteSecretFile(directory.PathOf(data_dir::publishing_key), key.ToPem()));
  RETURN_IF_ERROR(WriteSecretFile(directory.PathOf(data_dir::tls_key), identity.key_pem));
  RETURN_IF_ERROR(WriteWholeFile(directory.PathOf(data_dir::tls_certificate), identity.certificate_pem));
  const NodeTomlValues toml{options.partner,
                            made.join.node,
                            options.name,
                            options.listen,
                            made.join.endpoint == options.listen ? "" : made.join.endpoint,
                            options.http};
  RETURN_IF_ERROR(WriteWholeFile(directory.PathOf(data_dir::config), NodeTomlText(toml)));
  RETURN_IF_ERROR(WriteWholeFile(directory.PathOf(data_dir::join_request), JoinRequestText(made.request)));
  RETURN_IF_ERROR(directory.Commit());
  made.directory = directory.directory();
  return made;
}

void PrintMade(const MadeNode& made, Context* context) {
  const std::string& dir = made.directory;
  const std::string request = JoinPath(dir, data_dir::join_request);
  if (context->json) {
    context->PrintJson({{"data", dir},
                        {"partner", made.join.partner},
                        {"node", made.join.node},
                        {"endpoint", made.join.endpoint},
                        {"publishing_key_id", made.key_id},
                        {"spki_sha256", ToHex(made.join.spki_sha256)},
                        {"join_request", request},
                        {"fingerprint", JoinFingerprint(made.request)}});
    return;
  }
  const Style style = context->style();
  context->out() << style.Strong(absl::StrCat("Node ", made.join.node, " is made in ", dir)) << "\n"
                 << "  its keys are in " << dir << "/keys: keep a copy of " << data_dir::publishing_key
                 << " where nobody else can read it\n"
                 << "  its settings are in " << JoinPath(dir, data_dir::config) << "\n\n"
                 << style.Strong("Next") << "\n"
                 << "  1. Send " << request << " to the governors of the consortium (it is not secret).\n"
                 << "     They will ask for its fingerprint by another way, such as the telephone:\n"
                 << "       " << style.Strong(JoinFingerprint(made.request)) << "\n"
                 << "  2. They answer with a charter that admits you. Save it as " << JoinPath(dir, data_dir::charter)
                 << "\n"
                 << "  3. Start the node:    cairnd --data " << dir << "\n"
                 << "  4. See how it is:     cairn --data " << dir << " status\n";
}

}  // namespace

void AddNodeCommands(CLI::App* app, Context* context) {
  CLI::App* node = app->add_subcommand("node", "Make a node, or a new key for it");
  node->require_subcommand(1);
  AddNodeKeyCommand(node, context);
  CLI::App* init = node->add_subcommand("init", "Make the data directory of a new node: keys, settings, join request");
  auto options = std::make_shared<InitOptions>();
  init->add_option("--data", options->data, "The directory to make")->type_name("DIR");
  init->add_option("--partner", options->partner, "The partner's id, such as pl-fdds: lower case, digits, hyphens")
      ->required();
  init->add_option("--name", options->name, "The organisation's name")->required();
  init->add_option("--country", options->country, "Its country, such as PL")->required();
  init->add_option("--role", options->role,
                   "helpline, university, clinic, police, technology, ngo, legal, government, network, other")
      ->capture_default_str();
  init->add_option("--node-id", options->node_id, "The node's id; by default the partner's followed by -1");
  init->add_option("--listen", options->listen, "Where the node listens for other nodes")->type_name("HOST:PORT");
  init->add_option("--http", options->http, "Where readers reach it with a browser; by default nowhere")
      ->type_name("HOST:PORT");
  init->add_option("--endpoint", options->endpoint, "Where others dial it, when that is not --listen")
      ->type_name("HOST:PORT");
  init->add_flag("--dial-out-only", options->dial_out_only,
                 "Nobody can dial it (a firewall); it dials the others, which is enough");
  init->callback([options, context] {
    context->action = [options, context]() -> absl::StatusOr<ExitCode> {
      if (options->data.empty()) options->data = context->data;
      if (options->data.empty()) return UsageError("--data is missing; write --data DIR, the directory to make");
      ASSIGN_OR_RETURN(const MadeNode made, MakeNode(*options, context));
      PrintMade(made, context);
      return kDone;
    };
  });
}

}  // namespace cairn
