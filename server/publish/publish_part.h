// What one batch does to the feed of one audience. Internal to server/publish.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "cairn/v1/feed.pb.h"
#include "cairn/v1/publishing.pb.h"
#include "server/publish/own_feed.h"
#include "server/store/publish_scratch.h"

namespace cairn {

// Used by one thread at a time.
struct PublishPart {
  PublishPart(std::string its_audience, std::string scratch_dir)
      : audience(std::move(its_audience)), scratch(std::move(scratch_dir)) {
    counts.set_audience(audience);
  }

  // The next entries of the change, changes first; empty when all were given.
  absl::StatusOr<std::vector<v1::Entry>> NextEntries();
  // One more entry goes; `bytes` of payload with it.
  absl::Status Withdraw(int kind, const std::string& id16, uint64_t bytes);
  // Entries of the change, as counted.
  uint64_t entries() const { return counts.added() + counts.changed() + counts.withdrawn(); }

  const std::string audience;
  PublishScratch scratch;
  OwnFeed::Change change;     // its numbers
  v1::AudienceResult counts;  // added, changed, withdrawn

 private:
  uint64_t next_position_ = 0;
  uint64_t next_withdrawal_ = 0;
};

using PublishParts = std::vector<std::unique_ptr<PublishPart>>;

// The part of the audience; made when first asked for.
PublishPart& PartFor(PublishParts* parts, const std::string& audience, const std::string& scratch_dir);

// The changes of those parts that have entries, each onto what is held of its feed. The parts must outlive them.
std::vector<OwnFeed::FeedChange> ChangesOf(const PublishParts& parts, const std::map<std::string, HeldFeed>& held);

}  // namespace cairn
