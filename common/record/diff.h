// The difference of two records, field by field, as people read it.
#pragma once

#include <string>
#include <vector>

#include "cairn/v1/record.pb.h"

namespace cairn {

// One field that differs.
struct FieldChange {
  // Path as in problems: "service.phones[0].number"; an element that is matched by its id keeps its index in the newer
  // record, or in the older one when it was removed.
  std::string path;
  // Value before; empty when the field was not set.
  std::string before;
  // Value after; empty when the field is no longer set.
  std::string after;
  friend bool operator==(const FieldChange&, const FieldChange&) = default;
};

// All differences in the order of the protocol, `updated_at` left out. Elements of repeated messages are matched by
// `id` where both have ids, else by position; maps by key. Elements matched by id whose order alone changed give one
// change of the list's path.
std::vector<FieldChange> DiffRecords(const v1::Record& before, const v1::Record& after);

// True when the two differ at most in `updated_at`: publishing the one over the other would change nothing.
bool SameContent(const v1::Record& a, const v1::Record& b);

}  // namespace cairn
