#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "jobs/base/error.h"

/// Small pure questions about single values of a manifest, and the spellings of durations and
/// sizes.
namespace manifests {

/// What is wrong with the value, as the end of a sentence ("has a '..' in it"); nothing if it may
/// be used.
using Fault = std::optional<std::string>;

/// At the end of one of AgentConfig::caches: it may be read, not written.
inline constexpr std::string_view kReadOnly = ":ro";

[[nodiscard]] Fault check_plain(std::string_view text);      ///< no control characters at all
[[nodiscard]] Fault check_long_text(std::string_view text);  ///< tabs and line breaks allowed
[[nodiscard]] Fault check_name(std::string_view text);       ///< of a tracker, agent, ..., stage
[[nodiscard]] Fault check_repo_name(std::string_view text);
[[nodiscard]] Fault check_branch(std::string_view text);
[[nodiscard]] Fault check_remote(std::string_view text);
[[nodiscard]] Fault check_web_url(std::string_view text);
[[nodiscard]] Fault check_inner_path(std::string_view text);  ///< relative, never leaves its root
[[nodiscard]] Fault check_glob(std::string_view text);
[[nodiscard]] Fault check_label(std::string_view text);
[[nodiscard]] Fault check_actor(std::string_view text);
[[nodiscard]] Fault check_variable(std::string_view text);  ///< name of an environment variable

/// "https://host:port" of an http or https address; "" for anything else.
[[nodiscard]] std::string web_host(std::string_view remote);
/// "ssh://host/path" and "user@host:path".
[[nodiscard]] bool is_ssh_url(std::string_view remote);
/// True if `remote` is a URL or user@host:path, not a path on this machine.
[[nodiscard]] bool is_url(std::string_view remote);

/// "64MiB", "2GB", "512"; nothing on anything else and above 2^60.
[[nodiscard]] std::optional<std::int64_t> parse_size(std::string_view text);
/// The shortest exact spelling: "64MiB", "1000".
[[nodiscard]] std::string format_size(std::int64_t bytes);
/// The exact spelling that jobs::parse_duration reads: "1h30m", "0s".
[[nodiscard]] std::string format_exact(jobs::Duration duration);

}  // namespace manifests
