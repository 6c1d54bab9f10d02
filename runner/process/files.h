#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "jobs/base/result.h"

/// Small files that must be whole or not there, and files that somebody hostile may have written.
namespace runner::process {

/// "cannot <what> <path>: <reason>", with the kind that `error_number` stands for.
[[nodiscard]] jobs::Error system_error(int error_number, std::string_view what,
                                       std::string_view path);

/// The content of a regular file of at most `max_bytes` (conflict if it is larger or something
/// else). Never follows a symbolic link as the last component, never blocks on a FIFO.
[[nodiscard]] jobs::Result<std::string> read_small(const std::string& path, std::size_t max_bytes);

/// The same below a folder that somebody else may write: no component of `relative` may leave it or
/// be a link.
[[nodiscard]] jobs::Result<std::string> read_small_beneath(const std::string& folder,
                                                           const std::string& relative,
                                                           std::size_t max_bytes);

/// At most the last `max_bytes` of a file; empty if it cannot be read.
[[nodiscard]] std::string read_end(const std::string& path, std::size_t max_bytes);

/// A new file, mode 0600, on disk when this returns; conflict if there is one already.
[[nodiscard]] jobs::Status write_new(const std::string& path, std::string_view content);

/// Like write_new, but the file appears whole or not at all, also if we die in between.
[[nodiscard]] jobs::Status write_once(const std::string& path, std::string_view content);

/// Replaces the file whole (temporary file, rename). Not synced: for what is rewritten often.
[[nodiscard]] jobs::Status replace(const std::string& path, std::string_view content);

[[nodiscard]] jobs::Status make_directory(const std::string& path);
[[nodiscard]] jobs::Status sync_directory(const std::string& path);
[[nodiscard]] bool exists(const std::string& path);
[[nodiscard]] std::optional<jobs::TimePoint> modified_at(const std::string& path);

/// All of `bytes`, or errno in the error.
[[nodiscard]] jobs::Status write_all(int fd, std::string_view bytes, std::string_view path);

}  // namespace runner::process
