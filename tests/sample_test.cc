// The sample directory is what a newcomer sees first: it must pass the same gate as everybody's data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "common/formats/record_reader.h"
#include "common/record/ids.h"
#include "common/record/kinds.h"
#include "common/record/searchable.h"
#include "common/record/validate.h"
#include "common/text/fold.h"
#include "tests/source_directory.h"

namespace cairn {
namespace {

using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace fs = std::filesystem;

struct SampleRecord {
  std::string partner, origin;
  v1::Record record;
};

struct Sample {
  std::vector<SampleRecord> records;
  std::vector<std::string> problems;  // "origin: what is wrong"
};

fs::path SampleFolder() { return SourceDirectory() / "deploy" / "sample"; }

void ReadFile(const std::string& partner, const fs::path& path, Sample* sample) {
  const std::string id_namespace = PartnerNamespace("sample", partner);
  auto reader = OpenRecordReader(path.string(), ImportFormat::kAuto, {id_namespace});
  ASSERT_TRUE(reader.ok()) << reader.status();
  // A fixed present, in which the newest verification lies in the past.
  const absl::Time now = absl::FromUnixSeconds(1'795'305'600);  // 2026-11-22
  for (ImportedRecord imported;;) {
    const absl::StatusOr<bool> more = (*reader)->Next(&imported);
    ASSERT_TRUE(more.ok()) << more.status();
    if (!*more) return;
    std::vector<Problem> problems = imported.problems;
    problems.insert(problems.end(), imported.warnings.begin(), imported.warnings.end());
    if (problems.empty()) problems = NormaliseAndValidate(&imported.record, {now, "", id_namespace});
    for (const Problem& problem : problems) {
      sample->problems.push_back(absl::StrCat(imported.origin, ": ", ToString(problem)));
    }
    sample->records.push_back({partner, imported.origin, imported.record});
  }
}

const Sample& TheSample() {
  static const Sample sample = [] {
    Sample read;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(SampleFolder())) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".jsonl" && extension != ".ndjson") continue;
      ReadFile(entry.path().parent_path().filename().string(), entry.path(), &read);
    }
    return read;
  }();
  return sample;
}

std::set<std::string> Words(absl::string_view text) {
  return absl::StrSplit(FoldForSearch(text), absl::ByAnyChar(" \n.,:;()?!\"-/"), absl::SkipEmpty());
}

TEST(SampleTest, EveryRecordIsValid) { EXPECT_THAT(TheSample().problems, IsEmpty()); }

TEST(SampleTest, NoIdIsUsedTwice) {
  std::set<std::pair<int, std::string>> seen;
  for (const SampleRecord& sample : TheSample().records) {
    EXPECT_TRUE(seen.emplace(KindOf(sample.record), sample.record.id()).second) << sample.origin;
  }
}

TEST(SampleTest, EveryReferenceLeadsToARecord) {
  std::set<std::pair<int, std::string>> known;
  for (const SampleRecord& sample : TheSample().records) {
    known.emplace(KindOf(sample.record), sample.record.id());
    known.emplace(v1::RECORD_KIND_UNSPECIFIED, sample.record.id());
  }
  for (const SampleRecord& sample : TheSample().records) {
    for (const Reference& reference : ReferencesOf(sample.record)) {
      EXPECT_TRUE(known.contains({reference.kind, reference.id})) << sample.origin << " " << reference.path;
    }
  }
}

TEST(SampleTest, ShowsEveryKindInManyCountriesAndLanguages) {
  std::map<v1::RecordKind, int> kinds;
  std::set<std::string> partners, countries, languages;
  for (const SampleRecord& sample : TheSample().records) {
    ++kinds[KindOf(sample.record)];
    partners.insert(sample.partner);
    if (sample.record.has_organization() && sample.record.countries_size() > 0) {
      countries.insert(sample.record.countries(0));
    }
    languages.insert(sample.record.language());
  }
  EXPECT_THAT(partners, SizeIs(4));
  EXPECT_THAT(countries, SizeIs(Ge(14u)));
  EXPECT_THAT(languages, SizeIs(Ge(6u)));
  const std::map<v1::RecordKind, int> least = {{v1::ORGANIZATION, 20}, {v1::SERVICE, 60},  {v1::LOCATION, 20},
                                               {v1::TRAINING, 25},     {v1::RESOURCE, 30}, {v1::ASSESSMENT, 10},
                                               {v1::COMMITMENT, 8}};
  for (const auto& [kind, count] : least) EXPECT_GE(kinds[kind], count) << KindName(kind);
}

TEST(SampleTest, EverySearchNamesARecordThatHasItsWords) {
  std::map<std::string, std::set<std::string>> words_of;
  for (const SampleRecord& sample : TheSample().records) {
    const SearchableText text = SearchableTextOf(sample.record);
    words_of[sample.record.id()] = Words(absl::StrCat(text.title, "\n", text.keywords, "\n", text.body));
  }
  std::ifstream file(SampleFolder() / "searches.txt");
  int searches = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    const std::vector<std::string> columns = absl::StrSplit(line, '\t');
    ASSERT_THAT(columns, SizeIs(3)) << line;
    for (const std::string& word : Words(columns[0])) EXPECT_TRUE(words_of[columns[1]].contains(word)) << line;
    ++searches;
  }
  EXPECT_GE(searches, 15);
}

}  // namespace
}  // namespace cairn
