#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What stands at the other end of each sink, written anew from its own rules. Nothing here calls
/// the product. Each says what is wrong, or nothing.
namespace prove::hostile_text {

using Fault = std::optional<std::string>;

/// Valid UTF-8 without anything that moves, colours, hides or turns round. Line ends and tabs are
/// allowed.
[[nodiscard]] Fault terminal_fault(const std::string& text);
/// The same, and one line.
[[nodiscard]] Fault line_fault(const std::string& text);
/// One JSON object on one line, without raw control characters.
[[nodiscard]] Fault json_line_fault(const std::string& text);
/// A JSON object over any number of lines.
[[nodiscard]] Fault json_fault(const std::string& text);
/// By libgit2, and below refs/heads/runner/.
[[nodiscard]] Fault branch_fault(const std::string& branch);
/// One path component that no file system or program takes for anything else.
[[nodiscard]] Fault component_fault(const std::string& name);
/// The checklist comment: its marker is the first line and no other; the check boxes are ours; what
/// was said is one code span.
[[nodiscard]] Fault checklist_fault(const std::string& markdown, int boxes);
/// The Prometheus text format; `labels` gets every label value, decoded.
[[nodiscard]] Fault metrics_fault(const std::string& text, std::vector<std::string>& labels);

/// Markdown by the rules of fenced code alone: what is outside, and each block's info and content.
struct Fenced {
  std::string outside;
  std::vector<std::pair<std::string, std::string>> blocks;
  bool open = false;  ///< the last block has no end
};
[[nodiscard]] Fenced split_fences(const std::string& markdown);

/// Valid UTF-8 as the model promises it: each invalid byte as U+FFFD, no NUL.
[[nodiscard]] bool is_valid_utf8(const std::string& text);

}  // namespace prove::hostile_text
