#include "client/cli/wording.h"

#include <cstdio>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/text_width.h"

namespace cairn {
namespace {

// Heads are signed anew every 30-60 s while a node runs; three minutes are several missed ones.
constexpr absl::Duration as_of_warning = absl::Minutes(3);
constexpr absl::Duration as_of_bad = absl::Hours(24);

std::string OneDecimal(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), value < 10 ? "%.1f" : "%.0f", value);
  return buffer;
}

}  // namespace

std::string CountText(uint64_t count) {
  const std::string digits = absl::StrCat(count);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string CountOf(uint64_t count, absl::string_view noun, absl::string_view plural) {
  if (count == 1) return absl::StrCat("1 ", noun);
  return absl::StrCat(CountText(count), " ", plural.empty() ? absl::StrCat(noun, "s") : std::string(plural));
}

std::string BytesText(uint64_t bytes) {
  if (bytes < 1000) return CountOf(bytes, "byte");
  double value = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* next : {"kB", "MB", "GB", "TB", "PB"}) {
    if (value < 999.5) break;
    value /= 1000;
    unit = next;
  }
  return absl::StrCat(OneDecimal(value), " ", unit);
}

std::string DurationText(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
  if (seconds < 60) return absl::StrCat(seconds, " s");
  if (seconds < 3600) return absl::StrCat(seconds / 60, " min");
  const int64_t hours = seconds / 3600;
  if (hours < 24) return absl::StrCat(hours, " h");
  const int64_t days = hours / 24;
  if (days < 60) return CountOf(days, "day");
  if (days < 730) return CountOf(days * 12 / 365, "month");
  return CountOf(days / 365, "year");
}

std::string AgeText(absl::Time then, absl::Time now) {
  if (then > now) return now + absl::Seconds(5) > then ? "just now" : absl::StrCat("in ", DurationText(then - now));
  if (now - then < absl::Seconds(5)) return "just now";
  return absl::StrCat(DurationText(now - then), " ago");
}

std::string RoundTripText(uint64_t micros) {
  if (micros == 0) return "";
  if (micros < 1'000'000) return absl::StrCat(OneDecimal(static_cast<double>(micros) / 1e3), " ms");
  return absl::StrCat(OneDecimal(static_cast<double>(micros) / 1e6), " s");
}

absl::Time FromProto(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

std::string DateText(absl::Time time) { return absl::FormatTime("%Y-%m-%d", time, absl::UTCTimeZone()); }

namespace {

Badge VerificationOf(const v1::DirectoryRecord& record, absl::Time now) {
  if (!record.record().has_verified_at()) return {"○ never verified", Tone::kBad};
  const absl::Time due = FromProto(record.verify_due_at());
  if (record.stale() && record.has_verify_due_at() && due < now) {
    return {absl::StrCat("◐ verification overdue for ", DurationText(now - due)), Tone::kWarning};
  }
  if (record.stale()) return {"◐ verification overdue", Tone::kWarning};
  return {absl::StrCat("● verified ", AgeText(FromProto(record.record().verified_at()), now)), Tone::kGood};
}

}  // namespace

Badge FreshnessOf(const v1::DirectoryRecord& record, absl::Time now) {
  Badge verification = VerificationOf(record, now);
  if (record.partner_status().empty()) return verification;
  // However fresh it looks, nobody who may change it keeps it up to date.
  const absl::string_view without_mark = absl::string_view(verification.text).substr(verification.text.find(' ') + 1);
  return {absl::StrCat("⊘ partner ", Printable(record.partner_status()), ", ", without_mark), Tone::kBad};
}

Badge AsOfBadge(bool known, absl::Time as_of, absl::Time now) {
  if (!known) return {"never heard", Tone::kWarning};
  const absl::Duration age = now - as_of;
  return {AgeText(as_of, now), age > as_of_bad ? Tone::kBad : age > as_of_warning ? Tone::kWarning : Tone::kPlain};
}

std::string ReadersText(const v1::AudienceReaders& readers) {
  std::vector<std::string> partners;
  for (const v1::PartnerReader& partner : readers.partners()) {
    partners.push_back(absl::StrCat(Printable(partner.partner()), " (", Printable(partner.name()), ")"));
  }
  return absl::StrCat(Printable(readers.rule()), "; nodes of ",
                      partners.empty() ? "nobody else" : absl::StrJoin(partners, ", "), " receive it");
}

}  // namespace cairn
