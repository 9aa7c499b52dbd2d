// HSDS `attributes` <-> TaxonomyTerm.
//
// Two forms convert: an attribute with a taxonomy_term object, and one with label and value, where the label becomes
// the taxonomy and the value the term's name. The attribute's own other properties are kept in the term's `extra`,
// under a name that tells the form, so that each attribute can be written again as it was.
#pragma once

#include <vector>

#include "cairn/v1/record.pb.h"
#include "common/formats/json_text.h"

namespace cairn {

// Sets the record's terms from the value of `attributes`. False, and nothing set, unless every attribute converts both
// ways and there are at most limits::terms_max.
bool TermsFromAttributes(const Json& attributes, v1::Record* record);

// One attribute.
Json AttributeOf(const v1::TaxonomyTerm& term);

}  // namespace cairn
