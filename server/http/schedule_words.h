// On which days something is open, in words: the same as client/web/src/lib/schedule_text.ts says.
#pragma once

#include <string>

#include "cairn/v1/record.pb.h"
#include "server/http/page_texts.h"

namespace cairn {

// "Friday · every 2 weeks"; empty where the rule says more than there are words for: better nothing than days on which
// nobody is there. Plain text, not HTML.
std::string DaysText(const v1::Schedule& schedule, const PageTexts& texts);

// "09:00 – 17:00"; "all day" when there are days and no hours; empty with neither.
std::string HoursText(const v1::Schedule& schedule, bool has_days, const PageTexts& texts);

}  // namespace cairn
