// What every response carries, whoever made it.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/http/http_message.h"
#include "server/http/router.h"

namespace cairn {

// What the door knows when an answer is to be finished.
struct AnswerContext {
  DependsOn depends_on = DependsOn::kMoment;
  std::string etag;                         // of kRecords, for what streams; empty: none
  std::optional<absl::Time> last_modified;  // of kRecords
  std::vector<std::string> ignored;         // parameters
  bool secure = false;                      // the reader came by https
};

// Finishes `response` to `request`: its validators, 304 when the reader has it already, compression, who may keep it,
// which origins may read it, and what a browser must not do with it. Headers that are there already stay.
void FinishResponse(const HttpRequest& request, const AnswerContext& context, HttpResponse* response);

// "Wed, 25 Nov 2026 18:31:53 GMT".
std::string HttpTime(absl::Time time);
std::optional<absl::Time> ParseHttpTime(absl::string_view text);

// True when `etag` is among those of an If-None-Match header, compared weakly and whatever its compression.
bool MatchesEtag(absl::string_view if_none_match, absl::string_view etag);

}  // namespace cairn
