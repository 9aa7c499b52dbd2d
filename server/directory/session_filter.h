// The part of a filter that chooses among the sessions of trainings. The index chooses trainings, by sessions that will
// take place: it knows nothing of a cancelled one, which a calendar must go on to show.
#pragma once

#include <vector>

#include "cairn/v1/directory.pb.h"
#include "cairn/v1/record.pb.h"

namespace cairn {

class SessionFilter {
 public:
  // Takes the conditions on sessions out of a normalised filter (see NormaliseFilter): from_date, to_date, on_date,
  // modes and months; of countries and languages a copy. What is left of it finds every training that may have such a
  // session.
  static SessionFilter TakeFrom(v1::RecordFilter* normalised);

  // Erases the sessions that were not asked for, whatever their status.
  void KeepAskedFor(v1::Training* training) const;

 private:
  bool IsAskedFor(const v1::Training& training, const v1::TrainingSession& session) const;

  v1::RecordFilter filter_;
};

}  // namespace cairn
