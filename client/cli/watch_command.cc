// cairn watch.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/filter_options.h"
#include "client/cli/stop_on_signal.h"
#include "client/cli/text_width.h"
#include "client/cli/wording.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/record/kinds.h"

namespace cairn {
namespace {

struct WatchOptions {
  FilterOptions filter;
  std::string since;
  bool only_new = false;
  bool until_caught_up = false;
};

class WatchPrinter {
 public:
  WatchPrinter(bool goes_on, Context* context) : goes_on_(goes_on), context_(context) {}

  void Print(const v1::WatchRecordsResponse& response) {
    if (context_->json) {
      context_->PrintJsonLine(ToJson(response));
    } else if (response.has_upsert()) {
      const v1::DirectoryRecord& shown = response.upsert();
      const std::string mark = shown.partner_status().empty() ? "" : absl::StrCat(" (", shown.partner_status(), ")");
      Line("+", Tone::kGood, shown.kind(), DisplayName(shown.record()), shown.partner() + mark, shown.record().id());
    } else if (response.has_removed()) {
      Line("-", Tone::kBad, response.removed().kind(), "withdrawn", response.removed().partner(),
           response.removed().id());
    } else if (!caught_up_) {
      const char* const text = goes_on_ ? "Up to date; waiting for changes. Ctrl-C ends." : "Up to date.";
      context_->err() << context_->err_style().Quiet(text) << std::endl;
    }
    caught_up_ |= response.has_caught_up();
  }
  bool caught_up() const { return caught_up_; }

 private:
  void Line(absl::string_view sign, Tone tone, v1::RecordKind kind, const std::string& name, const std::string& partner,
            const std::string& id) {
    const Style style = context_->style();
    const std::string time = absl::FormatTime("%H:%M:%S", context_->now(), absl::LocalTimeZone());
    constexpr size_t fixed_columns = 8 + 1 + 12 + 36 + 16 + 5 * 2;
    const size_t columns = context_->columns();
    const size_t room = columns > fixed_columns + 20 ? columns - fixed_columns : 40;
    context_->out() << style.Quiet(time) << "  " << style.Paint(tone, sign) << "  "
                    << PadTo(std::string(KindName(kind)), 12) << "  " << PadTo(CutTo(Printable(name), room), room)
                    << "  " << PadTo(CutTo(Printable(partner), 16), 16) << "  " << style.Quiet(id) << std::endl;
  }

  const bool goes_on_;
  Context* const context_;
  bool caught_up_ = false;
};

// What was typed to begin with: a token counts for its node and filter only.
std::string CommandToContinue(const WatchOptions& options, const std::string& token, const Context& context) {
  std::string command = "cairn";
  if (!context.node.empty()) absl::StrAppend(&command, " --node ", ShellQuoted(context.node));
  if (!context.data.empty()) absl::StrAppend(&command, " --data ", ShellQuoted(context.data));
  return absl::StrCat(command, " watch", FilterArguments(options.filter), " --since ", token);
}

// In the words of the command line, not of the protocol.
absl::Status ExplainRefusal(const absl::Status& status, const std::string& since) {
  if (ReasonOf(status) == "WATCH_TOKEN_TOO_OLD") {
    return absl::AbortedError(absl::StrCat("--since: the node no longer knows what changed after that token (",
                                           status.message(), "); start over without --since"));
  }
  if (absl::IsInvalidArgument(status) && absl::StrContains(status.message(), "resume_token")) {
    return UsageError(absl::StrCat("--since ", Quoted(since, 40),
                                   ": not a token of a watch with these filters on this node; repeat the command that "
                                   "the earlier watch printed, or leave --since out to start over"));
  }
  return status;
}

absl::StatusOr<ExitCode> Watch(const WatchOptions& options, Context* context) {
  v1::WatchRecordsRequest request;
  ASSIGN_OR_RETURN(*request.mutable_filter(), MakeFilter(options.filter));
  request.set_resume_token(options.since);
  request.set_only_new(options.only_new);
  std::unique_ptr<WatchCall> watch;  // outlives the thread of `stop`, which uses it
  StopOnSignal stop;
  ASSIGN_OR_RETURN(Client* const client, context->client());
  watch = client->Watch(request);
  stop.Guard([&watch] { watch->Stop(); });
  WatchPrinter printer(!options.until_caught_up, context);
  const absl::Status status = watch->Run(
      [&](const v1::WatchRecordsResponse& response) -> absl::Status {
        printer.Print(response);
        if (!context->out().good()) return absl::CancelledError("nobody reads the output any more");
        if (options.until_caught_up && printer.caught_up()) watch->Stop();
        return absl::OkStatus();
      },
      [&](const absl::Status& why, absl::Duration wait) {
        context->err() << "connection lost (" << Printable(why.ok() ? "the node stopped" : why.message())
                       << "); trying again in " << absl::FormatDuration(absl::Trunc(wait, absl::Milliseconds(100)))
                       << std::endl;
      });
  RETURN_IF_ERROR(ExplainRefusal(status, options.since));
  if (!context->json && !watch->resume_token().empty()) {
    context->err() << "\nContinue from here with: " << CommandToContinue(options, watch->resume_token(), *context)
                   << "\n";
  }
  return kDone;
}

}  // namespace

void AddWatchCommand(CLI::App* app, Context* context) {
  auto options = std::make_shared<WatchOptions>();
  CLI::App* watch = app->add_subcommand("watch", "Follow changes as they become visible");
  AddFilterOptions(watch, &options->filter);
  watch->add_option("--since", options->since, "Continue after this token, which an earlier watch printed")
      ->type_name("TOKEN");
  watch->add_flag("--only-new", options->only_new, "Leave out what is there now");
  watch->add_flag("--until-caught-up", options->until_caught_up, "End when everything there was has been shown");
  watch->callback([options, context] { context->action = [options, context] { return Watch(*options, context); }; });
}

}  // namespace cairn
