#include "tests/contract/store/store_contract.h"

namespace store_tests {

using jobs::ErrorKind;
using jobs::LedgerKind;

constexpr std::int64_t kDay = 86400;

TEST_P(StoreContract, Invariant5_SpendIsSettledPlusOpenReservations) {
  const jobs::Run a = run("r1aaaa", "acme/shop", 1);
  const jobs::Run b = run("r2bbbb", "acme/lib", 2);
  jobs::Change change;
  change.runs = {a, b};
  change.ledger = {
      money(LedgerKind::reserve, a, 1, 100, 10), money(LedgerKind::reserve, a, 2, 200, kDay),
      money(LedgerKind::reserve, b, 1, 400, 20), money(LedgerKind::reserve, b, 2, 800, 30)};
  ASSERT_TRUE(succeeded(commit(change)));
  jobs::Change ends;
  ends.ledger = {money(LedgerKind::settle, a, 1, 7, 2 * kDay),
                 money(LedgerKind::release, b, 1, 0, 40)};
  ASSERT_TRUE(succeeded(commit(ends)));
  const auto usd = [&](const jobs::SpendFilter& filter) {
    const auto spend = store_->spend(filter);
    EXPECT_TRUE(succeeded(spend));
    return spend ? std::pair(spend->settled.usd.micros, spend->reserved.usd.micros)
                 : std::pair<std::int64_t, std::int64_t>(-1, -1);
  };
  using Pair = std::pair<std::int64_t, std::int64_t>;
  EXPECT_EQ(usd({}), (Pair{7, 1000}));
  EXPECT_EQ(usd({.run = a.id}), (Pair{7, 200}));
  EXPECT_EQ(usd({.issue = a.issue}), (Pair{7, 200}));
  EXPECT_EQ(usd({.repo = b.issue.repo}), (Pair{0, 800}));
  EXPECT_EQ(usd({.since = at(kDay)}), (Pair{0, 200})) << "a turn counts where it was reserved";
  EXPECT_EQ(usd({.since = at(25)}), (Pair{0, 1000}));
  EXPECT_EQ(usd({.repo = a.issue.repo, .since = at(11)}), (Pair{0, 200}));
  EXPECT_EQ(usd({.repo = jobs::RepoName("acme/none")}), (Pair{0, 0}));
  EXPECT_EQ(store_->spend({.run = a.id})->total(),
            (jobs::Usage{.usd = {207}, .tokens = 2070, .turns = 2, .seconds = 120}));
  const auto by_issue = [&](const std::optional<jobs::TimePoint>& since) {
    std::map<std::string, Pair> sums;
    const auto spend = store_->spend_by_issue(since);
    EXPECT_TRUE(succeeded(spend));
    for (const auto& [issue, sum] : *spend) {
      sums[issue.str()] = {sum.settled.usd.micros, sum.reserved.usd.micros};
    }
    return sums;
  };
  using Sums = std::map<std::string, Pair>;
  EXPECT_EQ(by_issue(std::nullopt), (Sums{{"acme/shop#1", {7, 200}}, {"acme/lib#2", {0, 800}}}));
  EXPECT_EQ(by_issue(at(25)), (Sums{{"acme/shop#1", {0, 200}}, {"acme/lib#2", {0, 800}}}));
  EXPECT_EQ(by_issue(at(2 * kDay)), (Sums{}));
  EXPECT_EQ(*store_->ledger(a.id),
            (std::vector<jobs::LedgerRow>{change.ledger[0], change.ledger[1], ends.ledger[0]}));
  EXPECT_EQ(store_->counters()->spent_usd_micros.at({"acme/shop", "claude"}), 7);
  EXPECT_EQ(store_->counters()->spent_tokens.at({"acme/shop", "claude"}), 70);
}

// "usage counted twice on resume": whoever settles again, in whatever order, is refused with all he
// brought.
TEST_P(StoreContract, Invariant5_EachTurnIsReservedAndEndedOnce) {
  const jobs::Run a = run("r1aaaa");
  jobs::Change change;
  change.runs = {a};
  change.ledger = {money(LedgerKind::reserve, a, 1, 100, 10),
                   money(LedgerKind::reserve, a, 2, 100, 10)};
  ASSERT_TRUE(succeeded(commit(change)));
  const auto add = [&](LedgerKind kind, int turn) {
    jobs::Change one;
    one.ledger = {money(kind, a, turn, 5, 11)};
    one.events = {{a.id, at(11), "x", ""}};
    return commit(one);
  };
  EXPECT_TRUE(failed_with(ErrorKind::conflict, add(LedgerKind::reserve, 1)));
  EXPECT_TRUE(failed_with(ErrorKind::conflict, add(LedgerKind::settle, 3)))
      << "without a reservation";
  EXPECT_TRUE(failed_with(ErrorKind::conflict, add(LedgerKind::release, 3)));
  EXPECT_EQ(store_->spend({})->reserved.usd.micros, 200) << "a refused row counts nowhere";
  EXPECT_TRUE(succeeded(add(LedgerKind::settle, 1)));
  EXPECT_TRUE(failed_with(ErrorKind::conflict, add(LedgerKind::settle, 1)));
  EXPECT_TRUE(failed_with(ErrorKind::conflict, add(LedgerKind::release, 1)));
  EXPECT_TRUE(succeeded(add(LedgerKind::release, 2)));
  EXPECT_TRUE(failed_with(ErrorKind::conflict, add(LedgerKind::settle, 2)));
  EXPECT_TRUE(failed_with(ErrorKind::conflict, add(LedgerKind::reserve, 1)))
      << "never again after its end";
  EXPECT_EQ(store_->events(a.id)->size(), 2U);
  EXPECT_EQ(store_->spend({})->total().usd.micros, 5);
  EXPECT_EQ(store_->ledger(a.id)->size(), 4U);
}

TEST_P(StoreContract, ReserveAndSettleMayShareAStep) {
  const jobs::Run a = run("r1aaaa");
  jobs::Change change;
  change.runs = {a};
  change.ledger = {money(LedgerKind::reserve, a, 1, 100, 10),
                   money(LedgerKind::settle, a, 1, 30, 11)};
  change.ledger[1].estimated = true;
  ASSERT_TRUE(succeeded(commit(change)));
  EXPECT_EQ(store_->spend({})->total().usd.micros, 30);
  EXPECT_EQ(*store_->ledger(a.id), change.ledger);
}

TEST_P(StoreContract, NegativeAmountIsABug) {
  const jobs::Run a = run("r1aaaa");
  jobs::Change change;
  change.runs = {a};
  change.ledger = {money(LedgerKind::reserve, a, 1, -1, 10)};
  EXPECT_TRUE(failed_with(ErrorKind::bug, commit(change)));
  EXPECT_EQ(store_->spend({})->total().usd.micros, 0);
}

TEST_P(StoreContract, EndedRunsArePrunedByAge) {
  const jobs::Run old = ended(run("r1aaaa", "a/old", 1), 10);
  const jobs::Run young = ended(run("r2bbbb", "a/young", 1), 1000);
  const jobs::Run live = run("r3cccc", "a/live", 1);
  jobs::Change change;
  change.runs = {old, young, live};
  for (const jobs::Run& one : change.runs) {
    change.turns.push_back({.run = one.id, .number = 1});
    change.events.push_back({one.id, at(1), "claimed", ""});
    change.attempts.push_back({.issue = one.issue,
                               .head = jobs::Oid("h"),
                               .failing_set = "",
                               .run = one.id,
                               .at = at(1)});
  }
  ASSERT_TRUE(succeeded(commit(change)));
  ASSERT_TRUE(succeeded(store_->prune(lease_, {.ended_runs_before = at(500)})));
  EXPECT_EQ(store_->runs({})->size(), 2U);
  EXPECT_TRUE(failed_with(ErrorKind::not_found, store_->run("r1aaaa")));
  EXPECT_TRUE(store_->turns(old.id)->empty());
  EXPECT_TRUE(store_->events(old.id)->empty());
  EXPECT_TRUE(store_->attempts(old.issue)->empty());
  EXPECT_EQ(store_->turns(young.id)->size(), 1U);
  EXPECT_EQ(store_->events(live.id)->size(), 1U);
  EXPECT_EQ(store_->attempts(live.issue)->size(), 1U);
  EXPECT_EQ(store_->counters()->runs_started.at({"a/old"}), 1) << "totals survive";
  EXPECT_EQ(store_->counters()->runs_ended.at({"a/old", "landed"}), 1);
}

TEST_P(StoreContract, Invariant9_ARunWhoseLabelsStayedIsKeptUntilAPersonReleasesIt) {
  jobs::Run frozen = ended(run("r1aaaa", "a/frozen"), 10, jobs::Outcome::frozen);
  jobs::Change change;
  change.runs = {frozen};
  change.effects = {effect(frozen, "k1", jobs::EffectKind::set_labels)};
  ASSERT_TRUE(succeeded(commit(change)));
  const std::int64_t id = store_->outbox(frozen.id)->front().id;
  ASSERT_TRUE(succeeded(store_->claim_effect(lease_, id)));
  ASSERT_TRUE(succeeded(store_->finish_effect(
      lease_, jobs::TickId("t1"), {.id = id, .state = jobs::EffectState::given_up}, {}, at(9))));
  ASSERT_TRUE(succeeded(store_->prune(lease_, {.ended_runs_before = at(500)})));
  EXPECT_EQ(store_->runs({})->size(), 1U) << "it alone holds the issue back";
  frozen.released = true;
  ASSERT_TRUE(succeeded(start({frozen})));
  ASSERT_TRUE(succeeded(store_->prune(lease_, {.ended_runs_before = at(500)})));
  EXPECT_TRUE(store_->runs({})->empty());
}

TEST_P(StoreContract, NothingIsPrunedWhileReferred) {
  jobs::Run with_tree = ended(run("r1aaaa", "a/tree"), 10);
  with_tree.worktree = "/trees/1";
  const jobs::Run with_effect = ended(run("r2bbbb", "a/effect"), 10);
  const jobs::Run with_money = ended(run("r3cccc", "a/money"), 10);
  const jobs::Run with_request = ended(run("r4dddd", "a/request"), 10);
  jobs::Run free = ended(run("r5eeee", "a/free"), 10);
  free.worktree = "/trees/5";
  free.worktree_released = true;
  jobs::Change change;
  change.runs = {with_tree, with_effect, with_money, with_request, free};
  change.effects = {effect(with_effect, "k1"), effect(free, "k2")};
  change.ledger = {money(LedgerKind::reserve, with_money, 1, 5, 5),
                   money(LedgerKind::reserve, free, 1, 5, 6),
                   money(LedgerKind::settle, free, 1, 5, 7)};
  ASSERT_TRUE(succeeded(commit(change)));
  ASSERT_TRUE(succeeded(store_->add_request({.run = with_request.id})));
  const std::int64_t id = store_->outbox(free.id)->front().id;
  ASSERT_TRUE(succeeded(store_->claim_effect(lease_, id)));
  ASSERT_TRUE(succeeded(store_->finish_effect(lease_, jobs::TickId("t1"), {.id = id}, {}, at(9))));
  ASSERT_TRUE(succeeded(store_->prune(lease_, {.ended_runs_before = at(500)})));
  EXPECT_EQ(store_->runs({})->size(), 4U);
  EXPECT_TRUE(failed_with(ErrorKind::not_found, store_->run("r5eeee")));
  EXPECT_TRUE(store_->outbox(free.id)->empty());
  EXPECT_EQ(store_->outbox(with_effect.id)->size(), 1U);
}

TEST_P(StoreContract, Invariant5_PrunedLedgerStillCountsForTheIssue) {
  const jobs::Run a = ended(run("r1aaaa", "a/a", 1), 10);
  const jobs::Run b = ended(run("r2bbbb", "a/a", 2), 10);
  const auto age = [&](std::int64_t days) { return -days * kDay; };
  jobs::Change change;
  change.runs = {a, b};
  change.ledger = {money(LedgerKind::reserve, a, 1, 100, age(100)),
                   money(LedgerKind::settle, a, 1, 11, age(99)),
                   money(LedgerKind::reserve, b, 1, 200, age(98)),
                   money(LedgerKind::reserve, a, 2, 100, age(97)),
                   money(LedgerKind::settle, a, 2, 22, age(96)),
                   money(LedgerKind::settle, b, 1, 44, age(95)),
                   money(LedgerKind::reserve, a, 3, 100, age(50)),
                   money(LedgerKind::settle, a, 3, 88, age(50)),
                   money(LedgerKind::reserve, b, 2, 300, age(49))};
  ASSERT_TRUE(succeeded(commit(change)));
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(succeeded(store_->prune(lease_, {.ended_runs_before = at(0)})));
    EXPECT_EQ(store_->spend({.issue = a.issue})->total().usd.micros, 121);
    EXPECT_EQ(store_->spend({.issue = b.issue})->total().usd.micros, 344);
    EXPECT_EQ(store_->spend({.repo = a.issue.repo})->total().usd.micros, 465);
    EXPECT_EQ(store_->spend_by_issue(std::nullopt)->at(a.issue).total().usd.micros, 121);
    EXPECT_EQ(store_->spend_by_issue(at(age(62)))->at(b.issue).total().usd.micros, 300);
    EXPECT_EQ(store_->spend({})->total().usd.micros, 465);
    EXPECT_EQ(store_->spend({.since = at(age(62))})->total().usd.micros, 388)
        << "rows within the windows stay";
    EXPECT_EQ(store_->ledger(a.id)->size(), 2U) << "rows beyond them go";
    EXPECT_EQ(store_->ledger(b.id)->size(), 1U);
  }
  jobs::Change later;
  later.ledger = {money(LedgerKind::settle, b, 2, 3, 20)};
  ASSERT_TRUE(succeeded(commit(later))) << "the chain goes on behind its anchor";
  EXPECT_EQ(store_->spend({.issue = b.issue})->total().usd.micros, 47);
}

TEST_P(StoreContract, Invariant5_TheMoneyOfALiveRunIsNotPruned) {
  const jobs::Run a = ended(run("r1aaaa", "a/a", 1), 10);
  const jobs::Run live = run("r2bbbb", "a/a", 2);
  jobs::Change change;
  change.runs = {a, live};
  change.ledger = {money(LedgerKind::reserve, a, 1, 100, -100 * kDay),
                   money(LedgerKind::settle, a, 1, 11, -99 * kDay),
                   money(LedgerKind::reserve, live, 1, 200, -98 * kDay),
                   money(LedgerKind::settle, live, 1, 22, -97 * kDay)};
  ASSERT_TRUE(succeeded(commit(change)));
  ASSERT_TRUE(succeeded(store_->prune(lease_, {.ended_runs_before = at(0)})));
  EXPECT_EQ(store_->spend({.run = live.id})->total().usd.micros, 22)
      << "the caps of the run rest on its lines";
  EXPECT_TRUE(store_->ledger(a.id)->empty());
  ASSERT_TRUE(succeeded(start({ended(live, 20)})));
  ASSERT_TRUE(succeeded(store_->prune(lease_, {.ended_runs_before = at(0)})));
  EXPECT_TRUE(store_->ledger(live.id)->empty());
  EXPECT_EQ(store_->spend({.issue = live.issue})->total().usd.micros, 22);
}

TEST_P(StoreContract, OpenReservationHoldsTheLedger) {
  const jobs::Run a = run("r1aaaa");
  jobs::Change change;
  change.runs = {a};
  change.ledger = {money(LedgerKind::reserve, a, 1, 100, -100 * kDay),
                   money(LedgerKind::reserve, a, 2, 100, -99 * kDay),
                   money(LedgerKind::settle, a, 2, 1, -98 * kDay)};
  ASSERT_TRUE(succeeded(commit(change)));
  ASSERT_TRUE(succeeded(store_->prune(lease_, {.ended_runs_before = at(0)})));
  EXPECT_EQ(store_->ledger(a.id)->size(), 3U);
}

TEST_P(StoreContract, DecisionsAndTicksArePrunedByAge) {
  jobs::Change change;
  change.decisions = {{.issue = {jobs::RepoName("a/a"), 1}, .reason = jobs::Reason::budget}};
  ASSERT_TRUE(succeeded(commit(change)));
  ASSERT_TRUE(succeeded(store_->begin_tick(lease_, tick("t2", 1000))));
  ASSERT_TRUE(succeeded(store_->commit(lease_, jobs::TickId("t2"), change)));
  ASSERT_TRUE(succeeded(store_->prune(lease_, {.decisions_before = at(500)})));
  const auto left = store_->decisions({jobs::RepoName("a/a"), 1}, 0);
  ASSERT_TRUE(succeeded(left));
  ASSERT_EQ(left->size(), 1U);
  EXPECT_EQ(left->front().tick.str(), "t2");
  EXPECT_EQ(store_->ticks(0)->size(), 1U);
  EXPECT_EQ(store_->counters()->decisions.at({"a/a", "budget"}), 2);
}

}  // namespace store_tests
