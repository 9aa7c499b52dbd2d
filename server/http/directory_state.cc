#include "server/http/directory_state.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/crypto/hash.h"
#include "server/directory/request_filter.h"

namespace cairn {

absl::StatusOr<DirectoryState> DirectoryStates::Find(const Reader& reader) {
  const std::shared_ptr<const CharterView> charter = parts_.charter();
  std::string names;
  std::string content = absl::StrCat("charter ", charter->version(), "\n");
  DirectoryState state;
  RETURN_IF_ERROR(parts_.store->Read([&](Connection& connection) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<IndexedFeed> feeds, ReadableFeeds(connection, *charter, reader));
    for (const IndexedFeed& feed : feeds) {
      absl::StrAppend(&names, feed.feed.partner, " ", feed.feed.audience, "\n");
      absl::StrAppend(&content, feed.feed.ToString(), " ", feed.feed.generation, " ", feed.seq, "\n");
      state.is_moving |= feed.moving;
    }
    for (const absl::string_view note : {"derived_version", "rebuild_cursor"}) {
      ASSIGN_OR_RETURN(const std::string value, GetMeta(connection, note));
      absl::StrAppend(&content, note, " ", value, "\n");
    }
    return absl::OkStatus();
  }));
  state.tag = ToHex(Sha256(content)).substr(0, 32);
  absl::MutexLock lock(&mutex_);
  if (seen_.size() >= limits::http_states_max) seen_.clear();
  Seen& seen = seen_[Sha256(names)];
  if (seen.tag != state.tag) seen = {state.tag, std::max(parts_.clock->Now(), seen.changed)};
  state.changed = seen.changed;
  return state;
}

}  // namespace cairn
