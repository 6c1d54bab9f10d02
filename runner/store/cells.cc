#include "runner/store/cells.h"

#include <fmt/format.h>

#include "runner/store/sealed.h"

namespace runner::store {

namespace {

/// One JSON string from `text` at `at` (behind its opening quote); moves `at` behind the closing
/// one.
std::optional<std::string> read_string(std::string_view text, std::size_t& at) {
  std::string result;
  while (at < text.size()) {
    const char c = text[at++];
    if (c == '"') {
      return result;
    }
    if (c != '\\') {
      result += c;
      continue;
    }
    if (at >= text.size()) {
      return std::nullopt;
    }
    const char escape = text[at++];
    if (escape == '"' || escape == '\\') {
      result += escape;
      continue;
    }
    // The only other escape that list_to_text writes is \u00XX.
    if (escape != 'u' || at + 4 > text.size()) {
      return std::nullopt;
    }
    int code = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t digit = std::string_view("0123456789abcdef").find(text[at + i]);
      if (digit == std::string_view::npos) {
        return std::nullopt;
      }
      code = code * 16 + static_cast<int>(digit);
    }
    if (code > 0x7f) {
      return std::nullopt;
    }
    at += 4;
    result += static_cast<char>(code);
  }
  return std::nullopt;
}

}  // namespace

std::string list_to_text(const std::vector<std::string>& list) {
  std::string result = "[";
  for (const std::string& item : list) {
    result += result.size() == 1 ? "\"" : ",\"";
    for (const char c : item) {
      if (c == '"' || c == '\\') {
        result += '\\';
        result += c;
      } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
        result += fmt::format("\\u{:04x}", static_cast<int>(c));
      } else {
        result += c;
      }
    }
    result += '"';
  }
  return result + "]";
}

std::optional<std::vector<std::string>> list_from_text(std::string_view text) {
  if (text == "[]") {
    return std::vector<std::string>{};
  }
  if (text.size() < 2 || text.front() != '[') {
    return std::nullopt;
  }
  std::vector<std::string> result;
  std::size_t at = 1;
  while (at < text.size() && text[at] == '"') {
    ++at;
    auto item = read_string(text, at);
    if (!item || at >= text.size()) {
      return std::nullopt;
    }
    result.push_back(*std::move(item));
    const char separator = text[at++];
    if (separator == ']') {
      return at == text.size() ? std::optional(std::move(result)) : std::nullopt;
    }
    if (separator != ',') {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

RowWriter& RowWriter::text(std::string value) {
  row_.emplace_back(std::move(value));
  return *this;
}

RowWriter& RowWriter::number(std::int64_t value) {
  row_.emplace_back(value);
  return *this;
}

RowWriter& RowWriter::time(const std::optional<jobs::TimePoint>& value) {
  return value ? time(*value) : null();
}

RowWriter& RowWriter::usage(const jobs::Usage& value) {
  return number(value.usd.micros).number(value.tokens).number(value.turns).number(value.seconds);
}

RowWriter& RowWriter::null() {
  row_.emplace_back(std::monostate{});
  return *this;
}

const Value* RowReader::next() {
  if (wrong_ || at_ >= row_.size()) {
    wrong();
    return nullptr;
  }
  return &row_[at_++];
}

void RowReader::wrong() {
  if (!wrong_) {
    wrong_ = at_;
  }
}

std::string RowReader::text() {
  const Value* value = next();
  const auto* text = value != nullptr ? std::get_if<std::string>(value) : nullptr;
  if (text == nullptr) {
    wrong();
    return {};
  }
  return *text;
}

std::vector<std::string> RowReader::list() {
  auto items = list_from_text(text());
  if (!items) {
    wrong();
    return {};
  }
  return *std::move(items);
}

std::int64_t RowReader::number() {
  const Value* value = next();
  const auto* number = value != nullptr ? std::get_if<std::int64_t>(value) : nullptr;
  if (number == nullptr) {
    wrong();
    return 0;
  }
  return *number;
}

int RowReader::small() {
  const std::int64_t value = number();
  if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max()) {
    wrong();
    return 0;
  }
  return static_cast<int>(value);
}

bool RowReader::flag() {
  const std::int64_t value = number();
  if (value != 0 && value != 1) {
    wrong();
  }
  return value == 1;
}

bool RowReader::skip_null() {
  if (at_ < row_.size() && std::holds_alternative<std::monostate>(row_[at_])) {
    ++at_;
    return true;
  }
  return false;
}

std::optional<jobs::TimePoint> RowReader::maybe_time() {
  if (skip_null()) {
    return std::nullopt;
  }
  return time();
}

jobs::Usage RowReader::usage() {
  jobs::Usage result;
  result.usd.micros = number();
  result.tokens = number();
  result.turns = number();
  result.seconds = number();
  return result;
}

jobs::Status RowReader::finish() const {
  if (wrong_ || at_ != row_.size()) {
    return damaged(fmt::format("table {} holds a row that cannot be read (cell {})", table_,
                               wrong_.value_or(at_)));
  }
  return jobs::ok();
}

}  // namespace runner::store
