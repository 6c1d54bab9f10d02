#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "jobs/base/result.h"
#include "runner/forge/api.h"

/// Fields of a forge's answers, which may be absent, null, of another type or nonsense: none of
/// that throws, and none of it is bent into shape. A name may lead into objects: "app.slug".
namespace runner::forge {

/// The JSON of a reply. transient: it is none, or nested too deeply to be an answer.
[[nodiscard]] jobs::Result<nlohmann::json> parsed(const Reply& reply);

/// Nothing if it is absent or null.
[[nodiscard]] const nlohmann::json* field(const nlohmann::json& object, std::string_view name);
/// "" unless it is a text.
[[nodiscard]] std::string text(const nlohmann::json& object, std::string_view name);
/// 0 unless it is an integer.
[[nodiscard]] std::int64_t number(const nlohmann::json& object, std::string_view name);
/// false unless it is true.
[[nodiscard]] bool flag(const nlohmann::json& object, std::string_view name);
/// RFC 3339; the year 1, by which Go says "never", is no time.
[[nodiscard]] std::optional<jobs::TimePoint> time(const nlohmann::json& object,
                                                  std::string_view name);
/// Seconds since 1970; 0 and what is out of bounds is no time.
[[nodiscard]] std::optional<jobs::TimePoint> unix_time(const nlohmann::json& object,
                                                       std::string_view name);

/// The elements of a page: the reply itself, or what `key` of it holds ("" = itself). null is an
/// empty list, as Go says it. transient: it is no list.
[[nodiscard]] jobs::Result<std::vector<nlohmann::json>> elements(const Reply& reply,
                                                                 std::string_view key);

}  // namespace runner::forge
