#include "tests/prove/hostile_text/decoders.h"

#include <cstdint>
#include <sstream>

#include <git2.h>
#include <nlohmann/json.hpp>

namespace prove::hostile_text {

namespace {

using Json = nlohmann::json;

/// Code points, or nothing if it is no UTF-8 (overlong forms and surrogates are none).
std::optional<std::vector<std::uint32_t>> decode(const std::string& text) {
  std::vector<std::uint32_t> result;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = lead < 0x80        ? 1
                             : lead >> 5U == 6  ? 2
                             : lead >> 4U == 14 ? 3
                             : lead >> 3U == 30 ? 4
                                                : 0;
    if (size == 0 || at + size > text.size()) {
      return std::nullopt;
    }
    std::uint32_t point = size == 1 ? lead : lead & (0x7fU >> size);
    for (std::size_t next = 1; next < size; ++next) {
      const auto byte = static_cast<unsigned char>(text[at + next]);
      if (byte >> 6U != 2) {
        return std::nullopt;
      }
      point = point << 6U | (byte & 0x3fU);
    }
    constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kLeast[size] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
      return std::nullopt;
    }
    result.push_back(point);
    at += size;
  }
  return result;
}

bool deceives(std::uint32_t point) {
  return (point < 0x20 && point != '\n' && point != '\t') || (point >= 0x7f && point <= 0x9f) ||
         (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
         (point >= 0x2060 && point <= 0x206f) || point == 0xfeff || point == 0x061c;
}

Fault object_fault(const std::string& text) {
  const Json parsed = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return parsed.is_object() ? Fault() : Fault("no JSON object: " + text.substr(0, 200));
}

std::vector<std::string> lines_of(const std::string& text) {
  // A carriage return ends a line in Markdown as well.
  std::vector<std::string> lines(1);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n' || text[at] == '\r') {
      at += text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n' ? 1U : 0U;
      lines.emplace_back();
    } else {
      lines.back() += text[at];
    }
  }
  return lines;
}

/// Length and character of a fence at the line's beginning; 0 = none.
std::pair<std::size_t, char> fence_of(const std::string& line) {
  const std::size_t begin = line.find_first_not_of(' ');
  if (begin == std::string::npos || begin > 3 || (line[begin] != '`' && line[begin] != '~')) {
    return {0, ' '};
  }
  const std::size_t end = std::min(line.find_first_not_of(line[begin], begin), line.size());
  return {end - begin >= 3 ? end - begin : 0, line[begin]};
}

std::string after_fence(const std::string& line, char kind) {
  const std::size_t begin = line.find_first_not_of(' ');
  const std::size_t end = line.find_first_not_of(kind, begin);
  return end == std::string::npos ? "" : line.substr(end);
}

}  // namespace

bool is_valid_utf8(const std::string& text) {
  return decode(text).has_value() && text.find('\0') == std::string::npos;
}

Fault terminal_fault(const std::string& text) {
  const auto points = decode(text);
  if (!points) {
    return "invalid UTF-8";
  }
  for (const std::uint32_t point : *points) {
    if (deceives(point)) {
      std::ostringstream out;
      out << "U+" << std::hex << point;
      return out.str();
    }
  }
  return std::nullopt;
}

Fault line_fault(const std::string& text) {
  return text.find('\n') != std::string::npos ? Fault("more than one line") : terminal_fault(text);
}

Fault json_fault(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x7f ||
        (static_cast<unsigned char>(c) < 0x20 && c != '\n')) {
      return "a raw character that a terminal may obey";
    }
  }
  return object_fault(text);
}

Fault json_line_fault(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) {
      return "a raw control character";
    }
  }
  return is_valid_utf8(text) ? object_fault(text) : Fault("invalid UTF-8");
}

Fault branch_fault(const std::string& branch) {
  int valid = 0;
  git_reference_name_is_valid(&valid, ("refs/heads/" + branch).c_str());
  if (valid != 1 || !branch.starts_with("runner/")) {
    return "git does not take the branch " + branch;
  }
  for (const char c : branch) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '/')) {
      return "an odd character in " + branch;
    }
  }
  return branch.size() > 100 ? Fault("a long branch") : std::nullopt;
}

Fault component_fault(const std::string& name) {
  if (name.empty() || name == "." || name == ".." || name.size() > 255 || name.front() == '-' ||
      name.front() == '.' || name.find_first_of("/\\: \t\n\"'`$*?|<>;&~") != std::string::npos) {
    return "not one sane component: " + name;
  }
  return line_fault(name);
}

Fault checklist_fault(const std::string& markdown, int boxes) {
  const std::string marker = "<!-- runner:checklist -->";
  const auto lines = lines_of(markdown);
  int markers = 0;
  int checks = 0;
  for (const std::string& line : lines) {
    markers += line == marker ? 1 : 0;
    checks += line.starts_with("- [") ? 1 : 0;
    // What was said stands behind these words only, between two backticks with none inside.
    if (line.starts_with("Now: ") || line.starts_with("Why: ")) {
      const std::string said = line.substr(5);
      if (said.size() < 2 || said.front() != '`' || said.back() != '`' ||
          said.substr(1, said.size() - 2).find('`') != std::string::npos) {
        return "what was said is no code: " + line;
      }
    } else if (&line != &lines.front() && line.find("<!--") != std::string::npos) {
      return "a comment of somebody else";
    }
  }
  if (lines.front() != marker || markers != 1 || checks != boxes) {
    return std::to_string(markers) + " markers, " + std::to_string(checks) + " boxes";
  }
  return terminal_fault(markdown);
}

Fault metrics_fault(const std::string& text, std::vector<std::string>& labels) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.starts_with("# HELP ") || line.starts_with("# TYPE ")) {
      continue;
    }
    std::size_t at =
        line.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:");
    if (at == 0 || at == std::string::npos || !line.starts_with("runner_")) {
      return "no metric: " + line;
    }
    while (line[at] == '{' || line[at] == ',') {
      at = line.find("=\"", at);
      if (at == std::string::npos) {
        return "no label: " + line;
      }
      std::string value;
      for (at += 2; at < line.size() && line[at] != '"'; ++at) {
        if (line[at] == '\\' && at + 1 < line.size()) {
          ++at;
          value += line[at] == 'n' ? '\n' : line[at];
        } else {
          value += line[at];
        }
      }
      labels.push_back(value);
      ++at;
    }
    at += at < line.size() && line[at] == '}' ? 1U : 0U;
    std::istringstream number(line.substr(std::min(at, line.size())));
    double value = 0;
    std::string rest;
    if (!(number >> value) || number >> rest) {
      return "no number: " + line;
    }
  }
  return is_valid_utf8(text) ? std::nullopt : Fault("invalid UTF-8");
}

Fenced split_fences(const std::string& markdown) {
  Fenced result;
  std::size_t length = 0;
  char kind = ' ';
  for (const std::string& line : lines_of(markdown)) {
    const auto [size, character] = fence_of(line);
    const std::string rest = size == 0 ? "" : after_fence(line, character);
    if (length == 0) {
      if (size != 0 && (character == '~' || rest.find('`') == std::string::npos)) {
        length = size;
        kind = character;
        result.blocks.emplace_back(rest, "");
      } else {
        result.outside += line + "\n";
      }
    } else if (size >= length && character == kind &&
               rest.find_first_not_of(" \t") == std::string::npos) {
      length = 0;
    } else {
      result.blocks.back().second += line + "\n";
    }
  }
  result.open = length != 0;
  return result;
}

}  // namespace prove::hostile_text
