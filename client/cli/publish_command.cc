// cairn publish.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/files.h"
#include "client/cli/option_checks.h"
#include "client/cli/publish_report.h"
#include "client/cli/rejected_file.h"
#include "client/cli/text_width.h"
#include "client/cli/wording.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/formats/csv.h"
#include "common/formats/csv_mapping.h"
#include "common/formats/input_file.h"
#include "common/record/warnings.h"

namespace cairn {
namespace {

struct PublishOptions {
  std::vector<std::string> files;
  std::string format = "auto";
  std::string mapping;
  bool propose_mapping = false;
  std::string audience = "public";
  bool move = false;
  bool dry_run = false;
  bool prune = false;
  bool keep_going = false;
  uint32_t wait_for = 0;
  uint32_t wait_seconds = 0;
  uint32_t changes_max = 0;
};

// How the files are to be read.
struct Reading {
  ImportFormat format = ImportFormat::kAuto;
  ReaderContext context;
};

absl::StatusOr<ImportFormat> CheckOptions(const PublishOptions& options) {
  if (options.prune && options.keep_going) {
    return UsageError(
        "--prune with --keep-going would withdraw records whose lines are refused; correct the file first, or leave "
        "one of the two out");
  }
  const auto stdins = std::count(options.files.begin(), options.files.end(), "-");
  if (stdins > 1) return UsageError("FILE -: standard input can be read once only");
  if (options.keep_going && stdins > 0) {
    return UsageError("--keep-going reads each file twice, which standard input cannot be; save it to a file first");
  }
  const absl::StatusOr<ImportFormat> format = ImportFormatFromName(options.format);
  if (!format.ok()) return UsageError(absl::StrCat("--format: ", format.status().message()));
  return *format;
}

absl::StatusOr<Reading> MakeReading(const PublishOptions& options) {
  Reading reading;
  ASSIGN_OR_RETURN(reading.format, CheckOptions(options));
  if (options.mapping.empty()) return reading;
  if (reading.format != ImportFormat::kAuto && reading.format != ImportFormat::kCsv) {
    return UsageError(absl::StrCat("--mapping says what the columns of CSV mean, not of ", options.format));
  }
  reading.format = ImportFormat::kCsv;
  ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(options.mapping, limits::csv_mapping_bytes_max));
  ASSIGN_OR_RETURN(CsvMapping mapping, ParseCsvMapping(text, options.mapping));
  reading.context.mapping = std::make_shared<const CsvMapping>(std::move(mapping));
  return reading;
}

bool ReadsStdin(const PublishOptions& options) {
  return std::count(options.files.begin(), options.files.end(), "-") > 0;
}

// One reading of all files into one batch.
class Pass {
 public:
  Pass(const PublishOptions& options, const Reading& reading, const v1::PublishHeader& header, bool lists_changes,
       Client* client, PublishReport* report, Progress* progress)
      : options_(options),
        reading_(reading),
        keep_going_(header.keep_going()),
        lists_changes_(lists_changes),
        report_(report),
        progress_(progress) {
    PublishCall::Events events;
    events.progress = [this](const v1::PublishProgress& p) { OnProgress(p); };
    events.problem = [this](const v1::RecordProblem& problem) {
      refused_.indices.insert(problem.index());
      report_->Add(problem);
    };
    events.change = [this](const v1::RecordChange& change) {
      if (lists_changes_) report_->Add(change);
    };
    call_ = client->Publish(header, std::move(events));
  }

  // Reads and sends everything, then commits. nullopt: without keep_going, an element could not be read; the batch was
  // given up and nothing was published.
  absl::StatusOr<std::optional<v1::PublishResult>> Run() {
    for (const std::string& file : options_.files) {
      RETURN_IF_ERROR(SendFile(file));
      if (unreadable_ > 0 && !keep_going_) return std::optional<v1::PublishResult>();
    }
    ASSIGN_OR_RETURN(v1::PublishResult result, call_->Commit());
    return std::optional<v1::PublishResult>(std::move(result));
  }

  uint64_t unreadable() const { return unreadable_; }
  // After Run.
  const Refused& refused() const { return refused_; }

 private:
  absl::Status SendFile(const std::string& file) {
    ASSIGN_OR_RETURN(const std::unique_ptr<RecordReader> reader,
                     OpenRecordReader(file, reading_.format, reading_.context));
    ImportedRecord element;
    while (true) {
      ASSIGN_OR_RETURN(const bool more, reader->Next(&element));
      if (!more) {
        for (const Problem& note : reader->Notes()) report_->AddNote(file, note);
        return absl::OkStatus();
      }
      for (const Problem& warning : element.warnings) report_->AddWarning(element.origin, warning);
      for (const Problem& warning : WarningsOf(element.record)) report_->AddWarning(element.origin, warning);
      if (!element.problems.empty()) {
        ++unreadable_;
        // Else a second reading, which standard input does not allow, reports this with all the others.
        if (keep_going_ || ReadsStdin(options_)) {
          for (const Problem& problem : element.problems) report_->Add({sent_, false}, element.origin, problem);
        }
        if (!keep_going_) return absl::OkStatus();
        continue;
      }
      v1::PublishRecord record;
      *record.mutable_record() = std::move(element.record);
      record.set_origin(element.origin);
      RETURN_IF_ERROR(call_->Add(std::move(record)));
      if (++sent_ % 100 == 0) progress_->Update("reading", sent_, 0, "records");
    }
  }

  void OnProgress(const v1::PublishProgress& p) {
    const bool waiting = p.stage() == "waiting";
    progress_->Update(p.stage(), p.done(), p.total(), waiting ? "partners" : "records");
  }

  const PublishOptions& options_;
  const Reading& reading_;
  const bool keep_going_;
  const bool lists_changes_;
  PublishReport* const report_;
  Progress* const progress_;
  uint64_t sent_ = 0;
  uint64_t unreadable_ = 0;
  Refused refused_;                    // written by the call's thread, read when it has ended
  std::unique_ptr<PublishCall> call_;  // last: its thread uses the rest
};

struct Outcome {
  v1::PublishResult result;
  // Files of rejects that were written.
  std::vector<RejectedResult> rejected;
  // Why they were not; the rest is published all the same.
  absl::Status rejected_status;
  // Refused records that the node did not name, since there were too many; they are in no file.
  uint64_t unnamed = 0;
};

v1::PublishHeader HeaderOf(const PublishOptions& options) {
  v1::PublishHeader header;
  header.set_audience(options.audience);
  header.set_move(options.move);
  header.set_dry_run(options.dry_run);
  header.set_prune(options.prune);
  header.set_keep_going(options.keep_going);
  header.set_changes_max(options.changes_max);
  if (!options.dry_run) {
    header.set_wait_for_partners(options.wait_for);
    header.set_wait_seconds(options.wait_for == 0 ? 0 : options.wait_seconds);
  }
  return header;
}

// The files hold what cannot be read, so that nothing is published. A second reading as a dry run that keeps going
// finds everything that is wrong, the node's view included: one correction instead of many.
absl::StatusOr<v1::PublishResult> FindAllProblems(const PublishOptions& options, const Reading& reading, Client* client,
                                                  PublishReport* report, Progress* progress) {
  v1::PublishHeader header;
  header.set_audience(options.audience);
  header.set_move(options.move);
  header.set_dry_run(true);
  header.set_keep_going(true);
  header.set_changes_max(1);  // none are shown: nothing will be published
  Pass pass(options, reading, header, /*lists_changes=*/false, client, report, progress);
  ASSIGN_OR_RETURN(const std::optional<v1::PublishResult> found, pass.Run());
  v1::PublishResult result;
  if (found) result.set_refused(found->refused() + pass.unreadable());
  return result;
}

absl::StatusOr<std::vector<RejectedResult>> WriteRejectedFiles(const PublishOptions& options, const Reading& reading,
                                                               const Refused& refused) {
  std::vector<RejectedResult> written;
  uint64_t index = 0;
  for (const std::string& file : options.files) {
    ASSIGN_OR_RETURN(const RejectedResult result,
                     WriteRejected(file, reading.format, reading.context, refused, &index));
    if (!result.path.empty() || result.left_out > 0) written.push_back(result);
  }
  return written;
}

absl::StatusOr<Outcome> RunBatch(const PublishOptions& options, const Reading& reading, Client* client,
                                 PublishReport* report, Progress* progress) {
  Outcome outcome;
  const bool keeps_rejects = options.keep_going && !options.dry_run;
  for (const std::string& file : options.files) {
    if (keeps_rejects) RETURN_IF_ERROR(CheckRejectedCanBeWritten(file));
  }
  Pass pass(options, reading, HeaderOf(options), /*lists_changes=*/options.dry_run, client, report, progress);
  ASSIGN_OR_RETURN(const std::optional<v1::PublishResult> result, pass.Run());
  if (!result && ReadsStdin(options)) {
    return absl::InvalidArgumentError(
        "an element cannot be read, as is said above; nothing was published. Save standard input to a file and "
        "publish that: all problems are then listed");
  }
  if (!result) {
    ASSIGN_OR_RETURN(outcome.result, FindAllProblems(options, reading, client, report, progress));
    return outcome;
  }
  outcome.result = *result;
  outcome.unnamed = result->refused() - std::min<uint64_t>(result->refused(), pass.refused().indices.size());
  outcome.result.set_refused(result->refused() + pass.unreadable());
  if (keeps_rejects && outcome.result.refused() > 0) {
    progress->Update("writing what was refused", outcome.result.refused(), 0, "records");
    auto rejected = WriteRejectedFiles(options, reading, pass.refused());
    outcome.rejected_status = rejected.status();
    if (rejected.ok()) outcome.rejected = *std::move(rejected);
  }
  return outcome;
}

// --- what is said at the end

std::string Headline(const PublishOptions& options, const v1::PublishResult& result) {
  const uint64_t moved = result.added() + result.changed() + result.withdrawn();
  if (result.refused() > 0 && !options.keep_going) {
    return absl::StrCat("Nothing ", options.dry_run ? "would be" : "was",
                        " published: ", CountOf(result.refused(), "record"), result.refused() == 1 ? " is" : " are",
                        " refused. Correct ", ReadsStdin(options) ? "it, or save it to a file and" : "the file, or",
                        " publish the rest with --keep-going.");
  }
  if (options.dry_run) {
    return moved == 0 ? absl::StrCat("Dry run: nothing would change (", TotalsText(result), ").")
                      : absl::StrCat("Dry run, nothing was changed. Publishing would give: ", TotalsText(result), ".");
  }
  if (moved == 0) return absl::StrCat("Nothing to publish: ", TotalsText(result), ".");
  return absl::StrCat("Published to ", options.audience, ": ", TotalsText(result), ".");
}

void PrintRejected(const PublishOptions& options, const Outcome& outcome, Context* context) {
  for (const std::string& file : options.files) {
    const std::string old = options.keep_going && outcome.result.refused() == 0 ? OldRejected(file) : "";
    if (!old.empty()) {
      context->err() << old << " is of an earlier batch; nothing is refused now, so it may be deleted.\n";
    }
  }
  uint64_t left_out = 0;
  for (const RejectedResult& file : outcome.rejected) {
    left_out += file.left_out;
    if (file.path.empty()) continue;
    context->err() << CountOf(file.elements, "refused element") << " written to " << file.path
                   << ": correct it, then publish that file.\n";
  }
  if (left_out > 0) context->err() << CountOf(left_out, "element") << " too long to be copied there.\n";
  if (!outcome.rejected.empty() && outcome.unnamed > 0) {
    context->err() << "It lacks " << CountOf(outcome.unnamed, "refused record")
                   << " that the node did not name, since there were too many: publish the original file again after "
                      "the corrected one.\n";
  }
}

// What else changes, and with a dry run who would receive it, before anything leaves.
void PrintAudiences(const v1::PublishResult& result, bool dry_run, Context* context) {
  for (int i = 0; i < result.audiences_size(); ++i) {
    const v1::AudienceResult& each = result.audiences(i);
    v1::PublishResult totals;
    totals.set_added(each.added());
    totals.set_changed(each.changed());
    totals.set_withdrawn(each.withdrawn());
    const bool moves = each.added() + each.changed() + each.withdrawn() > 0;
    if (i > 0 && moves) {
      context->out() << context->Wrapped(absl::StrCat("In the feed for ", each.audience(),
                                                      dry_run ? ", it would give: " : ": ", TotalsText(totals), ".\n"));
    }
    if (dry_run && moves) context->out() << context->Wrapped(absl::StrCat("  ", ReadersText(each.readers()), "\n"));
  }
}

void PrintOutcome(const PublishOptions& options, const Outcome& outcome, const PublishReport& report,
                  Context* context) {
  if (context->json) {
    Json json = {{"result", ToJson(outcome.result)}};
    json.update(report.ToJsonLists());
    json["rejected_files"] = Json::array();
    for (const RejectedResult& file : outcome.rejected) {
      json["rejected_files"].push_back({{"path", file.path}, {"elements", file.elements}, {"left_out", file.left_out}});
    }
    context->PrintJson(json);
    return;
  }
  const bool nothing_done = outcome.result.refused() > 0 && !options.keep_going;
  (nothing_done ? context->err() : context->out()) << context->Wrapped(Headline(options, outcome.result) + "\n");
  PrintRejected(options, outcome, context);
  if (!nothing_done) PrintAudiences(outcome.result, options.dry_run, context);
}

// Writes a mapping to begin with; no node is asked.
absl::StatusOr<ExitCode> ProposeMappings(const PublishOptions& options, Context* context) {
  for (const std::string& path : options.files) {
    ASSIGN_OR_RETURN(const std::shared_ptr<InputFile> file, InputFile::Open(path));
    ASSIGN_OR_RETURN(const std::string mapping, ProposeMapping(file));
    context->out() << mapping << "\n";
  }
  return kDone;
}

absl::StatusOr<ExitCode> Publish(const PublishOptions& options, Context* context) {
  if (options.propose_mapping) return ProposeMappings(options, context);
  ASSIGN_OR_RETURN(const Reading reading, MakeReading(options));
  ASSIGN_OR_RETURN(Client* const client, context->client());
  RETURN_IF_ERROR(CheckWait(client, options.wait_for));
  const std::unique_ptr<Progress> progress = context->NewProgress();
  PublishReport report(context, progress.get());
  const absl::StatusOr<Outcome> outcome = RunBatch(options, reading, client, &report, progress.get());
  progress->Clear();
  const uint64_t moved = outcome.ok() && options.dry_run
                             ? outcome->result.added() + outcome->result.changed() + outcome->result.withdrawn()
                             : 0;
  report.FinishLists(moved);
  if (!outcome.ok()) return outcome.status();
  PrintOutcome(options, *outcome, report, context);
  RETURN_IF_ERROR(Annotate(outcome->rejected_status, "the rest is published, but what was refused could not be kept"));
  ASSIGN_OR_RETURN(const ExitCode waited, ReportWait(outcome->result, options.dry_run ? 0 : options.wait_for, context));
  return outcome->result.refused() > 0 ? kFailed : waited;
}

}  // namespace

void AddPublishCommand(CLI::App* app, Context* context) {
  auto o = std::make_shared<PublishOptions>();
  CLI::App* publish = app->add_subcommand("publish", "Publish the records of files: whole, or not at all");
  publish->add_option("FILE", o->files, "Files to read, together one batch; - is standard input")->required();
  publish->add_option("--format", o->format, "auto, hsds-json, hsds-ndjson, hsds-datapackage, csv, jsonl")
      ->capture_default_str();
  publish
      ->add_option("--mapping", o->mapping, "What the columns of CSV files mean (TOML); without it their headers tell")
      ->type_name("FILE");
  publish->add_flag("--propose-mapping", o->propose_mapping,
                    "Publish nothing; write a first mapping for the files, to be corrected");
  publish
      ->add_option("--audience", o->audience,
                   "Who may read it: public, consortium or circle:NAME. What a wider audience has already becomes a "
                   "supplement: only the fields that it adds or replaces")
      ->check(Audience())
      ->capture_default_str();
  publish->add_flag("--move", o->move,
                    "Take the records away from all other audiences in the same step; they must be whole");
  publish->add_flag("--dry-run", o->dry_run, "Show what would be added, changed and withdrawn; change nothing");
  publish->add_flag("--prune", o->prune, "Withdraw what this partner has published and the files no longer have");
  publish->add_flag("--keep-going", o->keep_going,
                    "Publish the valid records; the refused ones go to FILE.rejected, to be corrected");
  publish->add_option("--changes", o->changes_max, "With --dry-run: list at most N changes; 1,000 when not given")
      ->check(WholeNumber(1, 10'000'000))
      ->type_name("N");
  AddWaitOptions(publish, &o->wait_for, &o->wait_seconds);
  publish->callback([o, context] { context->action = [o, context] { return Publish(*o, context); }; });
}

}  // namespace cairn
