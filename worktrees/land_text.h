#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Rules about text that guard a landing. Pure.
namespace worktrees {

/// `path` against a glob: '?' one character, '*' any but '/', '**' any. "docs" and "docs/" also
/// mean everything below.
[[nodiscard]] bool glob_matches(std::string_view glob, std::string_view path);

/// The token in `message` by which some CI leaves a commit out ("[skip ci]", ...); nothing if there
/// is none.
[[nodiscard]] std::optional<std::string> ci_skip_token(std::string_view message);

/// An issue's title for the first line of a commit: one line, no CI-skip token, nothing that ends
/// the subject.
[[nodiscard]] std::string subject_text(std::string_view title);

/// `message` carries the trailer "<key>: <value>" in its last paragraph.
[[nodiscard]] bool has_trailer(std::string_view message, std::string_view key,
                               std::string_view value);

}  // namespace worktrees
