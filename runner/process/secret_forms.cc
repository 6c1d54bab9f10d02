#include "runner/process/secret_forms.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <fmt/format.h>

#include "jobs/base/planted.h"
#include "jobs/base/text.h"

namespace runner::process {

namespace {

constexpr std::size_t kShortestInBase64 = 8;

/// What a JSON writer may do beyond what it must.
enum class Json : std::uint8_t { plain, ascii, slashes, html };

/// The code point of valid UTF-8 at `at`, which is moved behind it.
std::uint32_t next_code(std::string_view text, std::size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  if (first < 0x80) {
    return first;
  }
  const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
  std::uint32_t code = first & (0x3FU >> static_cast<unsigned>(more));
  for (int i = 0; i < more; ++i) {
    code = code << 6U | (static_cast<unsigned char>(text[at++]) & 0x3FU);
  }
  return code;
}

/// NUL is a character like any other here.
bool is_utf8(std::string_view text) {
  std::string without_nul(text);
  std::ranges::replace(without_nul, '\0', ' ');
  return jobs::to_valid_utf8(without_nul) == without_nul;
}

std::string as_json(std::string_view text, Json how) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 && how == Json::ascii) {
      const std::uint32_t code = next_code(text, at);
      if (code < 0x10000) {
        result += fmt::format("\\u{:04x}", code);
      } else {
        result +=
            fmt::format("\\u{:04x}\\u{:04x}", 0xD7C0U + (code >> 10U), 0xDC00U + (code & 0x3FFU));
      }
      continue;
    }
    ++at;
    switch (c) {
      case '"': result += "\\\""; break;
      case '\\': result += "\\\\"; break;
      case '\b': result += "\\b"; break;
      case '\f': result += "\\f"; break;
      case '\n': result += "\\n"; break;
      case '\r': result += "\\r"; break;
      case '\t': result += "\\t"; break;
      default: {
        const bool html = how == Json::html && (c == '<' || c == '>' || c == '&');
        if (byte < 0x20 || html || (byte == 0x7F && how == Json::ascii)) {
          result += fmt::format("\\u{:04x}", byte);
        } else if (c == '/' && how == Json::slashes) {
          result += "\\/";
        } else {
          result += c;
        }
      }
    }
  }
  return result;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::string as_url(std::string_view text, bool upper, bool plus_for_blank) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_unreserved(c)) {
      result += c;
    } else if (c == ' ' && plus_for_blank) {
      result += '+';
    } else {
      result += upper ? fmt::format("%{:02X}", byte) : fmt::format("%{:02x}", byte);
    }
  }
  return result;
}

/// Each byte in hexadecimal digits, with something in front of it.
std::string as_digits(std::string_view text, std::string_view before, bool upper) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    result += before;
    result += upper ? fmt::format("{:02X}", byte) : fmt::format("{:02x}", byte);
  }
  return result;
}

/// `before` bytes of something else stand in front of the text.
std::string as_base64(std::string_view text, unsigned before, std::string_view last_two) {
  const std::string digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + std::string(last_two);
  std::string result;
  std::uint32_t bits = 0;
  unsigned have = before * 8 % 6;
  bool shared = have != 0;  // the first digit then holds bits of what stands before
  for (const char c : text) {
    bits = (bits << 8U | static_cast<unsigned char>(c)) & 0xFFFFU;
    have += 8;
    while (have >= 6) {
      have -= 6;
      if (!shared) {
        result += digits[bits >> have & 63U];
      }
      shared = false;
    }
  }
  return result;
}

}  // namespace

std::vector<std::string> forms_of(std::string_view text) {
  std::vector<std::string> forms;
  const auto add = [&](std::string form) {
    if (std::ranges::find(forms, form) == forms.end()) {
      forms.push_back(std::move(form));
    }
  };
  add(std::string(text));
  add(as_json(text, Json::plain));
  add(as_json(text, Json::slashes));
  add(as_json(text, Json::html));
  if (is_utf8(text)) {
    add(as_json(text, Json::ascii));
  }
  add(as_url(text, true, false));
  add(as_url(text, false, false));
  add(as_url(text, true, true));
  // Also with every byte escaped, as nobody writes it who does not want to hide it.
  for (const std::string_view before : {"", "%", "\\x", "\\u00"}) {
    add(as_digits(text, before, false));
    add(as_digits(text, before, true));
  }
  if (text.size() >= kShortestInBase64 && !RUNNER_PLANTED(base64_not_redacted)) {
    for (const unsigned before : {0U, 1U, 2U}) {
      add(as_base64(text, before, "+/"));
      add(as_base64(text, before, "-_"));
    }
  }
  return forms;
}

}  // namespace runner::process
