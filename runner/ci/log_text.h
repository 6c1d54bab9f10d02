#pragma once

#include <optional>
#include <string>
#include <string_view>

/// What a failed check printed, made fit for the prompt of the agent that has to mend it. It is
/// hostile text: a build can print anything.
namespace runner::ci {

inline constexpr std::size_t kLogLines = 80;
inline constexpr std::size_t kLogBytes = 8U << 10U;
/// Logs of so many failed checks are fetched; of the others the names have to do.
inline constexpr std::size_t kMostLogs = 4;

/// Its last lines: valid UTF-8 without terminal sequences and other control characters, without the
/// times that CI servers put before each line, of a line that was drawn over only what was left.
[[nodiscard]] std::string log_tail(std::string_view raw);

/// RFC 4648 with or without padding; nothing on anything else.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace runner::ci
