#include "jobs/base/text.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "jobs/base/ascii.h"

namespace jobs {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::size_t kMaxComponent = 100;

/// One decoded character: its code point and length in bytes; length 0 = the byte at `pos` starts
/// no valid character.
struct Decoded {
  char32_t code = 0;
  std::size_t length = 0;
};

Decoded decode(std::string_view text, std::size_t pos) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(pos);
  if (first < 0x80) {
    return {first, 1};
  }
  std::size_t length = 0;
  char32_t code = 0;
  char32_t smallest = 0;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2, code = first & 0x1FU, smallest = 0x80;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3, code = first & 0x0FU, smallest = 0x800;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4, code = first & 0x07U, smallest = 0x10000;
  } else {
    return {};
  }
  if (pos + length > text.size()) {
    return {};
  }
  for (std::size_t i = pos + 1; i < pos + length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) {
      return {};
    }
    code = code << 6U | (byte(i) & 0x3FU);
  }
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < smallest || code > 0x10FFFF || surrogate) {
    return {};
  }
  return {code, length};
}

bool is_control(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F);
}

/// Characters that are not seen but change what is seen: zero width, direction, line separators,
/// tags.
bool is_deceptive(char32_t code) {
  return code == 0xAD || code == 0x61C || code == 0x180E || (code >= 0x200B && code <= 0x200F) ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) ||
         code == 0xFEFF || (code >= 0xFFF9 && code <= 0xFFFB) ||
         (code >= 0xE0000 && code <= 0xE007F);
}

std::string escaped(char32_t code) {
  const auto value = static_cast<std::uint32_t>(code);
  if (value < 0x80) {
    return fmt::format("\\x{:02x}", value);
  }
  return value <= 0xFFFF ? fmt::format("\\u{:04x}", value) : fmt::format("\\U{:08x}", value);
}

/// Calls `sink` with each character as it may be shown; stops when `sink` returns false.
template <typename Sink>
void for_each_shown(std::string_view text, bool one_line, const Sink& sink) {
  for (std::size_t pos = 0; pos < text.size();) {
    const Decoded found = decode(text, pos);
    if (found.length == 0 || found.code == 0) {
      ++pos;
      if (!sink(kReplacement)) {
        return;
      }
      continue;
    }
    const std::string_view raw = text.substr(pos, found.length);
    pos += found.length;
    bool go_on = true;
    if (found.code == '\r' && pos < text.size() && text[pos] == '\n') {
      continue;
    }
    if (found.code == '\n' || found.code == '\t') {
      go_on = sink(one_line ? std::string_view(" ") : raw);
    } else if (is_control(found.code) || is_deceptive(found.code)) {
      go_on = sink(std::string_view(escaped(found.code)));
    } else {
      go_on = sink(raw);
    }
    if (!go_on) {
      return;
    }
  }
}

bool is_alnum(char c) {
  return (to_ascii_lower(c) >= 'a' && to_ascii_lower(c) <= 'z') || (c >= '0' && c <= '9');
}

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Edits (insert, delete, replace, swap of neighbours) between two short words; case does not
/// count, nor '-' against '_'.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) {
    return to_ascii_lower(x) == to_ascii_lower(y) ||
           ((x == '-' || x == '_') && (y == '-' || y == '_'));
  };
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    above[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = same(a[i - 1], b[j - 1]) ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace

void forget(std::string& text) {
  std::string().swap(text);
}

std::string to_valid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  // What is good goes over in runs: texts are long, and mostly ASCII.
  std::size_t begin = 0;
  for (std::size_t pos = 0; pos < bytes.size();) {
    if (const char c = bytes[pos]; c > 0 && c < 0x7F) {
      ++pos;
      continue;
    }
    const Decoded found = decode(bytes, pos);
    if (found.length == 0 || found.code == 0) {
      out += bytes.substr(begin, pos - begin);
      out += kReplacement;
      begin = ++pos;
    } else {
      pos += found.length;
    }
  }
  out += bytes.substr(begin);
  return out;
}

std::string one_line(std::string_view text, std::size_t max_bytes) {
  constexpr std::string_view kDots = "...";
  const std::size_t room = max_bytes > kDots.size() ? max_bytes - kDots.size() : 0;
  std::string out;
  std::size_t fits_with_dots = 0;
  bool cut = false;
  for_each_shown(text, true, [&](std::string_view shown) {
    if (out.size() + shown.size() > max_bytes) {
      cut = true;
      return false;
    }
    out += shown;
    if (out.size() <= room) {
      fits_with_dots = out.size();
    }
    return true;
  });
  if (cut) {
    out.resize(fits_with_dots);
    out += kDots.substr(0, max_bytes);
  }
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for_each_shown(text, false, [&](std::string_view shown) {
    out += shown;
    return true;
  });
  return out;
}

std::string slug(std::string_view text, std::size_t max) {
  std::string out;
  for (const char c : text) {
    if (out.size() >= max) {
      break;
    }
    if (is_alnum(c)) {
      out.push_back(to_ascii_lower(c));
    } else if (!out.empty() && out.back() != '-') {
      out.push_back('-');
    }
  }
  while (!out.empty() && out.back() == '-') {
    out.pop_back();
  }
  return out.empty() ? "issue" : out;
}

bool is_safe_component(std::string_view text) {
  if (text.empty() || text == "." || text == ".." || text.front() == '-' ||
      text.size() > kMaxComponent) {
    return false;
  }
  for (std::size_t pos = 0; pos < text.size();) {
    const Decoded found = decode(text, pos);
    if (found.length == 0 || found.code == '/' || is_control(found.code)) {
      return false;
    }
    pos += found.length;
  }
  return true;
}

std::string path_component(std::string_view name) {
  constexpr std::size_t kMaxName = 60;
  std::string out;
  for (const char c : name.substr(0, kMaxName)) {
    const bool safe = is_alnum(c) || c == '_' || ((c == '-' || c == '.') && !out.empty());
    out.push_back(safe ? c : '_');
  }
  if (out.empty()) {
    out = "_";
  }
  const std::uint64_t hash = fnv1a(name);
  return fmt::format("{}-{:08x}", out, static_cast<std::uint32_t>(hash ^ (hash >> 32U)));
}

std::uint64_t fnv1a(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return hash;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> known) {
  // Longer words were not mistyped, and the comparison is quadratic.
  if (word.empty() || word.size() > kMaxComponent) {
    return {};
  }
  std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
  const std::string* found = nullptr;
  for (const std::string& candidate : known) {
    if (candidate.size() > kMaxComponent) {
      continue;
    }
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best && distance < std::max(word.size(), candidate.size())) {
      best = distance;
      found = &candidate;
    }
  }
  return found == nullptr ? std::string() : *found;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_space(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

std::string tail(std::string_view text, std::size_t max_lines, std::size_t max_bytes) {
  if (max_lines == 0 || max_bytes == 0) {
    return {};
  }
  std::size_t start = text.size();
  std::size_t lines = 0;
  while (start > 0) {
    // The newline that ends the last line does not begin another one.
    const std::size_t newline = start >= 2 ? text.rfind('\n', start - 2) : std::string_view::npos;
    const std::size_t line = newline == std::string_view::npos ? 0 : newline + 1;
    if (lines == max_lines || text.size() - line > max_bytes) {
      break;
    }
    start = line;
    ++lines;
  }
  if (lines == 0) {
    // Even the last line is too long: its end is all there is room for.
    start = text.size() - std::min(max_bytes, text.size());
    for (int i = 0;
         i < 3 && start < text.size() && (static_cast<unsigned char>(text[start]) & 0xC0U) == 0x80;
         ++i) {
      ++start;
    }
  }
  return std::string(text.substr(start));
}

}  // namespace jobs
