// What a record has that HSDS has no property for, as further properties, which HSDS allows: without them a file that
// was exported, corrected and published again would take away what it could not carry.
//
//   cairn_language           "pl"
//   cairn_countries          ["PL", "LV"]
//   cairn_verify_every_days  90
//   cairn_translations       [{"language": "uk", "texts": {"name": "…"}}]
//   cairn_extra              {"old_id": "17"}: the record's own `extra`, each value as its JSON text
#pragma once

#include <string>

#include "cairn/v1/record.pb.h"
#include "common/formats/json_text.h"

namespace cairn {

// Sets the field that a property of an HSDS service, organization or location stands for. False, and nothing set, for
// another property and for a value that would not come out again as it is.
bool TakeOwnProperty(const std::string& name, const Json& value, v1::Record* record);

// Adds the properties to the object of the record's body.
void PutOwnProperties(const v1::Record& record, Json* object);

}  // namespace cairn
