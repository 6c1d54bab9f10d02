#include "manifests/report.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace manifests {

namespace {

bool is_key_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    } else if (c == '-') {
      c = '_';
    }
  }
  return out;
}

/// "https://user:password@host" -> "https://[redacted]@host".
std::string without_url_passwords(std::string text) {
  for (std::size_t at = text.find("://"); at != std::string::npos; at = text.find("://", at + 3)) {
    const std::size_t start = at + 3;
    const std::size_t end = std::min(text.find_first_of(" \t\"'", start), text.size());
    const std::size_t sign = text.substr(start, end - start).rfind('@');
    if (sign != std::string::npos) {
      text.replace(start, sign, "[redacted]");
    }
  }
  return text;
}

}  // namespace

bool names_a_secret(std::string_view key) {
  static constexpr auto kEndings = std::to_array<std::string_view>(
      {"token", "secret", "password", "passwd", "passphrase", "api_key", "apikey", "access_key",
       "private_key", "secret_key", "credential", "credentials", "authorization", "bearer"});
  const std::string name = lower(key);
  return std::ranges::any_of(kEndings,
                             [&](std::string_view ending) { return name.ends_with(ending); });
}

std::string redacted(std::string_view line) {
  for (std::size_t equals = line.find('='); equals != std::string_view::npos;
       equals = line.find('=', equals + 1)) {
    std::size_t end = equals;
    while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '\t')) {
      --end;
    }
    if (end > 0 && (line[end - 1] == '"' || line[end - 1] == '\'')) {
      --end;
    }
    std::size_t begin = end;
    while (begin > 0 && is_key_char(line[begin - 1])) {
      --begin;
    }
    if (names_a_secret(line.substr(begin, end - begin))) {
      return without_url_passwords(std::string(line.substr(0, equals))) + "= [redacted]";
    }
  }
  return without_url_passwords(std::string(line));
}

void Report::error(const Position& at, std::string message, Advice advice) {
  add({.at = at,
       .line_text = {},
       .message = std::move(message),
       .expected = std::move(advice.expected),
       .suggestion = std::move(advice.suggestion),
       .hint = std::move(advice.hint)});
}

void Report::add(Diagnostic diagnostic) {
  if (diagnostic.line_text.empty()) {
    if (const auto text = texts_.find(diagnostic.at.file); text != texts_.end()) {
      diagnostic.line_text = line_of(text->second, diagnostic.at.line);
    }
  }
  diagnostic.line_text = redacted(diagnostic.line_text);
  if (std::ranges::find(found_, diagnostic) == found_.end()) {
    found_.push_back(std::move(diagnostic));
  }
}

std::vector<Diagnostic> Report::take() && {
  std::ranges::stable_sort(found_, {}, [](const Diagnostic& wrong) {
    return std::tuple(wrong.at.file, wrong.at.line, wrong.at.column);
  });
  return std::move(found_);
}

}  // namespace manifests
