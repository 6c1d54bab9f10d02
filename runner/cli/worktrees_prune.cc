#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "runner/cli/commands.h"
#include "runner/cli/describe.h"
#include "runner/cli/errors.h"
#include "runner/cli/json_model.h"
#include "runner/cli/state.h"
#include "runner/cli/table.h"
#include "runner/cli/worktrees_found.h"

namespace runner::cli {

namespace {

constexpr jobs::Duration kPatienceWithTrash = std::chrono::minutes(10);

struct Pruned {
  std::vector<std::string> paths;
  std::vector<std::string> problems;
};

std::int64_t bytes_of(const std::vector<FoundWorktree>& plan) {
  std::int64_t bytes = 0;
  for (const FoundWorktree& one : plan) {
    bytes += one.holding.entry.bytes;
  }
  return bytes;
}

/// Each is looked at again under its repository's lock, and what is nowhere else in it is kept
/// before it goes.
Pruned prune(worktrees::GitWorkspace& workspace, const std::vector<FoundWorktree>& plan) {
  Pruned done;
  for (const FoundWorktree& one : plan) {
    const std::string& path = one.holding.entry.path;
    if (one.holding.trash) {
      continue;
    }
    if (const jobs::Status removed = workspace.remove_orphan(one.holding.entry); !removed) {
      done.problems.push_back(removed.error().text());
    } else {
      done.paths.push_back(path);
    }
  }
  if (const jobs::Status emptied = workspace.empty_trash(kPatienceWithTrash); !emptied) {
    done.problems.push_back(emptied.error().text());
    return done;
  }
  for (const FoundWorktree& one : plan) {
    if (one.holding.trash) {
      done.paths.push_back(one.holding.entry.path);
    }
  }
  return done;
}

Json document(const std::vector<FoundWorktree>& plan, bool carried_out, const Pruned& done) {
  Json list = Json::array();
  for (const auto& [holding, verdict] : plan) {
    Json item = Json::object();
    item.set("repo", text_or_null(holding.entry.repo.str())).set("path", holding.entry.path);
    item.set("state", jobs::to_string(verdict.state)).set("why", verdict.why);
    list.push(item.set("bytes", holding.entry.bytes));
  }
  return json_root()
      .set("plan", list)
      .set("bytes", bytes_of(plan))
      .set("carried_out", carried_out)
      .set("removed", Json::strings(done.paths))
      .set("problems", Json::strings(done.problems));
}

void print_plan(const Globals& global, const std::vector<FoundWorktree>& plan) {
  Table table({"STATE", "SIZE", "WHY", "PATH"});
  for (const auto& [holding, verdict] : plan) {
    table.add({std::string(jobs::to_string(verdict.state)), size_text(holding.entry.bytes),
               verdict.why, holding.entry.path});
  }
  put(table.str(make_screen(global.color)));
}

}  // namespace

int run_worktrees_prune(const PruneCommand& command) {
  const auto fleet = load_fleet(command.global);
  if (!fleet) {
    return report_error(command.global, fleet.error());
  }
  const auto workspace = quiet_workspace(*fleet);
  auto plan = find_worktrees(*fleet, *workspace);
  if (!plan) {
    return report_error(command.global, plan.error());
  }
  std::erase_if(*plan, [](const FoundWorktree& one) { return !one.verdict.may_go; });
  const bool act = command.yes && !plan->empty();
  if (!command.global.json) {
    if (plan->empty()) {
      put("nothing to remove\n");
      return 0;
    }
    print_plan(command.global, *plan);
  }
  const Pruned done = act ? prune(*workspace, *plan) : Pruned{};
  if (command.global.json) {
    print_json(document(*plan, act, done));
  } else if (!act) {
    put(fmt::format("would give back {}; nothing was removed: --yes removes it\n",
                    size_text(bytes_of(*plan))));
  } else {
    put(fmt::format("removed {}\n", counted(static_cast<std::int64_t>(done.paths.size()), "tree")));
    for (const std::string& problem : done.problems) {
      put(fmt::format("problem: {}\n", jobs::one_line(problem, 1000)));
    }
  }
  return done.problems.empty() ? 0 : 1;
}

}  // namespace runner::cli
