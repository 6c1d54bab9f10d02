#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

/// Fields of JSON that an agent printed. Any of them may be absent or of another type: then it says
/// nothing.
namespace runner::agents {

using Path = std::initializer_list<const char*>;

/// The value below `path`; null where there is none.
[[nodiscard]] const nlohmann::json& value_at(const nlohmann::json& object, Path path);
/// "" unless it is a string; valid UTF-8.
[[nodiscard]] std::string text_at(const nlohmann::json& object, Path path);
/// false unless it is `true`.
[[nodiscard]] bool flag_at(const nlohmann::json& object, Path path);
/// Nothing unless it is a number from 0 to a thousand billions; fractions are rounded up.
[[nodiscard]] std::optional<std::int64_t> count_at(const nlohmann::json& object, Path path);
/// Dollars as micro-dollars, rounded up; nothing unless it is a number from 0 to a billion.
[[nodiscard]] std::optional<std::int64_t> micros_at(const nlohmann::json& object, Path path);
/// The JSON as text, for people.
[[nodiscard]] std::string dumped(const nlohmann::json& value);

}  // namespace runner::agents
