#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace manifests {

/// The content of a regular file of at most `most` bytes, or why not ("Permission denied", "it is a
/// directory"). Never waits for a pipe or device that bears the name.
[[nodiscard]] std::expected<std::string, std::string> read_file(const std::string& path,
                                                                std::size_t most);

/// Names of the entries of `folder` that end with ".toml", sorted by bytes; hidden ones are left
/// out.
[[nodiscard]] std::expected<std::vector<std::string>, std::string> toml_names(
    const std::string& folder);

/// What stands after the last '/'.
[[nodiscard]] std::string_view file_name(std::string_view path);

}  // namespace manifests
