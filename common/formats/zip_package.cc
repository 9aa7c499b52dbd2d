#include "common/formats/zip_package.h"

#include <unistd.h>
#include <zip.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/text/utf8.h"

namespace cairn {
namespace {

constexpr size_t chunk_bytes = 64 * 1024;
constexpr size_t entry_name_bytes_max = 200;  // "service_at_location.csv" in a folder
// The same for all, so that equal contents give equal archives: 1980-01-02, the first day that zip has in every time
// zone.
constexpr time_t entry_time = 315619200;

std::string LibraryError(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

// What is wrong with a name; empty: nothing.
std::string NameProblem(absl::string_view name) {
  if (name.empty() || name.size() > entry_name_bytes_max) return "a name of this length";
  if (!IsValidUtf8(name)) return "a name that is not UTF-8";
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20) return "a control character in its name";
  }
  if (absl::StrContains(name, '\\')) return "a backslash in its name";
  if (name[0] == '/') return "an absolute name";
  if (name.size() > 1 && name[1] == ':') return "a drive in its name";
  for (const absl::string_view part : absl::StrSplit(name, '/')) {
    if (part == "..") return "\"..\" in its name";
  }
  return "";
}

absl::Status Refused(const std::string& archive, absl::string_view entry, absl::string_view problem,
                     absl::string_view remedy) {
  return absl::InvalidArgumentError(absl::StrCat(archive, ", entry ", Quoted(entry), ": ", problem, "; ", remedy));
}

// A directory in TMPDIR that goes with all it holds: one file.
class Scratch {
 public:
  static absl::StatusOr<std::unique_ptr<Scratch>> Make() {
    const char* dir = std::getenv("TMPDIR");
    std::string path = absl::StrCat(dir != nullptr && *dir != '\0' ? dir : "/tmp", "/cairn-export-XXXXXX");
    if (mkdtemp(path.data()) == nullptr) return absl::ErrnoToStatus(errno, absl::StrCat("making a directory ", path));
    return std::unique_ptr<Scratch>(new Scratch(path));
  }
  ~Scratch() {
    unlink(file().c_str());
    rmdir(path_.c_str());
  }
  std::string file() const { return path_ + "/package.zip"; }

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

// Null: the library refused it, for the reason of `*code`.
absl::StatusOr<zip_t*> OpenZip(const InputFile& file, int flags, int* code) {
  ASSIGN_OR_RETURN(const int fd, file.Duplicate());
  zip_t* const zip = zip_fdopen(fd, flags, code);
  if (zip == nullptr) close(fd);
  return zip;
}

absl::Status AddContent(const ZipContent& content, zip_t* zip) {
  absl::StatusOr<int> fd = content.file->Duplicate();
  RETURN_IF_ERROR(fd.status());
  std::FILE* stream = fdopen(*fd, "rb");
  if (stream == nullptr) {
    close(*fd);
    return absl::ErrnoToStatus(errno, absl::StrCat("reading ", content.file->name()));
  }
  std::rewind(stream);  // the descriptor shares its offset with the one that the file was written by
  zip_source_t* source = zip_source_filep(zip, stream, 0, -1);
  if (source == nullptr) std::fclose(stream);
  const int64_t index = source == nullptr ? -1 : zip_file_add(zip, content.name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    if (source != nullptr) zip_source_free(source);
    return absl::InternalError(absl::StrCat("packing ", content.name, ": ", zip_strerror(zip)));
  }
  zip_file_set_mtime(zip, static_cast<uint64_t>(index), entry_time, 0);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ZipReader>> ZipReader::Open(const InputFile& file) {
  int code = 0;
  ASSIGN_OR_RETURN(zip_t* const zip, OpenZip(file, ZIP_CHECKCONS, &code));
  if (zip != nullptr) {
    std::unique_ptr<ZipReader> reader(new ZipReader(file.name(), zip));
    RETURN_IF_ERROR(reader->ReadDirectory());
    return reader;
  }
  // The library does not say which entry is at fault; a laxer look may.
  int ignored = 0;
  ASSIGN_OR_RETURN(zip_t* const lax, OpenZip(file, 0, &ignored));
  if (lax != nullptr) RETURN_IF_ERROR(std::unique_ptr<ZipReader>(new ZipReader(file.name(), lax))->ReadDirectory());
  return absl::InvalidArgumentError(
      absl::StrCat(file.name(), " is no zip archive that can be read: ", LibraryError(code), "; is it whole?"));
}

ZipReader::~ZipReader() { zip_discard(zip_); }

absl::Status ZipReader::ReadDirectory() {
  const auto count = static_cast<uint64_t>(zip_get_num_entries(zip_, 0));
  if (count > limits::package_entries_max) {
    return absl::InvalidArgumentError(
        absl::StrCat(archive_, " has ", count, " entries; a package has at most ", limits::package_entries_max));
  }
  for (uint64_t i = 0; i < count; ++i) RETURN_IF_ERROR(AddEntry(i));
  return absl::OkStatus();
}

absl::Status ZipReader::AddEntry(uint64_t index) {
  zip_stat_t info;
  zip_stat_init(&info);
  if (zip_stat_index(zip_, index, ZIP_FL_ENC_RAW, &info) != 0 || (info.valid & ZIP_STAT_NAME) == 0) {
    return absl::InvalidArgumentError(absl::StrCat(archive_, ": entry ", index, " has no name; make the package anew"));
  }
  const std::string name = info.name;
  const std::string problem = NameProblem(name);
  if (!problem.empty())
    return Refused(archive_, name, absl::StrCat("has ", problem), "a package has plain names such as service.csv");
  if (name.back() == '/') return absl::OkStatus();
  if (info.encryption_method != ZIP_EM_NONE)
    return Refused(archive_, name, "is encrypted", "pack it without a password");
  if (info.comp_method != ZIP_CM_STORE && info.comp_method != ZIP_CM_DEFLATE) {
    return Refused(archive_, name, absl::StrCat("is packed by method ", info.comp_method),
                   "pack it as stored or deflated");
  }
  if (!entries_.emplace(name, Entry{index, info.comp_size}).second) {
    return Refused(archive_, name, "is there twice", "keep one");
  }
  return absl::OkStatus();
}

std::vector<std::string> ZipReader::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

absl::StatusOr<std::shared_ptr<InputFile>> ZipReader::Unpack(const std::string& name) {
  const auto entry = entries_.find(name);
  if (entry == entries_.end()) return absl::NotFoundError(absl::StrCat(archive_, " has no entry ", Quoted(name)));
  ASSIGN_OR_RETURN(std::shared_ptr<InputFile> file, InputFile::Temporary(absl::StrCat(archive_, ", ", name)));
  const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> stream(zip_fopen_index(zip_, entry->second.index, 0),
                                                                 zip_fclose);
  if (stream == nullptr) return Refused(archive_, name, zip_strerror(zip_), "make the package anew");
  std::string chunk(chunk_bytes, '\0');
  for (uint64_t bytes = 0;;) {
    const int64_t got = zip_fread(stream.get(), chunk.data(), chunk.size());
    if (got < 0) return Refused(archive_, name, zip_file_strerror(stream.get()), "make the package anew");
    if (got == 0) return file;
    bytes += static_cast<uint64_t>(got);
    unpacked_ += static_cast<uint64_t>(got);
    if (unpacked_ > limits::package_bytes_max) {
      return Refused(archive_, name,
                     absl::StrCat("unpacks beyond ", limits::package_bytes_max, " bytes of all entries"),
                     "split the package");
    }
    if (bytes > limits::package_ratio_free_bytes && bytes / limits::package_ratio_max > entry->second.packed) {
      return Refused(archive_, name,
                     absl::StrCat("unpacks to more than ", limits::package_ratio_max, " times its size"),
                     "tables pack to a tenth: this is no directory");
    }
    RETURN_IF_ERROR(file->Append(absl::string_view(chunk.data(), static_cast<size_t>(got))));
  }
}

absl::Status WriteZip(const std::vector<ZipContent>& files,
                      const std::function<absl::Status(absl::string_view)>& sink) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Scratch> scratch, Scratch::Make());
  int code = 0;
  zip_t* zip = zip_open(scratch->file().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  if (zip == nullptr) return absl::InternalError(absl::StrCat("making ", scratch->file(), ": ", LibraryError(code)));
  for (const ZipContent& content : files) {
    const absl::Status added = AddContent(content, zip);
    if (!added.ok()) {
      zip_discard(zip);
      return added;
    }
  }
  if (zip_close(zip) != 0) {
    const absl::Status failed = absl::ResourceExhaustedError(
        absl::StrCat("writing ", scratch->file(), ": ", zip_strerror(zip), "; is there room in TMPDIR?"));
    zip_discard(zip);
    return failed;
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<InputFile> packed, InputFile::Open(scratch->file()));
  std::string chunk(chunk_bytes, '\0');
  for (uint64_t offset = 0;;) {
    ASSIGN_OR_RETURN(const size_t got, packed->ReadAt(offset, chunk.data(), chunk.size()));
    if (got == 0) return absl::OkStatus();
    RETURN_IF_ERROR(sink(absl::string_view(chunk.data(), got)));
    offset += got;
  }
}

}  // namespace cairn
