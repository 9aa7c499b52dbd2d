#include "client/cli/rejected_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <regex>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cli/files.h"
#include "common/base/errors.h"
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

std::string RejectedPath(const std::string& path, int number) {
  return number == 1 ? path + ".rejected" : absl::StrCat(path, ".rejected-", number);
}

// The first number of which there is no file.
int FreeNumber(const std::string& path) {
  int number = 1;
  while (std::filesystem::exists(RejectedPath(path, number))) ++number;
  return number;
}

bool HoldTheSame(const std::string& a, const std::string& b) {
  std::error_code error;
  if (std::filesystem::file_size(a, error) != std::filesystem::file_size(b, error) || error) return false;
  std::ifstream one(a, std::ios::binary), other(b, std::ios::binary);
  using Bytes = std::istreambuf_iterator<char>;
  return one && other && std::equal(Bytes(one), Bytes(), Bytes(other));
}

// A batch that is refused again for the same elements needs no second file.
void DropRepetition(const std::string& path, int number, RejectedResult* result) {
  const std::string before = RejectedPath(path, number - 1);
  if (number == 1 || !HoldTheSame(before, result->path)) return;
  std::error_code ignored;
  std::filesystem::remove(result->path, ignored);
  result->path = before;
}

}  // namespace

absl::Status CheckRejectedCanBeWritten(const std::string& path) {
  const auto probe = AtomicFile::Create(RejectedPath(path, FreeNumber(path)));
  return Annotate(probe.status(), "nothing was published, since what is refused could not be kept");
}

std::string OldRejected(const std::string& path) {
  const std::string old = RejectedPath(path, 1);
  return std::filesystem::exists(old) ? old : "";
}

absl::StatusOr<RejectedResult> WriteRejected(const std::string& path, ImportFormat format, const ReaderContext& context,
                                             const Refused& refused, uint64_t* first_index) {
  ASSIGN_OR_RETURN(const std::unique_ptr<RecordReader> reader, OpenRecordReader(path, format, context));
  const int number = FreeNumber(path);
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
      result.path = RejectedPath(path, number);
      ASSIGN_OR_RETURN(file, AtomicFile::Create(result.path));
      if (element.preamble != nullptr) RETURN_IF_ERROR(file->Write(*element.preamble));
    }
    RETURN_IF_ERROR(
        file->Write(absl::StrCat(absl::StripTrailingAsciiWhitespace(Wrapped(element.origin, *element.source)), "\n")));
    written = element.source;
    ++result.elements;
  }
  if (file == nullptr) return result;
  RETURN_IF_ERROR(file->Commit());
  DropRepetition(path, number, &result);
  return result;
}

}  // namespace cairn
