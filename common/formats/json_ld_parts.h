// The parts of schema.org things that several kinds of records share.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "cairn/v1/record.pb.h"
#include "common/formats/json_text.h"

namespace cairn::json_ld {

// A thing of that type, with the record's id and its identifier in the owner's system.
Json Node(absl::string_view type, const v1::Record& record);

// Sets a property unless the text is empty.
void Put(const char* property, const std::string& text, Json* node);
// True for http and https addresses without what could end a link.
bool IsWebAddress(absl::string_view url);
// Sets, or adds to a list, a property whose value is an address of the web; anything else is left out.
void PutLink(const char* property, const std::string& url, Json* node);
void AddLink(const char* property, const std::string& url, Json* node);

// {"@id": "urn:uuid:…"}.
Json Reference(const std::string& id);
void PutReference(const char* property, const std::string& id, Json* node);

Json ContactPoint(const v1::Phone& phone);
Json PostalAddress(const v1::Address& address);
Json Offer(const v1::CostOption& price);
Json CourseInstance(const v1::Training& training, const v1::TrainingSession& session);

// Adds weekly opening hours to the list that has them in that type; other schedules have no word in schema.org.
void AddHours(const char* property, const v1::Schedule& schedule, Json* node);

}  // namespace cairn::json_ld
