// The HTTP side over a real directory: who sees what, filters, validators, events.
#include "server/edge.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/base/errors.h"
#include "server/http/directory_routes.h"
#include "server/http/events.h"
#include "server/http/http_door.h"
#include "server/http/status_routes.h"
#include "server/http/trend_keeper.h"
#include "tests/server/directory/test_directory.h"

namespace cairn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

// A door over pl-x's node. The token "good" reads the police's circle until it is revoked.
class EdgeTest : public DirectoryTest {
 protected:
  EdgeTest() {
    parts_ = EdgeParts{db_.store.get(), Source(), &db_.clock, &directory_, &hub_, "pl-x"};
    states_ = std::make_unique<DirectoryStates>(parts_);
    AddDirectoryRoutes(parts_, &router_);
    trends_ = std::make_unique<TrendKeeper>(parts_, 4);
    AddTrendRoutes(parts_, trends_.get(), &router_);
    AddEventRoutes(parts_, &slots_, &router_);
    AddStatusRoutes(parts_, {"1.0", [this] { return ready_; }, [this] { return remark_; }}, &router_);
    router_.Add({"/state", {}, DependsOn::kRecords, [](const HttpRequest& request) {
                   return HttpResponse::Of("text/plain", request.base_url);
                 }});
    router_.Add({"/stream", {"q"}, DependsOn::kRecords, [](const HttpRequest& request) {
                   HttpResponse response = HttpResponse::Streaming("text/plain", StreamOf([] { return ""; }));
                   response.depends_on_time = !request.Query("q").empty();
                   return response;
                 }});
    options_.router = &router_;
    options_.states = states_.get();
    options_.clock = &db_.clock;
    options_.admit = [this](const std::string& token) -> absl::StatusOr<HttpCaller> {
      if (token != "good") return absl::UnauthenticatedError("the token is not valid");
      return HttpCaller{Reader::Limited("pl-x", {"consortium", "circle:police"}), [this] { return token_; }};
    };
    options_.observe = [this](const HttpObservation& seen) { seen_ = seen; };
    db_.Publish(pl_, {TestService(1, "Night line"), TestService(2, "Legal advice")});
    db_.Publish(police_, {TestService(3, "Shelter")});
  }

  HttpResponse Ask(absl::string_view target, NameValues headers = {}, absl::string_view method = "GET") {
    if (door_ == nullptr) door_ = std::make_unique<HttpDoor>(options_);
    HttpHead head;
    head.method = std::string(method);
    head.target = std::string(target);
    head.host = "x.example";
    head.headers = std::move(headers);
    return door_->Answer(head, {"192.0.2.77", false});
  }
  static Json Parsed(const HttpResponse& response) { return Json::parse(response.body, nullptr, false); }
  // The values of a curve; null when there is none.
  static Json Curve(const Json& trends, const std::string& name, const std::string& value = "") {
    for (const Json& curve : trends["curves"]) {
      if (curve["name"] == name && curve.value("value", "") == value) return curve["values"];
    }
    return nullptr;
  }
  static NameValues Token() { return {{"authorization", "Bearer good"}}; }

  DirectoryReader directory_ = Directory();
  EdgeParts parts_;
  Router router_;
  std::unique_ptr<TrendKeeper> trends_;
  EventSlots slots_;
  std::unique_ptr<DirectoryStates> states_;
  HttpDoor::Options options_;
  std::unique_ptr<HttpDoor> door_;
  HttpObservation seen_;
  absl::Status ready_;
  std::string remark_;
  absl::Status token_;
};

TEST_F(EdgeTest, SearchAnswersAsTheRpcDoes) {
  const HttpResponse response = Ask("/api/search?q=night&kind=service&limit=5");
  EXPECT_EQ(response.Header("Content-Type"), "application/json");
  const Json found = Parsed(response);
  EXPECT_EQ(found["hits"][0]["title"], "Night line");
  EXPECT_EQ(found["hits"][0]["record"]["partner"], "pl-x");
  EXPECT_EQ(found["total"], "1");
}

TEST_F(EdgeTest, NothingFoundIsAnEmptyListAndNotAnAbsentOne) {
  const Json none = Parsed(Ask("/api/search?q=nowhere&facets=1"));
  EXPECT_EQ(none["hits"], Json::array());
  EXPECT_EQ(none["total"], "0");
  EXPECT_EQ(Parsed(Ask("/api/list?country=CO"))["records"], Json::array());
}

TEST_F(EdgeTest, TitlesSpeakTheLanguageThatTheBrowserAsksForOrTheParameter) {
  v1::Record record = TestService(7, "Telefon zaufania");
  record.set_language("pl");
  for (const auto& [tag, name] : {std::pair("en", "Helpline"), std::pair("lv", "Uzticības tālrunis")}) {
    v1::Translation* const translation = record.add_translations();
    translation->set_language(tag);
    (*translation->mutable_texts())["name"] = name;
  }
  db_.Publish(pl_, {record});
  const auto title = [&](const std::string& accept, const std::string& query = "") {
    const std::string target = "/api/search?q=telefon" + query;
    return Parsed(Ask(target, {{"accept-language", accept}}))["hits"][0]["title"].get<std::string>();
  };
  EXPECT_EQ(title("en-GB"), "Helpline");
  EXPECT_EQ(title("fi, lv;q=0.8, en;q=0.9"), "Helpline") << "the best of those that there are";
  EXPECT_EQ(title("fi, lv;q=0.9, en;q=0.8"), "Uzticības tālrunis");
  EXPECT_EQ(title("fi"), "Telefon zaufania") << "its own when it speaks none of them";
  EXPECT_EQ(title("en", "&display_language=lv"), "Uzticības tālrunis");
}

TEST_F(EdgeTest, SearchForgivesALetterSaysSoAndCountsFacets) {
  const Json found = Parsed(Ask("/api/search?q=nigth&facets=1"));
  EXPECT_EQ(found["correctedQuery"], "night");
  EXPECT_EQ(found["hits"][0]["title"], "Night line");
  EXPECT_EQ(found["facets"][0]["name"], "kind");
  EXPECT_EQ(Parsed(Ask("/api/search?q=nig&prefix=1"))["hits"].size(), 1u);
  EXPECT_EQ(Parsed(Ask("/api/search?q=%22line+night%22"))["hits"].size(), 0u) << "a phrase has its order";
  EXPECT_EQ(Parsed(Ask("/api/search?q=%22night+line%22"))["hits"].size(), 1u);
}

TEST_F(EdgeTest, SearchTakesEveryFilterThatTheRpcHas) {
  for (const char* right : {"open_now=1", "from=2027-01-01&to=2027-02-01", "mode=online", "month=2027-01",
                            "freshness=unverified", "near=52.2,21.0&within_km=5&sort=distance", "on=2027-01-04"}) {
    EXPECT_EQ(Ask(absl::StrCat("/api/search?", right)).status, 200) << right;
  }
  for (const char* wrong : {"open_now=yes", "from=tomorrow", "freshness=old", "month=13", "sort=newest", "facets=2",
                            "sort=distance", "prefix=x"}) {
    const HttpResponse response = Ask(absl::StrCat("/api/search?", wrong));
    EXPECT_EQ(response.status, 400) << wrong;
    EXPECT_THAT(response.body, HasSubstr("detail")) << wrong;
  }
}

TEST_F(EdgeTest, ListGoesOnByPageTokenAndRepeatedParametersAreAlternatives) {
  const Json first = Parsed(Ask("/api/list?kind=service&kind=training&limit=1"));
  ASSERT_EQ(first["records"].size(), 1u);
  const std::string token = first["nextPageToken"];
  const Json second = Parsed(Ask(absl::StrCat("/api/list?kind=service&kind=training&limit=1&page_token=", token)));
  EXPECT_NE(second["records"][0]["record"]["id"], first["records"][0]["record"]["id"]);
}

TEST_F(EdgeTest, OneRecordFacetsAndPartners) {
  EXPECT_EQ(Parsed(Ask(absl::StrCat("/api/records/", TestId(1))))["record"]["record"]["service"]["name"], "Night line");
  EXPECT_EQ(Ask(absl::StrCat("/api/records/", TestId(9))).status, 404);
  EXPECT_EQ(Parsed(Ask("/api/facets"))["facets"][0]["name"], "kind");
  EXPECT_THAT(Ask("/api/partners").body, HasSubstr(R"("id":"pl-x","name":"Partner pl-x")"));
}

TEST_F(EdgeTest, AnybodySeesWhatIsPublicAndATokenItsAudiences) {
  EXPECT_EQ(Ask(absl::StrCat("/api/records/", TestId(3))).status, 404);
  EXPECT_THAT(Ask("/api/list").body, Not(HasSubstr("Shelter")));
  const HttpResponse with_token = Ask("/api/list", Token());
  EXPECT_THAT(with_token.body, HasSubstr("Shelter"));
  EXPECT_EQ(with_token.Header("Cache-Control"), "private, no-cache");
  EXPECT_THAT(std::string(with_token.Header("Vary")), HasSubstr("Authorization"));
}

TEST_F(EdgeTest, AWrongTokenIsRefusedAndNotOverlooked) {
  for (const char* value : {"Bearer bad", "Basic Z29vZA==", "good"}) {
    const HttpResponse response = Ask("/api/list", {{"authorization", value}});
    EXPECT_EQ(response.status, 401) << value;
    EXPECT_EQ(response.Header("Cache-Control"), "no-store");
  }
}

TEST_F(EdgeTest, WrongParametersAreNamedAndUnknownOnesIgnored) {
  EXPECT_THAT(Ask("/api/search?near=here").body, HasSubstr("near"));
  for (const char* query : {"limit=0", "limit=x", "limit=1000000000", "near=1", "within_km=x", "kind=house", "stale=2",
                            "country=Poland", "page_token=x", "on=tomorrow"}) {
    EXPECT_EQ(Ask(absl::StrCat("/api/search?", query)).status, 400) << query;
  }
  const std::pair<const char*, const char*> said[] = {
      {"/api/search?limit=5000000000", R"(parameter limit \"5000000000\": write a whole number from 1 to 200)"},
      {"/api/list?limit=1001", "from 1 to 1000"},
      {"/api/search?country=Poland", R"(parameter country: \"Poland\": not an ISO 3166-1)"},
      {"/api/list?from=tomorrow", R"(parameter from: \"tomorrow\")"},
      {"/api/facets?from=2027-02-01&to=2027-01-01", "parameter from is 2027-02-01, after parameter to"},
      {"/api/search?month=13", R"(parameter month is \"13\")"},
      {"/api/search?near=91,0", "latitude of parameter near is 91"},
      {"/api/search?within_km=5", "parameter within_km is set without parameter near"},
      {"/api/search?sort=distance", "parameter sort is distance without parameter near"}};
  for (const auto& [target, words] : said) EXPECT_THAT(Ask(target).body, HasSubstr(words)) << target;
  const HttpResponse response = Ask("/api/search?q=night&utm=1&a%0d%0a=2&kind=");
  EXPECT_EQ(response.status, 400);  // a line end in a name
  EXPECT_EQ(Ask("/api/search?q=night&utm=1&%C5%82=2&kind=").Header("X-Ignored-Parameters"), "utm, %C5%82");
}

TEST_F(EdgeTest, BadTargetsAreRefused) {
  for (const char* target : {"/api/../api/list", "/api/%2e%2e/x", "/api/a%2Fb", "/api/a%5cb", "/api/search?q=%ff%fe",
                             "/api/search?q=%", "/a%00", "http://other.example/api/list", "api/list"}) {
    EXPECT_EQ(Ask(target).status, 400) << target;
  }
  EXPECT_EQ(Ask("http://x.example/api/list").status, 200);
  EXPECT_EQ(Ask("/etc/passwd").status, 404);
}

TEST_F(EdgeTest, OnlyReadingMethodsAndCorsForThem) {
  EXPECT_EQ(Ask("/api/list", {}, "POST").status, 405);
  EXPECT_EQ(Ask("/api/list", {}, "DELETE").Header("Allow"), "GET, HEAD, OPTIONS");
  const HttpResponse preflight = Ask("/api/list", {{"origin", "https://a.example"}}, "OPTIONS");
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.Header("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(preflight.Header("Access-Control-Allow-Methods"), "GET, HEAD, OPTIONS");
  EXPECT_THAT(std::string(Ask("/api/list").Header("Access-Control-Expose-Headers")),
              AllOf(HasSubstr("X-Modified-Through"), HasSubstr("X-Ignored-Parameters"), HasSubstr("ETag")));
}

TEST_F(EdgeTest, EveryAnswerHasTheSecurityHeadersAndNoCookie) {
  for (const char* target : {"/api/list", "/nothing", "/healthz", "/api/search?limit=0"}) {
    const HttpResponse response = Ask(target);
    EXPECT_THAT(std::string(response.Header("Content-Security-Policy")), StartsWith("default-src 'none'")) << target;
    EXPECT_EQ(response.Header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(response.Header("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(response.Header("Set-Cookie"), "");
  }
}

TEST_F(EdgeTest, WhoHasItAlreadyIsToldSoUntilItChanges) {
  const std::string etag(Ask("/api/list").Header("ETag"));
  EXPECT_EQ(Ask("/api/list", {{"if-none-match", etag}}).status, 304);
  EXPECT_EQ(Ask("/api/list", {{"if-none-match", absl::StrCat("\"x\", W/", etag)}}).status, 304);
  db_.Publish(pl_, {TestService(4, "Another")});
  EXPECT_EQ(Ask("/api/list", {{"if-none-match", etag}}).status, 200);
}

TEST_F(EdgeTest, LastModifiedNeverHidesAChange) {
  Ask("/state");
  db_.clock.Advance(absl::Seconds(10));
  const std::string before(Ask("/state").Header("Last-Modified"));
  ASSERT_NE(before, "");
  EXPECT_EQ(Ask("/state", {{"if-modified-since", before}}).status, 304);
  db_.Publish(pl_, {TestService(4, "Another")});
  const HttpResponse changed = Ask("/state", {{"if-modified-since", before}});
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.Header("Last-Modified"), "") << "the second has not passed: another change may come in it";
}

TEST_F(EdgeTest, LongTextIsCompressedForThoseWhoTakeIt) {
  std::vector<v1::Record> many;
  for (int i = 10; i < 60; ++i) many.push_back(TestService(i, absl::StrCat("Service ", i)));
  db_.Publish(pl_, many);
  const HttpResponse plain = Ask("/api/list");
  const HttpResponse packed = Ask("/api/list", {{"accept-encoding", "br, gzip;q=0.5"}});
  EXPECT_EQ(packed.Header("Content-Encoding"), "gzip");
  EXPECT_LT(packed.body.size() * 3, plain.body.size());
  EXPECT_NE(packed.Header("ETag"), plain.Header("ETag"));
  EXPECT_EQ(Ask("/api/list", {{"accept-encoding", "gzip;q=0"}}).body, plain.body);
  EXPECT_EQ(Ask("/api/list", {{"if-none-match", std::string(packed.Header("ETag"))}}).status, 304);
}

TEST_F(EdgeTest, AnAddressThatAsksTooOftenIsTold) {
  options_.requests_burst = 3;
  options_.requests_per_second = 1;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Ask("/healthz").status, 200);
  EXPECT_EQ(Ask("/healthz").status, 429);
  db_.clock.Advance(absl::Seconds(1));
  EXPECT_EQ(Ask("/healthz").status, 200);
}

// `admit` has counted it already, by name.
TEST_F(EdgeTest, WhoIsRefusedByNameIsNotCountedAsAnAddressToo) {
  options_.admit = [](const std::string&) -> absl::StatusOr<HttpCaller> {
    return WithReason(absl::ResourceExhaustedError("page asks too often"), "TOO_MANY_REQUESTS");
  };
  EXPECT_EQ(Ask("/api/list", Token()).status, 429);
  EXPECT_EQ(seen_.refused, "");
}

TEST_F(EdgeTest, WhatIsSeenForLogsNamesNobodyAndNoWords) {
  Ask(absl::StrCat("/api/records/", TestId(1), "?q=secret"));
  EXPECT_EQ(seen_.route, "/api/records/{id}");
  EXPECT_EQ(seen_.client, "192.0.2.0/24");
}

TEST_F(EdgeTest, OnlyAProxyThatIsKnownSpeaksForOthers) {
  Ask("/healthz", {{"x-forwarded-for", "198.51.100.9"}});
  EXPECT_EQ(seen_.client, "192.0.2.0/24");
  door_ = nullptr;
  options_.proxies = {"192.0.2.77"};
  Ask("/healthz", {{"x-forwarded-for", "203.0.113.1"}, {"x-forwarded-for", "198.51.100.9"}});
  EXPECT_EQ(seen_.client, "198.51.100.0/24");
  EXPECT_EQ(Ask("/state", {{"x-forwarded-proto", "https"}}).body, "https://x.example");
}

TEST_F(EdgeTest, StatusIsWhatAnybodyMayKnow) {
  const HttpResponse response = Ask("/status.json", Token());
  EXPECT_THAT(response.body, HasSubstr(R"("liveRecords": "2")"));
  EXPECT_THAT(response.body, Not(HasSubstr("police")));
  ready_ = absl::UnavailableError("starting");
  EXPECT_EQ(Ask("/readyz").status, 503);
  EXPECT_EQ(Ask("/healthz").status, 200);
}

TEST_F(EdgeTest, AFullDiskIsARemarkAndADiskThatFailedIsNotReady) {
  const absl::Status full = absl::ResourceExhaustedError("the disk of /var/lib/x is full");
  const absl::Status broken = absl::UnavailableError("disk I/O error in /var/lib/x");
  EXPECT_EQ(CheckWriting(absl::OkStatus()), absl::OkStatus());
  EXPECT_EQ(WritingRemark(absl::OkStatus()), "");
  EXPECT_EQ(CheckWriting(full), absl::OkStatus());
  EXPECT_FALSE(CheckWriting(broken).ok());
  EXPECT_FALSE(CheckWriting(absl::DataLossError("fsync")).ok());
  EXPECT_THAT(std::string(CheckWriting(broken).message()), Not(HasSubstr("/var")));
  remark_ = WritingRemark(full);
  const HttpResponse response = Ask("/readyz");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, AllOf(StartsWith("ready; the disk is full"), Not(HasSubstr("/var"))));
}

// --- events

TEST_F(EdgeTest, EventsTellWhatIsThereThenWhatChangesAndGoOnByTheirId) {
  HttpResponse response = Ask("/events?kind=service");
  ASSERT_EQ(response.Header("Content-Type"), "text/event-stream");
  int woken = 0;
  response.stream->OnWake([&woken] { ++woken; });
  const std::string first = response.stream->Next()->bytes;
  EXPECT_THAT(first, AllOf(StartsWith("retry: 3000\n\n"), HasSubstr("event: upsert\n"), HasSubstr("Night line"),
                           HasSubstr("event: caught_up\nid: "), Not(HasSubstr("Shelter"))));
  const size_t id = first.rfind("id: ") + 4;
  const std::string last_id = first.substr(id, first.find('\n', id) - id);
  EXPECT_EQ(response.stream->Next()->bytes, "");
  db_.Withdraw(pl_, v1::SERVICE, {TestId(2)});
  EXPECT_EQ(woken, 1);
  EXPECT_THAT(response.stream->Next()->bytes, AllOf(HasSubstr("event: removed\n"), HasSubstr(TestId(2))));
  const std::string resumed = Ask("/events?kind=service", {{"last-event-id", last_id}}).stream->Next()->bytes;
  EXPECT_THAT(resumed, AllOf(HasSubstr("event: removed\n"), Not(HasSubstr("Night line"))));
}

TEST_F(EdgeTest, SilenceIsBrokenByAComment) {
  HttpResponse response = Ask("/events");
  response.stream->Next().IgnoreError();
  EXPECT_EQ(response.stream->Next()->bytes, "");
  db_.clock.Advance(absl::Seconds(15));
  EXPECT_EQ(response.stream->Next()->bytes, ": still here\n\n");
}

TEST_F(EdgeTest, ATokenThatIsTooOldResetsTheReader) {
  const std::string first = Ask("/events").stream->Next()->bytes;
  const size_t id = first.rfind("id: ") + 4;
  const std::string last_id = first.substr(id, first.find('\n', id) - id);
  db_.Publish({"pl-x", "public", 2}, {TestService(1, "Anew")});
  HttpResponse response = Ask("/events", {{"last-event-id", last_id}});
  const absl::StatusOr<HttpStream::Piece> piece = response.stream->Next();
  EXPECT_TRUE(piece->last);
  EXPECT_THAT(piece->bytes, AllOf(HasSubstr("event: reset\nid\ndata: {"), HasSubstr("WATCH_TOKEN_TOO_OLD")));
  EXPECT_EQ(Ask("/events?since=forged").status, 400);
}

TEST_F(EdgeTest, AttackByEndlessFetching_BytesOfOneAddressAreBoundedOverTime_R8) {
  options_.bytes_burst = 500;
  options_.bytes_per_second = 100;
  ASSERT_EQ(Ask("/api/list").status, 200);  // some 500 bytes and more
  EXPECT_EQ(seen_.refused, "");
  const HttpResponse refused = Ask("/api/list");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(seen_.refused, "TOO_MANY_BYTES");
  EXPECT_THAT(refused.body, HasSubstr("100 bytes a second"));
  db_.clock.Advance(absl::Minutes(5));
  HttpResponse stream = Ask("/events");
  ASSERT_EQ(stream.status, 200);
  ASSERT_TRUE(stream.stream->Next().ok());
  EXPECT_EQ(Ask("/api/list").status, 429) << "what streams counts as well";
}

TEST_F(EdgeTest, AStreamHasAnEtagOfWhatItIsMadeOf) {
  const std::string etag(Ask("/stream").Header("ETag"));
  EXPECT_THAT(etag, StartsWith("W/\""));
  EXPECT_EQ(Ask("/stream", {{"if-none-match", etag}}).status, 304);
  EXPECT_NE(Ask("/stream?page=2").Header("ETag"), etag);
  EXPECT_NE(Ask("/stream", Token()).Header("ETag"), etag) << "who sees more";
  db_.Publish(police_, {TestService(4, "Other shelter")});
  EXPECT_EQ(Ask("/stream", {{"if-none-match", etag}}).status, 304) << "R7";
  db_.Publish(pl_, {TestService(5, "Desk line")});
  EXPECT_EQ(Ask("/stream", {{"if-none-match", etag}}).status, 200);
  EXPECT_EQ(Ask("/stream?q=now").Header("ETag"), "");
  EXPECT_EQ(Ask("/stream?q=now").Header("Last-Modified"), "");
}

TEST_F(EdgeTest, EventStreamsAreBoundedForOneAddress) {
  std::vector<HttpResponse> open;
  for (int i = 0; i < limits::http_event_streams_per_address_max; ++i) open.push_back(Ask("/events"));
  EXPECT_EQ(open.back().status, 200);
  EXPECT_EQ(Ask("/events").status, 429);
  EXPECT_EQ(seen_.refused, "TOO_MANY_STREAMS");
  EXPECT_EQ(Ask("/events", Token()).status, 429);
  EXPECT_EQ(seen_.refused, "TOO_MANY_STREAMS") << "a token makes no other address of it";
  open.clear();
  EXPECT_EQ(Ask("/events").status, 200);
}

TEST(EventSlotsTest, AttackFromManyAddresses_SomeStreamsAreKeptForThoseWhoHaveAToken_R8) {
  EventSlots slots;
  std::vector<std::unique_ptr<EventSlots::Slot>> taken;
  const auto take_all = [&](bool authorised) {
    for (int i = 0;; ++i) {
      auto slot = slots.Take(
          absl::StrCat("192.0.", authorised ? 3 : 2, ".", i / limits::http_event_streams_per_address_max), authorised);
      if (!slot.ok()) return slot.status();
      taken.push_back(*std::move(slot));
    }
  };
  EXPECT_EQ(take_all(false).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_LT(slots.taken(), limits::http_event_streams_max);
  EXPECT_EQ(ReasonOf(take_all(true)), "TOO_MANY_STREAMS");
  EXPECT_EQ(slots.taken(), limits::http_event_streams_max);
  taken.clear();
  EXPECT_EQ(slots.taken(), 0);
}

TEST_F(EdgeTest, AStreamEndsWithItsToken) {
  HttpResponse response = Ask("/events", Token());
  EXPECT_THAT(response.stream->Next()->bytes, HasSubstr("Shelter"));
  token_ = absl::UnauthenticatedError("revoked");
  EXPECT_FALSE(response.stream->Next().ok());
}

TEST_F(EdgeTest, TrendsGoOnFromTheStartAndThinOutWhenFull) {
  EXPECT_EQ(Parsed(Ask("/api/trends"))["seconds"], Json::array());
  for (int i = 0; i < 5; ++i) {
    trends_->Look();
    trends_->Look();  // it is not time yet
    db_.clock.Advance(absl::Seconds(10));
    if (i == 2)
      db_.Publish(pl_, {TestService(1, "Night line"), TestService(2, "Legal advice"), TestService(4, "Chat")});
  }
  const Json trends = Parsed(Ask("/api/trends"));
  EXPECT_EQ(trends["seconds"], Json({0, 20, 40})) << "of four at most";
  EXPECT_EQ(trends["intervalSeconds"], 20);
  EXPECT_EQ(trends["startedAt"],
            absl::FormatTime(absl::RFC3339_sec, db_.clock.Now() - absl::Seconds(50), absl::UTCTimeZone()));
  EXPECT_EQ(Curve(trends, "entries"), Json({2, 2, 3}));
  EXPECT_EQ(Curve(trends, "kind", "service"), Json({2, 2, 3}));
  EXPECT_EQ(Curve(trends, "kind", "training"), Json({0, 0, 0}));
  EXPECT_EQ(Curve(trends, "freshness", "overdue").size(), 3u);
  EXPECT_EQ(Curve(trends, "lag", "pl-x").size(), 3u);
  EXPECT_EQ(Parsed(Ask("/api/trends?limit=1"))["seconds"], Json({40}));
  EXPECT_EQ(Ask("/api/trends?limit=0").status, 400);
}

// Trends are of what anybody may read, whoever asks: no count, partner, country or time of a change tells of a circle.
TEST_F(EdgeTest, AttackTrendsTellNothingOfAudiencesThatTheReaderMayNotRead) {
  trends_->Look();
  const std::string before = Ask("/api/trends").body;
  v1::Record shelter = TestService(5, "Another shelter");
  shelter.add_countries("MT");
  db_.Publish(police_, {TestService(3, "Shelter"), shelter});
  db_.Publish({"lv-y", "circle:police"}, {TestService(6, "Safe house")});
  EXPECT_EQ(Ask("/api/trends").body, before);
  db_.clock.Advance(absl::Seconds(10));
  trends_->Look();
  for (const NameValues& who : {NameValues(), Token()}) {
    const Json after = Parsed(Ask("/api/trends", who));
    EXPECT_EQ(Curve(after, "entries"), Json({2, 2}));
    EXPECT_EQ(Curve(after, "kind", "service"), Json({2, 2}));
    EXPECT_EQ(Curve(after, "country", "MT"), nullptr);
    EXPECT_EQ(Curve(after, "lag", "lv-y"), nullptr) << "its only feed here is the circle's";
  }
}

}  // namespace
}  // namespace cairn
