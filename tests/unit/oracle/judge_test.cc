// The judge judged: a sound story has no finding, and each way of breaking it is found.
#include "tests/oracle/judge.h"

#include <functional>
#include <string>

#include <gtest/gtest.h>

namespace {

using oracle::Finding;
using oracle::Observation;

constexpr const char* kRepo = "acme/shop";
constexpr const char* kRun = "20261121-a";

/// One run that landed with one turn, all told and closed.
Observation landed() {
  Observation seen;
  seen.has_state = true;
  seen.lease_epoch = 7;
  oracle::RunRow run;
  run.id = kRun;
  run.repo = kRepo;
  run.number = 1;
  run.step = "ended";
  run.outcome = "landed";
  run.base = "c0";
  run.head = "c1";
  run.landings = 1;
  run.turns = 1;
  seen.runs.push_back(run);
  seen.turns.push_back({.run = kRun, .number = 1, .kind = "opening", .state = "ended"});
  seen.ledger.push_back(
      {.seq = 1, .kind = "reserve", .run = kRun, .turn = 1, .amount = {.usd = 50}});
  seen.ledger.push_back(
      {.seq = 2, .kind = "settle", .run = kRun, .turn = 1, .amount = {.usd = 10}});
  seen.outbox.push_back({.id = 1, .key = "k", .kind = "land", .run = kRun, .state = "done"});
  seen.counters["runs_started"] = 1;
  oracle::IssueSeen issue;
  issue.open = false;
  issue.comments.push_back({"runner", std::string("<!-- runner:checklist -->\nrun ") + kRun});
  seen.issues[{kRepo, 1}] = issue;
  oracle::RemoteSeen remote;
  remote.base.push_back({"m1", {"c0", "c1"}, std::string("Do it\n\nRunner-Run: ") + kRun + "\n"});
  remote.base.push_back({"c1", {"c0"}, "work"});
  remote.base.push_back({"c0", {}, "start"});
  seen.remotes[kRepo] = remote;
  seen.starts[{kRun, 1}] = 1;
  seen.spent[{kRun, 1}] = {.usd = 10};
  return seen;
}

struct Breach {
  const char* name;
  int invariant;
  std::function<void(Observation&)> commit;
};

void PrintTo(const Breach& breach, std::ostream* out) {
  *out << breach.name;
}

class Judge : public testing::TestWithParam<Breach> {};

TEST_P(Judge, FindsTheBreach) {
  Observation seen = landed();
  GetParam().commit(seen);
  const auto findings = oracle::judge_quiet(seen, {});
  bool found = false;
  for (const Finding& finding : findings) {
    found = found || finding.invariant == GetParam().invariant;
  }
  EXPECT_TRUE(found) << oracle::describe(findings);
}

oracle::IssueSeen& issue_of(Observation& seen) {
  return seen.issues[{kRepo, 1}];
}

const Breach kBreaches[] = {
    {"second_live_run", 1,
     [](Observation& seen) {
       seen.runs[0].step = "turning";
       seen.runs.push_back(seen.runs[0]);
       seen.runs[1].id = "20261121-b";
     }},
    {"two_turns_at_work", 1,
     [](Observation& seen) {
       seen.processes = {{1, "20261121-a/1", "x"}, {2, "20261121-a/2", "y"}};
     }},
    {"started_twice", 2, [](Observation& seen) { seen.starts[{kRun, 1}] = 2; }},
    {"landed_twice", 2,
     [](Observation& seen) {
       auto& base = seen.remotes[kRepo].base;
       base.insert(base.begin(), {"m2", {"m1", "c1"}, base.front().message});
     }},
    {"started_without_a_record", 3, [](Observation& seen) { seen.starts[{kRun, 2}] = 1; }},
    {"landing_of_an_unknown_run", 3,
     [](Observation& seen) { seen.remotes[kRepo].base[0].message = "x\n\nRunner-Run: other\n"; }},
    {"effect_left_over", 3, [](Observation& seen) { seen.outbox[0].state = "pending"; }},
    {"notified_twice", 3,
     [](Observation& seen) { seen.notifications = {R"({"key":"a"})", R"({"key":"a"})"}; }},
    {"two_checklists", 4,
     [](Observation& seen) { issue_of(seen).comments.push_back(issue_of(seen).comments.front()); }},
    {"checklist_missing", 4, [](Observation& seen) { issue_of(seen).comments.clear(); }},
    {"in_progress_left", 4,
     [](Observation& seen) { issue_of(seen).labels.insert("agent-in-progress"); }},
    {"in_progress_of_nobody", 4,
     [](Observation& seen) { seen.issues[{kRepo, 9}].labels = {"agent-in-progress"}; }},
    {"issue_open_after_landing", 4, [](Observation& seen) { issue_of(seen).open = true; }},
    {"turn_running_for_ever", 4, [](Observation& seen) { seen.turns[0].state = "running"; }},
    {"row_and_remote_differ", 4, [](Observation& seen) { seen.runs[0].landings = 2; }},
    {"no_outcome", 4, [](Observation& seen) { seen.runs[0].outcome.clear(); }},
    {"reserved_twice", 5, [](Observation& seen) { seen.ledger[1].kind = "reserve"; }},
    {"settled_twice", 5,
     [](Observation& seen) {
       seen.ledger.push_back(seen.ledger[1]);
       seen.ledger[2].seq = 3;
     }},
    {"reserved_for_ever", 5, [](Observation& seen) { seen.ledger.pop_back(); }},
    {"settled_from_nothing", 5, [](Observation& seen) { seen.ledger.erase(seen.ledger.begin()); }},
    {"started_and_free", 5, [](Observation& seen) { seen.ledger[1].kind = "release"; }},
    {"started_and_not_in_the_books", 5, [](Observation& seen) { seen.ledger.clear(); }},
    {"spend_forgotten", 5, [](Observation& seen) { seen.spent[{kRun, 1}].usd = 20; }},
    {"negative", 5, [](Observation& seen) { seen.ledger[1].amount.usd = -1; }},
    {"process_left", 6, [](Observation& seen) { seen.processes = {{1, "20261121-a/1", "x"}}; }},
    {"ready_label_left", 9,
     [](Observation& seen) { issue_of(seen).labels.insert("ready-for-agent"); }},
    {"damaged", 13, [](Observation& seen) { seen.state_damage = "page 3"; }},
    {"work_lost", 14,
     [](Observation& seen) {
       seen.runs[0].outcome = "cancelled";
       seen.runs[0].head = "c9";
     }},
};

INSTANTIATE_TEST_SUITE_P(Breaches, Judge, testing::ValuesIn(kBreaches),
                         [](const auto& each) { return each.param.name; });

TEST(JudgeItself, FindsNothingInASoundStory) {
  EXPECT_EQ(oracle::describe(oracle::judge_quiet(landed(), {})), "");
  EXPECT_EQ(oracle::describe(oracle::judge_between(landed(), landed())), "");
}

TEST(JudgeItself, Invariant5_SeesACapThatWasPassedByMoreThanOneTurn) {
  oracle::Rules rules;
  rules.cap.usd = 4;
  rules.per_turn.usd = 5;
  EXPECT_NE(oracle::describe(oracle::judge_always(landed(), rules)), "");
  rules.per_turn.usd = 6;
  EXPECT_EQ(oracle::describe(oracle::judge_always(landed(), rules)), "");
}

TEST(JudgeItself, Invariant5_BelievesThatRetentionTookOldLinesOfEndedRunsOnly) {
  Observation seen = landed();
  seen.ledger.clear();
  seen.at = seen.runs[0].created_at + oracle::Millis{63} * 24 * 3600 * 1000;
  EXPECT_EQ(oracle::describe(oracle::judge_always(seen, {})), "");
  seen.runs[0].step = "watching";
  EXPECT_NE(oracle::describe(oracle::judge_always(seen, {})), "");
}

TEST(JudgeItself, Invariant12_SeesASecret) {
  Observation seen = landed();
  seen.issues[{kRepo, 1}].comments[0].text += "hunter2";
  EXPECT_NE(oracle::describe(oracle::judge_always(seen, {.secrets = {"hunter2"}})), "");
}

TEST(JudgeItself, AnEffectVisiblyGivenUpExcusesWhatIsNotShown) {
  Observation seen = landed();
  seen.issues[{kRepo, 1}].comments.clear();
  seen.outbox.push_back(
      {.id = 2, .key = "c", .kind = "upsert-comment", .run = kRun, .state = "given-up"});
  EXPECT_EQ(oracle::describe(oracle::judge_quiet(seen, {})), "");
}

class Later : public testing::TestWithParam<Breach> {};

TEST_P(Later, FindsTheBreach) {
  Observation after = landed();
  GetParam().commit(after);
  const auto findings = oracle::judge_between(landed(), after);
  ASSERT_EQ(findings.size(), 1U) << oracle::describe(findings);
  EXPECT_EQ(findings[0].invariant, GetParam().invariant);
}

const Breach kLater[] = {
    {"epoch_backwards", 1, [](Observation& seen) { seen.lease_epoch = 6; }},
    {"counter_backwards", 4, [](Observation& seen) { seen.counters["runs_started"] = 0; }},
    {"ledger_line_changed", 5, [](Observation& seen) { seen.ledger[0].amount.usd = 1; }},
    {"ledger_line_gone", 5, [](Observation& seen) { seen.ledger.pop_back(); }},
    {"outcome_changed", 9, [](Observation& seen) { seen.runs[0].outcome = "frozen"; }},
    {"run_alive_again", 9, [](Observation& seen) { seen.runs[0].step = "turning"; }},
    {"history_rewritten", 10, [](Observation& seen) { seen.remotes[kRepo].base.pop_back(); }},
    {"state_gone", 13, [](Observation& seen) { seen.has_state = false; }},
};

INSTANTIATE_TEST_SUITE_P(Breaches, Later, testing::ValuesIn(kLater),
                         [](const auto& each) { return each.param.name; });

}  // namespace
