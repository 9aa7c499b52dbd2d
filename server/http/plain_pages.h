// The directory as plain HTML: what a reader without JavaScript gets, and everybody until the page has started.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "cairn/v1/directory.pb.h"
#include "server/http/http_message.h"
#include "server/http/page_texts.h"

namespace cairn {

// Who looks, and in which language.
struct PlainReader {
  const PageTexts* texts = nullptr;
  std::vector<std::string> languages;  // of record texts, best first
  NameValues query;                    // as it was asked
};

// The sessions that are shown, each within its training.
struct PlainCalendar {
  std::string month;       // "2027-03": of that one; empty: by another choice
  std::string this_month;  // likewise
  std::vector<v1::DirectoryRecord> trainings;
  bool is_whole = true;  // false: there are more
};

// Each returns the inside of the page's body, with every text escaped.
std::string PlainSearchPage(const PlainReader& reader, const v1::SearchResponse& found,
                            const v1::ListPartnersResponse& partners);
// `places`: the locations that the record names.
std::string PlainRecordPage(const PlainReader& reader, const v1::DirectoryRecord& record,
                            const std::vector<v1::DirectoryRecord>& places, const v1::ListPartnersResponse& partners);
std::string PlainCalendarPage(const PlainReader& reader, const PlainCalendar& calendar);
std::string PlainPartnersPage(const PlainReader& reader, const v1::ListPartnersResponse& partners);
std::string PlainAboutPage(const PlainReader& reader);
// A heading, a sentence, the way back.
std::string PlainNotice(const PlainReader& reader, absl::string_view heading, absl::string_view sentence);

// What the pages have in common; used by plain_record.cc.
namespace plain {

// The frame around a page: what is on top and at the foot, as on the page with JavaScript.
std::string Framed(const PlainReader& reader, absl::string_view current, absl::string_view content);
// "/path?..." with the language that was asked for and `query`, escaped for an attribute.
std::string Address(const PlainReader& reader, absl::string_view path, const NameValues& query = {});
// "service" as the language says it.
std::string KindText(const PlainReader& reader, v1::RecordKind kind, absl::string_view group = "kinds");
// Badges: when it was checked, and who stands for it.
std::string Standing(const PlainReader& reader, const v1::DirectoryRecord& record,
                     const v1::ListPartnersResponse& partners);
// When a session is: its local times and their zone.
std::string SessionTimes(const v1::TrainingSession& session);
// `<span dir="auto">text</span>`; empty for an empty text.
std::string Words(absl::string_view text, absl::string_view element = "span", absl::string_view classes = "");

}  // namespace plain
}  // namespace cairn
