#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jobs {

/// A point on the wall clock with millisecond resolution, always UTC.
using TimePoint = std::chrono::sys_time<std::chrono::milliseconds>;
/// A span of time. Manifests write it "90s", "60m", "2h".
using Duration = std::chrono::milliseconds;

/// What went wrong, chosen by who must act. Retry, exit code, log level and metric label are each
/// one switch over this enum without `default`, so a new kind cannot be half-added.
enum class ErrorKind : std::uint8_t {
  invalid_manifest,  ///< the author of a manifest
  usage,             ///< the caller of a command
  not_found,         ///< the thing asked for is not there
  conflict,          ///< somebody else was first, or the other side moved
  rate_limited,      ///< nobody: wait until `Error::until`
  transient,         ///< nobody: try again later (network, disk full, quota of the instance)
  denied,            ///< whoever gives out credentials and permissions
  interrupted,       ///< the person who pressed Ctrl-C or sent TERM
  corrupt,           ///< the operator: our own state is damaged or from a newer version
  bug,               ///< us
};

/// Stable name, as used in logs, JSON and metric labels ("rate-limited").
[[nodiscard]] std::string_view to_string(ErrorKind kind);

/// A failure on its way up. `message` says what failed and why; each layer may add one "while ..."
/// line saying what it was doing for whom. Never contains a secret.
struct Error {
  ErrorKind kind = ErrorKind::bug;
  std::string message;
  std::vector<std::string> trail;  ///< innermost first, each without the word "while"
  std::string hint;                ///< what to do next; may be empty
  std::optional<TimePoint> until;  ///< only for rate_limited: when it ends

  /// The same error with one more "while ..." line.
  [[nodiscard]] Error while_doing(std::string what) &&;
  [[nodiscard]] Error while_doing(std::string what) const&;
  /// The same error with a next step (kept if there is one already).
  [[nodiscard]] Error with_hint(std::string next_step) &&;
  /// One line: message, trail, hint. Safe for logs; terminal escapes are NOT removed here.
  [[nodiscard]] std::string text() const;
};

/// True if the same call may succeed later without anybody acting.
[[nodiscard]] bool is_retryable(ErrorKind kind);

/// Process exit code for an error that ends the program (DESIGN section 12).
[[nodiscard]] int exit_code(ErrorKind kind);

}  // namespace jobs
