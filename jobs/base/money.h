#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jobs {

/// US dollars in whole micro-dollars, so that sums are exact. Never negative in a cap; may be in a
/// difference.
struct Usd {
  std::int64_t micros = 0;

  friend auto operator<=>(const Usd&, const Usd&) = default;
  friend Usd operator+(Usd a, Usd b) { return {a.micros + b.micros}; }
  friend Usd operator-(Usd a, Usd b) { return {a.micros - b.micros}; }
  Usd& operator+=(Usd other) {
    micros += other.micros;
    return *this;
  }
  /// "12.50", at least two decimals, no trailing zeros beyond them.
  [[nodiscard]] std::string str() const;
  /// Reads "12.5", "0", "0.000001". Empty on anything else (sign, exponent, more than six decimals,
  /// above 10^9).
  [[nodiscard]] static std::optional<Usd> parse(std::string_view text);
};

/// What a turn used, or may use. A negative count never occurs.
struct Usage {
  Usd usd;
  std::int64_t tokens = 0;
  std::int64_t turns = 0;
  std::int64_t seconds = 0;

  friend bool operator==(const Usage&, const Usage&) = default;
  friend Usage operator+(const Usage& a, const Usage& b) {
    return {a.usd + b.usd, a.tokens + b.tokens, a.turns + b.turns, a.seconds + b.seconds};
  }
  friend Usage operator-(const Usage& a, const Usage& b) {
    return {a.usd - b.usd, a.tokens - b.tokens, a.turns - b.turns, a.seconds - b.seconds};
  }
};

}  // namespace jobs
