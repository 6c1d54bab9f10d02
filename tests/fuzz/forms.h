#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

/// How others write a text, from outside: with their own libraries, or by the book.
namespace fuzz {

/// j, a: JSON, and JSON in ASCII. s, g: with "\/", and safe for HTML. u, v, p: URL with large and
/// small digits, form. A to C and D to F: base64 and its form for URLs behind 0 to 2 other bytes.
inline constexpr std::string_view kForms = "jasguvpABCDEF";

inline std::string json_of(std::string_view text, bool ascii) {
  try {
    const std::string quoted = nlohmann::json(std::string(text)).dump(-1, ' ', ascii);
    return quoted.substr(1, quoted.size() - 2);
  } catch (const nlohmann::json::exception&) {
    return {};  // not UTF-8: no JSON writer takes it
  }
}

inline std::string replaced(std::string text, char what, std::string_view by) {
  std::string out;
  for (const char c : text) {
    out += c == what ? std::string(by) : std::string(1, c);
  }
  return out;
}

inline std::string url_of(std::string_view text, const char* digits, bool form) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = std::string_view(
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                           "0123456789-._~")
                           .find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else if (c == ' ' && form) {
      out += '+';
    } else {
      out += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
  }
  return out;
}

/// Encodes `before` zero bytes and the text, then drops the digits that are not the text's alone.
inline std::string base64_of(std::string_view text, std::size_t before, bool for_urls) {
  std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  digits += for_urls ? "-_" : "+/";
  std::string bits(before * 8, '0');
  for (const char c : text) {
    for (int bit = 7; bit >= 0; --bit) {
      bits += (static_cast<unsigned char>(c) >> static_cast<unsigned>(bit) & 1U) != 0 ? '1' : '0';
    }
  }
  std::string out;
  for (std::size_t at = (before * 8 + 5) / 6 * 6; at + 6 <= bits.size(); at += 6) {
    out += digits[std::stoul(bits.substr(at, 6), nullptr, 2)];
  }
  return out;
}

inline std::string written_as(char form, const std::string& text) {
  switch (form) {
    case 'j': return json_of(text, false);
    case 'a': return json_of(text, true);
    case 's': return replaced(json_of(text, false), '/', "\\/");
    case 'g':
      return replaced(replaced(replaced(json_of(text, false), '<', "\\u003c"), '>', "\\u003e"), '&',
                      "\\u0026");
    case 'u': return url_of(text, "0123456789ABCDEF", false);
    case 'v': return url_of(text, "0123456789abcdef", false);
    case 'p': return url_of(text, "0123456789ABCDEF", true);
    case 'A':
    case 'B':
    case 'C': return base64_of(text, static_cast<std::size_t>(form - 'A'), false);
    case 'D':
    case 'E':
    case 'F': return base64_of(text, static_cast<std::size_t>(form - 'D'), true);
    default: return {};
  }
}

}  // namespace fuzz
