#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "jobs/model/fleet.h"
#include "jobs/model/issue.h"
#include "jobs/model/run.h"

namespace jobs {

/// An issue of a list whose details are wanted.
struct WantedDetails {
  const Repo* repo = nullptr;
  Issue* issue = nullptr;
};

/// Reads issues. One object serves one tracker of the fleet; calls may come from several threads at
/// once.
class TrackerReader {
 public:
  virtual ~TrackerReader() = default;
  /// Which repositories the calls that follow are about, so that a tracker that can ask about many
  /// at once does. Nothing fails here: what cannot be read says so when it is asked for.
  virtual void announce(const std::vector<const Repo*>& repos, const Labels& labels) {
    static_cast<void>(repos);
    static_cast<void>(labels);
  }
  /// Fills in what the lists left out (Issue::details_left_out), for all of these at once. Details
  /// that cannot be read become the issue's `problem`.
  virtual void complete(const std::vector<WantedDetails>& wanted, const Labels& labels) {
    static_cast<void>(wanted);
    static_cast<void>(labels);
  }
  /// All open issues of `repo` that carry `labels.ready`, complete (all pages), in any order, with
  /// trust, blockers and priority filled in, or with `details_left_out`. An issue that exists but
  /// cannot be read is in the list with `problem` set, never left out. Long texts may be left out
  /// of it (Issue::text_left_out): ask for the one issue. not_found: the repository is unknown to
  /// the tracker; denied; transient.
  [[nodiscard]] virtual Result<std::vector<Issue>> ready_issues(const Repo& repo,
                                                                const Labels& labels) = 0;
  /// All open issues of `repo` that carry `labels.in_progress`: so that a lost state file does not
  /// dispatch twice.
  [[nodiscard]] virtual Result<std::vector<Issue>> in_progress_issues(const Repo& repo,
                                                                      const Labels& labels) = 0;
  /// One issue, open or closed. not_found if there is none.
  [[nodiscard]] virtual Result<Issue> issue(const Repo& repo, IssueNumber number,
                                            const Labels& labels) = 0;
  /// The issue's comments, oldest first. Where all of them together are too long for memory, texts
  /// of the older ones say only that they were left out.
  [[nodiscard]] virtual Result<std::vector<Comment>> comments(const Repo& repo,
                                                              IssueNumber number) = 0;
};

/// The one comment of the runner on an issue, as it should read.
struct OwnComment {
  std::string marker;  ///< a hidden line that the body contains
  std::string body;
  std::string id;  ///< as an earlier call returned it; "" = not known
  std::optional<Phase> phase =
      {};  ///< of a run that goes on: a tracker with a board shows it there
};

/// Writes to issues. Every call is idempotent. conflict: a person changed the same thing meanwhile
/// and a merge was not possible; nothing was overwritten.
class TrackerWriter {
 public:
  virtual ~TrackerWriter() = default;
  [[nodiscard]] virtual Status set_labels(const Repo& repo, IssueNumber number,
                                          const std::vector<std::string>& add,
                                          const std::vector<std::string>& remove) = 0;
  /// Replaces the body of the runner's comment, or creates it, and returns its id. It is found by
  /// `id`, else by the marker; one that somebody else wrote is never it, whatever it carries.
  [[nodiscard]] virtual Result<std::string> upsert_comment(const Repo& repo, IssueNumber number,
                                                           const OwnComment& comment) = 0;
  [[nodiscard]] virtual Status close(const Repo& repo, IssueNumber number,
                                     const std::string& reason) = 0;
};

}  // namespace jobs
