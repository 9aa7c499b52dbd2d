#include "common/base/errors.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "common/base/escape.h"

namespace cairn {
namespace {
constexpr absl::string_view kReasonUrl = "cairn.reason";
}  // namespace

absl::Status Annotate(const absl::Status& status, absl::string_view context) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(), absl::StrCat(context, ": ", status.message()));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) { annotated.SetPayload(url, payload); });
  return annotated;
}

absl::Status WithReason(absl::Status status, absl::string_view reason) {
  status.SetPayload(kReasonUrl, absl::Cord(reason));
  return status;
}

std::string ReasonOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kReasonUrl);
  return payload.has_value() ? std::string(*payload) : std::string();
}

std::string Quoted(absl::string_view value, size_t max) {
  const bool cut = value.size() > max;
  if (cut) {
    size_t end = max;
    while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) --end;
    value = value.substr(0, end);
  }
  return absl::StrCat("\"", EscapeForeign(value), cut ? "…\"" : "\"");
}

}  // namespace cairn
