#include "runner/cli/table.h"

#include <algorithm>

#include <fmt/format.h>

#include "jobs/base/text.h"

namespace runner::cli {

namespace {

constexpr std::size_t kCellBytes = 2000;
constexpr std::string_view kGap = "  ";
constexpr std::size_t kLeast = 8;  // of the last column, however narrow the terminal is

}  // namespace

std::string Table::str(const Screen& screen, std::size_t indent) const {
  std::vector<std::vector<Cell>> rows;
  rows.emplace_back();
  for (const std::string& name : heading_) {
    rows.back().emplace_back(name, Ink::bold);
  }
  for (const std::vector<Cell>& row : rows_) {
    rows.push_back(row);
  }

  std::vector<std::size_t> widths(heading_.size(), 0);
  for (std::vector<Cell>& row : rows) {
    row.resize(heading_.size(), Cell(std::string{}));
    for (std::size_t column = 0; column < row.size(); ++column) {
      row[column].text = jobs::one_line(row[column].text, kCellBytes);
      widths[column] = std::max(widths[column], display_width(row[column].text));
    }
  }

  std::string out;
  for (const std::vector<Cell>& row : rows) {
    std::string line = screen.terminal ? std::string(indent, ' ') : std::string{};
    std::size_t used = line.size();
    std::size_t owed = 0;  // padding is written only when something follows it
    for (std::size_t column = 0; column < row.size(); ++column) {
      const bool last = column + 1 == row.size();
      if (!screen.terminal) {
        line += row[column].text;
        line += last ? "" : "\t";
        continue;
      }
      std::string text = row[column].text;
      if (last && screen.width > 0) {
        const std::size_t left = screen.width > used ? screen.width - used : 0;
        text = fit(text, std::max(left, kLeast));
      }
      if (!text.empty()) {
        line += std::string(owed, ' ') + paint(screen, row[column].ink, text);
        owed = 0;
      }
      owed += widths[column] - std::min(widths[column], display_width(text)) + kGap.size();
      used += widths[column] + kGap.size();
    }
    out += line + "\n";
  }
  return out;
}

}  // namespace runner::cli
