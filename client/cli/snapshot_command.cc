// cairn snapshot.
#include "absl/strings/str_cat.h"
#include "client/cli/new_file.h"
#include "client/cli/node_channel.h"
#include "client/cli/tables_commands.h"
#include "client/cli/text_width.h"
#include "client/cli/wording.h"
#include "client/follow/tables_client.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

struct SnapshotOptions {
  std::string file;
  std::string audience = "public";
};

absl::StatusOr<ExitCode> MakeSnapshot(const SnapshotOptions& options, Context* context) {
  ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, NodeChannel(*context));
  // What everybody may read, everybody may open; the rest is for whoever asked.
  ASSIGN_OR_RETURN(const std::unique_ptr<NewFile> file, NewFile::Create(options.file, options.audience == "public"));
  const std::unique_ptr<Progress> progress = context->NewProgress();
  v1::MakeSnapshotRequest request;
  request.set_audience(options.audience);
  v1::MakeSnapshotResponse last;
  uint64_t bytes = 0;
  TablesClient client(channel);
  RETURN_IF_ERROR(client.MakeSnapshot(request, [&](const v1::MakeSnapshotResponse& part) -> absl::Status {
    last = part;
    RETURN_IF_ERROR(file->Write(part.chunk()));
    bytes += part.chunk().size();
    if (part.total_bytes() == 0) {
      progress->Update("reading", part.records(), 0, "records");
    } else {
      progress->Update("receiving", bytes >> 20, part.total_bytes() >> 20, "MiB");
    }
    return absl::OkStatus();
  }));
  progress->Clear();
  if (!last.done() || bytes != last.total_bytes()) {
    return absl::AbortedError("the node ended the snapshot before it was complete; ask again");
  }
  RETURN_IF_ERROR(file->Commit());
  if (context->json) {
    context->PrintJson({{"file", options.file},
                        {"audience", options.audience},
                        {"records", last.records()},
                        {"bytes", last.total_bytes()}});
    return kDone;
  }
  context->out() << CountOf(last.records(), "record") << " that " << Printable(options.audience) << " may read, "
                 << BytesText(last.total_bytes()) << ": " << Printable(options.file)
                 << "\nOpen it with sqlite3, Datasette, DuckDB or any other tool for SQLite; `.schema` explains it.\n";
  return kDone;
}

}  // namespace

void AddSnapshotCommand(CLI::App* app, Context* context) {
  auto options = std::make_shared<SnapshotOptions>();
  CLI::App* snapshot =
      app->add_subcommand("snapshot", "Write what an audience may read as a SQLite file of plain tables");
  snapshot->add_option("file", options->file, "The file, which must not be there yet")->required()->type_name("FILE");
  snapshot->add_option("--audience", options->audience, "Whom it is for: public, consortium, circle:NAME")
      ->capture_default_str()
      ->type_name("AUDIENCE");
  snapshot->callback(
      [options, context] { context->action = [options, context] { return MakeSnapshot(*options, context); }; });
}

}  // namespace cairn
