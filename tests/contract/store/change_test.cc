#include "tests/contract/store/store_contract.h"

namespace store_tests {

using jobs::ErrorKind;

TEST_P(StoreContract, EveryFieldOfARunComesBack) {
  jobs::Run one = run("r1aaaa", "acme/shop", 7);
  one.title = "Tïtle \"quoted\" \\ back";
  one.body = std::string("line\nzero\0byte\xff\xfe not UTF-8", 26);
  one.text_digest = "d1";
  one.requested_by = "eve";
  one.requested_permission = jobs::Permission::triage;
  one.author = "mal\xff";
  one.edited_by = "bob";
  one.comment = "0001-runner.md";
  one.pipeline = "default";
  one.stage = "ci";
  one.step = jobs::RunStep::waiting;
  one.phase = jobs::Phase::tests_red;
  one.epoch = 3;
  one.branch = "runner/7-title";
  one.worktree = "/trees/7";
  one.base = jobs::Oid("b");
  one.head = jobs::Oid("h");
  one.verified_tree = jobs::Oid("vt");
  one.verified_base = jobs::Oid("vb");
  one.landed = jobs::Oid("l");
  one.landings = 2;
  one.turns = 3;
  one.verify_attempts = 4;
  one.fix_attempts = 5;
  one.land_attempts = 6;
  one.instance_retries = 7;
  one.landed_at = at(10);
  one.first_red_at = at(11);
  one.failing = {"unit, \"odd\"", "tab\tnew\nline", "", "\xc3\xa9\xff", "[\"]"};
  one.not_before = at(12);
  one.reason = "because";
  one.last_error = "error";
  one.outcome = jobs::Outcome::needs_human;
  one.ended_at = at(13);
  one.worktree_released = true;
  one.charged = false;
  one.released = true;
  one.effects = 8;
  ASSERT_TRUE(succeeded(start({one})));
  const auto read = store_->run("r1aaaa");
  ASSERT_TRUE(succeeded(read));
  EXPECT_EQ(*read, one);
  one.failing.clear();
  one.outcome.reset();
  one.landed_at.reset();
  ASSERT_TRUE(succeeded(start({one})));
  EXPECT_EQ(*store_->run("r1aaaa"), one);
}

TEST_P(StoreContract, EveryFieldOfATurnComesBack) {
  const jobs::Run one = run("r1aaaa");
  jobs::Turn turn{.run = one.id,
                  .number = 2,
                  .stage = "implement",
                  .kind = jobs::TurnKind::corrective,
                  .state = jobs::TurnState::ended,
                  .agent = "claude",
                  .directory = "/turns/r1/2",
                  .head_before = jobs::Oid("h"),
                  .session = "s1",
                  .correction = "the tests are red:\n\xff",
                  .exit = jobs::TurnExit{.end = jobs::TurnEnd::signalled,
                                         .exit_code = 0,
                                         .signal = 9,
                                         .detail = "killed",
                                         .at = at(9),
                                         .agent = jobs::AgentEnd::quota,
                                         .until = at(10)},
                  .usage = jobs::Usage{.usd = {5}, .tokens = 6, .turns = 7, .seconds = 8},
                  .reserved = {.usd = {50}, .tokens = 60, .turns = 70, .seconds = 80},
                  .planned_at = at(1),
                  .started_at = at(2),
                  .ended_at = at(3)};
  jobs::Turn planned{.run = one.id, .number = 1, .stage = "implement", .planned_at = at(1)};
  jobs::Change change;
  change.runs = {one};
  change.turns = {turn, planned};
  ASSERT_TRUE(succeeded(commit(change)));
  EXPECT_EQ(*store_->turns(one.id), (std::vector<jobs::Turn>{planned, turn}));
  EXPECT_TRUE(store_->turns(jobs::RunId("r2"))->empty());
}

TEST_P(StoreContract, Invariant1_SecondLiveRunOfARepositoryIsRefused) {
  ASSERT_TRUE(succeeded(start({run("r1aaaa", "acme/shop", 1)})));
  const auto second = start({run("r2bbbb", "acme/shop", 2)});
  ASSERT_TRUE(failed_with(ErrorKind::conflict, second));
  EXPECT_NE(second.error().message.find("r1aaaa"), std::string::npos) << second.error().message;
  EXPECT_TRUE(failed_with(ErrorKind::conflict,
                          start({run("r3cccc", "acme/other", 1), run("r4dddd", "acme/other", 2)})));
  EXPECT_EQ(store_->runs({})->size(), 1U) << "nothing of a refused change stays";
  EXPECT_TRUE(succeeded(start({run("r5eeee", "acme/third", 1)})));
}

TEST_P(StoreContract, RunThatEndsMakesRoomInTheSameStep) {
  const jobs::Run first = run("r1aaaa");
  ASSERT_TRUE(succeeded(start({first})));
  EXPECT_TRUE(succeeded(start({run("r2bbbb"), ended(first, 5)})));
  EXPECT_EQ(store_->runs({.live_only = true})->size(), 1U);
  EXPECT_TRUE(failed_with(ErrorKind::conflict, start({first})))
      << "and cannot come back beside the new one";
}

TEST_P(StoreContract, RunKeepsItsIssue) {
  ASSERT_TRUE(succeeded(start({run("r1aaaa", "acme/shop", 1)})));
  EXPECT_TRUE(failed_with(ErrorKind::bug, start({run("r1aaaa", "acme/shop", 2)})));
}

TEST_P(StoreContract, WhatRefersToNoRunIsABug) {
  const jobs::Run one = run("r1aaaa");
  jobs::Change turn;
  turn.turns = {{.run = one.id, .number = 1}};
  EXPECT_TRUE(failed_with(ErrorKind::bug, commit(turn)));
  jobs::Change attempt;
  attempt.attempts = {
      {.issue = one.issue, .head = jobs::Oid("h"), .failing_set = "", .run = one.id, .at = at(1)}};
  EXPECT_TRUE(failed_with(ErrorKind::bug, commit(attempt)));
  jobs::Change outgoing;
  outgoing.effects = {effect(one, "k")};
  EXPECT_TRUE(failed_with(ErrorKind::bug, commit(outgoing)));
  EXPECT_TRUE(failed_with(ErrorKind::not_found, store_->add_request({.run = one.id})));
}

TEST_P(StoreContract, ChangeOfATickThatWasNotBegunIsABug) {
  EXPECT_TRUE(failed_with(ErrorKind::bug, store_->commit(lease_, jobs::TickId("t9"), {})));
  EXPECT_TRUE(failed_with(ErrorKind::bug, store_->end_tick(lease_, tick("t9", 1))));
}

TEST_P(StoreContract, TicksAreBegunAndEndedOnce) {
  EXPECT_TRUE(failed_with(ErrorKind::conflict, store_->begin_tick(lease_, tick("t1", 5))));
  jobs::TickRow row = tick("t1", 0);
  row.ended_at = at(9);
  row.candidates = 4;
  row.started = 3;
  row.effects = 2;
  row.failures = 1;
  row.exit_code = 75;
  ASSERT_TRUE(succeeded(store_->end_tick(lease_, row)));
  EXPECT_TRUE(failed_with(ErrorKind::conflict, store_->end_tick(lease_, row)));
  ASSERT_TRUE(succeeded(store_->begin_tick(lease_, tick("t2", 60))));
  const auto ticks = store_->ticks(0);
  ASSERT_TRUE(succeeded(ticks));
  ASSERT_EQ(ticks->size(), 2U);
  EXPECT_EQ(ticks->at(0).id.str(), "t2") << "newest first";
  EXPECT_FALSE(ticks->at(0).ended_at);
  EXPECT_FALSE(ticks->at(0).exit_code);
  EXPECT_EQ(ticks->at(1).jobs, row.jobs);
  EXPECT_EQ(ticks->at(1).ended_at, at(9));
  EXPECT_EQ(ticks->at(1).exit_code, 75);
  EXPECT_EQ(ticks->at(1).candidates + 10 * ticks->at(1).started, 34);
  EXPECT_EQ(ticks->at(1).effects + 10 * ticks->at(1).failures, 12);
  EXPECT_EQ(ticks->at(1).host + ticks->at(1).version, "host1.2.3");
  EXPECT_EQ(store_->ticks(1)->size(), 1U);
  EXPECT_EQ(store_->counters()->ticks.at({"75"}), 1);
}

TEST_P(StoreContract, AttemptIsChargedOnce) {
  const jobs::Run one = run("r1aaaa");
  const jobs::Attempt attempt{.issue = one.issue,
                              .head = jobs::Oid("h"),
                              .failing_set = "build,unit",
                              .run = one.id,
                              .at = at(3)};
  jobs::Attempt later = attempt;
  later.at = at(4);
  jobs::Attempt other = attempt;
  other.failing_set = "unit";
  jobs::Change change;
  change.runs = {one};
  change.attempts = {attempt, later, other};
  ASSERT_TRUE(succeeded(commit(change)));
  ASSERT_TRUE(succeeded(commit(change)));
  const auto attempts = store_->attempts(one.issue);
  ASSERT_TRUE(succeeded(attempts));
  EXPECT_EQ(*attempts, (std::vector<jobs::Attempt>{attempt, other}));
  EXPECT_TRUE(store_->attempts({one.issue.repo, 99})->empty());
}

TEST_P(StoreContract, EventsKeepTheirOrder) {
  const jobs::Run one = run("r1aaaa");
  jobs::Change change;
  change.runs = {one};
  change.events = {{one.id, at(5), "claimed", "first"},
                   {one.id, at(4), "turn-started", "second"},
                   {jobs::RunId("r2"), at(1), "x", ""}};
  ASSERT_TRUE(succeeded(commit(change)));
  EXPECT_EQ(*store_->events(one.id),
            (std::vector<jobs::Event>{change.events[0], change.events[1]}));
}

TEST_P(StoreContract, Invariant15_OneDecisionPerCandidateAndTick) {
  jobs::Decision decision{.issue = {jobs::RepoName("acme/shop"), 3},
                          .title = "T",
                          .reason = jobs::Reason::untrusted_label,
                          .detail = "mallory (read)",
                          .gates = {{jobs::Reason::kill_switch, true, "off"},
                                    {jobs::Reason::untrusted_label, false, "mallory \"read\""}}};
  jobs::Change change;
  change.decisions = {decision};
  ASSERT_TRUE(succeeded(commit(change)));
  EXPECT_TRUE(failed_with(ErrorKind::conflict, commit(change)));
  ASSERT_TRUE(succeeded(store_->begin_tick(lease_, tick("t2", 60))));
  change.decisions[0].reason = jobs::Reason::selected;
  change.decisions[0].gates.clear();
  ASSERT_TRUE(succeeded(store_->commit(lease_, jobs::TickId("t2"), change)));
  const auto past = store_->decisions(decision.issue, 0);
  ASSERT_TRUE(succeeded(past));
  ASSERT_EQ(past->size(), 2U);
  EXPECT_EQ(past->at(0).tick.str(), "t2");
  EXPECT_EQ(past->at(0).at, at(60));
  EXPECT_TRUE(past->at(0).decision.selected());
  EXPECT_EQ(past->at(1).decision, decision);
  EXPECT_EQ(store_->decisions(decision.issue, 1)->size(), 1U);
  EXPECT_TRUE(store_->decisions({decision.issue.repo, 4}, 0)->empty());
  EXPECT_EQ(store_->counters()->decisions,
            (std::map<std::vector<std::string>, std::int64_t>{{{"acme/shop", "untrusted-label"}, 1},
                                                              {{"acme/shop", "selected"}, 1}}));
}

TEST_P(StoreContract, RunsAreFilteredAndNewestFirst) {
  const jobs::Run a = ended(run("r1aaaa", "acme/shop", 1), 5, jobs::Outcome::frozen);
  const jobs::Run b = ended(run("r2bbbb", "acme/shop", 2), 6);
  const jobs::Run c = run("r3cccc", "acme/shop", 1);
  const jobs::Run d = run("r4dddd", "acme/lib", 1);
  ASSERT_TRUE(succeeded(start({a, b, c, d})));
  const auto ids = [&](const jobs::RunFilter& filter) {
    std::string all;
    const auto found = store_->runs(filter);
    EXPECT_TRUE(succeeded(found));
    for (const jobs::Run& one : found ? *found : std::vector<jobs::Run>{}) {
      all += one.id.str().substr(1, 1);
    }
    return all;
  };
  EXPECT_EQ(ids({}), "4321");
  EXPECT_EQ(ids({.limit = 2}), "43");
  EXPECT_EQ(ids({.live_only = true}), "43");
  EXPECT_EQ(ids({.repo = jobs::RepoName("acme/shop")}), "321");
  EXPECT_EQ(ids({.issue = a.issue}), "31");
  EXPECT_EQ(ids({.live_only = true, .issue = a.issue}), "3");
  EXPECT_EQ(ids({.outcome = jobs::Outcome::frozen}), "1");
  EXPECT_EQ(ids({.outcome = jobs::Outcome::landed, .limit = 1}), "2");
  EXPECT_EQ(ids({.repo = jobs::RepoName("acme/none")}), "");
}

TEST_P(StoreContract, RunIsFoundByItsBeginning) {
  ASSERT_TRUE(succeeded(start({run("r1aaaa", "a/a"), run("r1aabb", "a/b"), run("r1aa", "a/c")})));
  EXPECT_EQ(store_->run("r1aab")->id.str(), "r1aabb");
  EXPECT_EQ(store_->run("r1aa")->id.str(), "r1aa") << "a whole id wins over longer ones";
  const auto none = store_->run("r1ac");
  ASSERT_TRUE(failed_with(ErrorKind::not_found, none));
  EXPECT_NE(none.error().hint.find("r1aaaa"), std::string::npos) << none.error().hint;
  EXPECT_TRUE(failed_with(ErrorKind::usage, store_->run("r1a"))) << "too short";
  EXPECT_TRUE(failed_with(ErrorKind::usage, store_->run("")));
}

TEST_P(StoreContract, AmbiguousBeginningNamesTheCandidates) {
  ASSERT_TRUE(succeeded(start({run("r1aaaa", "a/a"), run("r1aabb", "a/b")})));
  const auto both = store_->run("r1aa");
  ASSERT_TRUE(failed_with(ErrorKind::usage, both));
  EXPECT_NE(both.error().message.find("r1aaaa"), std::string::npos) << both.error().message;
  EXPECT_NE(both.error().message.find("r1aabb"), std::string::npos) << both.error().message;
}

TEST_P(StoreContract, CountersCountTransitionsOnce) {
  jobs::Run one = run("r1aaaa");
  jobs::Turn turn{.run = one.id, .number = 1, .kind = jobs::TurnKind::opening, .agent = "claude"};
  jobs::Change change;
  change.runs = {one};
  change.turns = {turn};
  ASSERT_TRUE(succeeded(commit(change)));
  one.landings = 1;
  one.fix_attempts = 2;
  change.runs = {ended(one, 5, jobs::Outcome::frozen)};
  change.turns[0].state = jobs::TurnState::ended;
  change.turns[0].exit = jobs::TurnExit{.end = jobs::TurnEnd::deadline};
  ASSERT_TRUE(succeeded(commit(change)));
  ASSERT_TRUE(succeeded(commit(change)));
  const auto counters = store_->counters();
  ASSERT_TRUE(succeeded(counters));
  EXPECT_EQ(counters->runs_started.at({"acme/shop"}), 1);
  EXPECT_EQ(counters->runs_ended.at({"acme/shop", "frozen"}), 1);
  EXPECT_EQ(counters->turns.at({"acme/shop", "claude", "opening", "deadline"}), 1);
  EXPECT_EQ(counters->landings.at({"acme/shop"}), 1);
  EXPECT_EQ(counters->fix_attempts.at({"acme/shop"}), 2);
}

}  // namespace store_tests
