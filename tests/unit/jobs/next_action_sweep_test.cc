#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "jobs/pipelines/next_action.h"
#include "jobs/pipelines/transition.h"
#include "tests/support/scenario_values.h"

// Every combination of what next_action looks at: about a hundred thousand views. Each gives an
// action with a reason, and what must never happen happens for none of them.
namespace jobs {
namespace {

using scenario::decide;
using scenario::kNow;

constexpr std::array kSteps = {RunStep::preparing, RunStep::turning, RunStep::landing,
                               RunStep::watching,  RunStep::waiting, RunStep::ending,
                               RunStep::ended};
constexpr std::array kTurns = {TurnFacts::State::absent, TurnFacts::State::starting,
                               TurnFacts::State::running, TurnFacts::State::ended};
constexpr std::array kEnds = {TurnEnd::exited,  TurnEnd::signalled,   TurnEnd::deadline,
                              TurnEnd::silent,  TurnEnd::first_byte,  TurnEnd::over_budget,
                              TurnEnd::stopped, TurnEnd::not_started, TurnEnd::lost};
constexpr std::array kVerdicts = {Verdict::pass, Verdict::fail, Verdict::stopped, Verdict::pending,
                                  Verdict::absent};

/// The bounds that a view may have reached.
enum class Bound { none, attempts, window, cap, retries };
constexpr std::array kBounds = {Bound::none, Bound::attempts, Bound::window, Bound::cap,
                                Bound::retries};

class Sweep : public testing::TestWithParam<RunStep> {
 protected:
  /// Calls `visit` with each view of the step.
  template <typename Visit>
  void each_view(const Visit& visit) {
    for (const TurnFacts::State state : kTurns) {
      for (const TurnEnd end : kEnds) {
        if (state != TurnFacts::State::ended && end != TurnEnd::exited) {
          continue;
        }
        for (const char* stage : {"implement", "verify", "ci"}) {
          for (const int commits : {0, 1}) {
            for (const bool blocked : {false, true}) {
              for (const int landings : {0, 1}) {
                for (const Verdict verdict : kVerdicts) {
                  for (const bool attempted : {false, true}) {
                    for (const Bound bound : kBounds) {
                      if (GetParam() == RunStep::watching && landings == 0) {
                        continue;  // nobody watches what has not landed
                      }
                      if (HasFatalFailure()) {
                        return;
                      }
                      visit(make(state, end, stage, commits, blocked, landings, verdict, attempted,
                                 bound),
                            bound, attempted);
                      ++seen_;
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  [[nodiscard]] RunView make(TurnFacts::State state, TurnEnd end, const std::string& stage,
                             int commits, bool blocked, int landings, Verdict verdict,
                             bool attempted, Bound bound) const {
    RunView view = scenario::turning(stage == "verify" ? "verify" : "implement");
    view.run.stage = stage;
    view.run.step = GetParam();
    scenario::end_turn(view, end, end == TurnEnd::exited && stage == "verify" ? 1 : 0, commits);
    view.turn_facts.state = state;
    if (state != TurnFacts::State::ended) {
      view.turn_facts.exit.reset();
    }
    view.turn_facts.blocked = blocked ? "cannot go on" : "";
    view.run.landings = landings;
    if (landings > 0) {
      view.run.landed = scenario::oid('c');
      view.run.landed_at = kNow - scenario::minutes(5);
      view.run.first_red_at = kNow - scenario::minutes(1);
    }
    view.ci = scenario::ci(verdict, verdict == Verdict::fail ? std::vector<std::string>{"unit"}
                                                             : std::vector<std::string>{});
    if (attempted) {
      for (const auto& [head, set] :
           {std::pair{scenario::oid('c'), "unit"}, std::pair{view.turn->head_before, "verify"}}) {
        view.attempts.push_back({.issue = view.run.issue,
                                 .head = head,
                                 .failing_set = set,
                                 .run = view.run.id,
                                 .at = kNow});
      }
    }
    switch (bound) {
      case Bound::none: break;
      case Bound::attempts:
        view.run.fix_attempts = Limits{}.fix_attempts;
        view.run.verify_attempts = Limits{}.verify_attempts;
        break;
      case Bound::window: view.run.first_red_at = kNow - Limits{}.fix_window; break;
      case Bound::cap: view.reached_cap = "reached"; break;
      case Bound::retries: view.run.instance_retries = Limits{}.instance_retries; break;
    }
    return view;
  }

  int seen_ = 0;
};

bool is_end(ActionKind kind) {
  return kind == ActionKind::close || kind == ActionKind::escalate || kind == ActionKind::freeze ||
         kind == ActionKind::cancel;
}

void check_total(const Action& action) {
  ASSERT_FALSE(action.reason.empty());
  ASSERT_EQ(to_string(action.kind).find('?'), std::string::npos);
  ASSERT_EQ(action.until.has_value(), action.kind == ActionKind::retry_later);
  ASSERT_EQ(action.kind == ActionKind::roll_back, !action.correction.empty());
}

void check_bounds(const RunView& view, const Action& action, Bound bound, bool attempted) {
  if (action.kind == ActionKind::roll_back) {
    ASSERT_FALSE(attempted) << "the same head and failing set twice";
    ASSERT_NE(bound, Bound::cap);
    ASSERT_NE(bound, Bound::attempts);
    ASSERT_FALSE(bound == Bound::window && view.run.landings > 0);
  }
  if (action.kind == ActionKind::retry_later) {
    ASSERT_NE(bound, Bound::retries);
  }
  if (action.kind == ActionKind::start_turn && bound == Bound::cap) {
    ASSERT_NE(view.run.stage, "implement") << "an agent's turn at a cap";
  }
}

void check_gates(const RunView& view, const Action& action) {
  if (action.kind == ActionKind::close) {
    ASSERT_EQ(view.run.step, RunStep::watching);
    ASSERT_EQ(view.ci->verdict, Verdict::pass);
  }
  if (action.kind == ActionKind::advance) {
    ASSERT_EQ(view.run.step, RunStep::turning);
    ASSERT_EQ(view.turn_facts.exit->end, TurnEnd::exited);
    ASSERT_TRUE(view.turn_facts.blocked.empty() || view.run.stage == "verify");
    ASSERT_TRUE(view.run.stage == "verify" || view.worktree->commits > 0);
  }
}

void check_order(const RunView& view, const Action& action) {
  if (view.run.step == RunStep::ending || view.run.step == RunStep::ended) {
    ASSERT_TRUE(action.kind == ActionKind::wait || action.kind == ActionKind::finish ||
                action.kind == ActionKind::stop_turn)
        << "invariant 9: a run that is over goes on with " << to_string(action.kind);
  }
  const bool runs = view.turn_facts.state == TurnFacts::State::running ||
                    view.turn_facts.state == TurnFacts::State::starting;
  if (view.run.step == RunStep::turning && runs) {
    ASSERT_TRUE(action.kind == ActionKind::wait || action.kind == ActionKind::stop_turn)
        << "a turn runs, but " << to_string(action.kind);
  }
}

TEST_P(Sweep, Invariant9_EveryViewHasOneActionAndNoneThatMustNotBe) {
  each_view([](const RunView& view, Bound bound, bool attempted) {
    const Action action = decide(view);
    ASSERT_NO_FATAL_FAILURE(check_total(action));
    ASSERT_NO_FATAL_FAILURE(check_bounds(view, action, bound, attempted));
    ASSERT_NO_FATAL_FAILURE(check_gates(view, action));
    ASSERT_NO_FATAL_FAILURE(check_order(view, action));
  });
  EXPECT_GT(seen_, 5'000);
}

TEST(NeverAgainInTheTable, ARetryIsNeverChargedToTheIssue) {
  for (const TurnEnd end : {TurnEnd::lost, TurnEnd::stopped, TurnEnd::not_started}) {
    for (int tries = 0; tries <= Limits{}.instance_retries + 1; ++tries) {
      RunView view = scenario::turning();
      scenario::end_turn(view, end, 0, 0);
      view.run.instance_retries = tries;
      const Action action = decide(view);
      if (action.kind == ActionKind::retry_later) {
        EXPECT_EQ(action.charge, Charge::instance);
        EXPECT_LT(tries, Limits{}.instance_retries) << "retries must be bounded";
      } else {
        EXPECT_EQ(action.kind, ActionKind::escalate);
        EXPECT_FALSE(action.charged);
      }
    }
  }
}

TEST_P(Sweep, AnEndTakesTheLabelsOffAndPlansNothing) {
  const Fleet fleet = scenario::fleet();
  int ends = 0;
  each_view([&](const RunView& view, Bound bound, bool) {
    if (bound != Bound::none && bound != Bound::attempts) {
      return;
    }
    const Action action = decide(view);
    if (!is_end(action.kind)) {
      return;
    }
    ++ends;
    const Change change = carry_out(view, action, default_pipeline(), fleet, kNow);
    ASSERT_EQ(change.runs.size(), 1U);
    ASSERT_EQ(change.runs.front().step, RunStep::ending);
    ASSERT_TRUE(change.runs.front().outcome.has_value());
    ASSERT_TRUE(change.turns.empty() && change.ledger.empty());
    const auto labels = scenario::effects_of(change, EffectKind::set_labels);
    ASSERT_EQ(labels.size(), 1U);
    ASSERT_EQ(labels.front().remove_labels,
              (std::vector{fleet.labels.in_progress, fleet.labels.ready}));
    ASSERT_EQ(scenario::effects_of(change, EffectKind::close_issue).size(),
              action.kind == ActionKind::close ? 1U : 0U);
    ASSERT_EQ(scenario::effects_of(change, EffectKind::notify).size(),
              action.kind == ActionKind::escalate || action.kind == ActionKind::freeze ? 1U : 0U);
  });
  EXPECT_TRUE(ends > 0 || (GetParam() != RunStep::turning && GetParam() != RunStep::watching));
}

INSTANTIATE_TEST_SUITE_P(Pipelines, Sweep, testing::ValuesIn(kSteps),
                         [](const auto& each) { return std::string(to_string(each.param)); });

}  // namespace
}  // namespace jobs
