#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "runner/cli/screen.h"

namespace runner::cli {

/// One cell: text from anywhere (it is made printable here) and its colour.
struct Cell {
  std::string text;
  Ink ink = Ink::plain;
  Cell(std::string text_in, Ink ink_in = Ink::plain)
      : text(std::move(text_in)), ink(ink_in) {}     // NOLINT: implicit
  Cell(std::string_view text_in) : text(text_in) {}  // NOLINT: implicit
  Cell(const char* text_in) : text(text_in) {}       // NOLINT: implicit
};

/// Rows under a heading. On a terminal: aligned, the last column cut to the width. Else:
/// tab-separated and uncut, so that `cut` and `awk` can read it.
class Table {
 public:
  explicit Table(std::vector<std::string> heading) : heading_(std::move(heading)) {}
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// `indent` spaces stand before every line on a terminal.
  [[nodiscard]] std::string str(const Screen& screen, std::size_t indent = 0) const;

 private:
  std::vector<std::string> heading_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace runner::cli
