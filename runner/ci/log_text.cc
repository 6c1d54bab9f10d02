#include "runner/ci/log_text.h"

#include <algorithm>

#include "jobs/base/text.h"

namespace runner::ci {

namespace {

constexpr std::size_t kLineBytes = 1000;
/// No tail is made from more than this of the end.
constexpr std::size_t kLookedAt = 1U << 20U;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// "2026-11-20T08:00:00.1234567Z " at the start of a line.
std::string_view without_time(std::string_view line) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
  if (line.size() <= kForm.size()) {
    return line;
  }
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == 'd' ? !is_digit(line[i]) : line[i] != kForm[i]) {
      return line;
    }
  }
  std::size_t at = kForm.size();
  if (line[at] == '.') {
    ++at;
  }
  while (at < line.size() && is_digit(line[at])) {
    ++at;
  }
  return line.substr(at).starts_with("Z ") ? line.substr(at + 2) : line;
}

/// Length of the terminal sequence at the start of `text`, which begins with ESC (ECMA-48): CSI up
/// to its final byte, OSC and its like up to BEL or ST, anything else two bytes.
std::size_t sequence(std::string_view text) {
  if (text.size() < 2) {
    return text.size();
  }
  if (text[1] == '[') {
    const auto end =
        std::ranges::find_if(text.substr(2), [](char c) { return c >= '@' && c <= '~'; });
    return std::min(text.size(), static_cast<std::size_t>(end - text.begin()) + 1);
  }
  if (text[1] == ']' || text[1] == 'P' || text[1] == '_' || text[1] == '^') {
    for (std::size_t i = 2; i < text.size(); ++i) {
      if (text[i] == '\a') {
        return i + 1;
      }
      if (text[i] == '\x1b') {
        return std::min(text.size(), i + 2);
      }
    }
    return text.size();
  }
  return 2;
}

std::string without_sequences(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == '\x1b') {
      i += sequence(line.substr(i));
    } else {
      out += line[i++];
    }
  }
  return out;
}

std::string cleaned(std::string_view line) {
  while (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  line = without_time(line);
  if (const auto drawn_over = line.rfind('\r'); drawn_over != std::string_view::npos) {
    line.remove_prefix(drawn_over + 1);
  }
  std::string text = jobs::printable(jobs::to_valid_utf8(without_sequences(line)));
  return text.size() <= kLineBytes ? text : jobs::one_line(text, kLineBytes);
}

}  // namespace

std::string log_tail(std::string_view raw) {
  raw = raw.substr(raw.size() - std::min(raw.size(), kLookedAt));
  std::string out;
  for (std::size_t at = 0; at < raw.size();) {
    const std::string_view line = raw.substr(at, raw.find('\n', at) - at);
    at += line.size() + 1;
    out += cleaned(line) + "\n";
  }
  return jobs::tail(out, kLogLines, kLogBytes);
}

std::optional<std::string> from_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int i = 0; i < 2 && text.ends_with('='); ++i) {
    text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) {
    return std::nullopt;
  }
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const auto digit = kDigits.find(c);
    if (digit == std::string_view::npos) {
      return std::nullopt;
    }
    bits = (bits << 6U | static_cast<std::uint32_t>(digit)) & 0xffffffU;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xffU);
    }
  }
  return out;
}

}  // namespace runner::ci
