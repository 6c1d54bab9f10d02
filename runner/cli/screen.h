#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "runner/cli/command.h"

namespace runner::cli {

/// What standard output can show.
struct Screen {
  bool terminal = false;  ///< tables, or one tab-separated line per row
  bool color = false;
  std::size_t width = 0;  ///< characters per line; 0 = not limited
};

/// Looks at standard output, NO_COLOR, TERM and COLUMNS. `always` also gives tables to a pipe.
[[nodiscard]] Screen make_screen(Color color);

enum class Ink { plain, bold, dim, green, yellow, red };
/// `text` between the escapes of `ink`, or as it is without colour. The text must have been made
/// printable before.
[[nodiscard]] std::string paint(const Screen& screen, Ink ink, std::string_view text);

/// Columns that `text` (valid UTF-8 without control characters) takes on a terminal.
[[nodiscard]] std::size_t display_width(std::string_view text);
/// `text`, or its beginning with "..." so that it takes at most `columns`.
[[nodiscard]] std::string fit(std::string_view text, std::size_t columns);

/// Writes to standard output; an error is found by `flush_output`.
void put(std::string_view text);
/// False if anything written to standard output was lost (full disk, closed pipe).
[[nodiscard]] bool flush_output();

}  // namespace runner::cli
