#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "jobs/model/fleet.h"

/// Which key of [limits], [budget] and [retention] is which member: read by the loader, written by
/// `show`.
namespace manifests {

struct LimitField {
  std::string_view key;
  std::variant<int jobs::Limits::*, jobs::Duration jobs::Limits::*, std::int64_t jobs::Limits::*>
      member;
  bool zero_allowed = false;
};
[[nodiscard]] std::span<const LimitField> limit_fields();

struct CapField {
  std::string_view key;
  std::variant<std::optional<jobs::Usd> jobs::Budget::*,
               std::optional<std::int64_t> jobs::Budget::*>
      member;
};
[[nodiscard]] std::span<const CapField> cap_fields();

struct RetentionField {
  std::string_view key;
  std::variant<jobs::Duration jobs::Retention::*, int jobs::Retention::*,
               std::int64_t jobs::Retention::*>
      member;
};
[[nodiscard]] std::span<const RetentionField> retention_fields();

/// Lets std::visit take one lambda per alternative.
template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <typename... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

}  // namespace manifests
