// What HSDS 3.1 says of its objects, as a table: which properties there are, of which type, and which must be there.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace cairn {

// A property of an object of HSDS.
struct HsdsProperty {
  enum class Type {
    kText,
    kUuid,
    kUri,
    kEmail,
    kTime,  // RFC 3339
    kNumber,
    kChoice,  // one of `choices`
    kObject,  // of the shape `shape`
    kList,    // of objects of the shape `shape`
  };
  std::string name;
  Type type = Type::kText;
  bool required = false;
  std::vector<std::string> choices;
  std::string shape;
};

// An object of HSDS, such as "service".
struct HsdsObject {
  std::string name;
  std::vector<HsdsProperty> properties;
};

// All of them. Made once; thread-safe.
absl::Span<const HsdsObject> HsdsObjects();

// By name; null: there is none.
const HsdsObject* FindHsdsObject(absl::string_view name);

}  // namespace cairn
