#include "client/cli/publish_report.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/option_checks.h"
#include "client/cli/text_width.h"
#include "client/cli/wording.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/record/kinds.h"

namespace cairn {
namespace {

constexpr uint64_t problems_listed_max = 200;  // nobody corrects more between two attempts

Problem FromProto(const v1::RecordProblem& problem) {
  return {problem.field(), problem.value(), problem.problem(), problem.remedy()};
}

Json ProblemJson(const std::string& origin, const Problem& problem) {
  Json json = {{"origin", origin}, {"field", problem.path}, {"value", problem.value}, {"problem", problem.problem}};
  if (!problem.remedy.empty()) json["remedy"] = problem.remedy;
  return json;
}

std::string FieldText(const v1::FieldChange& change, const Style& style, size_t columns) {
  const auto side = [&](Tone tone, absl::string_view sign, const std::string& text) {
    if (text.empty()) return std::string();
    return absl::StrCat("      ", style.Paint(tone, absl::StrCat(sign, " ", CutTo(Printable(text), columns - 8))),
                        "\n");
  };
  return absl::StrCat("    ", change.field(), "\n", side(Tone::kBad, "-", change.before()),
                      side(Tone::kGood, "+", change.after()));
}

}  // namespace

void AddWaitOptions(CLI::App* command, uint32_t* wait_for, uint32_t* wait_seconds) {
  command->add_option("--wait-for", *wait_for, "Return when the nodes of N other partners hold the change")
      ->check(WholeNumber(0, 10'000))
      ->type_name("N");
  command->add_option("--wait-seconds", *wait_seconds, "How long --wait-for waits; 60 when not given")
      ->check(WholeNumber(1, 3600))
      ->type_name("S");
}

absl::Status CheckWait(Client* client, uint32_t wanted) {
  if (wanted == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const v1::GetStatusResponse status, client->GetStatus());
  const uint32_t active = status.charter().active_partners();
  if (active == 0 || wanted < active) return absl::OkStatus();
  return UsageError(absl::StrCat("--wait-for ", wanted, ": the consortium has ",
                                 CountOf(active - 1, "other active partner"), "; write at most ", active - 1));
}

absl::StatusOr<ExitCode> ReportWait(const v1::PublishResult& result, uint32_t wanted, Context* context) {
  if (wanted == 0 || !result.committed()) return kDone;
  const bool reached = result.confirmed_partners() >= wanted;
  if (context->json) return reached ? kDone : kFailed;
  if (reached) {
    context->out() << CountOf(result.confirmed_partners(), "other partner") << " confirmed it.\n";
    return kDone;
  }
  context->err() << context->Wrapped(absl::StrCat(
      result.withdrawn() > 0 && result.added() + result.changed() == 0 ? "It is withdrawn" : "It is published",
      ", but only ", result.confirmed_partners(), " of ", wanted,
      " partners confirmed it in time; the others receive it when they are reached (`cairn status` shows who is "
      "behind).\n"));
  return kFailed;
}

std::string ProblemText(const std::string& origin, const Problem& problem) {
  std::string text = Printable(origin);
  if (!problem.path.empty()) absl::StrAppend(&text, text.empty() ? "" : ", ", Printable(problem.path));
  if (!problem.value.empty()) absl::StrAppend(&text, text.empty() ? "" : ": ", Quoted(problem.value));
  absl::StrAppend(&text, text.empty() ? "" : ": ", Printable(problem.problem));
  if (!problem.remedy.empty()) absl::StrAppend(&text, "; ", Printable(problem.remedy));
  return text;
}

std::string ChangeText(const v1::RecordChange& change, const Style& style, size_t columns) {
  const std::string what = CutTo(absl::StrCat(KindName(change.kind()), "  ", Printable(change.name())),
                                 columns > 60 ? columns - 42 : columns);
  const auto head = [&](Tone tone, absl::string_view sign) {
    const bool narrow = !change.audience().empty() && change.audience() != "public";
    return absl::StrCat(style.Paint(tone, absl::StrCat(sign, " ", what)), "  ", style.Quiet(change.id()),
                        narrow ? absl::StrCat("  for ", change.audience()) : "", "\n");
  };
  if (change.action() == v1::RecordChange::ADDED) return head(Tone::kGood, "+");
  if (change.action() == v1::RecordChange::WITHDRAWN) return head(Tone::kBad, "-");
  std::string text = head(Tone::kWarning, "~");
  for (const v1::FieldChange& field : change.fields()) absl::StrAppend(&text, FieldText(field, style, columns));
  return text;
}

std::string TotalsText(const v1::PublishResult& result) {
  std::vector<std::string> parts;
  const auto add = [&](uint64_t count, absl::string_view what) {
    if (count > 0) parts.push_back(absl::StrCat(CountText(count), " ", what));
  };
  add(result.added(), "added");
  add(result.changed(), "changed");
  add(result.withdrawn(), "withdrawn");
  add(result.unchanged(), "unchanged");
  add(result.refused(), "refused");
  return parts.empty() ? "no records" : absl::StrJoin(parts, ", ");
}

void PublishReport::Add(const v1::RecordProblem& problem) {
  std::string origin = problem.origin();
  if (origin.empty()) origin = problem.id().empty() ? absl::StrCat("record ", problem.index()) : problem.id();
  Add({problem.index(), true}, origin, FromProto(problem));
}

void PublishReport::Add(BatchPosition at, const std::string& origin, const Problem& problem) {
  absl::MutexLock lock(&mutex_);
  ++problem_count_;
  problems_.emplace(at, Found{origin, problem});
  if (problems_.size() > problems_listed_max) problems_.erase(std::prev(problems_.end()));
}

void PublishReport::AddWarning(const std::string& origin, const Problem& warning) {
  absl::MutexLock lock(&mutex_);
  if (++warning_count_ > problems_listed_max) return;
  if (context_->json) {
    warnings_.push_back(ProblemJson(origin, warning));
  } else {
    PrintLine("note: " + ProblemText(origin, warning));
  }
}

void PublishReport::AddNote(const std::string& file, const Problem& note) {
  absl::MutexLock lock(&mutex_);
  if (context_->json) {
    notes_.push_back(ProblemJson(file, note));
  } else {
    PrintLine(ProblemText(file, note));
  }
}

void PublishReport::Add(const v1::RecordChange& change) {
  absl::MutexLock lock(&mutex_);
  ++change_count_;
  if (context_->json) {
    changes_.push_back(ToJson(change));
    return;
  }
  progress_->Clear();
  context_->out() << ChangeText(change, context_->style(), context_->text_columns());
}

void PublishReport::PrintLine(absl::string_view text) { progress_->Print(absl::StrCat(text, "\n")); }

void PublishReport::FinishLists(uint64_t changes) {
  absl::MutexLock lock(&mutex_);
  if (context_->json) return;
  if (change_count_ > 0 && changes > change_count_) {
    context_->out() << "... and " << CountOf(changes - change_count_, "more change")
                    << "; --changes N lists the first N\n";
  }
  for (const auto& [at, found] : problems_) PrintLine(ProblemText(found.origin, found.problem));
  if (problem_count_ > problems_listed_max) {
    PrintLine(absl::StrCat("... and ", CountOf(problem_count_ - problems_listed_max, "more problem")));
  }
  if (warning_count_ > problems_listed_max) {
    PrintLine(absl::StrCat("... and ", CountOf(warning_count_ - problems_listed_max, "more note")));
  }
}

uint64_t PublishReport::problems() const {
  absl::MutexLock lock(&mutex_);
  return problem_count_;
}

Json PublishReport::ToJsonLists() const {
  absl::MutexLock lock(&mutex_);
  Json problems = Json::array();
  for (const auto& [at, found] : problems_) problems.push_back(ProblemJson(found.origin, found.problem));
  return {{"problems", std::move(problems)}, {"warnings", warnings_}, {"notes", notes_}, {"changes", changes_}};
}

}  // namespace cairn
