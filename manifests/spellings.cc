// How sizes and durations are spelt in a manifest.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "manifests/checks.h"

namespace manifests {

namespace {
struct Unit {
  std::string_view name;
  std::int64_t factor;
};
constexpr auto kSizes = std::to_array<Unit>({{"TiB", 1LL << 40},
                                             {"GiB", 1LL << 30},
                                             {"MiB", 1LL << 20},
                                             {"KiB", 1LL << 10},
                                             {"TB", 1'000'000'000'000},
                                             {"GB", 1'000'000'000},
                                             {"MB", 1'000'000},
                                             {"KB", 1'000},
                                             {"kB", 1'000},
                                             {"B", 1}});
constexpr std::int64_t kMostBytes = 1LL << 60;
}  // namespace

std::optional<std::int64_t> parse_size(std::string_view text) {
  std::int64_t count = 0;
  std::size_t i = 0;
  for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
    // Asked before the digit is added: ten times the most does not fit.
    const std::int64_t digit = text[i] - '0';
    if (count > (kMostBytes - digit) / 10) {
      return std::nullopt;
    }
    count = count * 10 + digit;
  }
  if (i == 0) {
    return std::nullopt;
  }
  std::string_view unit = text.substr(i);
  while (unit.starts_with(' ')) {
    unit.remove_prefix(1);
  }
  if (unit.empty()) {
    return count;
  }
  const auto* found = std::ranges::find(kSizes, unit, &Unit::name);
  if (found == kSizes.end() || count > kMostBytes / found->factor) {
    return std::nullopt;
  }
  return count * found->factor;
}

std::string format_size(std::int64_t bytes) {
  for (const Unit& unit : kSizes) {
    if (unit.name.ends_with("iB") && bytes != 0 && bytes % unit.factor == 0) {
      return fmt::format("{}{}", bytes / unit.factor, unit.name);
    }
  }
  return std::to_string(bytes);
}

std::string format_exact(jobs::Duration duration) {
  static constexpr auto kUnits = std::to_array<Unit>(
      {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}});
  std::int64_t rest = duration.count();
  std::string out;
  for (const Unit& unit : kUnits) {
    if (rest >= unit.factor) {
      out += fmt::format("{}{}", rest / unit.factor, unit.name);
      rest %= unit.factor;
    }
  }
  return out.empty() ? "0s" : out;
}

}  // namespace manifests
