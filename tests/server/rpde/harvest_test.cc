// A harvester that starts at any time, stops and goes on holds in the end exactly what the public sees at the node.
#include <random>

#include "common/formats/json_ld.h"
#include "tests/server/hsds/api_fixture.h"

namespace cairn {
namespace {

constexpr int kRecords = 12;
constexpr int kSteps = 120;
constexpr uint32_t kSeeds = 12;

class HarvestTest : public ApiTest, public testing::WithParamInterface<uint32_t> {
 protected:
  struct Harvester {
    explicit Harvester(const std::string& kind) : next(absl::StrCat("/rpde/", kind, "?limit=3")) {}
    std::string next;
    std::map<std::string, Json> held;
    bool at_end = false;
  };

  int Below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }

  // One page, by the rules that harvesters follow.
  void Fetch(Harvester* harvester) {
    const Json page = GetJson(harvester->next);
    int64_t before = 0;
    const size_t equals = harvester->next.find("afterChangeNumber=");
    if (equals != std::string::npos) before = std::stoll(harvester->next.substr(equals + 18));
    for (const Json& item : page["items"]) {
      ASSERT_GT(item["modified"].get<int64_t>(), before);
      before = item["modified"].get<int64_t>();
      const auto id = item["id"].get<std::string>();
      if (item["state"] == "deleted") {
        harvester->held.erase(id);
      } else {
        harvester->held[id] = item["data"];
      }
    }
    const std::string next = page["next"].get<std::string>().substr(std::string(kTestUrl).size());
    harvester->at_end = page["items"].empty();
    if (harvester->at_end) {
      ASSERT_EQ(next, harvester->next);
    }
    harvester->next = next;
  }

  v1::Record RandomService(int n) {
    v1::Record record = TestService(n, absl::StrCat("Service ", Below(1000)));
    record.mutable_service()->set_organization_id(TestId(100 + Below(2)));
    record.mutable_service()->add_service_at_locations()->set_location_id(TestId(200 + Below(2)));
    return record;
  }

  // The first third are trainings.
  static v1::RecordKind KindOf(int n) { return n % kRecords < kRecords / 3 ? v1::TRAINING : v1::SERVICE; }
  v1::Record RandomRecord(int n) {
    if (KindOf(n) == v1::SERVICE) return RandomService(n);
    v1::Record record = TestService(n, "");
    record.mutable_training()->set_name(absl::StrCat("Training ", Below(1000)));
    record.mutable_training()->set_mode("online");
    record.mutable_training()->set_provider_id(TestId(100 + Below(2)));
    return record;
  }

  // Each partner has ids of its own; what is in one of its feeds may be in the other, too.
  void ChangeSomething() {
    const bool lv = Below(2) == 0;
    const int n = Below(kRecords) + (lv ? kRecords : 0);
    const std::string partner = lv ? "lv-y" : "pl-x";
    const FeedKey open{partner, "public", generations_[partner]};
    const FeedKey closed{partner, "consortium", 1};
    switch (Below(9)) {
      case 0:
        return db_.Withdraw(open, KindOf(n), {TestId(n)});
      case 1:  // moves to a narrower audience
        db_.Publish(closed, {RandomRecord(n)});
        return db_.Withdraw(open, KindOf(n), {TestId(n)});
      case 2:  // begins anew with some of what it had
        if (generations_[partner] < 3) ++generations_[partner];
        return db_.Replace({partner, "public", generations_[partner]}, {RandomRecord(n)});
      case 3:
        return db_.Publish(FeedKey{"pl-x", "public", generations_["pl-x"]},
                           {TestOrganization(100 + Below(2), absl::StrCat("Body ", Below(1000)))});
      case 4:
        return db_.Publish(FeedKey{"pl-x", "public", generations_["pl-x"]},
                           {TestLocation(200 + Below(2), Below(80), 20)});
      case 5:
        return SetRetired(Below(2) == 0);
      case 6:
        return KeepChanges();
      default:
        return db_.Publish(open, {RandomRecord(n), RandomRecord(n ^ 1)});
    }
  }

  void FetchAll(Harvester* harvester) {
    for (harvester->at_end = false; !harvester->at_end;) ASSERT_NO_FATAL_FAILURE(Fetch(harvester));
  }

  // What the public sees now.
  std::map<std::string, Json> Services() {
    std::map<std::string, Json> truth;
    for (const Json& service : GetLines("/hsds/services?format=ndjson&full=true")) truth[service["id"]] = service;
    return truth;
  }
  std::map<std::string, Json> Trainings() {
    std::map<std::string, Json> truth;
    v1::ListRecordsRequest request;
    request.mutable_filter()->add_kinds(v1::TRAINING);
    const DirectoryReader directory = Directory();
    const auto get = [&](v1::RecordKind kind, absl::string_view id) {
      v1::GetRecordRequest wanted;
      wanted.set_kind(kind);
      wanted.set_id(std::string(id));
      return directory.GetRecord(Reader::Anonymous(), wanted);
    };
    const absl::StatusOr<v1::ListRecordsResponse> listed = directory.ListRecords(Reader::Anonymous(), request);
    for (const v1::DirectoryRecord& each : listed->records()) {
      const auto nested = [&](v1::RecordKind kind, absl::string_view id) -> absl::StatusOr<std::optional<v1::Record>> {
        const auto found = get(kind, id);
        return found.ok() ? std::optional<v1::Record>(found->record().record()) : std::nullopt;
      };
      truth[each.record().id()] = *ParseJson(*RecordToJsonLd(each.record(), nested));
    }
    return truth;
  }

  std::mt19937 random_{GetParam()};
  std::map<std::string, uint32_t> generations_ = {{"pl-x", 1}, {"lv-y", 1}};
};

TEST_P(HarvestTest, EndsWithExactlyTheNodesSet) {
  std::vector<Harvester> harvesters;
  for (const char* kind : {"services", "trainings", "services", "trainings", "services"}) harvesters.emplace_back(kind);
  for (int step = 0; step < kSteps; ++step) {
    db_.clock.Advance(absl::Microseconds(Below(3000) - 500));
    ChangeSomething();
    // The later ones start later, and all sleep now and then.
    const auto each = static_cast<size_t>(Below(static_cast<int>(harvesters.size())));
    if (step > static_cast<int>(each) * kSteps / 6 && Below(3) > 0) {
      ASSERT_NO_FATAL_FAILURE(Fetch(&harvesters[each]));
    }
  }
  KeepChanges();
  for (Harvester& harvester : harvesters) {
    const std::map<std::string, Json> truth =
        harvester.next.find("/services") != std::string::npos ? Services() : Trainings();
    ASSERT_NO_FATAL_FAILURE(FetchAll(&harvester));
    EXPECT_EQ(harvester.held, truth);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, HarvestTest, testing::Range(uint32_t{1}, kSeeds + 1));

}  // namespace
}  // namespace cairn
