// cairn follow.
#include "absl/strings/str_cat.h"
#include "client/cli/node_channel.h"
#include "client/cli/stop_on_signal.h"
#include "client/cli/tables_commands.h"
#include "client/cli/text_width.h"
#include "client/cli/wording.h"
#include "client/follow/follower.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

struct FollowOptions {
  std::string to;
  std::string schema = "cairn";
  std::string audience = "public";
  bool once = false;
};

// Says what happens, a line each; in JSON to standard output.
class FollowPrinter {
 public:
  FollowPrinter(bool once, Context* context) : once_(once), context_(context) {}

  void Committed(uint64_t upserts, uint64_t removals, bool caught_up) {
    const bool news = upserts != upserts_ || removals != removals_ || !said_;
    upserts_ = upserts;
    removals_ = removals;
    if (context_->json) {
      context_->PrintJsonLine(
          {{"event", "committed"}, {"written", upserts}, {"removed", removals}, {"caught_up", caught_up}});
    } else if (caught_up && news) {
      said_ = true;
      context_->out() << "Up to date: " << CountOf(upserts, "record") << " written, " << CountText(removals)
                      << " removed." << (once_ ? "" : " Following; Ctrl-C ends.") << std::endl;
    }
  }
  void Interrupted(const absl::Status& why, absl::Duration wait) {
    const std::string again = absl::FormatDuration(absl::Trunc(wait, absl::Milliseconds(100)));
    if (context_->json) context_->PrintJsonLine({{"event", "interrupted"}, {"why", std::string(why.message())}});
    context_->err() << "interrupted (" << Printable(why.message()) << "); trying again in " << again << std::endl;
  }
  void StartsOver(const absl::Status& why) {
    if (context_->json) context_->PrintJsonLine({{"event", "starts_over"}, {"why", std::string(why.message())}});
    context_->err() << "reading everything anew (" << Printable(why.message()) << ")" << std::endl;
  }

 private:
  const bool once_;
  Context* const context_;
  bool said_ = false;
  uint64_t upserts_ = 0;
  uint64_t removals_ = 0;
};

absl::StatusOr<ExitCode> Follow(const FollowOptions& options, Context* context) {
  const absl::StatusOr<std::string> where = Postgres::Describe(options.to);
  if (!where.ok()) return UsageError(absl::StrCat("--to: ", where.status().message()));
  FollowPrinter printer(options.once, context);
  std::unique_ptr<TablesClient> client;
  std::unique_ptr<Follower> follower;  // outlives the thread of `stop`, which uses it
  StopOnSignal stop;
  ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, NodeChannel(*context));
  client = std::make_unique<TablesClient>(channel);
  follower = std::make_unique<Follower>(
      client.get(), Follower::Options{options.to, options.schema, options.audience, options.once, CallOptions()},
      Follower::Events{
          [&](uint64_t upserts, uint64_t removals, bool caught_up) { printer.Committed(upserts, removals, caught_up); },
          [&](const absl::Status& why, absl::Duration wait) { printer.Interrupted(why, wait); },
          [&](const absl::Status& why) { printer.StartsOver(why); }});
  stop.Guard([&follower] { follower->Stop(); });
  if (!context->json) {
    context->err() << "What " << Printable(options.audience) << " may read goes to " << Printable(*where) << ", schema "
                   << Quoted(options.schema) << "." << std::endl;
  }
  RETURN_IF_ERROR(follower->Run());
  return kDone;
}

}  // namespace

void AddFollowCommand(CLI::App* app, Context* context) {
  auto options = std::make_shared<FollowOptions>();
  CLI::App* follow = app->add_subcommand("follow", "Keep the directory as plain tables in PostgreSQL");
  follow
      ->add_option("--to", options->to,
                   "postgresql://USER@HOST/DATABASE, or key=value pairs; the password belongs into ~/.pgpass or the "
                   "file that PGPASSFILE names, since everybody on a machine sees its command lines")
      ->required()
      ->type_name("WHERE");
  follow->add_option("--schema", options->schema, "PostgreSQL's schema, made when it is not there")
      ->capture_default_str()
      ->type_name("NAME");
  follow->add_option("--audience", options->audience, "Whose view of the directory: public, consortium, circle:NAME")
      ->capture_default_str()
      ->type_name("AUDIENCE");
  follow->add_flag("--once", options->once, "End when everything that is there has been written");
  follow->callback([options, context] { context->action = [options, context] { return Follow(*options, context); }; });
}

}  // namespace cairn
