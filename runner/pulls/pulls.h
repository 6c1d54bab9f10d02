#pragma once

#include <memory>
#include <string>

#include "jobs/ports/pulls.h"
#include "runner/forge/api.h"

/// Pull requests over a forge's REST interface.
namespace runner::pulls {

/// GitHub and Forgejo ask for the same things at nearly the same addresses; they differ in how a
/// list is narrowed and in what a merge is told.
enum class Dialect : std::uint8_t { github, forgejo };

/// `api` outlives both. A repository is `repo.tracker_path` ("owner/name") there, or its name.
[[nodiscard]] std::unique_ptr<jobs::PullReader> make_pull_reader(forge::Api& api, Dialect dialect);
[[nodiscard]] std::unique_ptr<jobs::PullWriter> make_pull_writer(forge::Api& api, Dialect dialect);

/// One pull request as a forge describes it, alone or in a list; an error for what is none. Pure.
[[nodiscard]] jobs::Result<jobs::PullFacts> parse_pull(std::string_view json);

}  // namespace runner::pulls
