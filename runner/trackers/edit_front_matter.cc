#include <algorithm>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "manifests/toml_value.h"
#include "runner/trackers/front_matter.h"

namespace runner::trackers {

namespace {

constexpr std::string_view kFence = "+++";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// One "key = value" of the top level.
struct Statement {
  std::string key;
  std::size_t begin = 0;  ///< of its first line
  std::size_t value_begin = 0;
  std::size_t value_end = 0;  ///< behind the value; a comment may follow
  std::size_t end = 0;        ///< behind the newline of its last line
};

/// Walks over text that is known to be valid TOML and finds where each top-level statement lies. It
/// ends at the first table, because the keys behind it belong to that table.
class Scanner {
 public:
  explicit Scanner(std::string_view toml) : toml_(toml) {}

  std::vector<Statement> statements() {
    std::vector<Statement> found;
    while (pos_ < toml_.size()) {
      const std::size_t line = pos_;
      skip_blank();
      if (at('[')) {
        break;
      }
      if (pos_ < toml_.size() && !at('#') && !at('\n') && !at('\r')) {
        Statement statement;
        statement.begin = line;
        statement.key = key();
        skip_blank();
        statement.value_begin = pos_;
        statement.value_end = value();
        skip_line();
        statement.end = pos_;
        found.push_back(std::move(statement));
      } else {
        skip_line();
      }
    }
    return found;
  }

 private:
  [[nodiscard]] bool at(char c) const { return pos_ < toml_.size() && toml_[pos_] == c; }
  [[nodiscard]] bool at(std::string_view text) const {
    return toml_.substr(pos_).starts_with(text);
  }

  void skip_blank() {
    while (at(' ') || at('\t')) {
      ++pos_;
    }
  }

  void skip_line() {
    const std::size_t newline = toml_.find('\n', pos_);
    pos_ = newline == std::string_view::npos ? toml_.size() : newline + 1;
  }

  /// Moves behind a string that begins here.
  void skip_string() {
    const char quote = toml_[pos_];
    const std::string three(3, quote);
    const bool multi = at(three);
    pos_ += multi ? 3 : 1;
    while (pos_ < toml_.size()) {
      if (quote == '"' && at('\\')) {
        pos_ += 2;
      } else if (multi && at(three)) {
        pos_ += 3;
        // Up to two quotes may stand right before the closing three.
        while (at(quote)) {
          ++pos_;
        }
        return;
      } else if (!multi && (at(quote) || at('\n'))) {
        ++pos_;
        return;
      } else {
        ++pos_;
      }
    }
    pos_ = std::min(pos_, toml_.size());
  }

  /// The key up to '=', without quotes; moves behind the '='.
  std::string key() {
    const std::size_t begin = pos_;
    while (pos_ < toml_.size() && !at('=') && !at('\n')) {
      if (at('"') || at('\'')) {
        skip_string();
      } else {
        ++pos_;
      }
    }
    std::string_view text = jobs::trimmed(toml_.substr(begin, pos_ - begin));
    if (at('=')) {
      ++pos_;
    }
    if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
        text.back() == text.front()) {
      text = text.substr(1, text.size() - 2);
    }
    return std::string(text);
  }

  /// Moves to the end of the value (where its line's rest begins) and returns where the value
  /// itself ends.
  std::size_t value() {
    int depth = 0;
    std::size_t end = pos_;
    while (pos_ < toml_.size()) {
      if (at('"') || at('\'')) {
        skip_string();
        end = pos_;
        continue;
      }
      if (at('#')) {
        if (depth == 0) {
          break;
        }
        skip_line();
        continue;
      }
      if (at('\n') && depth == 0) {
        break;
      }
      depth += at('[') || at('{') ? 1 : 0;
      depth -= at(']') || at('}') ? 1 : 0;
      const bool blank = at(' ') || at('\t') || at('\r') || at('\n');
      ++pos_;
      end = blank ? end : pos_;
    }
    return end;
  }

  std::string_view toml_;
  std::size_t pos_ = 0;
};

/// The line that begins at `pos`, without its end; `next` = where the following one begins.
std::string_view line_at(std::string_view bytes, std::size_t pos, std::size_t& next) {
  const std::size_t newline = bytes.find('\n', pos);
  next = newline == std::string_view::npos ? bytes.size() : newline + 1;
  return bytes.substr(pos, (newline == std::string_view::npos ? bytes.size() : newline) - pos);
}

bool is_fence(std::string_view line) {
  return line.starts_with(kFence) &&
         line.find_first_not_of(" \t\r", kFence.size()) == std::string_view::npos;
}

}  // namespace

std::optional<Parts> split_front_matter(std::string_view bytes) {
  Parts parts;
  const std::size_t start = bytes.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  if (!is_fence(line_at(bytes, start, parts.toml_begin))) {
    return std::nullopt;
  }
  for (std::size_t pos = parts.toml_begin; pos < bytes.size();) {
    std::size_t next = 0;
    if (is_fence(line_at(bytes, pos, next))) {
      parts.toml_end = pos;
      parts.body = next;
      return parts;
    }
    pos = next;
  }
  return std::nullopt;
}

bool has_front_matter(std::string_view bytes) {
  std::size_t next = 0;
  const std::size_t start = bytes.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  return is_fence(line_at(bytes, start, next));
}

jobs::Result<std::string> edit_front_matter(std::string_view bytes,
                                            std::span<const KeyEdit> edits) {
  const auto parts = split_front_matter(bytes);
  if (!parts) {
    return jobs::fail(jobs::ErrorKind::usage,
                      "the text has no front matter between two lines \"+++\"");
  }
  std::string toml(bytes.substr(parts->toml_begin, parts->toml_end - parts->toml_begin));
  const char* newline = bytes.substr(0, parts->toml_begin).ends_with("\r\n") ? "\r\n" : "\n";
  for (const KeyEdit& edit : edits) {
    const std::vector<Statement> statements = Scanner(toml).statements();
    const auto found = std::ranges::find(statements, edit.key, &Statement::key);
    if (found == statements.end()) {
      if (edit.value) {
        const std::size_t where = statements.empty() ? 0 : statements.back().end;
        toml.insert(where, fmt::format("{} = {}{}", edit.key, *edit.value, newline));
      }
    } else if (edit.value) {
      toml.replace(found->value_begin, found->value_end - found->value_begin, *edit.value);
    } else {
      toml.erase(found->begin, found->end - found->begin);
    }
  }
  return fmt::format("{}{}{}", bytes.substr(0, parts->toml_begin), toml,
                     bytes.substr(parts->toml_end));
}

std::string toml_array(std::span<const std::string> texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    out += (out.size() > 1 ? ", " : "") + manifests::toml_quote(text);
  }
  return out + "]";
}

}  // namespace runner::trackers
