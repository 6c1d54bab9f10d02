#pragma once

#include <string>

#include "jobs/model/run.h"

/// What a run calls its pull request. Pure; of the issue nothing but its title goes in.
namespace jobs {

/// The branch of the remote that is asked to be merged. Of this run and this landing alone: an
/// earlier run of the issue, or an earlier landing of this one, may have left its own there.
[[nodiscard]] std::string pull_branch(const Run& run);
[[nodiscard]] std::string pull_title(const Run& run);
/// Closes the issue and names the run: "Runner-Run: <id>" is its last line.
[[nodiscard]] std::string pull_body(const Run& run);
/// The message of the merge commit, with the same last lines.
[[nodiscard]] std::string merge_message(const Run& run, std::int64_t number);

}  // namespace jobs
