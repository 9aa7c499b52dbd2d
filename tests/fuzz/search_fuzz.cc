// Arbitrary words, filters and tokens put to a small real directory: an answer or INVALID_ARGUMENT, and never a record
// that the reader may not see.
//
// Input: lines: query, page token, language, country, term, date, place ("LAT LON KM", parsed loosely), partner; the
// rest are numbers for tokens that pass their check, one varint after the other.
#include <gtest/gtest.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/text/fold.h"
#include "server/directory/directory_reader.h"
#include "server/directory/query.h"
#include "server/directory/request_filter.h"
#include "server/directory/token.h"
#include "server/directory/watcher.h"
#include "tests/fakes/test_heads.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/server/store/derived_test_store.h"

namespace cairn {
namespace {

struct SmallDirectory {
  DerivedTestStore db{"search"};
  std::shared_ptr<const CharterView> charter;

  SmallDirectory() {
    v1::Charter content;
    content.set_version(1);
    for (const char* id : {"pl-x", "lv-y"}) {
      v1::Partner* partner = content.add_partners();
      partner->set_id(id);
      partner->set_status(v1::ACTIVE);
      v1::PublishingKey* key = partner->add_publishing_keys();
      key->set_public_key(TestHeads::PublicKey());
      key->set_generation(1);
    }
    charter = std::make_shared<CharterView>(content, "sha");
    v1::Record line = TestService(1, "Telefon Łódź", "Help at night, NEAR the AND station");
    line.add_countries("PL");
    line.add_terms()->set_name("helpline");
    db.Publish({"pl-x", "public", 1}, {line, TestService(2, "Shelter"), TestLocation(3, 52.2, 21.0)});
    db.Publish({"lv-y", "public", 1}, {TestService(4, "Centrs Rīga", "shelter night")});
    db.Publish({"pl-x", "consortium", 1}, {TestService(5, "Shelter for members")});
  }
  std::string PageKey() {
    std::string digits;
    FUZZ_CHECK(db.store
                   ->Read([&](Connection& connection) -> absl::Status {
                     ASSIGN_OR_RETURN(digits, GetMeta(connection, page_key_meta));
                     return absl::OkStatus();
                   })
                   .ok(),
               "the note of the key");
    return *FromHex(digits);
  }
  CharterSource Source() const {
    return [this] { return charter; };
  }
};

// `also`: what this call may say besides.
void CheckStatus(const absl::Status& status, absl::StatusCode also = absl::StatusCode::kInvalidArgument) {
  FUZZ_CHECK(status.ok() || absl::IsInvalidArgument(status) || status.code() == also, status);
}

void CheckPublic(const v1::DirectoryRecord& record) { FUZZ_CHECK(record.audience() == "public", record.DebugString()); }

v1::RecordFilter FilterFrom(absl::string_view* input) {
  v1::RecordFilter filter;
  const auto list = [&](auto add) {
    for (const absl::string_view value : absl::StrSplit(TakeField(input), ',', absl::SkipEmpty()))
      add(std::string(value));
  };
  list([&](std::string value) { filter.add_languages(std::move(value)); });
  list([&](std::string value) { filter.add_countries(std::move(value)); });
  list([&](std::string value) { filter.add_terms(std::move(value)); });
  filter.set_on_date(std::string(TakeField(input)));
  const std::vector<std::string> place = absl::StrSplit(TakeField(input), ' ', absl::SkipEmpty());
  double number = 0;
  if (!place.empty() && absl::SimpleAtod(place[0], &number)) filter.mutable_near()->set_latitude(number);
  if (place.size() > 1 && absl::SimpleAtod(place[1], &number)) filter.mutable_near()->set_longitude(number);
  if (place.size() > 2 && absl::SimpleAtod(place[2], &number)) filter.set_within_km(number);
  list([&](std::string value) { filter.add_partners(std::move(value)); });
  return filter;
}

// A token with these bytes read as numbers, and a check that is right; sealed, when there is a key.
std::string Minted(absl::string_view numbers, absl::string_view purpose, absl::string_view fingerprint,
                   absl::string_view key = "") {
  TokenWriter writer;
  for (size_t at = 0; at < numbers.size();) {
    uint64_t value = 0;
    for (int shift = 0; at < numbers.size() && shift < 64; shift += 7) {
      const auto byte = static_cast<uint8_t>(numbers[at++]);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    writer.Number(value);
  }
  return key.empty() ? writer.Finish(purpose, fingerprint) : *writer.Seal(purpose, fingerprint, key);
}

void Search(const DirectoryReader& directory, v1::SearchRequest request) {
  for (int page = 0; page < 10; ++page) {
    const auto found = directory.Search(Reader::Anonymous(), request);
    CheckStatus(found.status());
    if (!found.ok()) return;
    for (const v1::SearchHit& hit : found->hits()) CheckPublic(hit.record());
    if (found->next_page_token().empty()) return;
    FUZZ_CHECK(found->hits_size() > 0, "a page without hits is not the last");
    request.set_page_token(found->next_page_token());
  }
}

void List(const DirectoryReader& directory, const v1::ListRecordsRequest& request) {
  const auto listed = directory.ListRecords(Reader::Anonymous(), request);
  CheckStatus(listed.status());
  if (!listed.ok()) return;
  for (const v1::DirectoryRecord& record : listed->records()) CheckPublic(record);
}

void Watch(SmallDirectory* small, const v1::WatchRecordsRequest& request) {
  const auto watcher =
      Watcher::Start(small->db.store.get(), small->Source(), &small->db.clock, Reader::Anonymous(), request);
  CheckStatus(watcher.status());
  if (!watcher.ok()) return;
  const auto events = (*watcher)->Next();
  CheckStatus(events.status(), absl::StatusCode::kAborted);
  if (!events.ok()) return;
  for (const v1::WatchRecordsResponse& event : *events) {
    if (event.has_upsert()) CheckPublic(event.upsert());
  }
}

void RunOne(absl::string_view input) {
  static SmallDirectory* const small = new SmallDirectory;
  const DirectoryReader directory(small->db.store.get(), small->Source(), &small->db.clock);
  const std::string query(TakeField(&input));
  const std::string token(TakeField(&input));
  const v1::RecordFilter filter = FilterFrom(&input);

  v1::SearchRequest search;
  search.set_query(query);
  *search.mutable_filter() = filter;
  search.set_page_size(1);
  search.add_display_languages(token);
  Search(directory, search);
  v1::GetFacetsRequest facets;
  facets.set_query(query);
  *facets.mutable_filter() = filter;
  CheckStatus(directory.GetFacets(Reader::Anonymous(), facets).status());
  v1::GetRecordRequest get;
  get.set_id(query);
  CheckStatus(directory.GetRecord(Reader::Anonymous(), get).status(), absl::StatusCode::kNotFound);

  v1::ListRecordsRequest list;
  *list.mutable_filter() = filter;
  v1::WatchRecordsRequest watch;
  *watch.mutable_filter() = filter;
  const auto normalised = NormaliseFilter(filter);
  const std::string filter_print = normalised.ok() ? FilterFingerprint(*normalised) : "";
  const auto parsed = ParseQuery(query, false);
  const std::string print =
      parsed.ok() && normalised.ok() ? SearchFingerprint(*parsed, v1::SEARCH_ORDER_BEST, *normalised) : "";
  for (const std::string& given : {token, Minted(input, "search", print, small->PageKey())}) {
    search.set_page_token(given);
    Search(directory, search);
  }
  for (const std::string& given : {token, Minted(input, "list", filter_print, small->PageKey())}) {
    list.set_page_token(given);
    List(directory, list);
  }
  for (const std::string& given : {token, Minted(input, "watch", filter_print)}) {
    watch.set_resume_token(given);
    Watch(small, watch);
  }
}

}  // namespace
}  // namespace cairn

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  setenv("TEST_TMPDIR", cairn::ScratchDirectory().c_str(), 1);
  testing::GTEST_FLAG(break_on_failure) = true;
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cairn::RunOne(cairn::InputText(data, size));
  return 0;
}
