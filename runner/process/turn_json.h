#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "jobs/model/turn.h"
#include "runner/process/json_fields.h"

/// Pieces that several files of a turn directory have in common. For runner/process only.
namespace runner::process {

inline constexpr std::int64_t kMostMillis = 10LL * 366 * 86'400'000;

[[nodiscard]] nlohmann::json usage_json(const jobs::Usage& usage);
/// Nothing where an amount is none.
[[nodiscard]] std::optional<jobs::Usage> usage_of(const nlohmann::json& object);

/// What spec.json has besides, when the agent is of a known kind.
void add_agent(nlohmann::json& value, const jobs::TurnSpec& spec);
/// False where a value cannot be.
[[nodiscard]] bool read_agent(const nlohmann::json& value, Numbers& in, jobs::TurnSpec& spec);

/// Reads back what to_string wrote; a name that is not known gives nothing.
template <typename Enum>
[[nodiscard]] std::optional<Enum> enum_of(const std::string& name, Enum last) {
  for (int value = 0; value <= static_cast<int>(last); ++value) {
    if (to_string(static_cast<Enum>(value)) == name) {
      return static_cast<Enum>(value);
    }
  }
  return std::nullopt;
}

}  // namespace runner::process
