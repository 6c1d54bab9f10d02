#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/ids.h"
#include "jobs/base/result.h"

/// The text of one issue: TOML between two lines "+++", then Markdown. Reading never fails as a
/// whole: what is wrong becomes the issue's problem. Writing changes the lines of the keys that it
/// is told to change and no other byte.
namespace runner::trackers {

/// An issue's file as it was written.
struct IssueText {
  std::optional<jobs::IssueNumber> number;
  std::string title;
  std::string body;
  bool open = true;
  std::vector<std::string> labels;
  std::string ready_by;
  std::optional<jobs::TimePoint> ready_at;
  std::string ready_digest;
  std::optional<int> priority;
  std::vector<std::string> blocked_by;
  std::string created_by;
  std::string edited_by;
  std::optional<jobs::TimePoint> edited_at;
  std::string closed_reason;
  std::string
      problem;  ///< not empty: "0012-x.md:3:1: ..."; the other fields hold what could be read
  friend bool operator==(const IssueText&, const IssueText&) = default;
};

[[nodiscard]] IssueText parse_issue_text(std::string_view bytes, const std::string& file_name);

/// A comment's file. Without front matter its author and time are unknown.
struct CommentText {
  std::string author;
  std::optional<jobs::TimePoint> at;
  std::string body;
};

[[nodiscard]] CommentText parse_comment_text(std::string_view bytes);

/// True if the first line opens a front matter.
[[nodiscard]] bool has_front_matter(std::string_view bytes);

/// Where the parts of a text with front matter lie.
struct Parts {
  std::size_t toml_begin = 0;  ///< first byte behind the opening line
  std::size_t toml_end = 0;    ///< first byte of the closing line
  std::size_t body = 0;        ///< first byte behind the closing line
};
[[nodiscard]] std::optional<Parts> split_front_matter(std::string_view bytes);

/// One change of a top-level key: its new value as TOML, or none to remove the key with its line.
struct KeyEdit {
  std::string key;
  std::optional<std::string> value;
};

/// The text with these keys changed; usage if it has no front matter.
[[nodiscard]] jobs::Result<std::string> edit_front_matter(std::string_view bytes,
                                                          std::span<const KeyEdit> edits);

/// A TOML array of strings on one line, whatever they hold.
[[nodiscard]] std::string toml_array(std::span<const std::string> texts);

}  // namespace runner::trackers
