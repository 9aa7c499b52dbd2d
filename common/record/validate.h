// Normalises records and says everything that is wrong with them. Station on the data's way: first of publishing,
// before stamping and signing.
//
// Covers every rule stated in record.proto. Missing things that HSDS allows are refused only where the protocol says
// "Required".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cairn/v1/record.pb.h"
#include "common/record/problem.h"

namespace cairn {

// What validation must know besides the record.
struct ValidationContext {
  // The present; times after it (with five minutes for clocks that differ) are refused.
  absl::Time now;
  // The partner's country, ISO 3166-1 alpha-2: the last hint for phones without one. May be empty.
  std::string country;
  // PartnerNamespace of the publisher, for ids that are not UUIDs. Empty: such ids are problems.
  std::string id_namespace;
  // True: a supplement, of which the record itself and its body may lack what is required; parts that it has must be
  // whole.
  bool partial = false;
};

// Brings the record to its normal form in place and returns all problems, those of texts and ids first; none: the
// record can be published. With problems the record is normalised as far as possible. Idempotent: a record that passed
// passes again and is not changed. Thread-safe; some 10 microseconds for a typical service whose phone numbers were
// read before. Phone country: the phone's own, else the record's first country, else that of the record's first
// address, else the context's.
std::vector<Problem> NormaliseAndValidate(v1::Record* record, const ValidationContext& context);

// The same for a role that is stamped on a record without the rest of it being looked at again: the rules of
// `verified_by`, line ends in their normal form. INVALID_ARGUMENT.
absl::Status NormaliseVerifiedBy(std::string* verified_by);

}  // namespace cairn
