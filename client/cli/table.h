// Aligned columns that fit the terminal.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "client/cli/style.h"

namespace cairn {

// A table is filled row by row and printed whole. Text is made Printable.
class Table {
 public:
  struct Column {
    std::string header;
    bool right = false;     // numbers
    bool flexible = false;  // is cut, down to 12 columns, when the table is wider than the terminal
  };
  struct Cell {
    Cell(std::string t, Tone n = Tone::kPlain) : text(std::move(t)), tone(n) {}  // NOLINT: a text is a cell
    Cell(const char* t) : text(t) {}                                             // NOLINT: likewise
    std::string text;
    Tone tone = Tone::kPlain;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // Missing cells are empty; surplus ones are dropped.
  void AddRow(std::vector<Cell> cells);
  bool empty() const { return rows_.empty(); }

  // `width`: columns of the terminal, 0 for no bound. Each line begins with `indent` spaces. A column that is empty in
  // all rows is left out.
  void Print(std::ostream& out, const Style& style, size_t width, bool with_header = true, size_t indent = 0) const;

 private:
  std::vector<size_t> Widths(size_t width, bool with_header) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace cairn
