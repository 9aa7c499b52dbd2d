// Supplements in the derived tables: a supplement is found and listed as its readers see it, merged with the record of
// the wider audience. Internal to server/store. Every function runs inside a write unless it says so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/store/database.h"

namespace cairn {

// The group of an entry: those of the same partner, kind and id, one for each audience.
struct GroupKey {
  std::string partner;
  int kind = 0;
  std::string id16;
};

// True when the partner holds more than the one public feed, so that groups of several entries are possible. Runs in
// reads as well.
absl::StatusOr<bool> HasGroups(Connection& db, absl::string_view partner);

// Brings the rows of the group's supplements in line with its entries, of which one has come, changed or gone. Entries
// above `derived_through` are left to the rebuild.
absl::Status DeriveSupplements(Connection& db, const GroupKey& group, int64_t derived_through);

// Takes away the rows of a supplement whose entry is about to be deleted. Nothing for other entries.
absl::Status ForgetSupplement(Connection& db, int kind, absl::string_view id16, int64_t entry_id);

// One supplement as the entries make it.
struct SupplementView {
  int64_t entry_id = 0;
  int64_t feed_id = 0;
  int64_t base_entry_id = 0;  // of the record that it is laid over; hidden from whoever may read this
  std::string merged;         // serialised Record
};
// What the supplements of a group should look like, those with something to be laid over. Runs in reads as well.
absl::StatusOr<std::vector<SupplementView>> ViewsOf(Connection& db, const GroupKey& group);

// That of one entry; nullopt: it is no supplement, or has nothing to be laid over.
absl::StatusOr<std::optional<SupplementView>> ViewOf(Connection& db, const GroupKey& group, int64_t entry_id);

}  // namespace cairn
