#include "server/charter/may_read.h"

#include <algorithm>

#include "absl/strings/strip.h"
#include "common/record/supplement.h"

namespace cairn {

namespace {

bool InCircle(const CharterView& charter, absl::string_view circle, absl::string_view partner) {
  const v1::Circle* const found = charter.FindCircle(circle);
  return found != nullptr &&
         std::find(found->partners().begin(), found->partners().end(), partner) != found->partners().end();
}

}  // namespace

Reader Reader::Limited(absl::string_view own_partner, std::vector<std::string> audiences) {
  if (LacksConsortium(audiences)) std::erase_if(audiences, IsCircle);
  Reader reader(own_partner);
  reader.audiences_ = std::move(audiences);
  return reader;
}

bool Reader::MayAsk(absl::string_view audience) const {
  return !audiences_.has_value() || audience == "public" ||
         std::find(audiences_->begin(), audiences_->end(), audience) != audiences_->end();
}

bool MayRead(const CharterView& charter, const Reader& reader, absl::string_view partner, absl::string_view audience) {
  if (!reader.MayAsk(audience)) return false;
  if (!reader.partner().empty() && reader.partner() == partner) return true;
  const v1::Partner* const owner = charter.FindPartner(partner);
  if (owner == nullptr || (owner->status() == v1::RETIRED && !owner->entries_kept())) return false;
  if (audience == "public") return true;
  if (charter.FindActivePartner(reader.partner()) == nullptr) return false;
  if (audience == "consortium") return true;
  return absl::ConsumePrefix(&audience, "circle:") && InCircle(charter, audience, reader.partner());
}

}  // namespace cairn
