#include "jobs/policy/tree_state.h"

#include <chrono>
#include <vector>

#include <gtest/gtest.h>

namespace jobs {
namespace {

using std::chrono::days;
using std::chrono::hours;

constexpr TimePoint kLooked{std::chrono::seconds(1'795'000'000)};

Run run(RunStep step, std::optional<Outcome> outcome, Duration ended_ago, bool released = false) {
  Run out;
  out.id = RunId("r01");
  out.issue = {RepoName("acme/shop"), 12};
  out.step = step;
  out.outcome = outcome;
  out.worktree = "/w1";
  out.worktree_released = released;
  out.updated_at = kLooked - ended_ago;
  if (outcome) {
    out.ended_at = out.updated_at;
  }
  return out;
}

TEST(TreeState, SaysWhatATreeIsThereForAndWhetherItMayGo) {
  const FoundTree of_run{.recorded = true, .run = "r01"};
  struct Case {
    FoundTree tree;
    std::optional<jobs::Run> run;
    TreeState state;
    bool may_go;
  };
  using enum TreeState;
  const std::vector<Case> cases = {
      {{.trash = true}, {}, trash, true},
      {{.recorded = false}, {}, orphan, true},
      {{.recorded = true}, {}, idle, true},
      {of_run, {}, orphan, true},
      {of_run, run(RunStep::preparing, {}, hours(1)), live, false},
      {of_run, run(RunStep::turning, {}, days(99)), live, false},
      {of_run, run(RunStep::ending, Outcome::landed, hours(1)), live, false},
      {of_run, run(RunStep::ended, Outcome::landed, hours(0)), ended, true},
      {of_run, run(RunStep::ended, Outcome::frozen, days(6)), kept, false},
      {of_run, run(RunStep::ended, Outcome::needs_human, days(6)), kept, false},
      {of_run, run(RunStep::ended, Outcome::frozen, days(7)), ended, true},
      {of_run, run(RunStep::ended, Outcome::cancelled, days(1)), ended, true},
      {of_run, run(RunStep::ended, Outcome::frozen, days(1), true), orphan, true},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Case& one = cases[i];
    const TreeVerdict verdict = judge_tree(one.tree, one.run ? &*one.run : nullptr, {}, kLooked);
    EXPECT_EQ(verdict.state, one.state) << i << ": " << to_string(verdict.state);
    EXPECT_EQ(verdict.may_go, one.may_go) << i;
    EXPECT_FALSE(verdict.why.empty()) << i;
    EXPECT_EQ(verdict.until.has_value(), one.state == kept) << i;
  }
  const jobs::Run frozen = run(RunStep::ended, Outcome::frozen, days(6));
  EXPECT_EQ(judge_tree(of_run, &frozen, {}, kLooked).until, kLooked + days(1));
}

}  // namespace
}  // namespace jobs
