// Encodings and separators of spreadsheets, which say neither: both are found out from the text.
//
// A file that is UTF-8 is taken as that. Else each of the three single-byte encodings of Windows in Europe is tried:
// the letters that it gives must be those of one language. ICU's detector is not asked, as it does not know the Baltic
// one.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/formats/input_file.h"

namespace cairn {

// A file in UTF-8, and how it was encoded before.
struct DecodedFile {
  // The file itself when it was UTF-8, else an unlinked copy in TMPDIR.
  std::shared_ptr<InputFile> file;
  // "UTF-8", "UTF-8 with a byte order mark", "Windows-1250", "Windows-1252", "Windows-1257".
  std::string encoding;
  // True: found out by its letters, which can be wrong for a text of a few words.
  bool guessed = false;
};

// "utf-8", "windows-1250", ... in any case: the name above. INVALID_ARGUMENT lists them.
absl::StatusOr<std::string> EncodingFromName(absl::string_view name);

// `encoding`: one of the names above, or empty to find it out. INVALID_ARGUMENT, with line and byte: bytes that the
// encoding does not have; a file of which most is UTF-8 and some is not.
absl::StatusOr<DecodedFile> DecodeFile(std::shared_ptr<InputFile> file, absl::string_view encoding);

// The single-byte encoding whose letters suit `bytes` best; Windows-1252 when all suit alike.
std::string GuessEncoding(absl::string_view bytes);

// The separator that cuts the first rows into most columns of equal number: comma, semicolon, tab or bar; comma when
// there is but one column. A first line "sep=;", as Excel writes it, decides. `file` is in UTF-8.
absl::StatusOr<char> DetectSeparator(std::shared_ptr<InputFile> file);

}  // namespace cairn
