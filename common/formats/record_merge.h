// Puts together what several rows say of one record.
#pragma once

#include <vector>

#include "cairn/v1/record.pb.h"
#include "common/record/problem.h"

namespace cairn {

// Adds `part` to `record`, which has a body of the same kind or none: texts and numbers that `record` has already stay,
// and another value for them gives a warning; elements of lists are added unless an equal one is there, up to
// limits::repeated_max.
void MergeRecord(const v1::Record& part, v1::Record* record, std::vector<Problem>* warnings);

}  // namespace cairn
