#include "runner/cli/worktrees_found.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "runner/cli/state.h"

namespace runner::cli {

namespace {

/// Nothing here runs a command.
class NoCommands final : public jobs::CommandRunner {
 public:
  jobs::Result<Outcome> run(const Command& /*command*/) override {
    return jobs::fail(jobs::ErrorKind::bug, "a command was to be run while looking at worktrees");
  }
};

jobs::Result<std::optional<jobs::Run>> run_of(jobs::StoreReader& store, const std::string& id) {
  if (id.empty()) {
    return std::optional<jobs::Run>();
  }
  auto run = store.run(id);
  if (run) {
    return std::optional(std::move(*run));
  }
  if (run.error().kind == jobs::ErrorKind::not_found) {
    return std::optional<jobs::Run>();
  }
  return std::move(run).error();
}

}  // namespace

std::unique_ptr<worktrees::GitWorkspace> quiet_workspace(const jobs::Fleet& fleet) {
  static NoCommands none;
  worktrees::Options options;
  options.root = fleet.state_dir;
  options.limits = fleet.limits;
  options.retention = fleet.retention;
  return std::make_unique<worktrees::GitWorkspace>(std::move(options), none);
}

jobs::Result<std::vector<FoundWorktree>> find_worktrees(const jobs::Fleet& fleet,
                                                        const worktrees::GitWorkspace& workspace) {
  std::vector<worktrees::Holding> holdings = workspace.holdings();
  RUNNER_ASSIGN(const std::unique_ptr<jobs::StoreReader> store, open_reader(fleet));
  const jobs::TimePoint now = present();
  std::vector<FoundWorktree> found;
  for (worktrees::Holding& holding : holdings) {
    RUNNER_ASSIGN(const auto run, run_of(*store, holding.entry.run));
    jobs::TreeVerdict verdict = jobs::judge_tree(
        {.trash = holding.trash, .recorded = holding.recorded, .run = holding.entry.run},
        run ? &*run : nullptr, fleet.retention, now);
    found.push_back({std::move(holding), std::move(verdict)});
  }
  std::ranges::sort(found, {}, [](const FoundWorktree& one) -> const std::string& {
    return one.holding.entry.path;
  });
  return found;
}

std::string age_text(const std::optional<jobs::TimePoint>& then, jobs::TimePoint now) {
  if (!then) {
    return "-";
  }
  const auto age = std::max(jobs::Duration::zero(), now - *then);
  if (const auto days = std::chrono::floor<std::chrono::days>(age); days.count() > 0) {
    return fmt::format("{} d", days.count());
  }
  if (const auto hours = std::chrono::floor<std::chrono::hours>(age); hours.count() > 0) {
    return fmt::format("{} h", hours.count());
  }
  return fmt::format("{} min", std::chrono::floor<std::chrono::minutes>(age).count());
}

}  // namespace runner::cli
