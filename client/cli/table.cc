#include "client/cli/table.h"

#include <algorithm>
#include <numeric>

#include "client/cli/text_width.h"

namespace cairn {
namespace {

constexpr size_t gap = 2;
constexpr size_t flexible_min = 12;

}  // namespace

void Table::AddRow(std::vector<Cell> cells) {
  cells.resize(columns_.size(), Cell(""));
  for (Cell& cell : cells) cell.text = Printable(cell.text);
  rows_.push_back(std::move(cells));
}

// 0 marks a column that is left out.
std::vector<size_t> Table::Widths(size_t width, bool with_header) const {
  std::vector<size_t> widths(columns_.size(), 0);
  for (const std::vector<Cell>& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i].text));
  }
  size_t total = 0;
  for (size_t i = 0; i < widths.size(); ++i) {
    if (widths[i] == 0) continue;
    if (with_header) widths[i] = std::max(widths[i], DisplayWidth(columns_[i].header));
    total += widths[i] + gap;
  }
  total -= std::min(total, gap);
  while (width > 0 && total > width) {
    size_t* widest = nullptr;
    for (size_t i = 0; i < widths.size(); ++i) {
      if (columns_[i].flexible && widths[i] > flexible_min && (widest == nullptr || widths[i] > *widest)) {
        widest = &widths[i];
      }
    }
    if (widest == nullptr) break;
    --*widest;
    --total;
  }
  return widths;
}

void Table::Print(std::ostream& out, const Style& style, size_t width, bool with_header, size_t indent) const {
  const std::vector<size_t> widths = Widths(width > indent ? width - indent : width, with_header);
  const auto print_row = [&](const std::vector<Cell>& row) {
    std::string pending(indent, ' ');  // spaces are written only when text follows
    for (size_t i = 0; i < row.size(); ++i) {
      if (widths[i] == 0) continue;
      const std::string text = CutTo(row[i].text, widths[i]);
      const std::string fill(widths[i] - std::min(widths[i], DisplayWidth(text)), ' ');
      if (columns_[i].right) pending += fill;
      if (!text.empty()) {
        out << pending << style.Paint(row[i].tone, text);
        pending.clear();
      }
      if (!columns_[i].right) pending += fill;
      pending.append(gap, ' ');
    }
    out << "\n";
  };
  if (with_header) {
    std::vector<Cell> header;
    for (const Column& column : columns_) header.emplace_back(column.header, Tone::kQuiet);
    print_row(header);
  }
  for (const std::vector<Cell>& row : rows_) print_row(row);
}

}  // namespace cairn
