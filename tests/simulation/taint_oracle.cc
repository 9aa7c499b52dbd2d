#include "tests/simulation/taint_oracle.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/simulation/sim_node.h"

namespace cairn {
namespace {

constexpr size_t kLeaksKept = 20;

}  // namespace

std::string TaintMarker(int owner, int audience) { return absl::StrFormat("taint%02dx%02dq", owner, audience); }
std::string TaintWord(int owner, int audience) { return absl::StrFormat("wort%02dx%02dw", owner, audience); }
std::string TaintCircle(int circle) { return absl::StrFormat("zirkel-%02d-q", circle); }
std::string TaintAudience(int audience) {
  return audience == 0 ? "consortium" : absl::StrCat("circle:", TaintCircle(audience - 1));
}

v1::Record TaintRecord(int owner, uint64_t number, const std::string& words, const std::string& term) {
  v1::Record record;
  record.set_id(SimNode::RecordId(owner, number));
  if (!term.empty()) {
    record.add_terms()->set_code(term);
    record.mutable_terms(0)->set_name(words);
    record.mutable_terms(0)->set_taxonomy(words);
  }
  const auto fill = [&](auto* body) {
    body->set_name(absl::StrCat("No. ", number, " ", words));
    body->set_description(words);
  };
  const std::string place = SimNode::RecordId(owner, number / kTaintKinds * kTaintKinds + 4);
  switch (number % kTaintKinds) {
    case 0:
      fill(record.mutable_organization());
      record.mutable_organization()->add_location_ids(place);
      break;
    case 1: {
      fill(record.mutable_service());
      record.mutable_service()->set_status("active");
      v1::ServiceAtLocation* at = record.mutable_service()->add_service_at_locations();
      at->set_location_id(place);
      at->set_description(words);
      break;
    }
    case 2: {
      fill(record.mutable_training());
      record.mutable_training()->set_mode("online");
      v1::TrainingSession* session = record.mutable_training()->add_sessions();
      session->set_id(SimNode::RecordId(owner, 1'000 + number));
      session->set_start("2027-12-01T10:00:00");
      session->set_end("2027-12-01T12:00:00");
      session->set_time_zone("Europe/Warsaw");
      break;
    }
    case 3:
      fill(record.mutable_resource());
      record.mutable_resource()->set_resource_type("toolkit");
      record.mutable_resource()->set_url("https://example.org/toolkit");
      break;
    default:
      fill(record.mutable_location());
      record.mutable_location()->set_location_type("physical");
      record.mutable_location()->set_latitude(52.2);
      record.mutable_location()->set_longitude(21.0);
      record.mutable_location()->add_addresses()->set_city(words);
      record.mutable_location()->mutable_addresses(0)->set_country("PL");
  }
  return record;
}

bool TaintOracle::Allowed(uint64_t version, const TaintReader& who, int owner, int audience) const {
  if (who.partner < 0) return false;
  if (who.given.has_value() && !who.given->contains(audience)) return false;
  if (who.partner == owner || audience == 0) return true;
  const Members& members = members_.at(version);
  const auto circle = members.find(audience - 1);
  return circle != members.end() && circle->second.contains(who.partner);
}

bool TaintOracle::MayKnow(uint64_t version, const TaintReader& who, int circle) const {
  if (who.partner < 0) return false;
  if (who.given.has_value()) return who.given->contains(circle + 1);
  return published_to_.contains({who.partner, circle + 1}) || Allowed(version, who, -1, circle + 1);
}

void TaintOracle::Leak(absl::string_view path, const TaintReader& who, absl::string_view what) {
  ++report_.paths[std::string(path)].leaks;
  if (report_.leaks.size() < kLeaksKept) report_.leaks.push_back(absl::StrCat(path, ": to ", who.name, ": ", what));
}

void TaintOracle::Search(absl::string_view path, uint64_t version, const TaintReader& who, absl::string_view bytes) {
  TaintPath& counts = report_.paths[std::string(path)];
  ++counts.answers;
  counts.bytes += bytes.size();
  constexpr absl::string_view marker = "taint";
  for (size_t at = bytes.find(marker); at != absl::string_view::npos; at = bytes.find(marker, at + 5)) {
    int owner = 0, audience = 0;
    if (bytes.size() < at + 11 || !absl::SimpleAtoi(bytes.substr(at + 5, 2), &owner) ||
        !absl::SimpleAtoi(bytes.substr(at + 8, 2), &audience)) {
      continue;
    }
    if (!Allowed(version, who, owner, audience)) {
      Leak(path, who, bytes.substr(at, 11));
    } else if (who.partner != owner) {
      ++counts.arrivals;
    }
  }
  constexpr absl::string_view name = "zirkel-";
  for (size_t at = bytes.find(name); at != absl::string_view::npos; at = bytes.find(name, at + 7)) {
    int circle = 0;
    if (bytes.size() < at + 9 || !absl::SimpleAtoi(bytes.substr(at + 7, 2), &circle)) continue;
    if (!MayKnow(version, who, circle)) Leak(path, who, absl::StrCat("the name of circle ", circle));
  }
}

void TaintOracle::Compare(absl::string_view path, uint64_t version, const TaintReader& who,
                          std::pair<int, int> owner_and_audience, absl::string_view answer,
                          absl::string_view of_nothing) {
  const auto& [owner, audience] = owner_and_audience;
  if (Allowed(version, who, owner, audience) || answer == of_nothing) return;
  Leak(path, who, absl::StrCat("that there is something of p", owner, " for ", TaintAudience(audience)));
}

}  // namespace cairn
