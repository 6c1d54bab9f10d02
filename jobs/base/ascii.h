#pragma once

#include <string>
#include <string_view>

/// Names and words that servers, git and configurations compare without regard to case: A to Z and
/// a to z are the same, every other byte is itself, whatever the locale.
namespace jobs {

[[nodiscard]] constexpr char to_ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] std::string ascii_lower(std::string_view text);
[[nodiscard]] bool same_but_for_case(std::string_view a, std::string_view b);

}  // namespace jobs
