#include "manifests/diagnostic.h"

#include <set>

#include <fmt/format.h>

#include "jobs/base/text.h"

namespace manifests {

namespace {

constexpr std::size_t kMaxLine = 160;

/// Start of the code point number `column` (from 1) of `text`.
std::size_t offset_of(std::string_view text, int column) {
  int seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U && ++seen == column) {
      return i;
    }
  }
  return text.size();
}

int code_points(std::string_view text) {
  int count = 0;
  for (const char c : text) {
    count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  }
  return count;
}

/// The line and a caret below it. What stands before the caret is encoded by itself, so that an
/// escape that became longer moves the caret too.
void append_source(std::string& out, const Diagnostic& wrong) {
  const std::string number = std::to_string(wrong.at.line);
  const std::string gutter(number.size(), ' ');
  const std::size_t split = offset_of(wrong.line_text, wrong.at.column);
  std::string before = jobs::one_line(std::string_view(wrong.line_text).substr(0, split), 100'000);
  std::string after = jobs::one_line(std::string_view(wrong.line_text).substr(split), kMaxLine);
  if (before.size() > kMaxLine) {  // show the end of it, that is where the error is
    before = "..." +
             before.substr(offset_of(before, code_points(before) - static_cast<int>(kMaxLine) / 2));
  }
  out += fmt::format(" {} | {}{}\n", number, before, after);
  out += fmt::format(" {} | {}^\n", gutter,
                     std::string(static_cast<std::size_t>(code_points(before)), ' '));
}

}  // namespace

std::string Position::str() const {
  return line > 0 ? fmt::format("{}:{}:{}", file, line, column) : file;
}

std::string render(const Diagnostic& diagnostic) {
  std::string out = fmt::format("{}: error: {}\n", jobs::one_line(diagnostic.at.str(), 1000),
                                jobs::one_line(diagnostic.message, 1000));
  if (!diagnostic.line_text.empty()) {
    append_source(out, diagnostic);
  }
  if (!diagnostic.expected.empty()) {
    out += fmt::format("  expected {}\n", jobs::one_line(diagnostic.expected, 1000));
  }
  if (!diagnostic.suggestion.empty()) {
    out += fmt::format("  did you mean \"{}\"?\n", jobs::one_line(diagnostic.suggestion));
  }
  if (!diagnostic.hint.empty()) {
    out += fmt::format("  {}\n", jobs::one_line(diagnostic.hint, 1000));
  }
  return out;
}

std::string render(std::span<const Diagnostic> diagnostics) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) {
    out += render(diagnostic);
  }
  return out;
}

std::string summary(std::span<const Diagnostic> diagnostics) {
  std::set<std::string> files;
  for (const Diagnostic& diagnostic : diagnostics) {
    files.insert(diagnostic.at.file);
  }
  return fmt::format("{} error{} in {} file{}", diagnostics.size(),
                     diagnostics.size() == 1 ? "" : "s", files.size(),
                     files.size() == 1 ? "" : "s");
}

std::string line_of(std::string_view text, int line) {
  for (int current = 1; current < line; ++current) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return {};
    }
    text.remove_prefix(end + 1);
  }
  std::string_view found = line > 0 ? text.substr(0, text.find('\n')) : std::string_view{};
  if (found.ends_with('\r')) {
    found.remove_suffix(1);
  }
  return std::string(found);
}

}  // namespace manifests
