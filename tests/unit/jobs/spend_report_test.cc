#include "jobs/policy/spend_report.h"

#include <gtest/gtest.h>

#include "tests/support/scenario_values.h"

namespace jobs {
namespace {

using scenario::hours;
using scenario::kNow;

jobs::Run run_of(const std::string& id, const std::string& repo, IssueNumber issue,
                 std::optional<Outcome> outcome) {
  jobs::Run run = scenario::run();
  run.id = RunId(id);
  run.issue = {.repo = RepoName(repo), .number = issue};
  run.outcome = outcome;
  if (outcome == Outcome::landed) {
    run.landed_at = kNow + hours(1);
  }
  return run;
}

LedgerRow row(LedgerKind kind, int turn, const std::string& agent, std::int64_t micros,
              TimePoint at = kNow) {
  LedgerRow row;
  row.kind = kind;
  row.turn = turn;
  row.agent = agent;
  row.amount = {Usd{micros}, micros / 10, kind == LedgerKind::release ? 0 : 1, 0};
  row.at = at;
  return row;
}

TEST(SpendReport, SettledAndReservedByEverything) {
  const std::vector<jobs::Run> runs = {run_of("r1", "acme/shop", 1, Outcome::landed),
                                       run_of("r2", "acme/shop", 1, Outcome::needs_human),
                                       run_of("r3", "acme/lib", 2, std::nullopt),
                                       run_of("r4", "acme/web", 3, std::nullopt)};
  std::map<RunId, std::vector<LedgerRow>> books;
  books[RunId("r1")] = {row(LedgerKind::reserve, 1, "a", 5000),
                        row(LedgerKind::settle, 1, "a", 1000),
                        row(LedgerKind::reserve, 2, "b", 5000, kNow + hours(24)),
                        row(LedgerKind::settle, 2, "b", 2000, kNow + hours(25))};
  books[RunId("r2")] = {row(LedgerKind::reserve, 1, "a", 5000),
                        row(LedgerKind::settle, 1, "a", 7000)};
  books[RunId("r3")] = {row(LedgerKind::reserve, 1, "a", 5000), row(LedgerKind::release, 1, "a", 0),
                        row(LedgerKind::reserve, 2, "a", 5000)};
  const auto by_repo = spend_by(SpendBy::repo, runs, books, {});
  ASSERT_EQ(by_repo.size(), 2U) << "a run that reserved nothing is no line";
  EXPECT_EQ(by_repo[0].key, "acme/lib");
  EXPECT_EQ(by_repo[0].settled.usd, Usd{0});
  EXPECT_EQ(by_repo[0].reserved.usd, Usd{5000}) << "what was released is not reserved";
  EXPECT_FALSE(by_repo[0].per_landing());
  EXPECT_EQ(by_repo[1].settled.usd, Usd{10'000});
  EXPECT_EQ(by_repo[1].runs, 2);
  EXPECT_EQ(by_repo[1].landed, 1);
  EXPECT_EQ(by_repo[1].per_landing(), Usd{10'000}) << "with what failed on the way";

  const auto by_agent = spend_by(SpendBy::agent, runs, books, {});
  ASSERT_EQ(by_agent.size(), 2U);
  EXPECT_EQ(by_agent[0].settled.usd, Usd{8000});
  EXPECT_EQ(by_agent[1].settled.usd, Usd{2000});

  const auto by_day = spend_by(SpendBy::day, runs, books, {});
  ASSERT_EQ(by_day.size(), 2U);
  EXPECT_EQ(by_day[0].key, "2026-11-21");
  EXPECT_EQ(by_day[0].landed, 1) << "on the day on which it landed";
  EXPECT_EQ(by_day[1].key, "2026-11-22") << "where the turn was reserved, not where it ended";
  EXPECT_EQ(by_day[1].settled.usd, Usd{2000});
  EXPECT_EQ(by_day[1].landed, 0);

  EXPECT_EQ(spend_by(SpendBy::issue, runs, books, {}).size(), 2U);
  const SpendLine total = spend_total(runs, books);
  EXPECT_EQ(total.settled.usd, Usd{10'000});
  EXPECT_EQ(total.reserved.usd, Usd{5000});
  EXPECT_EQ(total.runs, 3);
  EXPECT_EQ(spend_total({}, {}).key, "total");
}

TEST(SpendReport, NamesRoundTrip) {
  for (const SpendBy by : {SpendBy::repo, SpendBy::agent, SpendBy::day, SpendBy::issue}) {
    EXPECT_EQ(parse_spend_by(to_string(by)), by);
  }
  EXPECT_FALSE(parse_spend_by("week"));
}

}  // namespace
}  // namespace jobs
