#include "tests/simulation/taint_reads.h"

#include <algorithm>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "cairn/v1/publishing.grpc.pb.h"
#include "cairn/v1/tables.grpc.pb.h"
#include "gtest/gtest.h"

namespace cairn {
namespace {

constexpr size_t kVisitorsMax = 10;
constexpr char kSecretId[] = "\"p11\"";    // of kSecretPartner, as JSON and metrics have it
constexpr char kNothing[] = "wort99x99w";  // nobody has it

std::string TextOf(const grpc::Status& status, const grpc::ClientContext& context) {
  std::string text = status.error_message();
  for (const auto& [name, value] : context.GetServerTrailingMetadata()) {
    absl::StrAppend(&text, "\n", absl::string_view(value.data(), value.size()));
  }
  return text;
}

// An editor is told by name who gets the records that it publishes, whatever else it may know of them.
std::string ToldName(int node) { return TaintMarker(kSecretPartner, node == kSecretPartner ? 99 : 0); }

// What all messages of a stream hold, and how it ended.
template <typename Response, typename Stream>
std::string ReadAll(Stream* stream, const grpc::ClientContext& context,
                    const std::function<bool(const Response&)>& enough = nullptr) {
  std::string all;
  Response response;
  while (stream->Read(&response)) {
    absl::StrAppend(&all, response.SerializeAsString());
    if (enough != nullptr && enough(response)) const_cast<grpc::ClientContext&>(context).TryCancel();
  }
  const grpc::Status status = stream->Finish();
  return absl::StrCat(all, "\n", TextOf(status, context));
}

}  // namespace

TaintDoors& TaintReads::Doors(int node) {
  std::unique_ptr<TaintDoors>& doors = doors_[node];
  if (doors == nullptr) {
    doors = std::make_unique<TaintDoors>(world_, node);
    GiveTokens(node, doors.get());
  }
  return *doors;
}

void TaintReads::GiveTokens(int node, TaintDoors* doors) {
  std::vector<TaintVisitor>& visitors = visitors_[node];
  const auto add = [&](const std::set<int>& audiences) {
    auto token = doors->GiveToken(absl::StrCat("t", visitors.size()), audiences);
    ASSERT_TRUE(token.ok()) << token.status();
    visitors.push_back(*std::move(token));
  };
  if (visitors.empty()) {
    visitors.push_back({{"anybody", -1, std::nullopt}, ""});
    visitors.push_back({{absl::StrCat("the operator of p", node), node, std::nullopt}, ""});
    add({});
    add({0});
  }
  // Some circle in which the node's partner is now; it may leave it, or the circle go and come back.
  if (visitors.size() >= kVisitorsMax) return;
  for (const v1::Circle& circle : world_->node(node).charter().current()->charter().circles()) {
    int number = 0;
    if (random_->Below(3) != 0 || !absl::SimpleAtoi(circle.name().substr(7, 2), &number)) continue;
    const std::string partner = TestConsortium::Partner(node);
    if (std::count(circle.partners().begin(), circle.partners().end(), partner) == 0) continue;
    add({0, number + 1});
    return;
  }
}

const TaintVisitor& TaintReads::AnyVisitor(int node) {
  TaintDoors& doors = Doors(node);
  if (random_->Below(100) == 0) GiveTokens(node, &doors);
  const std::vector<TaintVisitor>& visitors = visitors_[node];
  return visitors[random_->Below(visitors.size())];
}

const TaintVisitor* TaintReads::AnyHolder(int node) {
  const TaintVisitor& visitor = AnyVisitor(node);
  return visitor.secret.empty() ? &visitors_[node][2 + random_->Below(2)] : &visitor;
}

std::pair<int, int> TaintReads::AnyTaint() {
  if (published_->empty()) return {0, 0};
  auto found = published_->lower_bound({static_cast<int>(random_->Below(kTaintPartners)), random_->Below(40)});
  if (found == published_->end()) found = published_->begin();
  return {found->first.first, found->second};
}

std::string TaintReads::AnyId(int kind, int owner) {
  for (int i = 0; i < 50; ++i) {
    const int of = owner >= 0 ? owner : static_cast<int>(random_->Below(kTaintPartners));
    const auto found = published_->lower_bound({of, random_->Below(40)});
    if (found == published_->end() || (owner >= 0 && found->first.first != owner)) continue;
    const uint64_t number = found->first.second;
    if (kind >= 0 && static_cast<int>(number % kTaintKinds) != kind) continue;
    return SimNode::RecordId(found->first.first, number);
  }
  return SimNode::RecordId(std::max(owner, 0), 39);
}

void TaintReads::SearchWithout(absl::string_view said, absl::string_view path, int node, const TaintReader& who,
                               const std::string& bytes) {
  Search(path, node, who, absl::StrReplaceAll(bytes, {{said, "…"}}));
}

// --- the directory

void TaintReads::ReadDirectory(int node) {
  const TaintVisitor& visitor = AnyVisitor(node);
  const DirectoryReader& directory = Doors(node).directory();
  const Reader reader = Doors(node).ReaderOf(visitor);
  const auto check = [&](absl::string_view path, const auto& answer) {
    Search(path, node, visitor.who, answer.ok() ? answer->SerializeAsString() : std::string(answer.status().message()));
  };
  // Single records are cheap, so they come more often than whole lists.
  switch (random_->Below(10)) {
    case 0:
    case 7: {
      v1::SearchRequest request;
      const auto [owner, audience] = AnyTaint();
      request.set_query(TaintWord(owner, audience));
      check("search", directory.Search(reader, request));
      break;
    }
    case 1:
    case 8:
    case 9: {
      v1::GetRecordRequest request;
      request.set_id(AnyId(-1, -1));
      check("get", directory.GetRecord(reader, request));
      break;
    }
    case 2:
      check("list", directory.ListRecords(reader, {}));
      break;
    case 3:
      Partners(node, visitor);
      break;
    case 4:
      Export(node, visitor);
      break;
    case 5:
      Watch(node, visitor);
      break;
    default:
      Facets(node, visitor);
  }
}

void TaintReads::Facets(int node, const TaintVisitor& visitor) {
  const auto ask = [&](const std::string& query) {
    v1::GetFacetsRequest request;
    request.set_query(query);
    const auto answer = Doors(node).directory().GetFacets(Doors(node).ReaderOf(visitor), request);
    return answer.ok() ? answer->SerializeAsString() : std::string(answer.status().message());
  };
  Search("facets", node, visitor.who, ask(""));
  const auto [owner, audience] = AnyTaint();
  oracle_->Compare("facets of what is hidden", VersionAt(node), visitor.who, {owner, audience},
                   ask(TaintWord(owner, audience)), ask(kNothing));
}

// Numbers are at most those of the feeds that the visitor may read.
void TaintReads::Partners(int node, const TaintVisitor& visitor) {
  const auto answer = Doors(node).directory().ListPartners(Doors(node).ReaderOf(visitor));
  const auto feeds = world_->node(node).feeds().Feeds();
  ASSERT_TRUE(answer.ok() && feeds.ok());
  Search("partners", node, visitor.who, answer->SerializeAsString());
  std::map<std::string, uint64_t> most;
  for (const HeldFeed& held : *feeds) {
    int owner = 0, circle = -1;
    ASSERT_TRUE(absl::SimpleAtoi(held.feed.partner.substr(1), &owner));
    if (absl::StartsWith(held.feed.audience, "circle:")) {
      ASSERT_TRUE(absl::SimpleAtoi(held.feed.audience.substr(14, 2), &circle));
    }
    const bool allowed =
        held.feed.audience == "public" || oracle_->Allowed(VersionAt(node), visitor.who, owner, circle + 1);
    if (allowed) most[held.feed.partner] += held.live_count;
  }
  for (const v1::PartnerSummary& partner : answer->partners()) {
    if (partner.live_records() > most[partner.id()]) {
      oracle_->Leak("partners", visitor.who, absl::StrCat("a count of ", partner.live_records(), " of ", partner.id()));
    }
  }
}

void TaintReads::Export(int node, const TaintVisitor& visitor) {
  std::string all;
  const absl::Status done = Doors(node).directory().ExportRecords(Doors(node).ReaderOf(visitor), {},
                                                                  [&](const v1::ExportRecordsResponse& page) {
                                                                    absl::StrAppend(&all, page.SerializeAsString());
                                                                    return absl::OkStatus();
                                                                  });
  Search("export", node, visitor.who, absl::StrCat(all, "\n", done.message()));
}

// Watchers live on through changes of the charter.
void TaintReads::Watch(int node, const TaintVisitor& visitor) {
  std::unique_ptr<Watcher>& watcher = watchers_[node][visitor.who.name];
  if (watcher == nullptr) {
    const CharterSource charter = [this, node] { return world_->node(node).charter().current(); };
    auto started =
        Watcher::Start(&world_->node(node).store(), charter, world_->clock(), Doors(node).ReaderOf(visitor), {});
    ASSERT_TRUE(started.ok()) << started.status();
    watcher = *std::move(started);
  }
  const auto events = watcher->Next();
  std::string all(events.status().message());
  if (events.ok()) {
    for (const v1::WatchRecordsResponse& event : *events) absl::StrAppend(&all, event.SerializeAsString());
  } else {
    watcher = nullptr;
  }
  Search("watch", node, visitor.who, all);
}

// --- doors

void TaintReads::ReadDoors(int node) {
  const uint64_t what = random_->Below(100);
  if (what < 70) return Http(node, AnyVisitor(node));
  const TaintVisitor& holder = *AnyHolder(node);
  if (what < 75) return Snapshot(node, holder);
  if (what < 78) return Follow(node, holder);
  if (what < 84) return Status(node, holder);
  if (what < 89) return Receipts(node, holder);
  if (what < 94) return WhoSees(node, holder);
  DryRun(node, holder);
}

// Some route, in some of its forms: a route that comes is read from then on.
void TaintReads::Http(int node, const TaintVisitor& visitor) {
  const std::vector<Route>& routes = Doors(node).routes();
  const Route& route = routes[random_->Below(routes.size())];
  const auto takes = [&](const char* parameter) {
    return std::count(route.parameters.begin(), route.parameters.end(), parameter) > 0;
  };
  std::vector<std::string> forms{""};
  for (const char* form : {"full=true", "format=ndjson"}) {
    if (takes(std::string(form).substr(0, std::string(form).find('=')).c_str())) forms.push_back(form);
  }
  const auto [owner, audience] = AnyTaint();
  const std::string word = TaintWord(owner, audience);
  for (const char* words : {"q", "search"}) {
    if (takes(words)) forms.push_back(absl::StrCat(words, "=", word));
  }
  const std::string form = forms[random_->Below(forms.size())];
  const std::string path =
      absl::StrCat(route.pattern, form.empty() ? "" : "?", absl::StrReplaceAll(form, {{word, ""}}));
  const std::string target = absl::StrCat(TargetOf(node, route.pattern), form.empty() ? "" : "?", form);
  std::string answer = Doors(node).Get(visitor, target);
  if (node == kSecretPartner) {
    if (route.pattern == "/catalog.jsonld") return;  // a node says whose it is
  } else {
    answer = absl::StrReplaceAll(answer, {{kSecretId, TaintMarker(kSecretPartner, 0)}});
  }
  Search(path, node, visitor.who, answer);
}

std::string TaintReads::TargetOf(int node, const std::string& pattern) {
  if (absl::StrContains(pattern, "{file}")) return absl::StrReplaceAll(pattern, {{"{file}", "app.js"}});
  if (!absl::StrContains(pattern, "{id}")) return pattern;
  int kind = -1;
  const std::pair<const char*, int> kinds[] = {
      {"/organizations/", 0}, {"/services/", 1}, {"/trainings/", 2}, {"/resources/", 3}};
  for (const auto& [part, number] : kinds) {
    if (absl::StrContains(pattern, part)) kind = number;
  }
  const bool made_up = absl::StartsWith(pattern, "/hsds/") && kind < 0;  // ids that the interface makes of texts
  return absl::StrReplaceAll(pattern, {{"{id}", made_up ? HsdsId(node, pattern) : AnyId(kind, -1)}});
}

// Something that the node's operator finds in the list of what `pattern` shows.
std::string TaintReads::HsdsId(int node, const std::string& pattern) {
  const std::string list =
      Doors(node).Get(visitors_[node][1], absl::StrReplaceAll(pattern, {{"/{id}", "?per_page=500"}}));
  std::vector<std::string> ids;
  const std::string before = R"("id":")";
  for (size_t at = list.find(before); at != std::string::npos; at = list.find(before, at + 1)) {
    ids.push_back(list.substr(at + before.size(), 36));
  }
  return ids.empty() ? SimNode::RecordId(0, 0) : ids[random_->Below(ids.size())];
}

void TaintReads::Snapshot(int node, const TaintVisitor& holder) {
  v1::MakeSnapshotRequest request;
  const auto given = holder.who.given->begin();
  const bool own = !holder.who.given->empty() && random_->Below(2) == 0;
  request.set_audience(own ? TaintAudience(*std::next(given, random_->Below(holder.who.given->size()))) : "public");
  if (random_->Below(4) == 0) request.set_audience(TaintAudience(AnyTaint().second));
  grpc::ClientContext context;
  const auto stream = v1::Tables::NewStub(Doors(node).Channel(holder))->MakeSnapshot(&context, request);
  std::string file;  // raw, so that what the tables no longer show is found too
  v1::MakeSnapshotResponse part;
  while (stream->Read(&part)) absl::StrAppend(&file, part.chunk());
  const grpc::Status status = stream->Finish();
  const std::string said = request.audience();
  Search("snapshot", node, holder.who, status.ok() ? file : "");
  SearchWithout(said, "refused snapshot", node, holder.who, TextOf(status, context));
}

void TaintReads::Follow(int node, const TaintVisitor& holder) {
  v1::FollowRecordsRequest request;
  request.set_audience(holder.who.given->empty() ? "public" : TaintAudience(*holder.who.given->rbegin()));
  if (random_->Below(4) == 0) request.set_audience(TaintAudience(AnyTaint().second));
  grpc::ClientContext context;
  const auto stream = v1::Tables::NewStub(Doors(node).Channel(holder))->FollowRecords(&context, request);
  SearchWithout(request.audience(), "follow", node, holder.who,
                ReadAll<v1::FollowRecordsResponse>(stream.get(), context, [](const v1::FollowRecordsResponse& event) {
                  return event.change().has_caught_up();
                }));
}

void TaintReads::Status(int node, const TaintVisitor& holder) {
  grpc::ClientContext context;
  v1::GetStatusResponse response;
  const grpc::Status status = v1::Operations::NewStub(Doors(node).Channel(holder))->GetStatus(&context, {}, &response);
  Search("status", node, holder.who, absl::StrCat(response.SerializeAsString(), TextOf(status, context)));
}

void TaintReads::Receipts(int node, const TaintVisitor& holder) {
  grpc::ClientContext context;
  v1::GetReceiptsRequest request;
  request.set_id(AnyId(-1, node));
  v1::GetReceiptsResponse response;
  const grpc::Status status =
      v1::Publishing::NewStub(Doors(node).Channel(holder))->GetReceipts(&context, request, &response);
  Search("receipts", node, holder.who, absl::StrCat(response.SerializeAsString(), TextOf(status, context)));
}

void TaintReads::WhoSees(int node, const TaintVisitor& holder) {
  grpc::ClientContext context;
  v1::ExplainAccessRequest request;
  request.set_id(AnyId(-1, node));
  v1::ExplainAccessResponse response;
  const grpc::Status status =
      v1::Publishing::NewStub(Doors(node).Channel(holder))->ExplainAccess(&context, request, &response);
  SearchWithout(ToldName(node), "who-sees", node, holder.who,
                absl::StrCat(response.SerializeAsString(), TextOf(status, context)));
}

// Over a record that is there for whom the caller need not know, so that changes, problems and errors might tell.
void TaintReads::DryRun(int node, const TaintVisitor& holder) {
  v1::PublishRequest header, records, commit;
  header.mutable_header()->set_dry_run(true);
  header.mutable_header()->set_move(random_->Below(2) == 0);
  std::string audience = holder.who.given->empty() ? "public" : TaintAudience(*holder.who.given->rbegin());
  if (random_->Below(4) == 0) audience = TaintAudience(AnyTaint().second);
  header.mutable_header()->set_audience(audience);
  uint64_t number = 0;
  const std::string id = AnyId(-1, node);
  EXPECT_TRUE(absl::SimpleAtoi(id.substr(id.size() - 12), &number));
  *records.mutable_records()->add_records()->mutable_record() = TaintRecord(node, number, "for everybody", "");
  commit.mutable_commit()->set_record_count(1);
  grpc::ClientContext context;
  const auto stream = v1::Publishing::NewStub(Doors(node).Channel(holder))->Publish(&context);
  for (const v1::PublishRequest* request : {&header, &records, &commit}) stream->Write(*request);
  stream->WritesDone();
  std::string told = ReadAll<v1::PublishResponse>(stream.get(), context);
  told = absl::StrReplaceAll(told, {{audience, "…"}});
  SearchWithout(ToldName(node), "dry run", node, holder.who, told);
}

}  // namespace cairn
