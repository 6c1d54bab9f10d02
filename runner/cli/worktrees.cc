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

using jobs::TreeState;

Ink ink_of(TreeState state) {
  switch (state) {
    case TreeState::live: return Ink::yellow;
    case TreeState::orphan: return Ink::red;
    case TreeState::trash: return Ink::dim;
    case TreeState::kept:
    case TreeState::ended:
    case TreeState::idle: return Ink::plain;
  }
  return Ink::plain;
}

Json document(const std::vector<FoundWorktree>& found) {
  Json list = Json::array();
  for (const auto& [holding, verdict] : found) {
    const jobs::WorktreeEntry& entry = holding.entry;
    Json item = Json::object();
    item.set("repo", text_or_null(entry.repo.str())).set("path", entry.path);
    item.set("run", text_or_null(entry.run)).set("state", jobs::to_string(verdict.state));
    item.set("why", verdict.why).set("kept_until", to_json(verdict.until));
    item.set("branch", text_or_null(entry.branch)).set("bytes", entry.bytes);
    list.push(item.set("modified_at", to_json(entry.modified_at)));
  }
  return json_root().set("worktrees", list);
}

void print(const Globals& global, const std::vector<FoundWorktree>& found) {
  std::int64_t bytes = 0;
  Table table({"REPO", "STATE", "SIZE", "AGE", "RUN", "WHY", "PATH"});
  for (const auto& [holding, verdict] : found) {
    const jobs::WorktreeEntry& entry = holding.entry;
    bytes += entry.bytes;
    table.add({entry.repo.empty() ? std::string("-") : entry.repo.str(),
               Cell(std::string(jobs::to_string(verdict.state)), ink_of(verdict.state)),
               size_text(entry.bytes), age_text(entry.modified_at, present()),
               entry.run.empty() ? "-" : entry.run, verdict.why, entry.path});
  }
  const Screen screen = make_screen(global.color);
  put(table.str(screen));
  if (screen.terminal) {
    put(fmt::format("{}, {}\n", counted(static_cast<std::int64_t>(found.size()), "worktree"),
                    size_text(bytes)));
  }
}

}  // namespace

int run_worktrees(const Globals& global) {
  const auto fleet = load_fleet(global);
  if (!fleet) {
    return report_error(global, fleet.error());
  }
  const auto found = find_worktrees(*fleet, *quiet_workspace(*fleet));
  if (!found) {
    return report_error(global, found.error());
  }
  if (global.json) {
    print_json(document(*found));
  } else if (found->empty()) {
    put("no worktrees\n");
  } else {
    print(global, *found);
  }
  return 0;
}

}  // namespace runner::cli
