#include "runner/cli/screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

namespace runner::cli {

namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return size.ws_col;
  }
  return 80;
}

/// Length of the UTF-8 character that starts with `first`.
std::size_t sequence_length(unsigned char first) {
  if (first < 0x80) {
    return 1;
  }
  if (first < 0xe0) {
    return 2;
  }
  return first < 0xf0 ? 3 : 4;
}

struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;
};

Character next_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = sequence_length(first);
  if (length == 1 || length > text.size()) {
    return {first, 1};
  }
  char32_t code = first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  return {code, length};
}

/// A short form of East Asian Width: the blocks that terminals draw two columns wide, and the
/// common combining marks.
std::size_t columns_of(char32_t code) {
  const bool combining = (code >= 0x300 && code <= 0x36f) || (code >= 0x1ab0 && code <= 0x1aff) ||
                         (code >= 0x20d0 && code <= 0x20ff) || (code >= 0xfe00 && code <= 0xfe0f);
  if (combining) {
    return 0;
  }
  const bool wide = (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
                    (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
                    (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
                    (code >= 0xffe0 && code <= 0xffe6) || (code >= 0x1f300 && code <= 0x1faff) ||
                    (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}

std::string_view escape_of(Ink ink) {
  switch (ink) {
    case Ink::plain: return "";
    case Ink::bold: return "\x1b[1m";
    case Ink::dim: return "\x1b[2m";
    case Ink::green: return "\x1b[32m";
    case Ink::yellow: return "\x1b[33m";
    case Ink::red: return "\x1b[31m";
  }
  return "";
}

}  // namespace

Screen make_screen(Color color) {
  Screen screen;
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  screen.terminal = terminal || color == Color::always;
  screen.width = terminal ? terminal_width() : 0;
  switch (color) {
    case Color::automatic:
      screen.color = terminal && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
      break;
    case Color::always: screen.color = true; break;
    case Color::never: break;
  }
  return screen;
}

std::string paint(const Screen& screen, Ink ink, std::string_view text) {
  if (!screen.color || ink == Ink::plain || text.empty()) {
    return std::string(text);
  }
  return fmt::format("{}{}\x1b[0m", escape_of(ink), text);
}

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character character = next_character(text);
    columns += columns_of(character.code);
    text.remove_prefix(character.bytes);
  }
  return columns;
}

std::string fit(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) {
    return std::string(text);
  }
  const std::string_view dots = columns >= 3 ? "..." : "";
  std::size_t used = dots.size();
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    const Character character = next_character(text.substr(bytes));
    if (used + columns_of(character.code) > columns) {
      break;
    }
    used += columns_of(character.code);
    bytes += character.bytes;
  }
  return std::string(text.substr(0, bytes)) + std::string(dots);
}

void put(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

bool flush_output() {
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
}

}  // namespace runner::cli
