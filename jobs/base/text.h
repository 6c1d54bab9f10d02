#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// Typed encoders for text that came from outside. Everything an issue, a repository or an agent
/// says passes one of these before it becomes a path, a ref, a log line or terminal output
/// (invariant 11).
namespace jobs {

/// Empties a text and gives its memory back, which assigning an empty one does not.
void forget(std::string& text);

/// Valid UTF-8 with every invalid byte replaced by U+FFFD, and without NUL. Idempotent.
[[nodiscard]] std::string to_valid_utf8(std::string_view bytes);

/// For one line on a terminal or in a log: valid UTF-8; control characters, escapes, bidirectional
/// overrides and zero-width characters become visible "\x1b"-style escapes; tabs and newlines
/// become spaces; cut to `max_bytes` at a character border with "..." appended.
[[nodiscard]] std::string one_line(std::string_view text, std::size_t max_bytes = 200);

/// The same, but newlines and tabs stay: for multi-line transcripts on a terminal.
[[nodiscard]] std::string printable(std::string_view text);

/// Lower-case ASCII letters, digits and single '-' between them, at most `max` characters; "issue"
/// if nothing is left. Safe as part of a path, ref or DNS name.
[[nodiscard]] std::string slug(std::string_view text, std::size_t max = 40);

/// True if `text` may be used as one path component: not empty, not "." or "..", no '/', NUL or
/// control character, no leading '-', at most 100 bytes.
[[nodiscard]] bool is_safe_component(std::string_view text);

/// A repository's name as one safe path component: unsafe characters become '_', and a hash of the
/// whole name follows, so that two names never share one ("acme_shop-1a2b3c4d").
[[nodiscard]] std::string path_component(std::string_view name);

/// FNV-1a, 64 bit: to shorten names. Not for security.
[[nodiscard]] std::uint64_t fnv1a(std::string_view bytes);

/// The element of `known` closest to `word`, if it is close enough to have been meant; else empty.
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string> known);

/// Without leading and trailing white space.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// The last `max_lines` lines, at most `max_bytes` bytes, of `text` (cut at a line's start where
/// possible).
[[nodiscard]] std::string tail(std::string_view text, std::size_t max_lines, std::size_t max_bytes);

}  // namespace jobs
