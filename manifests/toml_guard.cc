#include "manifests/toml_guard.h"

#include <cstddef>
#include <string>

#include <fmt/format.h>

#include "manifests/toml_value.h"

namespace manifests {

namespace {

/// toml++ steps back over at most 127 characters, and a date before a space may step back over two
/// more than it checked.
constexpr int kMaxWord = 100;
constexpr int kMaxKeyParts = 32;
constexpr int kMaxNesting = 32;

/// Length of the valid UTF-8 sequence at `pos`, 0 if there is none (overlong, surrogate, cut off,
/// above U+10FFFF).
std::size_t utf8_length(std::string_view bytes, std::size_t pos) {
  const auto byte = [&](std::size_t i) {
    return pos + i < bytes.size() ? static_cast<unsigned char>(bytes[pos + i]) : 0U;
  };
  const unsigned first = byte(0);
  const auto follows = [&](std::size_t count) {
    for (std::size_t i = 1; i <= count; ++i) {
      if ((byte(i) & 0xC0U) != 0x80U) {
        return false;
      }
    }
    return true;
  };
  if (first < 0x80U) {
    return 1;
  }
  if (first >= 0xC2U && first <= 0xDFU) {
    return follows(1) ? 2 : 0;
  }
  if (first >= 0xE0U && first <= 0xEFU) {
    const bool overlong = first == 0xE0U && byte(1) < 0xA0U;
    const bool surrogate = first == 0xEDU && byte(1) > 0x9FU;
    return follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0U && first <= 0xF4U) {
    const bool overlong = first == 0xF0U && byte(1) < 0x90U;
    const bool too_high = first == 0xF4U && byte(1) > 0x8FU;
    return follows(3) && !overlong && !too_high ? 4 : 0;
  }
  return 0;
}

class Guard {
 public:
  Guard(std::string_view bytes, std::string_view file) : bytes_(bytes), file_(file) {}

  std::optional<Diagnostic> run() {
    if (bytes_.size() > kMaxTomlBytes) {
      return Diagnostic{.at = {.file = file_},
                        .message = fmt::format("the file has {} bytes", bytes_.size()),
                        .expected = fmt::format("at most {} bytes", kMaxTomlBytes),
                        .hint = "split it into several files"};
    }
    encoding();
    if (!found_) {
      structure();
    }
    return found_;
  }

 private:
  void complain(std::string message, std::string expected, std::string hint) {
    found_ = Diagnostic{.at = {.file = file_, .line = line_, .column = column_},
                        .line_text = line_of(bytes_, line_),
                        .message = std::move(message),
                        .expected = std::move(expected),
                        .hint = std::move(hint)};
  }

  void step(std::size_t count) {
    for (std::size_t i = 0; i < count && pos_ < bytes_.size(); ++i, ++pos_) {
      const auto byte = static_cast<unsigned char>(bytes_[pos_]);
      if (byte == '\n') {
        ++line_;
        column_ = 1;
      } else if ((byte & 0xC0U) != 0x80U) {
        ++column_;
      }
    }
  }

  [[nodiscard]] char at(std::size_t offset) const {
    return pos_ + offset < bytes_.size() ? bytes_[pos_ + offset] : '\0';
  }

  void encoding() {
    while (pos_ < bytes_.size()) {
      const std::size_t length = utf8_length(bytes_, pos_);
      const auto byte = static_cast<unsigned char>(bytes_[pos_]);
      if (length == 0) {
        return complain(fmt::format("byte 0x{:02x} is not valid UTF-8 here", byte),
                        "a text file in UTF-8", "save the file as UTF-8");
      }
      const bool line_break = byte == '\n' || (byte == '\r' && at(1) == '\n');
      if ((byte < 0x20U && byte != '\t' && !line_break) || byte == 0x7FU) {
        return complain(byte == '\r' ? std::string("a carriage return without a line feed")
                                     : fmt::format("control character 0x{:02x}", byte),
                        "printable text, tabs and line breaks",
                        "in a string write it as an escape such as \"\\u0007\"");
      }
      step(length);
    }
    pos_ = 0;
    line_ = 1;
    column_ = 1;
  }

  void structure() {
    while (pos_ < bytes_.size() && !found_) {
      const char c = at(0);
      if (c == '#') {
        while (pos_ < bytes_.size() && at(0) != '\n') {
          step(1);
        }
      } else if (c == '"' || c == '\'') {
        string(c);
        word_ = 0;
      } else {
        bare(c);
      }
    }
  }

  /// Steps over a string. One that never ends is toml++'s to report.
  void string(char quote) {
    const bool multi_line = at(1) == quote && at(2) == quote;
    step(multi_line ? 3 : 1);
    while (pos_ < bytes_.size()) {
      const char c = at(0);
      if (c == '\\' && quote == '"') {
        step(2);
      } else if (c == quote && !multi_line) {
        return step(1);
      } else if (c == quote && at(1) == quote && at(2) == quote) {
        std::size_t run = 3;
        while (run < 5 && at(run) == quote) {
          ++run;
        }
        return step(run);
      } else if (c == '\n' && !multi_line) {
        return;
      } else {
        step(1);
      }
    }
  }

  void bare(char c) {
    switch (c) {
      case '[':
      case '{':
        if (++nesting_ > kMaxNesting) {
          return complain("values are nested too deep",
                          fmt::format("at most {} levels", kMaxNesting), {});
        }
        word_ = parts_ = 0;
        break;
      case ']':
      case '}':
        nesting_ = nesting_ > 0 ? nesting_ - 1 : 0;
        word_ = parts_ = 0;
        break;
      case '.':
        if (++parts_ >= kMaxKeyParts) {
          return complain("a key has too many parts", fmt::format("at most {} parts", kMaxKeyParts),
                          {});
        }
        ++word_;
        break;
      case ' ':
      case '\t':
        word_ = 0;  // a dotted key may have blanks around its dots
        break;
      case '=':
      case ',':
      case '\r':
      case '\n': word_ = parts_ = 0; break;
      default:
        if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
          ++word_;
        }
        break;
    }
    if (word_ > kMaxWord) {
      return complain("a bare word is too long", fmt::format("at most {} characters", kMaxWord),
                      "put a long text between quotes");
    }
    step(1);
  }

  std::string_view bytes_;
  std::string file_;
  std::optional<Diagnostic> found_;
  std::size_t pos_ = 0;
  int line_ = 1;
  int column_ = 1;
  int word_ = 0;
  int parts_ = 0;
  int nesting_ = 0;
};

}  // namespace

std::optional<Diagnostic> guard_toml(std::string_view bytes, std::string_view file_name) {
  return Guard(bytes, file_name).run();
}

}  // namespace manifests
