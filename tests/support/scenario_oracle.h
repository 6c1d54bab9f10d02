#pragma once

#include <algorithm>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "jobs/base/text.h"
#include "jobs/pipelines/pull_text.h"
#include "tests/support/scenario_world.h"

/// Checks the invariants of DESIGN section 15 from outside: in what the fakes saw and in the rows.
/// It never asks the code that decides.
namespace scenario {

/// How an issue's story is to have ended.
struct Expected {
  std::optional<jobs::Outcome> outcome;  ///< none: nothing was started
  int landings = 0;
  int notifications = 0;
};

inline bool has(const std::vector<std::string>& list, const std::string& item) {
  return std::ranges::find(list, item) != list.end();
}

/// Invariant 3, looked at from the calls: what changes the outside world has a claimed row in the
/// outbox, which only an earlier commit can have put there.
inline void check_is_recorded(World& world, const std::string& call) {
  using jobs::EffectKind;
  static const std::map<std::string, EffectKind> kKinds = {
      {"set_labels", EffectKind::set_labels}, {"upsert_comment", EffectKind::upsert_comment},
      {"close", EffectKind::close_issue},     {"git.prepare", EffectKind::prepare_worktree},
      {"turn.start", EffectKind::start_turn}, {"turn.stop", EffectKind::stop_turn},
      {"git.land", EffectKind::land},         {"ci.start", EffectKind::start_ci},
      {"pull.open", EffectKind::open_pull},   {"pull.merge", EffectKind::merge_pull},
      {"git.rescue", EffectKind::rescue},     {"git.release", EffectKind::release_worktree},
      {"notify.send", EffectKind::notify}};
  const auto kind = kKinds.find(call);
  if (kind == kKinds.end()) {
    return;
  }
  const auto rows = must(world.store->outbox(std::nullopt));
  EXPECT_TRUE(std::ranges::any_of(rows,
                                  [&](const jobs::OutboxRow& row) {
                                    return row.effect.kind == kind->second &&
                                           row.state == jobs::EffectState::claimed;
                                  }))
      << "invariant 3: " << call << " without a claimed row";
}

inline void check_starts(World& world) {
  std::map<jobs::RepoName, int> live;
  for (const jobs::Run& run : must(world.store->runs({}))) {
    live[run.issue.repo] += run.live() ? 1 : 0;
    for (const jobs::Turn& turn : must(world.store->turns(run.id))) {
      EXPECT_LE(world.executor.starts(turn.directory), 1)
          << "invariant 2: " << turn.directory << " was started more than once";
    }
  }
  for (const auto& [repo, count] : live) {
    EXPECT_LE(count, 1) << "invariant 1: live runs of " << repo.str();
  }
  EXPECT_LE(world.executor.processes(), 1) << "invariant 1: processes at work";
}

inline void check_books(World& world, const jobs::Run& run) {
  std::map<int, std::pair<int, int>> rows;  // turn -> reserves, ends
  for (const jobs::LedgerRow& row : must(world.store->ledger(run.id))) {
    auto& [reserves, ends] = rows[row.turn];
    (row.kind == jobs::LedgerKind::reserve ? reserves : ends) += 1;
    if (row.kind == jobs::LedgerKind::release) {
      EXPECT_EQ(
          world.executor.starts(
              world.store->turns(run.id)->at(static_cast<std::size_t>(row.turn - 1)).directory),
          0)
          << "invariant 5: a turn that was started is not free";
    }
  }
  for (const auto& [turn, counts] : rows) {
    EXPECT_EQ(counts, (std::pair{1, 1})) << "invariant 5: turn " << turn;
  }
  for (const jobs::Turn& turn : must(world.store->turns(run.id))) {
    EXPECT_EQ(turn.state, jobs::TurnState::ended) << "turn " << turn.number;
    EXPECT_EQ(rows.contains(turn.number), turn.kind != jobs::TurnKind::command);
  }
}

inline void check_tracker(World& world, const jobs::IssueKey& key, const jobs::Run& run) {
  const auto written = world.tracker.written(key);
  const jobs::Labels& labels = world.fleet.labels;
  const bool human =
      run.outcome == jobs::Outcome::needs_human || run.outcome == jobs::Outcome::frozen;
  EXPECT_FALSE(has(written.labels, labels.ready)) << "invariants 4 and 9";
  EXPECT_FALSE(has(written.labels, labels.in_progress)) << "invariant 4";
  EXPECT_EQ(has(written.labels, labels.human), human) << "invariant 4";
  EXPECT_EQ(written.open, run.outcome != jobs::Outcome::landed) << "invariant 4";
  const auto comments = world.tracker.comments_of(key);
  ASSERT_EQ(comments.size(), 1U) << "invariant 4: one comment for each issue";
  EXPECT_NE(comments[0].body.find(run.id.str()), std::string::npos);
  EXPECT_NE(comments[0].body.find(run.outcome == jobs::Outcome::frozen ? "froze" : "runner"),
            std::string::npos);
}

inline void check_worktree(World& world, const jobs::Run& run) {
  bool there = false;
  for (const jobs::WorktreeEntry& entry : must(world.git.list())) {
    there = there || entry.run == run.id.str();
  }
  const bool kept =
      run.outcome == jobs::Outcome::needs_human || run.outcome == jobs::Outcome::frozen;
  EXPECT_EQ(there, kept && !run.worktree.empty()) << "invariant 4: the worktree";
  const jobs::Repo& repo = world.fleet.repos.front();
  const auto facts = world.git.observe(repo, run);
  const auto pushed = [&](const std::string& branch) {
    return world.git.remote_contains(repo.remote, branch, facts->head);
  };
  const bool unpushed =
      facts && !facts->head.empty() && !pushed(repo.base) && !pushed(jobs::pull_branch(run));
  if (unpushed && kept) {
    EXPECT_FALSE(world.git.rescued(run.id).empty()) << "invariant 14";
  }
}

/// The state when nothing moves any more.
inline void check_quiet(World& world, const jobs::IssueKey& key, const Expected& expected) {
  check_starts(world);
  EXPECT_EQ(world.executor.processes(), 0) << "invariant 6";
  for (const jobs::OutboxRow& row : must(world.store->outbox(std::nullopt))) {
    ADD_FAILURE() << "invariant 3: " << row.effect.key
                  << " is neither done nor given up: " << row.last_error;
  }
  const auto runs = must(world.store->runs({}));
  if (!expected.outcome) {
    EXPECT_TRUE(runs.empty());
    EXPECT_EQ(world.executor.starts(), 0);
    return;
  }
  ASSERT_EQ(runs.size(), 1U) << "invariant 2: one claim, one run";
  const jobs::Run& run = runs.front();
  EXPECT_EQ(run.step, jobs::RunStep::ended);
  EXPECT_FALSE(run.title.empty()) << "what the issue said is lost";
  EXPECT_FALSE(run.text_digest.empty()) << "what the issue said is lost";
  ASSERT_EQ(run.outcome, expected.outcome) << run.reason << " / " << run.last_error;
  EXPECT_EQ(world.git.pushes().size(), static_cast<std::size_t>(expected.landings));
  EXPECT_EQ(run.landings, expected.landings) << "the row and the remote agree";
  EXPECT_EQ(world.notifier.seen().size(), static_cast<std::size_t>(expected.notifications));
  EXPECT_GE(world.notifier.deliveries().size(), world.notifier.seen().size());
  for (const auto& push : world.git.pushes()) {
    EXPECT_GE(world.ci.starts(push.repo, push.commit), 1) << "CI of each landing";
    EXPECT_LE(world.ci.starts(push.repo, push.commit), 1);
  }
  check_books(world, run);
  check_tracker(world, key, run);
  check_worktree(world, run);
  EXPECT_FALSE(world.store->decisions(key, 0)->empty()) << "invariant 15";
}

}  // namespace scenario
