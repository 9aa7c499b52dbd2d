#include "server/publish/not_own.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "common/record/kinds.h"
#include "server/store/feed_store.h"

namespace cairn {
namespace {

constexpr size_t ids_named_max = 10;  // a mistake of a file repeats itself; ten show what it is

// Empty when no other partner holds it.
absl::StatusOr<std::string> HolderOf(Connection& db, const std::string& partner, const Reader* reader,
                                     const std::string& id) {
  ASSIGN_OR_RETURN(const std::string id16, UuidFromText(id));
  for (const v1::RecordKind kind : AllKinds()) {
    ASSIGN_OR_RETURN(const std::vector<FeedKey> holders, FeedStore::FeedsHolding(db, kind, id16));
    for (const FeedKey& holder : holders) {
      const bool may_know = reader == nullptr || reader->MayAsk(holder.audience);
      if (holder.partner != partner && may_know) return holder.partner;
    }
  }
  return std::string();
}

}  // namespace

absl::Status NotOwn(Store* store, const std::string& partner, const Reader* reader,
                    const std::vector<std::string>& ids) {
  std::vector<std::string> said;
  bool of_others = false;
  RETURN_IF_ERROR(store->Read([&](Connection& db) -> absl::Status {
    said.clear();
    for (size_t i = 0; i < std::min(ids.size(), ids_named_max); ++i) {
      ASSIGN_OR_RETURN(const std::string holder, HolderOf(db, partner, reader, ids[i]));
      of_others |= !holder.empty();
      said.push_back(absl::StrCat(ids[i], ": ",
                                  holder.empty() ? absl::StrCat("not published by ", partner, ", nor by anybody else")
                                                 : absl::StrCat("published by partner ", holder)));
    }
    return absl::OkStatus();
  }));
  if (ids.size() > said.size()) said.push_back(absl::StrCat("and ", ids.size() - said.size(), " more"));
  return absl::NotFoundError(absl::StrCat(
      absl::StrJoin(said, "; "), of_others ? "; each partner changes its own records, ask that one to do it" : ""));
}

}  // namespace cairn
