// Records for the tests of this folder: complete, so that a test changes only what it is about.
#pragma once

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cairn/v1/record.pb.h"
#include "common/record/ids.h"
#include "common/record/validate.h"

namespace cairn {

inline v1::Record FromText(const std::string& text) {
  v1::Record record;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &record)) << text;
  return record;
}

// A valid record of UUID id with the body given in protobuf text format.
inline v1::Record WithBody(const std::string& body) {
  return FromText(absl::StrCat("id: '00000000-0000-4000-8000-000000000001' language: 'en' countries: 'PL' ", body));
}

inline ValidationContext TestContext() {
  return {absl::FromCivil(absl::CivilDay(2026, 11, 22), absl::UTCTimeZone()), "PL", PartnerNamespace("test", "pl")};
}

// All problems of the record as lines of text; empty when it is valid.
inline std::string ProblemsOf(v1::Record* record) {
  const std::vector<Problem> problems = NormaliseAndValidate(record, TestContext());
  return absl::StrJoin(problems, "\n", [](std::string* out, const Problem& p) { *out += ToString(p); });
}
inline std::string ProblemsOfBody(const std::string& body) {
  v1::Record record = WithBody(body);
  return ProblemsOf(&record);
}

}  // namespace cairn
