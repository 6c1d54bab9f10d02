#include "jobs/pipelines/transition.h"

#include <set>

#include <gtest/gtest.h>

#include "jobs/pipelines/checklist.h"
#include "jobs/pipelines/run_change.h"
#include "tests/support/scenario_values.h"

namespace jobs {
namespace {

using scenario::effects_of;
using scenario::kNow;
using scenario::landed;
using scenario::oid;
using scenario::turning;

const Fleet& fleet() {
  static const Fleet one = scenario::fleet();
  return one;
}

Change act(const RunView& view) {
  const Action action = next_action(view, default_pipeline(), fleet().limits, fleet().labels, kNow);
  return carry_out(view, action, default_pipeline(), fleet(), kNow);
}

TEST(NeverAgain, FreezeTakesTheReadyLabelOff) {
  RunView view = landed(Verdict::fail);
  view.run.fix_attempts = fleet().limits.fix_attempts;
  const Change change = act(view);
  ASSERT_EQ(change.runs.at(0).outcome, Outcome::frozen);
  const Effect labels = effects_of(change, EffectKind::set_labels).at(0);
  EXPECT_EQ(labels.remove_labels, (std::vector{fleet().labels.in_progress, fleet().labels.ready}));
  EXPECT_EQ(labels.add_labels, std::vector{fleet().labels.human});
  EXPECT_TRUE(effects_of(change, EffectKind::close_issue).empty()) << "a frozen issue stays open";
  EXPECT_TRUE(effects_of(change, EffectKind::release_worktree).empty()) << "kept for forensics";
  EXPECT_EQ(effects_of(change, EffectKind::rescue).size(), 1U);
}

TEST(Endings, EveryOutcomeIsOneFunctionAndIdempotent) {
  for (const Outcome outcome : {Outcome::landed, Outcome::needs_human, Outcome::frozen,
                                Outcome::cancelled, Outcome::superseded}) {
    RunChange change(scenario::run(), fleet(), kNow);
    change.end(outcome, "why", true);
    change.end(Outcome::landed, "again", false);
    const Change rows = std::move(change).take();
    const jobs::Run& run = rows.runs.at(0);
    EXPECT_EQ(run.outcome, outcome);
    EXPECT_EQ(run.reason, "why");
    EXPECT_EQ(run.step, RunStep::ending);
    EXPECT_TRUE(run.live()) << "until its effects are carried out";
    EXPECT_EQ(run.ended_at, kNow);
    const auto labels = effects_of(rows, EffectKind::set_labels);
    ASSERT_EQ(labels.size(), 1U) << to_string(outcome);
    EXPECT_EQ(labels[0].remove_labels.size(), 2U);
    const bool human = outcome == Outcome::needs_human || outcome == Outcome::frozen;
    EXPECT_EQ(labels[0].add_labels.size(), human ? 1U : 0U);
    EXPECT_EQ(effects_of(rows, EffectKind::notify).size(), human ? 1U : 0U);
    EXPECT_EQ(effects_of(rows, EffectKind::close_issue).size(),
              outcome == Outcome::landed ? 1U : 0U);
    EXPECT_EQ(effects_of(rows, EffectKind::stop_turn).size(),
              outcome == Outcome::cancelled ? 1U : 0U);
  }
}

TEST(NeverAgain, TheChecklistIsOneCommentFoundByItsMarker) {
  std::set<std::string> targets;
  for (const Change& change :
       {act(landed(Verdict::pass)), act(landed(Verdict::fail)),
        after_landing(scenario::run(), {.kind = LandResult::Kind::landed, .commit = oid('c')},
                      default_pipeline(), fleet(), {}, kNow)}) {
    const auto comments = effects_of(change, EffectKind::upsert_comment);
    ASSERT_EQ(comments.size(), 1U) << "at most one write of the comment in one step";
    EXPECT_NE(comments[0].text.find(kChecklistMarker), std::string::npos);
    targets.insert(comments[0].target);
  }
  EXPECT_EQ(targets, std::set<std::string>{std::string(kChecklistMarker)});
}

TEST(Effects, KeysAreUniqueOverTheLifeOfARun) {
  std::set<std::string> keys;
  const auto collect = [&](const Change& change) {
    for (const Effect& effect : change.effects) {
      EXPECT_TRUE(keys.insert(effect.key).second) << effect.key;
      EXPECT_TRUE(effect.key.starts_with(effect.run.str() + "/"));
      EXPECT_EQ(effect.at, kNow);
    }
    return change.runs.at(0);
  };
  RunView view = turning("verify");
  scenario::end_turn(view, TurnEnd::exited, 1, 1);
  view.run = collect(act(view));
  view.turn_facts.exit->exit_code = 0;
  view.run.stage = "verify";
  view.run = collect(act(view));
  view.run = collect(after_landing(view.run, {.kind = LandResult::Kind::landed, .commit = oid('c')},
                                   default_pipeline(), fleet(), {}, kNow));
  view.ci = scenario::ci(Verdict::pass, {});
  collect(act(view));
  EXPECT_GE(keys.size(), 7U);
}

TEST(Transition, Invariant10_LandingIsToldWhatWasVerified) {
  RunView view = turning("verify");
  scenario::end_turn(view, TurnEnd::exited, 0, 1);
  const Change change = act(view);
  const jobs::Run& run = change.runs.at(0);
  EXPECT_EQ(run.step, RunStep::landing);
  EXPECT_EQ(run.verified_tree, view.worktree->head_tree);
  EXPECT_EQ(run.verified_base, view.run.base);
  EXPECT_EQ(run.head, view.worktree->head);
  EXPECT_EQ(run.phase, Phase::green);
  EXPECT_EQ(effects_of(change, EffectKind::land).size(), 1U);
}

TEST(Transition, ACorrectiveTurnIsChargedAndRemembered) {
  RunView view = landed(Verdict::fail);
  view.run.first_red_at.reset();
  const Change change = act(view);
  EXPECT_EQ(change.runs.at(0).fix_attempts, 1);
  EXPECT_EQ(change.runs.at(0).first_red_at, kNow) << "the window counts from the first red";
  EXPECT_EQ(change.runs.at(0).step, RunStep::turning);
  ASSERT_EQ(change.attempts.size(), 1U);
  EXPECT_EQ(change.attempts[0].head, view.run.landed);
  EXPECT_EQ(change.attempts[0].failing_set, "unit");
  ASSERT_EQ(change.turns.size(), 1U);
  EXPECT_EQ(change.turns[0].kind, TurnKind::corrective);
  EXPECT_EQ(change.turns[0].number, view.run.turns + 1);
  EXPECT_EQ(change.ledger.size(), 1U);
  RunView after = view;
  after.run = change.runs.at(0);
  after.attempts = change.attempts;
  after.run.step = RunStep::watching;
  EXPECT_EQ(next_action(after, default_pipeline(), fleet().limits, fleet().labels, kNow).kind,
            ActionKind::wait)
      << "section 17: red always starts a turn";
}

TEST(Transition, ARetryGoesOnWhereTheLostTurnWas) {
  RunView view = turning();
  view.run.step = RunStep::waiting;
  view.run.head = oid('d');  // the lost turn had committed something
  view.turn->state = TurnState::ended;
  view.turn->kind = TurnKind::corrective;
  view.turn->head_before = oid('a');
  view.turn->correction = "it was red";
  const Change change = act(view);
  ASSERT_EQ(change.turns.size(), 1U);
  EXPECT_EQ(change.turns[0].kind, TurnKind::corrective);
  EXPECT_EQ(change.turns[0].correction, "it was red");
  EXPECT_EQ(change.turns[0].head_before, oid('a'))
      << "commits of the lost turn were never judged, so they still count as new";
  view.run.stage = "verify";
  view.turn = scenario::turn(2, "verify");
  EXPECT_EQ(act(view).turns.at(0).head_before, oid('d')) << "a verify is about what is there now";
}

TEST(Transition, AStopIsAskedOnceAndNotWhileEffectsArePending) {
  RunView view = turning();
  view.turn_facts.started_at = kNow - scenario::hours(5);
  EXPECT_EQ(effects_of(act(view), EffectKind::stop_turn).size(), 1U);
  view.effects_pending = true;
  EXPECT_TRUE(act(view).empty());
  view.effects_pending = false;
  view.stop_asked = kNow;
  EXPECT_TRUE(act(view).empty());
}

TEST(AfterPrepared, TheRunKnowsItsWorktreeAndGoesOn) {
  jobs::Run run = scenario::run();
  run.step = RunStep::preparing;
  run.worktree.clear();
  const Change change =
      after_prepared(run, {.path = "/w", .base = oid('7'), .recycled = true}, fleet(), kNow);
  EXPECT_EQ(change.runs.at(0).worktree, "/w");
  EXPECT_EQ(change.runs.at(0).base, oid('7'));
  EXPECT_EQ(change.runs.at(0).step, RunStep::turning);
  ASSERT_EQ(change.events.size(), 1U);
  EXPECT_EQ(change.events.at(0).detail, "recycled at 777777777777");
  const Change remarked =
      after_prepared(run, {.path = "/w", .remark = "a and A\nare one"}, fleet(), kNow);
  EXPECT_EQ(remarked.events.at(1).detail, "a and A are one");
  run.step = RunStep::ending;
  EXPECT_EQ(after_prepared(run, {.path = "/w"}, fleet(), kNow).runs.at(0).step, RunStep::ending);
}

TEST(GivenUp, TheRunEndsOnlyWhereItCannotGoOn) {
  const Error error = fail(ErrorKind::transient, "no network");
  for (int i = 0; i <= static_cast<int>(EffectKind::notify); ++i) {
    Effect effect;
    effect.kind = static_cast<EffectKind>(i);
    const Change change = after_given_up(scenario::run(), effect, true, error, fleet(), kNow);
    const bool needed =
        effect.kind == EffectKind::prepare_worktree || effect.kind == EffectKind::start_turn ||
        effect.kind == EffectKind::land || effect.kind == EffectKind::open_pull ||
        effect.kind == EffectKind::merge_pull || effect.kind == EffectKind::start_ci;
    EXPECT_EQ(change.runs.at(0).outcome.has_value(), needed) << to_string(effect.kind);
    EXPECT_FALSE(needed && change.runs.at(0).charged) << "not the issue's fault";
    EXPECT_NE(change.runs.at(0).last_error.find("no network"), std::string::npos);
    EXPECT_TRUE(change.brakes_set.empty());
    const auto hints = [&](bool tried) {
      const Change end = after_given_up(scenario::run(), effect, tried, error, fleet(), kNow);
      return end.runs.at(0).reason.find("may have landed") != std::string::npos;
    };
    EXPECT_EQ(hints(true), effect.kind == EffectKind::land) << to_string(effect.kind);
    EXPECT_FALSE(hints(false)) << to_string(effect.kind);
  }
}

TEST(GivenUp, ARunThatIsOverIsOnlyToldThatItMayHaveLanded) {
  const Error error = fail(ErrorKind::conflict, "no longer wanted");
  jobs::Run run = scenario::run();
  run.step = RunStep::ending;
  run.outcome = Outcome::cancelled;
  run.reason = "cancelled by alice";
  Effect land;
  land.kind = EffectKind::land;
  const Change told = after_given_up(run, land, true, error, fleet(), kNow);
  EXPECT_EQ(told.runs.at(0).outcome, Outcome::cancelled);
  EXPECT_EQ(told.runs.at(0).step, RunStep::ending);
  EXPECT_NE(told.runs.at(0).reason.find("may have landed"), std::string::npos);
  EXPECT_TRUE(told.effects.empty());
  const Change untried = after_given_up(run, land, false, error, fleet(), kNow);
  EXPECT_EQ(untried.runs.at(0).reason, "cancelled by alice");
  Effect labels;
  labels.kind = EffectKind::set_labels;
  const Change unlabelled = after_given_up(run, labels, true, error, fleet(), kNow);
  EXPECT_EQ(unlabelled.runs.at(0).last_error, "no longer wanted") << "a run that ends says so too";
}

TEST(StillWanted, NothingStartsForARunThatWentOn) {
  Effect start;
  start.kind = EffectKind::start_turn;
  start.turn = 1;
  jobs::Run run = scenario::run();
  EXPECT_TRUE(still_wanted(start, run));
  run.turns = 2;
  EXPECT_FALSE(still_wanted(start, run)) << "a later turn was planned";
  run.turns = 1;
  for (const RunStep step :
       {RunStep::waiting, RunStep::landing, RunStep::watching, RunStep::ending, RunStep::ended}) {
    run.step = step;
    EXPECT_FALSE(still_wanted(start, run)) << to_string(step);
  }
  for (const EffectKind kind :
       {EffectKind::prepare_worktree, EffectKind::land, EffectKind::start_ci}) {
    Effect effect;
    effect.kind = kind;
    EXPECT_FALSE(still_wanted(effect, run)) << to_string(kind);
  }
  for (const EffectKind kind : {EffectKind::set_labels, EffectKind::notify, EffectKind::rescue}) {
    Effect effect;
    effect.kind = kind;
    EXPECT_TRUE(still_wanted(effect, run)) << "the end has effects of its own";
  }
}

}  // namespace
}  // namespace jobs
