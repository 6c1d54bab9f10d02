#include "jobs/pipelines/ci_fold.h"

#include <chrono>

#include <gtest/gtest.h>

#include "jobs/base/time.h"
#include "tests/support/scenario_values.h"

namespace jobs {
namespace {

using enum CheckState;
using scenario::kNow;
using scenario::minutes;

/// Ended ten minutes ago, unless said otherwise.
ReportedCheck check(const std::string& name, CheckState state, std::int64_t id = 0,
                    Duration ago = minutes(10)) {
  return {.name = name,
          .source = "status",
          .state = state,
          .word = std::string(to_string(state)),
          .at = kNow - ago,
          .id = id,
          .log = {}};
}

struct Row {
  const char* what;
  std::vector<ReportedCheck> checks;
  CheckRules rules;
  Verdict verdict;
  std::string says;  ///< in the names of its checks
};

class Fold : public testing::TestWithParam<Row> {};

TEST_P(Fold, GivesTheVerdict) {
  const Row& row = GetParam();
  const CiReport report = fold(newest(row.checks), row.rules, kNow);
  EXPECT_EQ(to_string(report.verdict), to_string(row.verdict)) << row.what;
  EXPECT_EQ(report.named(report.verdict), row.says) << row.what;
}

const Duration kSettle = minutes(2);

INSTANTIATE_TEST_SUITE_P(
    Settled, Fold,
    testing::Values(
        Row{"nothing at all", {}, {.settle = kSettle}, Verdict::absent, ""},
        Row{"announced only",
            {},
            {.settle = kSettle, .queued = 2},
            Verdict::pending,
            "2 announced and not started"},
        Row{"all green",
            {check("a", success), check("b", neutral)},
            {.settle = kSettle},
            Verdict::pass,
            "a, b"},
        Row{"green, but another suite is queued",
            {check("a", success)},
            {.settle = kSettle, .queued = 1},
            Verdict::pending,
            "1 announced and not started"},
        Row{"green, but just now",
            {check("a", success), check("b", success, 0, minutes(1))},
            {.settle = kSettle},
            Verdict::pending,
            "all have ended; until " + format_time(kNow + minutes(1)) + " others may follow"},
        Row{"green at the very end of the settle time",
            {check("a", success, 0, kSettle)},
            {.settle = kSettle},
            Verdict::pass,
            "a"},
        Row{"one runs", {check("a", success), check("b", running)}, {}, Verdict::pending, "b"},
        Row{"red beats what runs and what was stopped",
            {check("a", failed), check("b", running), check("c", stopped)},
            {.settle = kSettle},
            Verdict::fail,
            "a"},
        Row{"a red is not settled: it is red at once",
            {check("a", failed, 0, minutes(0))},
            {.settle = kSettle},
            Verdict::fail,
            "a"},
        Row{"stopped is for a person",
            {check("a", success), check("b", stopped)},
            {.settle = kSettle},
            Verdict::stopped,
            "b (stopped)"},
        Row{"but not before somebody had the time to run it again",
            {check("b", stopped, 0, minutes(1))},
            {.settle = kSettle},
            Verdict::pending,
            "all have ended; until " + format_time(kNow + minutes(1)) + " others may follow"},
        Row{"what runs may still make a stopped one a red one",
            {check("a", running), check("b", stopped)},
            {},
            Verdict::pending,
            "a"},
        Row{"waits for an approval",
            {check("deploy", held)},
            {},
            Verdict::pending,
            "deploy (waits for somebody: held)"}));

INSTANTIATE_TEST_SUITE_P(
    Expected, Fold,
    testing::Values(
        Row{"an expected name has not reported",
            {check("a", success)},
            {.expect = {"a", "b"}, .settle = kSettle},
            Verdict::pending,
            ""},
        Row{"nothing has", {}, {.expect = {"a"}, .settle = kSettle}, Verdict::absent, "a"},
        Row{"all have: no settle time",
            {check("a", success, 0, minutes(0))},
            {.expect = {"a"}, .settle = kSettle, .queued = 1},
            Verdict::pass,
            "a"},
        Row{"others are not waited for",
            {check("a", success), check("other", running)},
            {.expect = {"a"}, .settle = kSettle},
            Verdict::pass,
            "a"},
        Row{"nor do they stop anything",
            {check("a", success), check("other", stopped)},
            {.expect = {"a"}, .settle = kSettle},
            Verdict::pass,
            "a"},
        Row{"but a red one is red",
            {check("a", success), check("other", failed)},
            {.expect = {"a"}, .settle = kSettle},
            Verdict::fail,
            "other"},
        Row{"neutral is enough",
            {check("a", neutral)},
            {.expect = {"a"}, .settle = kSettle},
            Verdict::pass,
            "a"},
        Row{"unless it has to succeed: that is no red, and no green",
            {check("a", neutral)},
            {.expect = {"a"}, .succeed = {"a"}, .settle = kSettle},
            Verdict::stopped,
            "a (neutral, and the manifest wants it to succeed)"},
        Row{"success succeeds",
            {check("a", success)},
            {.expect = {"a"}, .succeed = {"a"}, .settle = kSettle},
            Verdict::pass,
            "a"}));

INSTANTIATE_TEST_SUITE_P(
    Newest, Fold,
    testing::Values(
        Row{"a run again replaces, whatever order they come in",
            {check("a", success, 9), check("a", failed, 8), check("a", running, 7)},
            {.settle = kSettle},
            Verdict::pass,
            "a"},
        Row{"also with a red one",
            {check("a", success, 8), check("a", failed, 9)},
            {.settle = kSettle},
            Verdict::fail,
            "a"},
        Row{"without ids the later time counts",
            {check("a", failed, 0, minutes(9)), check("a", success, 0, minutes(8))},
            {.settle = kSettle},
            Verdict::pass,
            "a"},
        Row{"a green of one workflow hides no red of another",
            {check("build", success, 9),
             {.name = "build", .source = "actions/2", .state = failed, .at = kNow, .id = 8}},
            {.settle = kSettle},
            Verdict::fail,
            "build [actions/2]"}));

TEST(CiFold, ARowWithoutATimeIsNotOldEnoughToBeBelieved) {
  ReportedCheck one = check("a", success);
  one.at.reset();
  EXPECT_EQ(fold({one}, {.settle = kSettle}, kNow).verdict, Verdict::pending);
  EXPECT_EQ(fold({one}, {.expect = {"a"}, .settle = kSettle}, kNow).verdict, Verdict::pass);
}

TEST(CiFold, Invariant11_NamesOfOutsidersAreOneLine) {
  const CiReport report =
      fold({check("a\n\x1b[2J", failed), check("\xe2\x80\xae", stopped)}, {}, kNow);
  for (const Check& each : report.checks) {
    EXPECT_EQ(each.name.find_first_of("\n\x1b\xe2"), std::string::npos) << each.name;
  }
}

TEST(CiFold, OnlySuccessAndNeutralEverPass) {
  for (const CheckState state : {success, neutral, failed, stopped, held, running}) {
    const Verdict verdict = fold({check("a", state)}, {.expect = {"a"}}, kNow).verdict;
    EXPECT_EQ(verdict == Verdict::pass, state == success || state == neutral) << to_string(state);
  }
}

TEST(CiFold, NamesManyChecksShortly) {
  CiReport report;
  for (int i = 0; i < 11; ++i) {
    report.checks.push_back({.name = "c" + std::to_string(i), .verdict = Verdict::fail});
  }
  EXPECT_EQ(report.named(Verdict::fail), "c0, c1, c2, c3, c4, c5, c6, c7, and 3 more");
}

}  // namespace
}  // namespace jobs
