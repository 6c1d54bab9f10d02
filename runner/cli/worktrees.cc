#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "runner/cli/commands.h"
#include "runner/cli/describe.h"
#include "runner/cli/errors.h"
#include "runner/cli/json_model.h"
#include "runner/cli/state.h"
#include "runner/cli/table.h"
#include "runner/wiring.h"

namespace runner::cli {

namespace {

struct Listed {
  jobs::WorktreeEntry entry;
  std::string state;  ///< of its run: "live", an outcome, "idle", or "unknown run"
};

/// What a worktree's own record says about its run, held against the store.
jobs::Result<std::string> state_of_entry(jobs::StoreReader& store,
                                         const jobs::WorktreeEntry& entry) {
  if (entry.run.empty()) {
    return std::string("idle");
  }
  auto run = store.run(entry.run);
  if (!run) {
    if (run.error().kind != jobs::ErrorKind::not_found) {
      return std::move(run.error());
    }
    return std::string("unknown run");
  }
  return std::string(run->live()    ? "live"
                     : run->outcome ? jobs::to_string(*run->outcome)
                                    : "ended");
}

jobs::Result<std::vector<Listed>> find(const Globals& global) {
  RUNNER_ASSIGN(const jobs::Fleet fleet, load_fleet(global));
  RUNNER_ASSIGN(const ReadWorld world, make_read_world(fleet, {}));
  RUNNER_ASSIGN(const std::vector<jobs::WorktreeEntry> entries, world.ports.workspace->list());
  std::vector<Listed> listed;
  for (const jobs::WorktreeEntry& entry : entries) {
    RUNNER_ASSIGN(std::string state, state_of_entry(*world.ports.store, entry));
    listed.push_back({entry, std::move(state)});
  }
  std::sort(listed.begin(), listed.end(),
            [](const Listed& a, const Listed& b) { return a.entry.path < b.entry.path; });
  return listed;
}

Json document(const std::vector<Listed>& listed) {
  Json list = Json::array();
  for (const auto& [entry, state] : listed) {
    Json item = Json::object();
    item.set("repo", entry.repo.str()).set("path", entry.path);
    item.set("run", text_or_null(entry.run)).set("state", state);
    item.set("branch", text_or_null(entry.branch)).set("bytes", entry.bytes);
    list.push(item.set("modified_at", to_json(entry.modified_at)));
  }
  return json_root().set("worktrees", list);
}

void print(const Globals& global, const std::vector<Listed>& listed) {
  std::int64_t bytes = 0;
  Table table({"REPO", "STATE", "SIZE", "CHANGED", "RUN", "PATH"});
  for (const auto& [entry, state] : listed) {
    bytes += entry.bytes;
    const Ink ink = state == "unknown run" ? Ink::red : state == "live" ? Ink::yellow : Ink::plain;
    table.add({entry.repo.str(), Cell(state, ink), size_text(entry.bytes),
               entry.modified_at ? jobs::format_time(*entry.modified_at) : "-",
               entry.run.empty() ? "-" : entry.run, entry.path});
  }
  const Screen screen = make_screen(global.color);
  put(table.str(screen));
  if (screen.terminal) {
    put(fmt::format("{}, {}\n", counted(static_cast<std::int64_t>(listed.size()), "worktree"),
                    size_text(bytes)));
  }
}

}  // namespace

int run_worktrees(const Globals& global) {
  const auto listed = find(global);
  if (!listed) {
    return report_error(global, listed.error());
  }
  if (global.json) {
    print_json(document(*listed));
  } else if (listed->empty()) {
    put("no worktrees\n");
  } else {
    print(global, *listed);
  }
  return 0;
}

}  // namespace runner::cli
