#pragma once

#include <optional>
#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"
#include "jobs/model/issue.h"

/// What a person does to the issues of a local tracker by command: `runner issue new | ready |
/// close | reopen | list | show`. Everything can be done with an editor as well.
namespace runner::trackers {

struct NewIssue {
  std::string title;
  std::string body;
  std::vector<std::string> labels;
  std::optional<int> priority;
  std::vector<std::string> blocked_by;  ///< "#7", "acme/lib#7"
  std::string ready_by;  ///< not empty: also sets the ready label in this person's name
};

struct CreatedIssue {
  jobs::IssueNumber number = 0;
  std::string path;
};

/// Writes a new issue under the next free number; makes the repository's folder if there is none
/// yet. usage: no title, a text too long, or a blocker that is no reference.
[[nodiscard]] jobs::Result<CreatedIssue> create_issue(const jobs::TrackerConfig& config,
                                                      const jobs::Repo& repo, const NewIssue& issue,
                                                      const jobs::Labels& labels,
                                                      jobs::TimePoint now);

/// Sets the ready label in `by`'s name and notes which text was approved; takes the label for
/// people off, because this is the person's answer to it. Approves anew when the label was set
/// already.
[[nodiscard]] jobs::Status ready_issue(const jobs::TrackerConfig& config, const jobs::Repo& repo,
                                       jobs::IssueNumber number, const std::string& by,
                                       const jobs::Labels& labels, jobs::TimePoint now);

/// Takes the ready label off, and with it who had set it.
[[nodiscard]] jobs::Status unready_issue(const jobs::TrackerConfig& config, const jobs::Repo& repo,
                                         jobs::IssueNumber number, const jobs::Labels& labels);

[[nodiscard]] jobs::Status close_issue(const jobs::TrackerConfig& config, const jobs::Repo& repo,
                                       jobs::IssueNumber number, const std::string& reason);
[[nodiscard]] jobs::Status reopen_issue(const jobs::TrackerConfig& config, const jobs::Repo& repo,
                                        jobs::IssueNumber number);

/// Adds a comment; returns its path.
[[nodiscard]] jobs::Result<std::string> comment_issue(const jobs::TrackerConfig& config,
                                                      const jobs::Repo& repo,
                                                      jobs::IssueNumber number,
                                                      const std::string& by,
                                                      const std::string& body, jobs::TimePoint now);

/// One line of `runner issue list`. Texts are as written: encode them before they reach a terminal.
struct IssueLine {
  jobs::IssueNumber number = 0;
  std::string title;
  bool open = true;
  std::vector<std::string> labels;
  std::optional<int> priority;
  std::string ready_by;
  std::string problem;
  std::string path;
};

/// All issues by number, open and closed.
[[nodiscard]] jobs::Result<std::vector<IssueLine>> list_issues(const jobs::TrackerConfig& config,
                                                               const jobs::Repo& repo);

}  // namespace runner::trackers
