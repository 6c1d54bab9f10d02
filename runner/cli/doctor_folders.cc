#include "runner/cli/doctor_folders.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "runner/wiring.h"

namespace runner::cli {

namespace {

namespace fs = std::filesystem;
using Level = store::StateFinding::Level;
using Findings = std::vector<store::StateFinding>;

constexpr const char* kJanitor = "nothing: the next tick's janitor does it";

std::set<std::string> folders_in(const std::string& path) {
  std::set<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    if (at->is_directory(error)) {
      names.insert(at->path().filename().string());
    }
  }
  return names;
}

void look_at_turns(const jobs::Fleet& fleet, const std::map<std::string, jobs::Run>& runs,
                   Findings& out) {
  const std::string root = fleet.state_dir + "/turns";
  for (const std::string& name : folders_in(root)) {
    if (!runs.contains(name)) {
      out.push_back({.level = Level::problem,
                     .name = "turns-without-run",
                     .what = "turn directories of a run that the state does not know: " +
                             jobs::one_line(name, 60),
                     .where = root + "/" + jobs::one_line(name, 60),
                     .remedy = "the next tick stops its processes; a person has to: look at the "
                               "transcripts, then remove the folder"});
    }
  }
}

jobs::Status look_at_worktrees(const ReadWorld& world, const std::map<std::string, jobs::Run>& runs,
                               Findings& out) {
  RUNNER_ASSIGN(const std::vector<jobs::WorktreeEntry> entries, world.ports.workspace->list());
  for (const jobs::WorktreeEntry& entry : entries) {
    if (!entry.run.empty() && !runs.contains(entry.run)) {
      out.push_back({.level = Level::problem,
                     .name = "worktree-without-run",
                     .what = "a worktree of a run that the state does not know: " + entry.run,
                     .where = entry.path,
                     .remedy = std::string(kJanitor) + ", once its work is kept as a rescue ref"});
    }
  }
  return jobs::ok();
}

jobs::Status look_at_runs(const ReadWorld& world, const std::map<std::string, jobs::Run>& runs,
                          Findings& out) {
  std::error_code error;
  for (const auto& [id, run] : runs) {
    const std::string who = fmt::format("{} ({})", run.issue.str(), id);
    if (run.live()) {
      if (!run.worktree.empty() && !fs::exists(run.worktree, error)) {
        out.push_back({.level = Level::problem,
                       .name = "run-without-worktree",
                       .what = who + " is live, but its worktree is gone",
                       .where = run.worktree,
                       .remedy = "nothing: the next tick ends or prepares it again"});
      }
      continue;
    }
    RUNNER_ASSIGN(const jobs::Spend spend, world.ports.store->spend({.run = run.id}));
    if (spend.reserved.turns > 0 || spend.reserved.tokens > 0 || spend.reserved.usd.micros > 0) {
      out.push_back({.level = Level::problem,
                     .name = "open-reservation",
                     .what = who + " has ended, but money is still reserved for it",
                     .where = id,
                     .remedy = "a person has to: it counts against every cap until it is settled; "
                               "report it as a bug with `runner runs show`"});
    }
  }
  return jobs::ok();
}

jobs::Status look_at_effects(const ReadWorld& world, const std::map<std::string, jobs::Run>& runs,
                             Findings& out) {
  RUNNER_ASSIGN(const std::vector<jobs::OutboxRow> rows, world.ports.store->outbox(std::nullopt));
  for (const jobs::OutboxRow& row : rows) {
    const auto run = runs.find(row.effect.run.str());
    if (run != runs.end() && !run->second.live()) {
      out.push_back({.level = Level::note,
                     .name = "unfinished-effect",
                     .what = fmt::format(
                         "{} of the ended run {} is not through yet{}", to_string(row.effect.kind),
                         row.effect.run.str(),
                         row.last_error.empty() ? "" : ": " + jobs::one_line(row.last_error, 200)),
                     .where = row.effect.key,
                     .remedy = "nothing: ticks go on trying"});
    }
  }
  return jobs::ok();
}

void look_at_space(const jobs::Fleet& fleet, Findings& out) {
  std::error_code error;
  const fs::space_info space = fs::space(fleet.state_dir, error);
  if (!error && space.available < static_cast<std::uintmax_t>(fleet.limits.disk_free_bytes)) {
    out.push_back({.level = Level::problem,
                   .name = "space",
                   .what = fmt::format("{} MiB are free, {} MiB must be (disk_free_bytes)",
                                       space.available >> 20U, fleet.limits.disk_free_bytes >> 20U),
                   .where = fleet.state_dir,
                   .remedy = "a person has to: free some space"});
  }
}

}  // namespace

jobs::Result<Findings> examine_folders(const jobs::Fleet& fleet) {
  RUNNER_ASSIGN(const ReadWorld world, make_read_world(fleet, {}));
  RUNNER_ASSIGN(const std::vector<jobs::Run> all, world.ports.store->runs({}));
  std::map<std::string, jobs::Run> runs;
  for (const jobs::Run& run : all) {
    runs.emplace(run.id.str(), run);
  }
  Findings out;
  look_at_turns(fleet, runs, out);
  RUNNER_TRY(look_at_worktrees(world, runs, out));
  RUNNER_TRY(look_at_runs(world, runs, out));
  RUNNER_TRY(look_at_effects(world, runs, out));
  look_at_space(fleet, out);
  return out;
}

}  // namespace runner::cli
