#include "common/formats/element_source.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

constexpr size_t name_bytes_max = 1024;    // of a property of the outermost object
constexpr size_t properties_max = 10'000;  // of the outermost object
constexpr std::array<absl::string_view, 5> lists = {"services", "organizations", "locations", "service_at_locations",
                                                    "contents"};

std::string MaxBytes() { return absl::StrCat(limits::import_line_bytes_max / (1024 * 1024), " MiB"); }

Problem TooLong(absl::string_view what) {
  return {"", "", absl::StrCat(what, " is longer than ", MaxBytes()),
          "a directory entry is far shorter; split it, or write one entry a line"};
}

std::string Shown(int byte) {
  return byte < 0 ? "the end of the file" : Quoted(std::string(1, static_cast<char>(byte)));
}

// Walks over JSON text without building values. Errors name file, line and byte.
class Walker {
 public:
  explicit Walker(std::shared_ptr<InputFile> file, uint64_t offset = 0, uint64_t line = 1)
      : cursor(std::move(file), offset, line) {}

  absl::Status Wrong(absl::string_view expected) {
    RETURN_IF_ERROR(cursor.status());
    return absl::InvalidArgumentError(absl::StrCat(cursor.file().name(), " line ", cursor.line(), " (byte ",
                                                   cursor.offset() + 1, "): ", Shown(cursor.Peek()), " where ",
                                                   expected, " should stand"));
  }

  // Passes over one value and appends it to `keep` (may be null) as long as that stays within the limit. False: longer.
  absl::StatusOr<bool> Value(std::string* keep, absl::string_view what);

  // Reads a string that begins at the cursor, without its quotes and with its escapes.
  absl::StatusOr<std::string> Name();

  // Passes over white space and `byte`.
  absl::Status Expect(char byte, absl::string_view expected) {
    cursor.SkipSpace();
    if (cursor.Peek() != byte) return Wrong(expected);
    cursor.Get();
    return absl::OkStatus();
  }

  ByteCursor cursor;
};

ByteSet SetOf(absl::string_view bytes) {
  ByteSet set{};
  for (const char byte : bytes) set[static_cast<unsigned char>(byte)] = true;
  return set;
}

// Where a string, and where what lies between strings inside an object or array, may end or begin something else.
const ByteSet string_stops = SetOf("\"\\");
const ByteSet nested_stops = SetOf("\"{}[]");

absl::StatusOr<bool> Walker::Value(std::string* keep, absl::string_view what) {
  const uint64_t line = cursor.line();
  const uint64_t begin = cursor.offset();
  bool fits = true;
  bool in_string = false;
  uint64_t depth = 0;
  for (;;) {
    // Most bytes mean nothing; passing over them one by one would take seconds a gigabyte.
    if (in_string || depth > 0) {
      cursor.SkipUntil(in_string ? string_stops : nested_stops, limits::import_line_bytes_max, fits ? keep : nullptr);
      fits = fits && cursor.offset() - begin <= limits::import_line_bytes_max;
    }
    const int byte = cursor.Peek();
    const bool closes = !in_string && (byte == '}' || byte == ']');
    const bool ends_scalar =
        closes || (!in_string && (byte == ',' || byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t'));
    if (depth == 0 && cursor.offset() > begin && (byte < 0 || ends_scalar)) return fits;
    if (byte < 0) {
      RETURN_IF_ERROR(cursor.status());
      return absl::InvalidArgumentError(absl::StrCat(cursor.file().name(), " ends at byte ", cursor.offset(),
                                                     " inside ", what, ", which begins at line ", line, " (byte ",
                                                     begin + 1, "): the file is cut off; export or copy it again"));
    }
    if (depth == 0 && closes) return Wrong("a value");
    cursor.Get();
    if (fits && keep != nullptr) keep->push_back(static_cast<char>(byte));
    fits = fits && cursor.offset() - begin <= limits::import_line_bytes_max;
    if (in_string && byte == '\\') {
      const int escaped = cursor.Get();
      if (fits && keep != nullptr && escaped >= 0) keep->push_back(static_cast<char>(escaped));
    } else if (byte == '"') {
      in_string = !in_string;
      if (!in_string && depth == 0) return fits;
    } else if (!in_string && (byte == '{' || byte == '[')) {
      ++depth;
    } else if (closes && --depth == 0) {
      return fits;
    }
  }
}

absl::StatusOr<std::string> Walker::Name() {
  cursor.SkipSpace();
  if (cursor.Peek() != '"') return Wrong("a property's name in quotes");
  std::string text;
  ASSIGN_OR_RETURN(const bool fits, Value(&text, "a property's name"));
  if (!fits || text.size() > name_bytes_max) return Wrong("a property's name of at most 1,024 bytes");
  return text.substr(1, text.size() - 2);
}

class LineSource : public ElementSource {
 public:
  explicit LineSource(std::shared_ptr<InputFile> file) : cursor_(std::move(file)) {}

  absl::StatusOr<bool> Next(Element* out) override {
    for (;;) {
      *out = Element();
      const uint64_t line = cursor_.line();
      out->offset = cursor_.offset();
      const ByteCursor::Line read = cursor_.ReadLine(limits::import_line_bytes_max, &out->text);
      RETURN_IF_ERROR(cursor_.status());
      if (read == ByteCursor::Line::kEnd) return false;
      out->bytes = cursor_.offset() - out->offset;
      out->origin = absl::StrCat(cursor_.file().name(), " line ", line);
      if (read == ByteCursor::Line::kTooLong) out->problems.push_back(TooLong("the line"));
      if (absl::StartsWith(out->text, "\xEF\xBB\xBF")) out->text.erase(0, 3);
      const bool blank = out->text.find_first_not_of(" \t\r") == std::string::npos;
      if (!blank || !out->problems.empty()) return true;
    }
  }

 private:
  ByteCursor cursor_;
};

class DocumentSource : public ElementSource {
 public:
  explicit DocumentSource(std::shared_ptr<InputFile> file) : file_(file), walker_(std::move(file)) {}
  absl::StatusOr<bool> Next(Element* out) override;

 private:
  enum class Place { kBetweenDocuments, kInObject, kInList };

  absl::StatusOr<bool> NextDocument(Element* out);
  absl::StatusOr<bool> NextProperty(Element* out);
  absl::StatusOr<bool> NextMember(Element* out);
  absl::Status Take(std::string where, Element* out);
  absl::StatusOr<bool> IsOneEntry() const;
  void EnterList(std::string name) {
    walker_.cursor.Get();
    list_ = std::move(name);
    index_ = 0;
    place_ = Place::kInList;
  }

  const std::shared_ptr<InputFile> file_;
  Walker walker_;
  Place place_ = Place::kBetweenDocuments;
  bool in_object_ = false;  // the list is a property's value
  bool first_ = false;      // no property of the object was read yet
  std::string list_;
  uint64_t index_ = 0;
};

absl::StatusOr<bool> DocumentSource::Next(Element* out) {
  for (;;) {
    *out = Element();
    const Place before = place_;
    absl::StatusOr<bool> found = place_ == Place::kInList     ? NextMember(out)
                                 : place_ == Place::kInObject ? NextProperty(out)
                                                              : NextDocument(out);
    RETURN_IF_ERROR(found.status());
    if (*found) return true;
    // Nothing found between documents, and no document entered: the end of the file.
    if (before == Place::kBetweenDocuments && place_ == before) return false;
  }
}

// Reads the element at the cursor.
absl::Status DocumentSource::Take(std::string where, Element* out) {
  const uint64_t line = walker_.cursor.line();
  out->offset = walker_.cursor.offset();
  out->list = in_object_ ? list_ : "";
  ASSIGN_OR_RETURN(const bool fits, walker_.Value(&out->text, where.empty() ? "the document" : where));
  out->bytes = walker_.cursor.offset() - out->offset;
  out->origin = absl::StrCat(file_->name(), where.empty() ? "" : " ", where, " (line ", line, ")");
  if (fits) return absl::OkStatus();
  out->text.clear();
  out->text.shrink_to_fit();
  out->problems.push_back(TooLong("the entry"));
  return absl::OkStatus();
}

absl::StatusOr<bool> DocumentSource::NextDocument(Element* out) {
  walker_.cursor.SkipSpace();
  const int byte = walker_.cursor.Peek();
  RETURN_IF_ERROR(walker_.cursor.status());
  if (byte < 0) return false;
  in_object_ = false;
  if (byte == '[') {
    EnterList("");
    return false;
  }
  if (byte != '{') return walker_.Wrong("\"{\" or \"[\"");
  ASSIGN_OR_RETURN(const bool one_entry, IsOneEntry());
  if (one_entry) {
    RETURN_IF_ERROR(Take("", out));
    return true;
  }
  walker_.cursor.Get();
  place_ = Place::kInObject;
  in_object_ = first_ = true;
  return false;
}

absl::StatusOr<std::vector<std::pair<std::string, int>>> PropertiesOf(Walker* walker) {
  std::vector<std::pair<std::string, int>> properties;
  walker->cursor.Get();
  walker->cursor.SkipSpace();
  if (walker->cursor.Peek() == '}') {
    walker->cursor.Get();
    return properties;
  }
  for (;;) {
    ASSIGN_OR_RETURN(std::string name, walker->Name());
    RETURN_IF_ERROR(walker->Expect(':', "\":\""));
    walker->cursor.SkipSpace();
    const int opening = walker->cursor.Peek();
    RETURN_IF_ERROR(walker->Value(nullptr, absl::StrCat("the value of ", Quoted(name))).status());
    if (properties.size() < properties_max) properties.emplace_back(std::move(name), opening);
    walker->cursor.SkipSpace();
    const int next = walker->cursor.Peek();
    if (next != ',' && next != '}') return walker->Wrong("\",\" or \"}\"");
    walker->cursor.Get();
    if (next == '}') return properties;
  }
}

absl::StatusOr<bool> DocumentSource::IsOneEntry() const {
  Walker ahead(file_, walker_.cursor.offset(), walker_.cursor.line());
  ASSIGN_OR_RETURN(const auto properties, PropertiesOf(&ahead));
  return std::any_of(properties.begin(), properties.end(),
                     [](const auto& property) { return property.first == "id" || property.first == "name"; });
}

absl::StatusOr<bool> DocumentSource::NextProperty(Element* out) {
  walker_.cursor.SkipSpace();
  const int byte = walker_.cursor.Peek();
  if (byte == '}') {
    walker_.cursor.Get();
    place_ = Place::kBetweenDocuments;
    return false;
  }
  if (!first_) RETURN_IF_ERROR(walker_.Expect(',', "\",\" or \"}\""));
  first_ = false;
  ASSIGN_OR_RETURN(std::string name, walker_.Name());
  RETURN_IF_ERROR(walker_.Expect(':', "\":\""));
  walker_.cursor.SkipSpace();
  const bool list = walker_.cursor.Peek() == '[';
  if (list && std::find(lists.begin(), lists.end(), name) != lists.end()) {
    EnterList(std::move(name));
    return false;
  }
  const uint64_t begin = walker_.cursor.offset();
  RETURN_IF_ERROR(Take(absl::StrCat("property ", Quoted(name)), out));
  const bool empty = out->bytes < 64 && out->text.find_first_not_of("[] \t\r\n") == std::string::npos;
  if (!list || empty) return false;
  *out = Element{.origin = out->origin, .offset = begin, .bytes = out->bytes};
  out->problems.push_back({name, "", "a list that an HSDS document does not have",
                           "lists are services, organizations, locations, service_at_locations and contents; nest "
                           "everything else in the entry that it belongs to"});
  return true;
}

absl::StatusOr<bool> DocumentSource::NextMember(Element* out) {
  walker_.cursor.SkipSpace();
  if (walker_.cursor.Peek() == ']') {
    walker_.cursor.Get();
    place_ = in_object_ ? Place::kInObject : Place::kBetweenDocuments;
    return false;
  }
  if (index_ > 0) RETURN_IF_ERROR(walker_.Expect(',', "\",\" or \"]\""));
  walker_.cursor.SkipSpace();
  RETURN_IF_ERROR(Take(absl::StrCat(list_, "[", index_, "]"), out));
  ++index_;
  return true;
}

}  // namespace

std::unique_ptr<ElementSource> MakeLineSource(std::shared_ptr<InputFile> file) {
  return std::make_unique<LineSource>(std::move(file));
}

std::unique_ptr<ElementSource> MakeDocumentSource(std::shared_ptr<InputFile> file) {
  return std::make_unique<DocumentSource>(std::move(file));
}

absl::StatusOr<FirstValue> LookAtFirstValue(std::shared_ptr<InputFile> file) {
  Walker walker(std::move(file));
  FirstValue first;
  walker.cursor.SkipSpace();
  const int opening = walker.cursor.Peek();
  RETURN_IF_ERROR(walker.cursor.status());
  if (opening < 0) return first;
  if (opening != '{' && opening != '[') return walker.Wrong("\"{\" or \"[\"");
  first.opening = opening;
  if (opening == '[') return first;
  const uint64_t line = walker.cursor.line();
  ASSIGN_OR_RETURN(first.properties, PropertiesOf(&walker));
  first.one_line = walker.cursor.line() == line;
  walker.cursor.SkipSpace();
  first.more = walker.cursor.Peek() >= 0;
  return first;
}

}  // namespace cairn
