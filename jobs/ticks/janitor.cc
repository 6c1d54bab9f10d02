#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "jobs/pipelines/run_change.h"
#include "jobs/policy/tree_state.h"
#include "jobs/ticks/plan.h"

namespace jobs {

namespace {

void release_worktrees(const JanitorFacts& facts, const Fleet& fleet, TimePoint now,
                       JanitorPlan& out) {
  for (const Run& run : facts.runs) {
    if (run.live() || run.worktree_released || run.worktree.empty() ||
        fleet.repo(run.issue.repo) == nullptr) {
      continue;
    }
    const bool asked = std::ranges::any_of(facts.outbox, [&](const OutboxRow& row) {
      return row.effect.run == run.id && row.effect.kind == EffectKind::release_worktree;
    });
    if (asked || now - run.ended_at.value_or(run.updated_at) < kept_for(run, fleet.retention)) {
      continue;
    }
    RunChange change(run, fleet, now);
    Effect release;
    release.kind = EffectKind::release_worktree;
    change.effect(std::move(release));
    merge(out.plan.change, std::move(change).take());
    out.plan.steps.push_back(
        {.run = run.id, .issue = run.issue, .action = "release-worktree", .detail = run.worktree});
  }
}

/// "<root>/turns/<run>/<number>" -> "<run>"
std::string run_of_directory(const std::string& directory) {
  const std::size_t last = directory.rfind('/');
  if (last == std::string::npos || last == 0) {
    return {};
  }
  const std::size_t before = directory.rfind('/', last - 1);
  return directory.substr(before == std::string::npos ? 0 : before + 1,
                          last - (before == std::string::npos ? 0 : before + 1));
}

void turns(const JanitorFacts& facts, const Fleet& fleet, TimePoint now, JanitorPlan& out) {
  std::map<std::string, const Run*> by_id;
  for (const Run& run : facts.runs) {
    by_id[run.id.str()] = &run;
  }
  const std::set<std::string> live(facts.live_turn_directories.begin(),
                                   facts.live_turn_directories.end());
  for (const std::string& directory : facts.turn_directories) {
    if (live.contains(directory)) {
      continue;
    }
    const auto owner = by_id.find(run_of_directory(directory));
    if (owner == by_id.end()) {
      // Perhaps of a state file that was lost: its processes are stopped, its files stay until
      // retention can be known.
      out.reap_turns.push_back(directory);
      out.notes.push_back("turn directory " + directory + " belongs to no run of this state");
      continue;
    }
    const Run& run = *owner->second;
    if (run.live()) {
      // Of an earlier turn: what it left must not work beside the next one.
      out.reap_turns.push_back(directory);
      continue;
    }
    if (now - run.ended_at.value_or(run.updated_at) >= fleet.retention.transcripts) {
      out.remove_turns.push_back(directory);
    } else if (!run.worktree_released) {
      out.reap_turns.push_back(directory);
    }
  }
}

void orphans(const JanitorFacts& facts, JanitorPlan& out) {
  std::set<std::string> known;
  std::set<IssueKey> live;
  for (const Run& run : facts.runs) {
    // A run that is over and whose row speaks of no worktree (any more) will not release one: it
    // was made after all by a tick that slept, or its answer was lost.
    if (run.live() || (!run.worktree.empty() && !run.worktree_released)) {
      known.insert(run.id.str());
    }
    if (run.live()) {
      live.insert(run.issue);
    }
  }
  for (const WorktreeEntry& entry : facts.worktrees) {
    if (!entry.run.empty() && !known.contains(entry.run)) {
      out.orphan_worktrees.push_back(entry);
    }
  }
  for (const IssueKey& issue : facts.in_progress) {
    if (!live.contains(issue)) {
      out.notes.push_back(
          issue.str() +
          " carries the in-progress label, but no live run of this state is about it");
    }
  }
}

}  // namespace

JanitorPlan janitor(const JanitorFacts& facts, const Fleet& fleet, TimePoint now) {
  JanitorPlan out;
  release_worktrees(facts, fleet, now, out);
  turns(facts, fleet, now, out);
  orphans(facts, out);
  return out;
}

}  // namespace jobs
