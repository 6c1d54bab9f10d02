// What agents, verify commands and CI do.
#include <fmt/format.h>

#include "tests/sim_support/world.h"

namespace sim {

namespace {

using jobs::TurnEnd;

jobs::TurnExit exit_of(TurnEnd end, int code = 0) {
  return {.end = end,
          .exit_code = code,
          .signal = end == TurnEnd::signalled ? 9 : 0,
          .detail = {},
          .at = {}};
}

}  // namespace

Executor::Plan World::plan_turn(const jobs::TurnSpec& spec) {
  if (spec.prompt.empty()) {
    return plan_command(spec);
  }
  const int repo = index(spec.issue.repo);
  const auto once = [&](Move move) { return armed.take(move, repo).has_value(); };
  Executor::Plan plan;
  plan.takes = std::chrono::seconds(agents_.between(60, 700));
  plan.phases = {"tests-red"};
  const std::int64_t percent = agents_.between(1, 70);
  plan.spends = {jobs::Usd{spec.reserved.usd.micros * percent / 100},
                 spec.reserved.tokens * percent / 100, 1, 0};
  const bool merges = spec.prompt.find("git merge ") != std::string::npos;
  std::string message = once(Move::agent_skips_ci) ? "work [skip ci]" : "work";
  bool commits = !once(Move::agent_no_commits);
  const bool dirty = once(Move::agent_dirty);
  if (once(Move::agent_blocked)) {
    plan.blocked = "there is no such table";
  }
  if (once(Move::agent_hangs)) {
    plan.takes = spec.deadline;
    plan.exit = exit_of(TurnEnd::deadline);
    commits = false;
  } else if (once(Move::agent_fails)) {
    plan.exit = exit_of(TurnEnd::exited, 1);
  } else if (once(Move::agent_killed)) {
    plan.exit = exit_of(TurnEnd::signalled);
  } else if (once(Move::supervisor_killed)) {
    plan.exit = exit_of(TurnEnd::lost);
    plan.orphans = static_cast<int>(agents_.between(0, 2));
    plan.report = Executor::UsageReport::partial;
  } else if (once(Move::supervisor_stuck)) {
    plan.stuck = true;
  } else if (armed.now(Move::turn_not_started, repo, clock.truth()) != nullptr) {
    plan.exit = exit_of(TurnEnd::not_started);
  } else if (once(Move::overspends)) {
    plan.spends = spec.reserved;
    plan.exit = exit_of(TurnEnd::over_budget);
  }
  const std::pair<Move, Executor::UsageReport> reports[] = {
      {Move::usage_lost, Executor::UsageReport::lost},
      {Move::usage_late, Executor::UsageReport::late},
      {Move::usage_doubled, Executor::UsageReport::doubled},
      {Move::usage_reordered, Executor::UsageReport::reordered},
      {Move::usage_negative, Executor::UsageReport::negative}};
  for (const auto& [move, report] : reports) {
    if (plan.report == Executor::UsageReport::exact && once(move)) {
      plan.report = report;
    }
  }
  plan.work = [this, repo, commits, dirty, merges, message](const jobs::TurnSpec& turn) {
    if (merges) {
      git.merge_base(turn.run, declared.repos[static_cast<std::size_t>(repo)].remote, "main");
    }
    if (commits) {
      git.commit(turn.run,
                 {{fmt::format("issue-{}.c", turn.issue.number),
                   fmt::format("{} turn {}", turn.run.str(), turn.number)}},
                 message);
    }
    if (dirty) {
      git.make_dirty(turn.run);
    }
  };
  return plan;
}

Executor::Plan World::plan_command(const jobs::TurnSpec& spec) {
  const int repo = index(spec.issue.repo);
  Executor::Plan plan;
  plan.takes = std::chrono::seconds(agents_.between(20, 200));
  if (armed.take(Move::verify_red, repo)) {
    plan.exit = exit_of(TurnEnd::exited, 1);
  } else if (armed.take(Move::verify_killed, repo)) {
    plan.exit = exit_of(TurnEnd::lost);
    plan.orphans = 1;
  }
  return plan;
}

Ci::Plan World::plan_ci(const jobs::RepoName& name) {
  const int repo = index(name);
  Ci::Plan plan;
  plan.takes = std::chrono::seconds(agents_.between(30, 400));
  if (settling_) {
    return plan;
  }
  if (armed.take(Move::ci_red, repo)) {
    plan.verdict = jobs::Verdict::fail;
  } else if (armed.take(Move::ci_flaky, repo)) {
    plan.verdict = jobs::Verdict::fail;
    plan.flips = std::chrono::minutes(agents_.between(1, 40));
  } else if (armed.take(Move::ci_late, repo)) {
    plan.takes = std::chrono::minutes(agents_.between(20, 90));
  } else if (armed.take(Move::ci_silent, repo)) {
    plan.silent = true;
  }
  return plan;
}

}  // namespace sim
