#pragma once

#include <string>
#include <vector>

#include "jobs/model/issue.h"
#include "runner/trackers/issue_editor.h"

namespace runner::trackers {

/// Comments lie in a folder beside the issue, one file each ("0012.comments/0001-runner.md"): no
/// text inside one comment can look like another one.
[[nodiscard]] std::string comments_folder(jobs::IssueNumber number);

/// Oldest first; a file that cannot be read is a comment that says so.
[[nodiscard]] jobs::Result<std::vector<jobs::Comment>> read_comments(const Place& place,
                                                                     jobs::IssueNumber number);

struct NewComment {
  std::string author;
  std::string body;
  jobs::TimePoint at;
};

/// Adds a comment; returns its file name.
[[nodiscard]] jobs::Result<std::string> add_comment(const Place& place, jobs::IssueNumber number,
                                                    const NewComment& comment);

/// Edits the author's comment that has that id (a file name, "" = not known), else the one that has
/// `marker` as one of its lines, or adds it. Returns its file name.
[[nodiscard]] jobs::Result<std::string> upsert_comment(const Place& place, jobs::IssueNumber number,
                                                       const std::string& marker,
                                                       const std::string& id,
                                                       const NewComment& comment);

}  // namespace runner::trackers
