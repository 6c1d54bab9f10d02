#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace jobs {

/// Stable names of an enum's values, as stored, logged and exported. One table per enum serves both
/// directions.
template <typename Enum, std::size_t N>
using NameTable = std::array<std::pair<Enum, std::string_view>, N>;

template <typename Enum, std::size_t N>
[[nodiscard]] constexpr std::string_view name_of(const NameTable<Enum, N>& table, Enum value) {
  for (const auto& [known, name] : table) {
    if (known == value) {
      return name;
    }
  }
  return "?";
}

template <typename Enum, std::size_t N>
[[nodiscard]] constexpr std::optional<Enum> value_of(const NameTable<Enum, N>& table,
                                                     std::string_view text) {
  for (const auto& [known, name] : table) {
    if (name == text) {
      return known;
    }
  }
  return std::nullopt;
}

}  // namespace jobs
