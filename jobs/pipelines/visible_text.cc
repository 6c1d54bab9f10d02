#include "jobs/pipelines/visible_text.h"

#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "jobs/base/text.h"

namespace jobs {

namespace {

constexpr int kMostPasses = 8;

/// The character at `at` of valid UTF-8, and its length.
std::uint32_t character_at(std::string_view text, std::size_t at, std::size_t& length) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at + i]));
  };
  const std::uint32_t first = byte(0);
  length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  std::uint32_t code = length == 1 ? first : first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    code = code << 6U | (byte(i) & 0x3FU);
  }
  return code;
}

bool is_invisible(std::uint32_t code) {
  const auto within = [&](std::uint32_t first, std::uint32_t last) {
    return code >= first && code <= last;
  };
  if (within(0x00, 0x1F)) {
    return code != '\n' && code != '\t' && code != '\r';
  }
  return within(0x7F, 0x9F) || code == 0xAD || code == 0x034F || code == 0x061C ||
         within(0x115F, 0x1160) || within(0x17B4, 0x17B5) || within(0x180B, 0x180F) ||
         within(0x200B, 0x200F) || within(0x202A, 0x202E) || within(0x2060, 0x206F) ||
         code == 0x3164 || within(0xFE00, 0xFE0F) || code == 0xFEFF || code == 0xFFA0 ||
         within(0xFFF0, 0xFFFB) || within(0x1D173, 0x1D17A) || within(0xE0000, 0xE0FFF);
}

std::string without_invisible(std::string_view text, int& count) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 1;
    if (is_invisible(character_at(text, at, length))) {
      ++count;
    } else {
      out += text.substr(at, length);
    }
    at += length;
  }
  return out;
}

/// The length of the run of `c` at `at`.
std::size_t run_of(std::string_view text, std::size_t at, char c) {
  std::size_t length = 0;
  while (at + length < text.size() && text[at + length] == c) {
    ++length;
  }
  return length;
}

/// The end of the code that begins at `at` with backticks or tildes; `at` where it is none. A fence
/// that is not closed goes on to the end, as it is shown.
std::size_t end_of_code(std::string_view text, std::size_t at) {
  const std::size_t line =
      text.rfind('\n', at) == std::string_view::npos ? 0 : text.rfind('\n', at) + 1;
  const char mark = text[at];
  const std::size_t length = run_of(text, at, mark);
  const bool starts_line =
      text.substr(line, at - line).find_first_not_of(' ') == std::string_view::npos &&
      at - line <= 3;
  if (length >= 3 && starts_line) {
    for (std::size_t next = text.find('\n', at); next != std::string_view::npos;
         next = text.find('\n', next + 1)) {
      const std::size_t begin = text.find_first_not_of(' ', next + 1);
      if (begin != std::string_view::npos && begin - next <= 4 && text[begin] == mark &&
          run_of(text, begin, mark) >= length) {
        return begin + run_of(text, begin, mark);
      }
    }
    return text.size();
  }
  if (mark != '`') {
    return at + length;
  }
  for (std::size_t next = text.find('`', at + length); next != std::string_view::npos;) {
    const std::size_t closing = run_of(text, next, '`');
    if (closing == length) {
      return next + closing;
    }
    next = text.find('`', next + closing);
  }
  return at + length;
}

std::string without_comments(std::string_view text, int& count) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '`' || text[at] == '~') {
      const std::size_t end = end_of_code(text, at);
      out += text.substr(at, end - at);
      at = end;
    } else if (text.substr(at, 4) == "<!--") {
      ++count;
      const std::size_t end = text.find("-->", at + 4);
      at = end == std::string_view::npos ? text.size() : end + 3;
    } else {
      out += text[at++];
    }
  }
  return out;
}

std::string counted(int count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

std::string VisibleText::removed() const {
  if (comments == 0 && characters == 0) {
    return {};
  }
  return fmt::format("[the runner removed {}{}{} here]",
                     comments > 0 ? counted(comments, "hidden comment") : "",
                     comments > 0 && characters > 0 ? " and " : "",
                     characters > 0 ? counted(characters, "invisible character") : "");
}

VisibleText visible_text(std::string_view text) {
  VisibleText result;
  // Characters first: one in the middle of "<!--" must not save a comment.
  const std::string seen = without_invisible(to_valid_utf8(text), result.characters);
  result.text = without_comments(seen, result.comments);
  // What stood on both sides of a comment may be one now. Whoever nests more of them than this gets
  // their beginnings broken.
  for (int pass = 0, before = 0; result.comments > before; ++pass) {
    before = result.comments;
    std::string next = without_comments(result.text, result.comments);
    if (pass >= kMostPasses) {
      for (std::size_t at = result.text.find("<!--"); at != std::string::npos;
           at = result.text.find("<!--", at)) {
        result.text.replace(at, 4, " ");
      }
      break;
    }
    result.text = std::move(next);
  }
  return result;
}

}  // namespace jobs
