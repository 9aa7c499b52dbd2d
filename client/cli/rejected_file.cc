#include "client/cli/rejected_file.h"

#include <memory>
#include <regex>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cli/files.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

// The text with which an element can be read again. An element of a list of an HSDS document needs the list's name,
// which tells what it is; the origin has it: "directory.json services[3] (line 812)".
std::string Wrapped(const std::string& origin, const std::string& source) {
  static const std::regex list_of_document(R"( ([a-z_]+)\[[0-9]+\])");
  std::smatch match;
  if (!std::regex_search(origin, match, list_of_document)) return source;
  return absl::StrCat("{\"", match[1].str(), "\": [", source, "]}");
}

}  // namespace

absl::StatusOr<RejectedResult> WriteRejected(const std::string& path, ImportFormat format, const Refused& refused,
                                             uint64_t* first_index) {
  ASSIGN_OR_RETURN(const std::unique_ptr<RecordReader> reader, OpenRecordReader(path, format, {}));
  std::unique_ptr<AtomicFile> file;
  RejectedResult result;
  ImportedRecord element;
  std::shared_ptr<const std::string> written;  // one element may give several refused records
  while (true) {
    ASSIGN_OR_RETURN(const bool more, reader->Next(&element));
    if (!more) break;
    const bool bad = element.problems.empty() ? refused.indices.contains((*first_index)++) : true;
    if (!bad || (element.source != nullptr && element.source == written)) continue;
    if (element.source == nullptr) {
      ++result.left_out;
      continue;
    }
    if (file == nullptr) {
      result.path = path + ".rejected";
      ASSIGN_OR_RETURN(file, AtomicFile::Create(result.path));
    }
    RETURN_IF_ERROR(
        file->Write(absl::StrCat(absl::StripTrailingAsciiWhitespace(Wrapped(element.origin, *element.source)), "\n")));
    written = element.source;
    ++result.elements;
  }
  if (file != nullptr) RETURN_IF_ERROR(file->Commit());
  return result;
}

}  // namespace cairn
