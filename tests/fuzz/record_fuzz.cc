// Arbitrary bytes as a record: validation is idempotent, what passes it keeps its bytes and is indexed, and what the
// index makes of payloads that never passed it is at worst nothing.
//
// Input: a line of JSON when it begins with '{' (no record's bytes do), else a serialised record.
#include "common/base/hex.h"
#include "common/formats/jsonl.h"
#include "common/record/diff.h"
#include "common/record/ids.h"
#include "common/record/kinds.h"
#include "common/record/searchable.h"
#include "common/record/serialise.h"
#include "common/record/validate.h"
#include "server/store/derived.h"
#include "tests/fuzz/fuzz_check.h"

namespace cairn {
namespace {

std::string Text(const std::vector<Problem>& problems) { return std::string(ToStatus(problems).message()); }

bool ReadInput(absl::string_view input, v1::Record* record) {
  if (!input.empty() && input[0] == '{') return RecordFromJsonText(input, record).empty();
  absl::StatusOr<v1::Record> parsed = ParseRecord(input);
  if (parsed.ok()) *record = *std::move(parsed);
  return parsed.ok();
}

// All that looks at records without asking whether they are valid.
void Look(const v1::Record& record) {
  SearchableTextOf(record);
  LanguagesOf(record);
  CountriesOf(record);
  TermKeysOf(record);
  PlaceOf(record);
  SessionTimesOf(record);
  VerifyDueAt(record, 365);
  DisplayName(record);
  ReferencesOf(record);
  FUZZ_CHECK(DiffRecords(record, record).empty(), record.ShortDebugString());
}

PreparedRecord Prepare(const v1::Record& record) {
  const auto id = UuidFromText(record.id());
  return PrepareRecord(KindOf(record), id.ok() ? *id : std::string(16, '\0'), SerialiseRecord(record));
}

void CheckValid(const v1::Record& record, const ValidationContext& context) {
  const std::string payload = SerialiseRecord(record);
  v1::Record again = record;
  const std::vector<Problem> problems = NormaliseAndValidate(&again, context);
  FUZZ_CHECK(problems.empty(), Text(problems));
  FUZZ_CHECK(SerialiseRecord(again) == payload,
             absl::StrCat(record.ShortDebugString(), "\nbecame\n", again.ShortDebugString()));
  const auto parsed = ParseRecord(payload);
  FUZZ_CHECK(parsed.ok(), parsed.status());
  FUZZ_CHECK(SerialiseRecord(*parsed) == payload, record.ShortDebugString());
  const PreparedRecord prepared = Prepare(record);
  FUZZ_CHECK(prepared.indexed, record.ShortDebugString());
  FUZZ_CHECK(prepared.rows == Prepare(*parsed).rows, record.ShortDebugString());
}

void RunOne(absl::string_view input) {
  static const ValidationContext* const context =
      new ValidationContext{absl::FromUnixSeconds(1'800'000'000), "PL", PartnerNamespace("test", "pl-x")};
  v1::Record record;
  if (!ReadInput(input, &record)) return;
  Look(record);
  Prepare(record);
  const std::vector<Problem> problems = NormaliseAndValidate(&record, *context);
  for (const Problem& problem : problems) ToString(problem);
  Look(record);
  if (problems.empty()) CheckValid(record, *context);
}

}  // namespace
}  // namespace cairn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cairn::RunOne(cairn::InputText(data, size));
  return 0;
}
