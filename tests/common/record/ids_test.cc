#include "common/record/ids.h"

#include "tests/common/record/builders.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kNamespace = PartnerNamespace("test", "pl");

std::vector<Problem> Ensure(v1::Record* record) {
  std::vector<Problem> problems;
  EnsureIds(record, kNamespace, &problems);
  return problems;
}

TEST(UuidV5Test, MatchesPublishedValues) {
  // RFC 4122 namespaces; values as Python's uuid module and RFC 9562 appendix A.4 give them.
  EXPECT_EQ(*UuidV5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
  EXPECT_EQ(*UuidV5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "python.org"), "886313e1-3b8a-5372-9b90-0c9aee199e5d");
  EXPECT_FALSE(UuidV5("no", "x").ok());
}

TEST(DeriveIdTest, DependsOnConsortiumPartnerKindAndSourceId) {
  const std::string id = DeriveId(kNamespace, v1::SERVICE, "S-1");
  EXPECT_TRUE(IsUuid(id));
  EXPECT_EQ(id, DeriveId(PartnerNamespace("test", "pl"), v1::SERVICE, "S-1"));
  EXPECT_NE(id, DeriveId(kNamespace, v1::LOCATION, "S-1"));
  EXPECT_NE(id, DeriveId(PartnerNamespace("test", "lv"), v1::SERVICE, "S-1"));
  EXPECT_NE(id, DeriveId(PartnerNamespace("other", "pl"), v1::SERVICE, "S-1"));
}

TEST(EnsureIdsTest, LowersUuidsAndKeepsSourceIds) {
  v1::Record record = FromText("id: 'ABCDEF00-0000-4000-8000-000000000001' source_id: 'S-9' service {}");
  EXPECT_TRUE(Ensure(&record).empty());
  EXPECT_EQ(record.id(), "abcdef00-0000-4000-8000-000000000001");
  EXPECT_EQ(record.source_id(), "S-9");
}

TEST(EnsureIdsTest, MovesForeignIdsToSourceIdOnce) {
  v1::Record record =
      FromText("id: 'S-1' service { organization_id: 'O-1' service_at_locations { location_id: 'L-1' } }");
  EXPECT_TRUE(Ensure(&record).empty());
  EXPECT_EQ(record.source_id(), "S-1");
  EXPECT_EQ(record.id(), DeriveId(kNamespace, v1::SERVICE, "S-1"));
  EXPECT_EQ(record.service().organization_id(), DeriveId(kNamespace, v1::ORGANIZATION, "O-1"));
  EXPECT_EQ(record.service().service_at_locations(0).location_id(), DeriveId(kNamespace, v1::LOCATION, "L-1"));
  const v1::Record once = record;
  EXPECT_TRUE(Ensure(&record).empty());
  EXPECT_EQ(record.DebugString(), once.DebugString());
}

TEST(EnsureIdsTest, DerivesFromSourceIdWhenIdIsEmpty) {
  v1::Record record = FromText("source_id: 'S-1' service {}");
  EXPECT_TRUE(Ensure(&record).empty());
  EXPECT_EQ(record.id(), DeriveId(kNamespace, v1::SERVICE, "S-1"));
}

TEST(EnsureIdsTest, ReportsMissingIds) {
  v1::Record record = FromText("service {}");
  const auto problems = Ensure(&record);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_THAT(ToString(problems[0]), HasSubstr("id: missing; write a UUID"));
}

TEST(EnsureIdsTest, WithoutNamespaceForeignIdsAreProblems) {
  v1::Record record = FromText("id: 'S-1' service { organization_id: 'O-1' }");
  std::vector<Problem> problems;
  EnsureIds(&record, "", &problems);
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[1].path, "service.organization_id");
  EXPECT_EQ(record.id(), "S-1");
}

TEST(EnsureIdsTest, AccompaniedRecordsNameTheirKind) {
  v1::Record record = FromText("id: 'R' resource { accompanies_ids: 'training/T-1' accompanies_ids: 'T-2' }");
  const auto problems = Ensure(&record);
  EXPECT_EQ(record.resource().accompanies_ids(0), DeriveId(kNamespace, v1::TRAINING, "T-1"));
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].path, "resource.accompanies_ids[1]");
  EXPECT_THAT(problems[0].remedy, HasSubstr("training/T-12"));
}

TEST(EnsureIdsTest, SessionIdsAreDerivedWithinTheTraining) {
  v1::Record a = FromText("id: 'T-1' training { sessions { id: 'first \"A\"' } sessions { } }");
  v1::Record b = FromText("id: 'T-2' training { sessions { id: 'first \"A\"' } }");
  const auto problems = Ensure(&a);
  EXPECT_TRUE(Ensure(&b).empty());
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].path, "training.sessions[1].id");
  EXPECT_TRUE(IsUuid(a.training().sessions(0).id()));
  EXPECT_NE(a.training().sessions(0).id(), b.training().sessions(0).id());
  EXPECT_EQ(a.training().sessions(0).extra().at("id"), "\"first \\\"A\\\"\"");
}

TEST(ReferencesOfTest, NamesPathKindAndId) {
  const auto references =
      ReferencesOf(FromText("training { provider_id: 'p' sessions { location_id: 'l' } resource_ids: 'r' }"));
  std::vector<std::string> paths;
  for (const Reference& reference : references) paths.push_back(reference.path);
  EXPECT_THAT(paths,
              ElementsAre("training.provider_id", "training.sessions[0].location_id", "training.resource_ids[0]"));
  EXPECT_EQ(references[1].kind, v1::LOCATION);
  EXPECT_EQ(references[2].id, "r");
}

TEST(ReferencesOfTest, EveryFieldNamedAsReferenceIsOne) {
  // A reference added to the protocol and forgotten here would break the ids of imports.
  const v1::Record all[] = {FromText("organization { parent_organization_id: 'a' location_ids: 'b' }"),
                            FromText("service { organization_id: 'a' service_at_locations { location_id: 'b' } }"),
                            FromText("location { organization_id: 'a' }"),
                            FromText("training { provider_id: 'a' sessions { location_id: 'b' } resource_ids: 'c' }"),
                            FromText("resource { accompanies_ids: 'a' publisher_id: 'b' }"),
                            FromText("assessment { service_id: 'a' assessor_id: 'b' }"),
                            FromText("commitment { organization_id: 'a' }")};
  size_t found = 0, declared = 0;
  for (const v1::Record& record : all) found += ReferencesOf(record).size();
  const auto* file = v1::Record::descriptor()->file();
  for (int i = 0; i < file->message_type_count(); ++i) {
    for (int j = 0; j < file->message_type(i)->field_count(); ++j) {
      const std::string& name = file->message_type(i)->field(j)->name();
      const bool reference =
          name.size() > 3 && (name.rfind("_id") == name.size() - 3 || name.rfind("_ids") == name.size() - 4);
      declared += reference && name != "source_id";
    }
  }
  EXPECT_EQ(found, declared);
}

}  // namespace
}  // namespace cairn
