// What a column is likely to mean, by its header: synonyms in the languages of those who keep such files.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "cairn/v1/record.pb.h"

namespace cairn {

// Headers as messages and mappings call them: an empty one becomes "column 3", a second "Name" becomes "Name (2)".
std::vector<std::string> NamedHeaders(const std::vector<std::string>& cells);

// What the rows of a sheet with these headers are, and the path (see record_path.h) of each column; empty: not known.
struct HeaderGuess {
  v1::RecordKind kind = v1::SERVICE;
  std::vector<std::string> paths;
};

// Compares words folded (common/text/fold.h). A header that begins with a kind ("organization_name", "Location id") is
// of that kind, others are of the row's kind. A row is of the kind of an id in the first column, else a service when a
// header says name or title and not of what, else the first of service, training, resource, location, organization of
// which any header speaks, else a service.
HeaderGuess GuessHeaders(const std::vector<std::string>& headers);

}  // namespace cairn
