// Numbers, times and freshness as people say them.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cairn/v1/directory.pb.h"
#include "cairn/v1/publishing.pb.h"
#include "client/cli/style.h"
#include "google/protobuf/timestamp.pb.h"

namespace cairn {

// "12,345".
std::string CountText(uint64_t count);

// "1 record", "12,345 records"; `plural` for words that do not end in s.
std::string CountOf(uint64_t count, absl::string_view noun, absl::string_view plural = "");

// "812 bytes", "1.2 MB": powers of 1,000, as disks are sold.
std::string BytesText(uint64_t bytes);

// "12 s", "2 min", "3 h", "5 days", "3 months", "2 years": the largest unit, rounded down.
std::string DurationText(absl::Duration duration);

// "just now", "2 min ago", "in 3 h".
std::string AgeText(absl::Time then, absl::Time now);

// "0.4 ms", "12 ms", "1.2 s" of a round trip; empty for 0.
std::string RoundTripText(uint64_t micros);

// The time of a message.
absl::Time FromProto(const google::protobuf::Timestamp& time);

// "2026-11-22" in UTC.
std::string DateText(absl::Time time);

// A short text with its tone.
struct Badge {
  std::string text;
  Tone tone = Tone::kPlain;
};

// "● verified 3 months ago", "◐ verification overdue for 2 months", "○ never verified"; "⊘ partner retired, verified 3
// months ago" of what a partner left that is no longer active.
Badge FreshnessOf(const v1::DirectoryRecord& record, absl::Time now);

// How old what a partner said last is: "40 s ago", quiet while its node re-signs its head regularly, a warning after
// three minutes, bad after a day; "never heard".
Badge AsOfBadge(bool known, absl::Time as_of, absl::Time now);

// "circle police: …: al-streha (Streha), pl-latarnia (Latarnia)", for people who ask who will read something.
std::string ReadersText(const v1::AudienceReaders& readers);

}  // namespace cairn
