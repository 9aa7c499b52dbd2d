// Cuts a file into the texts of its elements: a line of NDJSON each, or a member of a JSON document's lists each.
// Memory: one element, at most limits::import_line_bytes_max; longer ones are skipped, not read into memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/formats/input_file.h"
#include "common/record/problem.h"

namespace cairn {

// One element, not yet parsed.
struct Element {
  // Empty when there is a problem.
  std::string text;
  // "services.ndjson line 14", "directory.json services[3] (line 812)".
  std::string origin;
  // The name of the list that holds it, in a document that is an object with lists; else empty.
  std::string list;
  // Where the text begins in the file, and how many bytes it has there.
  uint64_t offset = 0;
  uint64_t bytes = 0;
  // It cannot be read: too long, or a list that this format does not know.
  std::vector<Problem> problems;
};

// Not thread-safe.
class ElementSource {
 public:
  virtual ~ElementSource() = default;
  // False at the end. An error concerns the whole file: INVALID_ARGUMENT with name, line and byte.
  virtual absl::StatusOr<bool> Next(Element* out) = 0;
};

// Lines; blank ones are passed over.
std::unique_ptr<ElementSource> MakeLineSource(std::shared_ptr<InputFile> file);

// JSON documents, one or more: an array gives its members; an object with `id` or `name` is one element; any other
// object gives the members of its lists `services`, `organizations`, `locations`, `service_at_locations` and
// `contents`, and a problem for each other list that is not empty. Its other properties (paging) are passed over.
std::unique_ptr<ElementSource> MakeDocumentSource(std::shared_ptr<InputFile> file);

// What the first JSON value of a file looks like, for telling formats apart.
struct FirstValue {
  // '{' or '['; 0: the file has only white space.
  int opening = 0;
  // Of an object: its properties, and the first byte of each value.
  std::vector<std::pair<std::string, int>> properties;
  // It ends on the line where it begins.
  bool one_line = false;
  // Another value follows it.
  bool more = false;
};

// Reads as far as the first value goes, without holding it. INVALID_ARGUMENT: it is no object or array, or the file
// ends within it.
absl::StatusOr<FirstValue> LookAtFirstValue(std::shared_ptr<InputFile> file);

}  // namespace cairn
