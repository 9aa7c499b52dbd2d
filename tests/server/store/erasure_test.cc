// Erasure: what was withdrawn, replaced or dropped is in no byte of any file.
#include "server/store/erasure.h"

#include <bit>
#include <fstream>
#include <iterator>
#include <set>

#include "absl/strings/match.h"
#include "common/base/random.h"
#include "common/text/fold.h"
#include "gmock/gmock.h"
#include "server/store/backup.h"
#include "server/store/scrubbing_vfs.h"
#include "tests/server/store/store_fixture.h"

namespace cairn {
namespace {

// Long enough to be met nowhere by chance; folding changes it.
const char kMarker[] = "Żółwiątkożyźńjeżqvx";

// Every text of the record, whatever it is called, also in messages within it.
void FillTexts(google::protobuf::Message* message, const std::string& text, int depth = 0) {
  const auto* reflection = message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const auto* field = message->GetDescriptor()->field(i);
    using Field = google::protobuf::FieldDescriptor;
    if (field->cpp_type() == Field::CPPTYPE_STRING && field->name() != "id") {
      field->is_repeated() ? reflection->AddString(message, field, text) : reflection->SetString(message, field, text);
    } else if (field->cpp_type() == Field::CPPTYPE_MESSAGE && depth < 3 && depth > 0 && !field->is_map()) {
      FillTexts(
          field->is_repeated() ? reflection->AddMessage(message, field) : reflection->MutableMessage(message, field),
          text, depth + 1);
    }
  }
}

v1::Entry MarkedEntry(uint64_t n, uint64_t seq, const std::string& marker = kMarker) {
  v1::Record record;
  FillTexts(record.mutable_service(), marker, 1);
  FillTexts(&record, marker);
  record.set_id(UuidToText(IdOf(n)));
  record.set_language("pl");
  v1::Entry entry = LiveEntry(n, seq);
  entry.set_payload(record.SerializeAsString());
  return entry;
}

v1::Entry PlaceAt(uint64_t n, uint64_t seq, double latitude, double longitude) {
  v1::Record record;
  record.set_id(UuidToText(IdOf(n)));
  record.mutable_location()->set_name(absl::StrCat("place ", n));
  record.mutable_location()->set_latitude(latitude);
  record.mutable_location()->set_longitude(longitude);
  v1::Entry entry = LiveEntry(n, seq);
  entry.set_kind(v1::LOCATION);
  entry.set_payload(record.SerializeAsString());
  return entry;
}

class ErasureTest : public StoreFixture {
 protected:
  // All bytes of all files of the node.
  std::string Files() const {
    std::string all;
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder_)) {
      std::ifstream in(file.path(), std::ios::binary);
      all.append(std::istreambuf_iterator<char>(in), {});
    }
    return all;
  }
  // The marker as it is or folded; of a word in the text index the beginning may be kept apart from the rest.
  static bool Has(const std::string& files, const std::string& marker) {
    const std::string folded = FoldForSearch(marker);
    return absl::StrContains(files, marker) || absl::StrContains(files, folded.substr(folded.size() / 3));
  }
  bool Found(const std::string& marker = kMarker) const { return Has(Files(), marker); }
  ErasureState State() {
    const auto state = ReadErasure(store_.get());
    EXPECT_TRUE(state.ok()) << state.status();
    return state.ok() ? *state : ErasureState{};
  }
  absl::Status EraseNow() {
    return Erase(feeds_.get(), [] { return false; });
  }
  absl::Status EmptyLog() { return store_->EmptyLog(); }
};

TEST_F(ErasureTest, AWithdrawnRecordIsInNoByteOfAnyFile) {
  ASSERT_TRUE(Put(Entries(300), 300).ok());
  ASSERT_TRUE(Put({MarkedEntry(400, 301)}, 301).ok());
  ASSERT_TRUE(Put({LiveEntry(401, 302)}, 302).ok());
  ASSERT_TRUE(Put({Withdrawal(400, 303)}, 303).ok());
  ASSERT_TRUE(Found()) << "else this proves nothing";
  EXPECT_TRUE(State().pending());
  EXPECT_EQ(EraseNow(), absl::OkStatus());
  EXPECT_FALSE(Found());
  EXPECT_FALSE(State().pending());
  EXPECT_EQ(State().completed_at, absl::FromUnixMillis(absl::ToUnixMillis(clock_.Now())));
  EXPECT_EQ(Held().live_count, 301u);
}

TEST_F(ErasureTest, AReplacedTextIsInNoByteOfAnyFile) {
  ASSERT_TRUE(Put(Entries(300), 300).ok());
  ASSERT_TRUE(Put({MarkedEntry(7, 301)}, 301).ok());
  ASSERT_TRUE(Put({LiveEntry(7, 302, "Corrected")}, 302).ok());
  ASSERT_TRUE(Found());
  EXPECT_EQ(EraseNow(), absl::OkStatus());
  EXPECT_FALSE(Found());
}

TEST_F(ErasureTest, ARecordMissingFromAWholeSetIsInNoByteOfAnyFile) {
  ASSERT_TRUE(Put({LiveEntry(1, 1), MarkedEntry(2, 2)}, 2).ok());
  ASSERT_TRUE(Stage({LiveEntry(1, 1)}, true, true).ok());
  ASSERT_TRUE(Show(3).ok());
  ASSERT_TRUE(Found());
  EXPECT_EQ(EraseNow(), absl::OkStatus());
  EXPECT_FALSE(Found());
}

TEST_F(ErasureTest, DroppedStagingIsInNoByteOfAnyFile) {
  std::vector<v1::Entry> entries = Entries(5'000);  // more than one step collects
  entries.push_back(MarkedEntry(6'000, 5'001));
  ASSERT_TRUE(Stage(std::move(entries)).ok());
  ASSERT_TRUE(store_->Write([&](Connection& db) { return feeds_->DropStaging(db, "pl-x", "public"); }).ok());
  ASSERT_TRUE(Found());
  EXPECT_EQ(EraseNow(), absl::OkStatus());
  EXPECT_FALSE(Found());
  EXPECT_EQ(Count("SELECT count(*) FROM payload"), 0);
}

TEST_F(ErasureTest, AVersionStagedAndOvertakenIsInNoByteOfAnyFile) {
  ASSERT_TRUE(Stage({MarkedEntry(1, 1)}).ok());
  ASSERT_TRUE(Stage({LiveEntry(1, 2)}).ok());
  EXPECT_EQ(EraseNow(), absl::OkStatus());
  EXPECT_FALSE(Found());
}

// A coordinate as the map keeps it.
std::string BigEndian(float coordinate) {
  const auto bits = std::bit_cast<uint32_t>(coordinate);
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(bits >> shift);
  return bytes;
}

TEST_F(ErasureTest, AWithdrawnPlaceLeavesNoPositionOnTheMap) {
  const float secret = 52.1536064F;
  const std::string latitude = BigEndian(secret);
  for (uint64_t n = 1; n <= 20; ++n) {
    ASSERT_TRUE(Put({PlaceAt(n, n, n == 20 ? secret : 40.0 + n, 20)}, n).ok());
  }
  ASSERT_TRUE(EmptyLog().ok());
  ASSERT_TRUE(absl::StrContains(Files(), latitude));
  v1::Entry withdrawal = Withdrawal(20, 21);
  withdrawal.set_kind(v1::LOCATION);
  ASSERT_TRUE(Put({withdrawal}, 21).ok());
  ASSERT_TRUE(EmptyLog().ok());
  ASSERT_TRUE(absl::StrContains(Files(), latitude)) << "the map keeps it by itself";
  EXPECT_EQ(EraseNow(), absl::OkStatus());
  EXPECT_FALSE(absl::StrContains(Files(), latitude));
  EXPECT_EQ(Count("SELECT count(*) FROM location_geo WHERE latitude_min > 40"), 19);
}

// Pages are rebuilt and balanced around each other all the time; copies of cells must not outlive them.
TEST_F(ErasureTest, NothingOfThousandsOfWithdrawnRecordsOutlivesThem) {
  SeededRandom random(7);
  const auto marker = [](uint64_t seq) { return absl::StrCat("zq", ToHex(IdOf(seq)), "qz"); };
  std::map<uint64_t, uint64_t> live;  // n -> seq
  std::set<uint64_t> gone;            // seqs
  uint64_t seq = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<v1::Entry> entries;
    std::set<uint64_t> touched;
    for (int i = 0; i < 100; ++i) {
      const uint64_t n = 1 + random.Below(1'500);
      if (!touched.insert(n).second) continue;
      if (live.count(n) > 0) gone.insert(live[n]);
      const bool withdraw = live.erase(n) > 0 && random.Below(3) == 0;
      ++seq;
      entries.push_back(withdraw ? Withdrawal(n, seq)
                                 : LiveEntry(n, seq, marker(seq) + std::string(random.Below(2'000), 'x')));
      if (!withdraw) live[n] = seq;
    }
    ASSERT_TRUE(Put(std::move(entries), seq).ok());
  }
  EXPECT_EQ(EraseNow(), absl::OkStatus());
  const auto markers = [this] {
    const std::string files = Files();
    std::set<std::string> found;
    for (size_t at = files.find("zq"); at != std::string::npos; at = files.find("zq", at + 1)) {
      found.insert(files.substr(at, 36));
    }
    return found;
  };
  std::set<std::string> found = markers();
  for (const uint64_t s : gone) EXPECT_EQ(found.count(marker(s)), 0u) << "of change " << s;
  for (const auto& [n, s] : live) EXPECT_EQ(found.count(marker(s)), 1u) << "of change " << s;
  // Nor does a page that was in memory bring anything back, when it changes or is copied.
  for (int round = 0; round < 20; ++round) {
    std::vector<v1::Entry> entries;
    for (int i = 0; i < 20; ++i) {
      ++seq;
      entries.push_back(LiveEntry(2'000 + seq, seq, std::string(random.Below(2'000), 'y')));
    }
    ASSERT_TRUE(Put(std::move(entries), seq).ok());
  }
  const absl::Status copied =
      BackUp(store_.get(), folder_ + "/copy.db", "copy", [](const BackupProgress&) { return absl::OkStatus(); });
  EXPECT_TRUE(copied.ok()) << copied;
  found = markers();
  for (const uint64_t s : gone) EXPECT_EQ(found.count(marker(s)), 0u) << "back again: change " << s;
  EXPECT_EQ(Count("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
}

TEST_F(ErasureTest, AnErasureThatWasStoppedGoesOnAfterACrash) {  // R3
  ASSERT_TRUE(Put(Entries(300), 300).ok());
  ASSERT_TRUE(Put({MarkedEntry(400, 301)}, 301).ok());
  ASSERT_TRUE(Put({Withdrawal(400, 302)}, 302).ok());
  for (int steps = 0; steps < 4; ++steps) {
    int left = steps;
    EXPECT_EQ(Erase(feeds_.get(), [&] { return left-- == 0; }).code(), absl::StatusCode::kCancelled);
    Reopen();
    EXPECT_TRUE(State().pending());
  }
  EXPECT_EQ(EraseNow(), absl::OkStatus());
  EXPECT_FALSE(Found());
}

TEST_F(ErasureTest, WhatIsWithdrawnWhileAnErasureRunsIsPendingForTheNext) {
  ASSERT_TRUE(Put({LiveEntry(1, 1), MarkedEntry(2, 2)}, 2).ok());
  ASSERT_TRUE(Put({Withdrawal(1, 3)}, 3).ok());
  bool withdrawn = false;
  EXPECT_EQ(Erase(feeds_.get(),
                  [&] {
                    if (!std::exchange(withdrawn, true)) {
                      EXPECT_TRUE(Put({Withdrawal(2, 4)}, 4).ok());
                    }
                    return false;
                  }),
            absl::OkStatus());
  EXPECT_TRUE(State().pending());
  EXPECT_EQ(EraseNow(), absl::OkStatus());
  EXPECT_FALSE(State().pending());
  EXPECT_FALSE(Found());
}

TEST_F(ErasureTest, AReaderOfThePastHoldsItUpAndNoLongerThanItReads) {
  ASSERT_TRUE(Put({LiveEntry(1, 1), MarkedEntry(2, 2)}, 2).ok());
  ASSERT_TRUE(store_
                  ->Read([&](Connection& db) -> absl::Status {
                    Statement row = db.Prepare("SELECT count(*) FROM entry");
                    row.Step();
                    EXPECT_TRUE(Put({Withdrawal(2, 3)}, 3).ok());
                    EXPECT_EQ(EraseNow().code(), absl::StatusCode::kAborted);
                    EXPECT_TRUE(Found());
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_TRUE(State().pending());
  EXPECT_EQ(EraseNow(), absl::OkStatus());
  EXPECT_FALSE(Found());
}

TEST_F(ErasureTest, NothingIsPendingWhereNothingWasTakenAway) {
  ASSERT_TRUE(Put(Entries(600), 600).ok());
  ASSERT_TRUE(Put({LiveEntry(700, 601)}, 601).ok());
  EXPECT_FALSE(State().pending());
  EXPECT_EQ(EraseNow(), absl::OkStatus());
  EXPECT_EQ(State().completed_at, absl::InfinitePast());
}

TEST(ScrubbingVfsTest, TheGapOfAPageIsWhatLiesBetweenItsPointersAndItsCells) {
  std::string page(512, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(page.data());
  page[0] = 13;  // a leaf
  page[4] = 3;   // cells
  page[5] = 1;   // which begin at 256
  EXPECT_EQ(GapOf(bytes, page.size(), false).begin, 8u + 2 * 3);
  EXPECT_EQ(GapOf(bytes, page.size(), false).end, 256u);
  page[0] = 5;  // an inner page has a longer header
  EXPECT_EQ(GapOf(bytes, page.size(), false).begin, 12u + 2 * 3);
}

TEST(ScrubbingVfsTest, APageThatIsNoneOrContradictsItselfIsLeftAlone) {
  std::string page(512, '\xff');
  auto* bytes = reinterpret_cast<unsigned char*>(page.data());
  for (const int kind : {0, 1, 3, 255}) {
    page[0] = static_cast<char>(kind);
    EXPECT_EQ(GapOf(bytes, page.size(), false).end, 0u) << kind;
  }
  page[0] = 13;
  EXPECT_EQ(GapOf(bytes, page.size(), false).end, 0u) << "cells that begin behind the page's end";
}

}  // namespace
}  // namespace cairn
