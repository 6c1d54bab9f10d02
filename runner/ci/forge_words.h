#pragma once

#include <string_view>

#include "jobs/pipelines/ci_fold.h"

/// What the words of forges and CI servers mean. Pure tables. A word that none of them knows means
/// "running": it ends at the deadline, and never as a success.
namespace runner::ci {

/// GitHub's check runs, and Gitea's runs, which imitate them. Source: GitHub REST, "Check runs".
[[nodiscard]] jobs::CheckState check_run_state(std::string_view status,
                                               std::string_view conclusion);
/// Commit statuses of GitHub, Forgejo and Gitea; the last two also say warning and skipped.
[[nodiscard]] jobs::CheckState commit_status_state(std::string_view state);
/// Forgejo's Actions runs and jobs, whose `status` holds the outcome as well.
[[nodiscard]] jobs::CheckState forgejo_run_state(std::string_view status);
/// Woodpecker's pipelines, workflows and steps. Source: its StatusValue.
[[nodiscard]] jobs::CheckState woodpecker_state(std::string_view status);

}  // namespace runner::ci
