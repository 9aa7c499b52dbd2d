#include "server/store/feed_key.h"

#include "absl/strings/str_cat.h"

namespace cairn {

FeedKey FeedKey::FromProto(const v1::FeedId& id) { return {id.partner(), id.audience(), id.generation()}; }

v1::FeedId FeedKey::ToProto() const {
  v1::FeedId id;
  id.set_partner(partner);
  id.set_audience(audience);
  id.set_generation(generation);
  return id;
}

std::string FeedKey::ToString() const { return absl::StrCat(partner, "/", audience, "#", generation); }

}  // namespace cairn
