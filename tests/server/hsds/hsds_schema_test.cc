// Every answer is what the OpenAPI description and the schemas of HSDS say, by a validator that is not ours.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "server/hsds/openapi.h"
#include "tests/server/hsds/api_fixture.h"
#include "tests/source_directory.h"

namespace cairn {
namespace {

class HsdsSchemaTest : public ApiTest {
 protected:
  // Records with all that imports may leave in them: no ids, ids of other forms, nulls, texts for numbers.
  void PublishAll() {
    v1::Record service = TestService(1, "Helpline");
    v1::Service& body = *service.mutable_service();
    body.set_organization_id(TestId(2));
    body.set_minimum_age(6);
    body.add_additional_urls()->set_url("https://example.org");
    v1::Phone& phone = *body.add_phones();
    phone.set_id("p-1");
    phone.set_number("116111");
    phone.set_extension("12");
    body.add_schedules()->set_freq("DAILY");
    body.add_schedules()->set_freq("YEARLY");
    body.add_languages()->set_code("pl");
    body.add_cost_options()->set_amount("12.50");
    body.add_contacts()->add_phones()->set_number("1");
    body.add_service_areas()->set_name("Everywhere");
    (*body.mutable_extra())["assurer_email"] = "null";
    (*body.mutable_extra())["program"] = R"({"name":"P"})";
    (*body.mutable_extra())["required_documents"] = R"([{"document":"none"},"text"])";
    body.add_service_at_locations()->set_location_id(TestId(3));
    body.add_service_at_locations()->set_location_id(TestId(9));
    for (const char* code : {"a", "b"}) {
      v1::TaxonomyTerm& term = *service.add_terms();
      term.set_taxonomy("topic");
      term.set_code(code);
    }
    v1::Record organization = TestOrganization(2, "Body");
    organization.mutable_organization()->clear_description();
    organization.mutable_organization()->add_location_ids(TestId(3));
    organization.mutable_organization()->add_organization_identifiers()->set_identifier("17");
    v1::Record location = TestLocation(3, 52, 21);
    location.mutable_location()->add_addresses()->set_city("Warszawa");
    location.mutable_location()->add_accessibility()->set_description("Lift");
    service.mutable_verified_at()->set_seconds(absl::ToUnixSeconds(db_.clock.Now()));
    db_.Publish(pl_, {service, organization, location, TestService(4, "Bare")});
  }

  void Answer(const HsdsRoute& route, const std::string& target) {
    const Json line{{"path", route.path}, {"shape", route.shape}, {"list", !route.one}, {"body", GetJson(target)}};
    answers_ += DumpJson(line) + "\n";
  }

  // The lines of the whole list, compared as the elements of a page.
  void AnswerLines(const HsdsRoute& route, const std::string& path) {
    Json page = GetJson(path);
    const Json listed = page["contents"];
    page["contents"] = GetLines(path + "?format=ndjson");
    EXPECT_EQ(page["contents"], listed) << path;
    answers_ += DumpJson(Json{{"path", route.path}, {"shape", route.shape}, {"list", true}, {"body", page}}) + "\n";
  }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = testing::TempDir() + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  void Ask() {
    for (const HsdsRoute& route : HsdsRoutes()) {
      const std::string path = "/hsds" + route.path;
      if (!route.one) {
        Answer(route, path);
        Answer(route, path + "?page=7");
        AnswerLines(route, path);
        if (route.list >= HsdsList::kTaxonomies) continue;
        Answer(route, path + "?full=true");
        // What HSDS has no schema for: the description alone says how it is.
        answers_ += DumpJson(Json{{"path", route.path}, {"body", GetJson(path + "?minimal=true")}}) + "\n";
        continue;
      }
      const std::string list = path.substr(0, path.rfind('/'));
      for (const std::string& id : Ids(list)) Answer(route, list + "/" + id);
    }
    answers_ += DumpJson(Json{{"path", "/"}, {"body", GetJson("/hsds/")}}) + "\n";
  }

  // Runs the validator with further arguments.
  int Validate(const std::string& more) {
    const std::string script = (SourceDirectory() / "tests/server/hsds/validate.py").string();
    const std::string command = "python3 -W ignore " + script + " " + Write("hsds_answers.ndjson", answers_) + " " +
                                Write("hsds_openapi.json", Body(Get("/hsds/openapi.json"))) + more;
    return std::system(command.c_str());
  }

  static bool HasValidator() { return std::system("python3 -c 'import jsonschema' 2>/dev/null") == 0; }

  std::string answers_;
};

TEST_F(HsdsSchemaTest, EveryAnswerIsWhatTheOpenApiDescriptionSays) {
  if (!HasValidator()) GTEST_SKIP() << "needs python3-jsonschema; run deploy/install-deps";
  PublishAll();
  Ask();
  EXPECT_EQ(Validate(""), 0);
}

TEST_F(HsdsSchemaTest, EveryAnswerIsWhatTheSchemasOfHsdsSay) {
  const char* folder = std::getenv("CAIRN_HSDS_SCHEMAS");
  if (folder == nullptr) GTEST_SKIP() << "CAIRN_HSDS_SCHEMAS names no folder with the JSON schemas of HSDS 3.1";
  ASSERT_TRUE(std::filesystem::exists(std::string(folder) + "/service.json")) << folder << " has no service.json";
  if (!HasValidator()) GTEST_SKIP() << "needs python3-jsonschema; run deploy/install-deps";
  PublishAll();
  Ask();
  EXPECT_EQ(Validate(std::string(" ") + folder), 0);
}

// The validator finds what is wrong: else the tests above would prove nothing.
TEST_F(HsdsSchemaTest, AnAnswerThatIsNotWhatTheDescriptionSaysIsFound) {
  if (!HasValidator()) GTEST_SKIP() << "needs python3-jsonschema; run deploy/install-deps";
  answers_ = R"({"path":"/services/{id}","shape":"service","list":false,"body":{"id":"17","name":"S"}})"
             "\n";
  EXPECT_NE(Validate(""), 0);
}

}  // namespace
}  // namespace cairn
