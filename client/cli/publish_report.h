// What publishing says: problems, changes, totals.
#pragma once

#include <CLI/CLI.hpp>
#include <compare>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "cairn/v1/publishing.pb.h"
#include "client/cli/context.h"
#include "common/record/problem.h"

namespace cairn {

// --wait-for and --wait-seconds.
void AddWaitOptions(CLI::App* command, uint32_t* wait_for, uint32_t* wait_seconds);

// A usage error when there are not so many other active partners in the charter: waiting for them would be in vain.
absl::Status CheckWait(Client* client, uint32_t wanted);

// Says how many partners have confirmed, when that was waited for. kFailed when fewer than wanted did.
absl::StatusOr<ExitCode> ReportWait(const v1::PublishResult& result, uint32_t wanted, Context* context);

// Where a problem's element stands in the batch: how many records were sent before it, and whether it was one of them.
struct BatchPosition {
  uint64_t sent_before = 0;
  bool sent = false;
  friend auto operator<=>(const BatchPosition&, const BatchPosition&) = default;
};

// The record of a batch, as it goes: prints notes and changes as they come and problems at the end, in the order of the
// files whoever found them, or keeps all for one JSON document.
// Thread-safe: the file and the node are read by different threads.
class PublishReport {
 public:
  PublishReport(Context* context, Progress* progress) : context_(context), progress_(progress) {}

  // Of the node.
  void Add(const v1::RecordProblem& problem);
  // Of a reader, for an element that never reached the node.
  void Add(BatchPosition at, const std::string& origin, const Problem& problem);
  void AddWarning(const std::string& origin, const Problem& warning);
  // Of a reader, for a file as a whole; always listed.
  void AddNote(const std::string& file, const Problem& note);
  void Add(const v1::RecordChange& change);

  // Lists the problems, and says what could not be listed, since there was too much. `changes` is how many there are in
  // all; 0 when they are not listed.
  void FinishLists(uint64_t changes);

  uint64_t problems() const;
  // {"problems": [...], "warnings": [...], "notes": [...], "changes": [...]}.
  Json ToJsonLists() const;

 private:
  void PrintLine(absl::string_view text) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Context* const context_;
  Progress* const progress_;
  mutable absl::Mutex mutex_;
  struct Found {
    std::string origin;
    Problem problem;
  };

  uint64_t problem_count_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t warning_count_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t change_count_ ABSL_GUARDED_BY(mutex_) = 0;
  // The first ones by position; those of one position in the order in which they came.
  std::multimap<BatchPosition, Found> problems_ ABSL_GUARDED_BY(mutex_);
  Json notes_ ABSL_GUARDED_BY(mutex_) = Json::array();
  Json warnings_ ABSL_GUARDED_BY(mutex_) = Json::array();
  Json changes_ ABSL_GUARDED_BY(mutex_) = Json::array();
};

// `services.csv line 14, phones[0].number: "116-111x": not a number …; write …`. Parts that are empty are left out.
std::string ProblemText(const std::string& origin, const Problem& problem);

// The change on lines of its own: "+ service Name", or "~ service Name" and the fields before and after.
std::string ChangeText(const v1::RecordChange& change, const Style& style, size_t columns);

// "12 added, 3 changed, 1 withdrawn, 1,188 unchanged, 2 refused"; what is 0 is left out.
std::string TotalsText(const v1::PublishResult& result);

}  // namespace cairn
