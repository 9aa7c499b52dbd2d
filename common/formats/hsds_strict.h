// Objects of HSDS exactly as its schemas demand, for readers that check. An import keeps what it was given, so that an
// export can write it again: nulls, ids that are no UUIDs, texts where numbers belong, lists that lack what is
// required.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "cairn/v1/record.pb.h"
#include "common/formats/json_text.h"

namespace cairn {

// Brings an object of the shape ("service", see hsds_schema.h) and all that it holds to what the schema demands. `id`
// is the UUID of the record that it belongs to, from which ids of its parts are derived; the same object gets the same
// ids.
//   An id that is missing or is no UUID is derived; what stood there moves to "source_id".
//   A value of a wrong type is converted where that is exact; else it moves to "source_NAME".
//   A required text that is missing is empty, a required choice the first one.
//   FREQ=DAILY and FREQ=YEARLY, which HSDS has not, become the weekly or monthly rule that means the same.
// Properties that HSDS does not know stay as they are.
void MakeStrict(absl::string_view shape, absl::string_view id, Json* object);

// Takes away the lists and the objects within it: what HSDS's own lists of `shape` do not show.
void KeepPlainProperties(absl::string_view shape, Json* object);

// The UUID of a taxonomy, by its name; and of a term in it, by its code, or its name when it has no code.
std::string TaxonomyId(absl::string_view taxonomy);
std::string TaxonomyTermId(const v1::TaxonomyTerm& term);

}  // namespace cairn
