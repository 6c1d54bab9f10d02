#include "jobs/base/money.h"

#include <cstdlib>

namespace jobs {

namespace {
constexpr std::int64_t kMicrosPerDollar = 1'000'000;
constexpr std::int64_t kMaxDollars = 1'000'000'000;
}  // namespace

std::string Usd::str() const {
  const bool negative = micros < 0;
  const auto magnitude =
      negative ? 0U - static_cast<std::uint64_t>(micros) : static_cast<std::uint64_t>(micros);
  std::string decimals = std::to_string(magnitude % kMicrosPerDollar);
  decimals.insert(0, 6 - decimals.size(), '0');
  while (decimals.size() > 2 && decimals.back() == '0') {
    decimals.pop_back();
  }
  return (negative ? "-" : "") + std::to_string(magnitude / kMicrosPerDollar) + "." + decimals;
}

std::optional<Usd> Usd::parse(std::string_view text) {
  std::int64_t dollars = 0;
  std::int64_t fraction = 0;
  std::size_t i = 0;
  for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
    dollars = dollars * 10 + (text[i] - '0');
    if (dollars > kMaxDollars) {
      return std::nullopt;
    }
  }
  if (i == 0) {
    return std::nullopt;
  }
  if (i < text.size()) {
    const std::string_view decimals = text.substr(i + 1);
    if (text[i] != '.' || decimals.empty() || decimals.size() > 6) {
      return std::nullopt;
    }
    std::int64_t scale = kMicrosPerDollar / 10;
    for (const char c : decimals) {
      if (c < '0' || c > '9') {
        return std::nullopt;
      }
      fraction += (c - '0') * scale;
      scale /= 10;
    }
  }
  return Usd{dollars * kMicrosPerDollar + fraction};
}

}  // namespace jobs
