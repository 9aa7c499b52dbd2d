// cairn backup, cairn restore.
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/cli/commands.h"
#include "client/cli/files.h"
#include "client/cli/text_width.h"
#include "client/cli/wording.h"
#include "common/base/data_dir.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/crypto/sealed.h"
#include "common/crypto/secret_file.h"

namespace cairn {
namespace {

// What a node needs beside its database, in the order in which it is put back.
constexpr absl::string_view kept_files[] = {data_dir::config, data_dir::charter, data_dir::tls_certificate,
                                            data_dir::tls_key, data_dir::publishing_key};
constexpr size_t kept_file_bytes_max = 16 * 1024 * 1024;  // a charter's chain; keys have hundreds of bytes

struct BackupOptions {
  std::string file;
  bool with_keys = false;
  std::string passphrase_file;
};

std::string KeysOf(const std::string& file) { return file + ".keys"; }

absl::StatusOr<std::string> Passphrase(const std::string& path) {
  if (path.empty()) return UsageError("which passphrase? write --passphrase-file FILE");
  ASSIGN_OR_RETURN(const std::string text, ReadSecretFile(path));
  return std::string(absl::StripSuffix(absl::StripSuffix(text, "\n"), "\r"));
}

absl::StatusOr<std::string> DataDirectory(const Context& context) {
  if (!context.data.empty()) return context.data;
  std::string variable = context.Variable("CAIRN_DATA");
  if (!variable.empty()) return variable;
  return UsageError("which node? write --data DIR, its data directory");
}

// Keys and settings of the node, sealed beside the copy.
absl::Status SealKeys(const BackupOptions& options, Context* context) {
  ASSIGN_OR_RETURN(const std::string passphrase, Passphrase(options.passphrase_file));
  ASSIGN_OR_RETURN(const std::string data, DataDirectory(*context));
  Json files = Json::object();
  for (const absl::string_view name : kept_files) {
    const std::string path = JoinPath(data, name);
    if (name == data_dir::charter && !std::filesystem::exists(path)) continue;
    ASSIGN_OR_RETURN(files[std::string(name)], ReadWholeFile(path, kept_file_bytes_max));
  }
  ASSIGN_OR_RETURN(const std::string sealed, Seal(files.dump(), passphrase, context->random()));
  return WriteSecretFile(KeysOf(options.file), sealed);
}

absl::StatusOr<ExitCode> Backup(BackupOptions options, Context* context) {
  if (options.with_keys == options.passphrase_file.empty()) {
    return UsageError("--with-keys and --passphrase-file go together: keys leave the node encrypted or not at all");
  }
  options.file = std::filesystem::absolute(options.file).string();
  ASSIGN_OR_RETURN(Client* const client, context->client());
  if (options.with_keys) RETURN_IF_ERROR(SealKeys(options, context));
  const std::unique_ptr<Progress> progress = context->NewProgress();
  v1::BackupRequest request;
  request.set_path(options.file);
  v1::BackupResponse last;
  RETURN_IF_ERROR(client->Backup(request, [&](const v1::BackupResponse& response) {
    last = response;
    progress->Update("copying", response.done_bytes() >> 20, response.total_bytes() >> 20, "MiB");
  }));
  progress->Clear();
  if (!last.done()) return absl::AbortedError("the node ended the backup before it was complete; run it again");
  if (context->json) {
    context->PrintJson({{"file", options.file}, {"bytes", last.total_bytes()}, {"with_keys", options.with_keys}});
    return kDone;
  }
  context->out() << "Copied " << BytesText(last.total_bytes()) << " to " << Printable(options.file) << ".\n";
  if (options.with_keys) {
    context->out() << "Keys and settings are sealed in " << Printable(KeysOf(options.file)) << ".\n";
  } else {
    context->out() << "It holds no key: keep the files below keys/ in another safe place, or use --with-keys.\n";
  }
  return kDone;
}

// Files that are there already are left alone.
absl::Status PutBack(const std::string& data, const Json& files, Context* context) {
  for (const absl::string_view name : kept_files) {
    const auto text = files.find(std::string(name));
    const std::string path = JoinPath(data, name);
    if (text == files.end() || !text->is_string() || std::filesystem::exists(path)) continue;
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
    std::filesystem::permissions(std::filesystem::path(path).parent_path(), std::filesystem::perms::owner_all, error);
    RETURN_IF_ERROR(WriteSecretFile(path, text->get<std::string>()));
    context->out() << "put back " << Printable(path) << "\n";
  }
  return absl::OkStatus();
}

// The node's program holds the database, so it does the work; it stands beside this one, else on the path.
absl::Status BecomeCairnd(const std::vector<std::string>& arguments) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::string beside = (self.parent_path() / "cairnd").string();
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  if (access(beside.c_str(), X_OK) == 0) execv(beside.c_str(), argv.data());
  execvp("cairnd", argv.data());
  return absl::NotFoundError(absl::StrCat("there is no program cairnd beside ", self.string(), " or on the path"));
}

absl::StatusOr<ExitCode> Restore(const BackupOptions& options, Context* context) {
  ASSIGN_OR_RETURN(const std::string data, DataDirectory(*context));
  const std::string keys = KeysOf(options.file);
  if (!options.passphrase_file.empty()) {
    ASSIGN_OR_RETURN(const std::string passphrase, Passphrase(options.passphrase_file));
    ASSIGN_OR_RETURN(const std::string sealed, ReadWholeFile(keys, 2 * kept_file_bytes_max));
    const absl::StatusOr<std::string> text = Unseal(sealed, passphrase);
    if (!text.ok()) return Annotate(text.status(), keys);
    const Json files = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
    if (!files.is_object()) return absl::DataLossError(absl::StrCat(keys, ": holds no files"));
    RETURN_IF_ERROR(PutBack(data, files, context));
  }
  context->out().flush();
  return BecomeCairnd({"cairnd", "--data", data, "--restore", std::filesystem::absolute(options.file).string()});
}

}  // namespace

void AddBackupCommands(CLI::App* app, Context* context) {
  auto options = std::make_shared<BackupOptions>();
  CLI::App* backup = app->add_subcommand("backup", "Copy the node's database to a file while the node goes on");
  backup->add_option("file", options->file, "The file to be made, on the node's machine")->required();
  backup->add_flag("--with-keys", options->with_keys, "Also seal keys and settings in FILE.keys (needs --data)");
  backup->add_option("--passphrase-file", options->passphrase_file, "A file of mode 0600 that holds the passphrase");
  backup->callback([options, context] { context->action = [=] { return Backup(*options, context); }; });

  CLI::App* restore = app->add_subcommand(
      "restore", "Make a backup the database of a node that is stopped; it hears its peers before it publishes");
  restore->add_option("file", options->file, "The backup")->required();
  restore->add_option("--passphrase-file", options->passphrase_file, "Put back keys and settings from FILE.keys");
  restore->callback([options, context] { context->action = [=] { return Restore(*options, context); }; });
}

}  // namespace cairn
