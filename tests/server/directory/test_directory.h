// A directory over real feeds: what the tests of reading start from.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "server/directory/directory_reader.h"
#include "server/directory/watch_hub.h"
#include "server/directory/watcher.h"
#include "tests/fakes/test_heads.h"
#include "tests/server/store/derived_test_store.h"

namespace cairn {

// Partners "pl-x", "lv-y" and "al-z"; circle "police" has pl-x and lv-y.
class DirectoryTest : public testing::Test {
 protected:
  DirectoryTest()
      : db_(std::string("directory_") + testing::UnitTest::GetInstance()->current_test_info()->name()),
        hub_(db_.store.get()) {
    v1::Charter charter;
    charter.set_version(1);
    for (const auto& [id, country] : {std::pair("pl-x", "PL"), std::pair("lv-y", "LV"), std::pair("al-z", "AL")}) {
      v1::Partner* partner = charter.add_partners();
      partner->set_id(id);
      partner->set_name(std::string("Partner ") + id);
      partner->set_country(country);
      partner->set_status(v1::ACTIVE);
    }
    v1::Circle* police = charter.add_circles();
    police->set_name("police");
    police->add_partners("pl-x");
    police->add_partners("lv-y");
    SetCharter(charter);
  }

  // Partners without keys get that of the heads, for the generations that tests use.
  void SetCharter(v1::Charter charter) {
    for (v1::Partner& partner : *charter.mutable_partners()) {
      for (uint32_t generation = 1; generation <= 3 && partner.publishing_keys_size() < 3; ++generation) {
        v1::PublishingKey* key = partner.add_publishing_keys();
        key->set_public_key(TestHeads::PublicKey());
        key->set_generation(generation);
      }
    }
    charter_ = std::make_shared<CharterView>(std::move(charter), "sha");
  }
  CharterSource Source() {
    return [this] { return charter_; };
  }
  DirectoryReader Directory() { return DirectoryReader(db_.store.get(), Source(), &db_.clock); }

  v1::SearchResponse Search(const v1::SearchRequest& request, const Reader& reader = Reader::Anonymous()) {
    absl::StatusOr<v1::SearchResponse> response = Directory().Search(reader, request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::SearchResponse();
  }
  v1::SearchResponse Search(const std::string& query, const Reader& reader = Reader::Anonymous()) {
    v1::SearchRequest request;
    request.set_query(query);
    return Search(request, reader);
  }
  // Titles of what a filter alone finds, sorted.
  std::vector<std::string> Filtered(const v1::RecordFilter& filter, const Reader& reader = Reader::Anonymous()) {
    v1::SearchRequest request;
    *request.mutable_filter() = filter;
    std::vector<std::string> titles = Titles(Search(request, reader));
    std::sort(titles.begin(), titles.end());
    return titles;
  }
  static std::vector<std::string> Titles(const v1::SearchResponse& response) {
    std::vector<std::string> titles;
    for (const v1::SearchHit& hit : response.hits()) titles.push_back(hit.title());
    return titles;
  }

  const FeedKey pl_{"pl-x", "public", 1};
  const FeedKey lv_{"lv-y", "public", 1};
  const FeedKey members_{"pl-x", "consortium", 1};
  const FeedKey police_{"pl-x", "circle:police", 1};
  DerivedTestStore db_;
  WatchHub hub_;
  std::shared_ptr<const CharterView> charter_;
};

}  // namespace cairn
