// A directory over real feeds with the HTTP interface's routes over it, called without a socket.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/formats/json_text.h"
#include "server/directory/change_keeper.h"
#include "server/hsds/hsds_routes.h"
#include "server/rpde/rpde_feed.h"
#include "tests/server/directory/test_directory.h"
#include "tests/server/http/call_route.h"

namespace cairn {

class ApiTest : public DirectoryTest {
 protected:
  ApiTest() : keeper_(db_.store.get(), Source(), &db_.clock) {
    const EdgeParts parts{db_.store.get(), Source(), &db_.clock};
    AddHsdsRoutes(parts, &router_);
    AddRpdeRoutes(parts, "https://example.org/terms", &router_);
  }

  // `target`: "/hsds/services?page=2"; values are taken as they are.
  HttpResponse Get(const std::string& target, const Reader& reader = Reader::Anonymous()) {
    HttpRequest request;
    request.reader = reader;
    return CallRoute(router_, target, std::move(request));
  }

  // The body, also of a stream.
  static std::string Body(HttpResponse response) { return BodyOf(std::move(response)); }

  Json GetJson(const std::string& target, const Reader& reader = Reader::Anonymous()) {
    HttpResponse response = Get(target, reader);
    EXPECT_EQ(response.status, 200) << target << ": " << response.body;
    absl::StatusOr<Json> json = ParseJson(Body(std::move(response)));
    EXPECT_TRUE(json.ok()) << target << ": " << json.status();
    return json.ok() ? *json : Json::object();
  }

  std::vector<Json> GetLines(const std::string& target, const Reader& reader = Reader::Anonymous()) {
    std::vector<Json> lines;
    const std::string body = Body(Get(target, reader));
    for (const absl::string_view line : absl::StrSplit(body, '\n', absl::SkipEmpty())) {
      absl::StatusOr<Json> json = ParseJson(line);
      EXPECT_TRUE(json.ok()) << json.status();
      if (json.ok()) lines.push_back(*json);
    }
    return lines;
  }

  // The ids of a list's page.
  std::vector<std::string> Ids(const std::string& target, const Reader& reader = Reader::Anonymous()) {
    std::vector<std::string> ids;
    const Json page = GetJson(target, reader);
    for (const Json& element : page["contents"]) ids.push_back(element["id"].get<std::string>());
    return ids;
  }

  void KeepChanges() {
    const absl::Status status = keeper_.Run([] { return false; });
    EXPECT_TRUE(status.ok()) << status;
  }

  // Partner "lv-y" as one that left, with all that it published, or as one that came back.
  void SetRetired(bool retired) {
    v1::Charter charter = charter_->charter();
    charter.set_version(charter.version() + 1);
    for (v1::Partner& partner : *charter.mutable_partners()) {
      if (partner.id() == "lv-y") partner.set_status(retired ? v1::RETIRED : v1::ACTIVE);
    }
    SetCharter(charter);
  }

  Router router_;
  ChangeKeeper keeper_;
};

inline v1::Record TestOrganization(int n, const std::string& name) {
  v1::Record record;
  record.set_id(TestId(n));
  record.mutable_organization()->set_name(name);
  record.mutable_organization()->set_description("Helps");
  return record;
}

}  // namespace cairn
