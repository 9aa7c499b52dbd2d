#include "common/formats/csv_text.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/limits.h"

namespace cairn {
namespace {

constexpr absl::string_view formula_starts = "=+-@\t\r";

// A text with the same interface as ByteCursor.
class TextCursor {
 public:
  explicit TextCursor(absl::string_view text) : text_(text) {}
  int Peek() const { return at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : -1; }
  int Get() {
    const int byte = Peek();
    if (byte >= 0) ++at_;
    return byte;
  }
  uint64_t offset() const { return at_; }

 private:
  const absl::string_view text_;
  size_t at_ = 0;
};

enum class RowEnd { kRow, kTooLong, kTooMany, kOpenQuote, kZeroByte };

// Cuts one row off `source`, its line end included.
template <typename Source>
class RowCutter {
 public:
  RowCutter(Source* source, char separator, std::vector<std::string>* cells)
      : source_(source), separator_(separator), cells_(cells) {}

  RowEnd Cut() {
    cells_->assign(1, "");
    const uint64_t begin = source_->offset();
    for (int byte; (byte = source_->Get()) >= 0;) {
      if (source_->offset() - begin > limits::import_line_bytes_max) {
        return quoted_ ? RowEnd::kOpenQuote : RowEnd::kTooLong;
      }
      if (byte == 0) return RowEnd::kZeroByte;
      if (quoted_) {
        InQuotes(static_cast<char>(byte));
        continue;
      }
      if (byte == '\r' && source_->Peek() == '\n') byte = source_->Get();
      if (byte == '\n' || byte == '\r') return RowEnd::kRow;
      if (!Outside(static_cast<char>(byte))) return RowEnd::kTooMany;
    }
    return quoted_ ? RowEnd::kOpenQuote : RowEnd::kRow;
  }

 private:
  void InQuotes(char byte) {
    if (byte != '"') {
      cells_->back().push_back(byte);
    } else if (source_->Peek() == '"') {
      cells_->back().push_back(static_cast<char>(source_->Get()));
    } else {
      quoted_ = false;
    }
  }

  // False: more cells than a row may have.
  bool Outside(char byte) {
    if (byte == separator_) {
      if (cells_->size() >= limits::csv_columns_max) return false;
      cells_->emplace_back();
      at_start_ = true;
      return true;
    }
    if (byte == '"' && at_start_) {
      quoted_ = true;
    } else {
      cells_->back().push_back(byte);
    }
    at_start_ = false;
    return true;
  }

  Source* const source_;
  const char separator_;
  std::vector<std::string>* const cells_;
  bool quoted_ = false;
  bool at_start_ = true;
};

absl::Status RowError(const InputFile& file, uint64_t line, RowEnd end) {
  const std::string where = absl::StrCat(file.name(), " line ", line);
  switch (end) {
    case RowEnd::kOpenQuote:
      return absl::InvalidArgumentError(absl::StrCat(
          where, ": a quotation mark in this row is not closed; close it, or write \"\" for the mark itself"));
    case RowEnd::kTooMany:
      return absl::InvalidArgumentError(
          absl::StrCat(where, ": more than ", limits::csv_columns_max, " cells; is the separator the right one?"));
    case RowEnd::kZeroByte:
      return absl::InvalidArgumentError(
          absl::StrCat(where, ": a zero byte, which no text has; save the file as UTF-8"));
    default:
      return absl::InvalidArgumentError(absl::StrCat(where, ": a row longer than ", limits::import_line_bytes_max,
                                                     " bytes; a directory entry has a few thousand"));
  }
}

bool IsBlank(const std::vector<std::string>& cells) {
  for (const std::string& cell : cells) {
    if (!cell.empty()) return false;
  }
  return true;
}

bool IsFormulaStart(char c) { return formula_starts.find(c) != absl::string_view::npos; }

// An apostrophe before what would be guarded: it must be guarded too, or be taken for a guard.
bool LooksGuarded(absl::string_view text) {
  return text.size() > 1 && text[0] == '\'' && (text[1] == '\'' || IsFormulaStart(text[1]));
}

}  // namespace

absl::StatusOr<bool> CsvCursor::Next(CsvRow* out) {
  if (cursor_.offset() == 0 && cursor_.Peek() == 0xEF) {
    for (int i = 0; i < 3; ++i) cursor_.Get();
  }
  while (cursor_.Peek() >= 0) {
    out->offset = cursor_.offset();
    out->line = cursor_.line();
    const RowEnd end = RowCutter<ByteCursor>(&cursor_, separator_, &out->cells).Cut();
    if (!cursor_.status().ok()) return cursor_.status();
    if (end != RowEnd::kRow) return RowError(cursor_.file(), out->line, end);
    out->bytes = cursor_.offset() - out->offset;
    if (!IsBlank(out->cells)) return true;
  }
  if (!cursor_.status().ok()) return cursor_.status();
  return false;
}

std::vector<std::string> ParseCsvRow(absl::string_view text, char separator) {
  std::vector<std::string> cells;
  TextCursor source(text);
  RowCutter<TextCursor>(&source, separator, &cells).Cut();
  return cells;
}

std::string GuardFormula(absl::string_view text) {
  const bool guard = !text.empty() && (IsFormulaStart(text[0]) || LooksGuarded(text));
  return absl::StrCat(guard ? "'" : "", text);
}

std::string UnguardFormula(absl::string_view cell) { return std::string(LooksGuarded(cell) ? cell.substr(1) : cell); }

void AppendCsvRow(const std::vector<std::string>& cells, std::string* out) {
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out->push_back(',');
    const std::string& cell = cells[i];
    const bool spaced = !cell.empty() && (cell.front() == ' ' || cell.back() == ' ');
    if (!spaced && cell.find_first_of(",;\t|\"\r\n'") == std::string::npos) {
      out->append(cell);
      continue;
    }
    out->push_back('"');
    for (const char c : cell) out->append(c == '"' ? 2 : 1, c);
    out->push_back('"');
  }
  out->append("\r\n");
}

}  // namespace cairn
