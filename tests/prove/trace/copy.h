#pragma once

#include <string>

namespace prove::trace {

/// Makes `to` what `from` is, with modes and times: files, folders and links. What was in `to`
/// goes.
void copy_tree(const std::string& from, const std::string& to);

/// Removes it, read-only folders included. What is not there is no trouble.
void remove_tree(const std::string& path);

/// A line for everything below `folder`: name, kind, mode, size, times, and the bytes of files.
[[nodiscard]] std::string print_of(const std::string& folder);

}  // namespace prove::trace
