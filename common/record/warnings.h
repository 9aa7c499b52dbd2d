// What is right by the rules and yet not what its owner can have meant.
#pragma once

#include <vector>

#include "cairn/v1/record.pb.h"
#include "common/record/problem.h"

namespace cairn {

// What the owner of a record as typed, not normalised yet, should look at again; it can be published all the same. Now:
// numbers whose calling code is not that of the country they name. Thread-safe.
std::vector<Problem> WarningsOf(const v1::Record& record);

}  // namespace cairn
