// The only repair of a state: a new one beside it, that takes its place when it is complete.
#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "jobs/base/time.h"
#include "runner/store/doctor.h"
#include "runner/store/owner.h"
#include "runner/store/rebuild.h"
#include "runner/store/sqlite_store.h"

namespace runner::store {

namespace {

using jobs::ErrorKind;
using Told = std::vector<std::string>;

constexpr jobs::Duration kPatience = std::chrono::seconds(2);

/// "2026-01-02T030405Z", for names of files.
std::string stamp(jobs::TimePoint now) {
  std::string text = jobs::format_time(now);
  std::erase(text, ':');
  return text;
}

/// Copies the state and its journal to names that are not taken yet.
jobs::Status set_aside(const StatePaths& paths, jobs::TimePoint now, Told& told) {
  for (int number = 1; number < 1000; ++number) {
    const std::string target = fmt::format("{}.damaged-{}{}", paths.database, stamp(now),
                                           number == 1 ? "" : fmt::format("-{}", number));
    if (size_of(target + "-journal") > 0) {
      continue;
    }
    auto copied = copy_file(paths.database, target);
    if (!copied && copied.error().kind == ErrorKind::conflict) {
      continue;
    }
    RUNNER_TRY(std::move(copied));
    told.push_back("copied the state as it is to " + target);
    if (size_of(paths.journal) > 0) {
      RUNNER_TRY(copy_file(paths.journal, target + "-journal"));
      told.push_back("copied its journal to " + target + "-journal");
    }
    return jobs::ok();
  }
  return jobs::fail(ErrorKind::conflict, "too many copies of damaged states lie in " + paths.folder,
                    "move them away");
}

/// The folder's own copy from before a migration would be older still; so what can be believed of
/// the state itself comes first, and without it a person must choose.
jobs::Status make_anew(const StatePaths& paths, const RepairOptions& options, bool older,
                       const LockFile& lock, Told& told) {
  RUNNER_ASSIGN(const Harvest found, harvest(paths));
  const bool complete = found.complete();
  Rebuilding how;
  how.now = options.doctor.now;
  how.tick = options.tick;
  how.version = options.version;
  how.steps = lock.mark().value_or(0);
  how.end_run = options.end_run;
  const bool stop = older || !complete || found.steps < how.steps;
  if (stop) {
    how.why = complete ? "the state is older than the one that was here; what happened since is "
                         "unknown to it"
                       : "the state was damaged and repaired; missing: " + found.missing();
  }
  RUNNER_TRY(set_aside(paths, options.doctor.now, told));
  RUNNER_ASSIGN(const Rebuilt built, rebuild(paths, found, how));
  // The journal belongs to the file that goes: beside the new one it would destroy it.
  RUNNER_TRY(remove_file(paths.journal));
  RUNNER_TRY(publish(paths.creating, paths.database, paths.folder));
  lock.set_mark(built.steps);
  told.push_back(fmt::format(
      "made a new state of {} rows{}", built.rows + static_cast<std::int64_t>(found.ledger.size()),
      complete ? "; nothing that decides is missing" : "; missing: " + found.missing()));
  if (built.left_out > 0) {
    told.push_back(fmt::format("left out {} rows that refer to what is missing", built.left_out));
  }
  if (built.settled > 0) {
    told.push_back(fmt::format("settled {} turns that nothing else would settle", built.settled));
  }
  if (stop) {
    told.push_back(fmt::format("ended {} live runs as needs-human", built.ended));
    told.emplace_back("paused the fleet: `runner resume` when a person has looked");
  }
  return jobs::ok();
}

jobs::Status release_dead_lease(const RepairOptions& options, Told& told) {
  StoreOptions opening;
  opening.state_dir = options.doctor.state_dir;
  opening.now = options.doctor.now;
  RUNNER_ASSIGN(const auto store, open_store(opening));
  const StatePaths paths = paths_in(options.doctor.state_dir);
  std::optional<jobs::Lease> lease;
  {
    RUNNER_ASSIGN(Database database,
                  Database::open({.path = paths.database, .mode = Database::Mode::read_only}));
    RUNNER_ASSIGN(lease, stored_lease(database, "tick"));
  }
  RUNNER_TRY(store->release_lease(*lease));
  told.push_back("released the lease of " + lease->owner);
  return jobs::ok();
}

bool has(const StateExamination& found, std::string_view name) {
  return std::ranges::any_of(found.findings, [&](const StateFinding& finding) {
    return finding.fixable && finding.name == name;
  });
}

}  // namespace

jobs::Result<std::vector<std::string>> repair_state(const RepairOptions& options) {
  const StatePaths paths = paths_in(options.doctor.state_dir);
  Told told;
  bool release = false;
  {
    RUNNER_ASSIGN(LockFile lock, LockFile::open(paths.lock));
    RUNNER_ASSIGN(const LockFile::Held held, lock.take(kPatience));
    DoctorOptions doctor = options.doctor;
    doctor.locked = true;
    const StateExamination found = examine_state(doctor);
    if (!found.held_by.empty()) {
      return jobs::fail(ErrorKind::conflict, "a tick holds the lease: " + found.held_by,
                        "stop what starts ticks, and wait for its end");
    }
    for (const StateFinding& finding : found.findings) {
      if (finding.fixable && finding.name == "left-over") {
        RUNNER_TRY(remove_file(finding.where));
        told.push_back("removed " + finding.where);
      }
    }
    if (has(found, "damaged") || has(found, "older")) {
      RUNNER_TRY(make_anew(paths, options, found.health == Health::older, lock, told));
    }
    release = has(found, "lease");
  }
  if (release) {
    RUNNER_TRY(release_dead_lease(options, told));
  }
  return told;
}

}  // namespace runner::store
