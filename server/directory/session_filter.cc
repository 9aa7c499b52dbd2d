#include "server/directory/session_filter.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "common/text/language.h"
#include "server/store/record_times.h"

namespace cairn {
namespace {

// What a session does not say of itself is as its training has it, and that was asked of the index.
bool IsIn(const v1::TrainingSession& session, const std::string& country) {
  return session.country().empty() || session.country() == country;
}

bool IsSpoken(const v1::TrainingSession& session, const std::string& language) {
  return session.languages().empty() ||
         absl::c_any_of(session.languages(), [&](const auto& spoken) { return LanguageMatches(language, spoken); });
}

}  // namespace

SessionFilter SessionFilter::TakeFrom(v1::RecordFilter* normalised) {
  SessionFilter sessions;
  std::swap(*sessions.filter_.mutable_from_date(), *normalised->mutable_from_date());
  std::swap(*sessions.filter_.mutable_to_date(), *normalised->mutable_to_date());
  std::swap(*sessions.filter_.mutable_on_date(), *normalised->mutable_on_date());
  sessions.filter_.mutable_modes()->Swap(normalised->mutable_modes());
  sessions.filter_.mutable_months()->Swap(normalised->mutable_months());
  *sessions.filter_.mutable_countries() = normalised->countries();
  *sessions.filter_.mutable_languages() = normalised->languages();
  return sessions;
}

void SessionFilter::KeepAskedFor(v1::Training* training) const {
  auto* const sessions = training->mutable_sessions();
  sessions->erase(std::remove_if(sessions->begin(), sessions->end(),
                                 [&](const v1::TrainingSession& session) { return !IsAskedFor(*training, session); }),
                  sessions->end());
}

bool SessionFilter::IsAskedFor(const v1::Training& training, const v1::TrainingSession& session) const {
  RecordTimes times;
  const std::string& end = session.end().empty() ? session.start() : session.end();
  times.sessions = {{session.start().substr(0, 10), end.substr(0, 10)}};
  const auto any = [](const auto& wanted, const auto& is) {
    return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), is);
  };
  const std::string& mode = session.mode().empty() ? training.mode() : session.mode();
  const std::vector<std::string> months = MonthsOf(times.sessions[0]);
  return TakesPlace(times, filter_.from_date(), filter_.to_date()) &&
         TakesPlace(times, filter_.on_date(), filter_.on_date()) &&
         any(filter_.modes(), [&](const std::string& wanted) { return absl::EqualsIgnoreCase(wanted, mode); }) &&
         any(filter_.countries(), [&](const std::string& wanted) { return IsIn(session, wanted); }) &&
         any(filter_.languages(), [&](const std::string& wanted) { return IsSpoken(session, wanted); }) &&
         any(filter_.months(), [&](const std::string& wanted) { return absl::c_linear_search(months, wanted); });
}

}  // namespace cairn
