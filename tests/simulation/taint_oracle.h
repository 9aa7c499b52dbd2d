// What the taint test looks for, and who may have it: the scenario's own list of members, never MayRead.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "cairn/v1/record.pb.h"
#include "tests/simulation/taint_scenario.h"

namespace cairn {

inline constexpr int kTaintPartners = 12;
inline constexpr int kTaintCircles = 30;
// This partner publishes nothing for everybody, and its name in the charter is a marker: whoever is not of the
// consortium never hears of it.
inline constexpr int kSecretPartner = 11;

// Audiences by number: 0 the consortium, else the circle's number plus one.
std::string TaintAudience(int audience);
std::string TaintCircle(int circle);
// Stands in every text of `owner` for `audience`.
std::string TaintMarker(int owner, int audience);
// Stands beside the marker, to be searched for: an answer that repeats what was asked holds no marker.
std::string TaintWord(int owner, int audience);

// Kinds of records by number, one after the other, so that every path has something to show.
inline constexpr int kTaintKinds = 5;
// A record that has `words` wherever one of its kind can have words; `term`: also as a classification.
v1::Record TaintRecord(int owner, uint64_t number, const std::string& words, const std::string& term);

// Somebody who gets bytes of a node.
struct TaintReader {
  std::string name;
  int partner = -1;                    // whose node or person it is; -1: anybody
  std::optional<std::set<int>> given;  // the audiences of its token, by number; nullopt: not bounded
};

class TaintOracle {
 public:
  using Members = std::map<int, std::set<int>>;  // circle -> partners

  // The circles from this charter version on.
  void SetMembers(uint64_t version, Members members) { members_[version] = std::move(members); }
  const Members& newest_members() const { return members_.rbegin()->second; }
  uint64_t newest_version() const { return members_.rbegin()->first; }
  size_t versions() const { return members_.size(); }
  void NotePublished(int owner, int audience) { published_to_.insert({owner, audience}); }

  // Whether `who` may have a text of `owner` for `audience` under this charter version.
  bool Allowed(uint64_t version, const TaintReader& who, int owner, int audience) const;
  // A circle's name may be seen by its members and by those who publish to it.
  bool MayKnow(uint64_t version, const TaintReader& who, int circle) const;

  // Every byte that `who` got over `path`, at a node that goes by this version.
  void Search(absl::string_view path, uint64_t version, const TaintReader& who, absl::string_view bytes);
  // `answer` to a question about texts of `owner` for `audience`, and the answer to the same question about what nobody
  // has: the same for whoever may not have them, counts included.
  void Compare(absl::string_view path, uint64_t version, const TaintReader& who, std::pair<int, int> owner_and_audience,
               absl::string_view answer, absl::string_view of_nothing);
  void Leak(absl::string_view path, const TaintReader& who, absl::string_view what);

  TaintReport& report() { return report_; }

 private:
  std::map<uint64_t, Members> members_;
  std::set<std::pair<int, int>> published_to_;
  TaintReport report_;
};

}  // namespace cairn
