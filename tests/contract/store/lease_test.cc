#include "runner/store/store.h"
#include "tests/contract/store/store_contract.h"
#include "tests/fakes/memory_store.h"

namespace store_tests {

using jobs::ErrorKind;
using std::chrono::minutes;
using std::chrono::seconds;

INSTANTIATE_TEST_SUITE_P(
    Stores, StoreContract,
    ::testing::Values(
        Kind{"memory",
             [](const Scratch&, const std::set<std::string>& dead) -> std::unique_ptr<jobs::Store> {
               return std::make_unique<fakes::MemoryStore>(
                   [&dead](const std::string& owner) { return dead.contains(owner); });
             }},
        Kind{"sqlite",
             [](const Scratch& scratch,
                const std::set<std::string>& dead) -> std::unique_ptr<jobs::Store> {
               auto store =
                   runner::store::open_store({.state_dir = scratch.path() + "/state",
                                              .now = at(0),
                                              .owner_is_dead = [&dead](const std::string& owner) {
                                                return dead.contains(owner);
                                              }});
               EXPECT_TRUE(succeeded(store));
               return store ? *std::move(store) : nullptr;
             }}),
    [](const ::testing::TestParamInfo<Kind>& kind) { return kind.param.name; });

TEST_P(StoreContract, HeldLeaseIsRefusedAndNamesItsHolder) {
  const auto second = store_->acquire_lease("bob", at(60), minutes(5));
  ASSERT_TRUE(failed_with(ErrorKind::conflict, second));
  EXPECT_NE(second.error().message.find("alice"), std::string::npos) << second.error().message;
  EXPECT_TRUE(failed_with(ErrorKind::conflict, store_->acquire_lease("alice", at(60), minutes(5))))
      << "two ticks of one process";
}

TEST_P(StoreContract, ExpiredLeaseIsTakenOver) {
  EXPECT_TRUE(failed_with(ErrorKind::conflict, store_->acquire_lease("bob", at(299), minutes(5))));
  const auto taken = store_->acquire_lease("bob", at(300), minutes(5));
  ASSERT_TRUE(succeeded(taken));
  EXPECT_GT(taken->epoch, lease_.epoch);
  EXPECT_EQ(taken->owner, "bob");
  EXPECT_EQ(taken->expires_at, at(600));
}

TEST_P(StoreContract, LeaseFromAClockSetBackIsWaitedForOnce) {
  // Alice holds it until second 300; for bob it is a day earlier.
  const int day = 24 * 60 * 60;
  EXPECT_TRUE(failed_with(ErrorKind::conflict, store_->acquire_lease("bob", at(-day), minutes(5))));
  EXPECT_TRUE(
      failed_with(ErrorKind::conflict, store_->acquire_lease("bob", at(299 - day), minutes(5))));
  EXPECT_TRUE(succeeded(store_->acquire_lease("bob", at(300 - day), minutes(5))));
}

TEST_P(StoreContract, LivingHolderKeepsItsLeaseThroughAClockSetBack) {
  const int day = 24 * 60 * 60;
  EXPECT_TRUE(failed_with(ErrorKind::conflict, store_->acquire_lease("bob", at(-day), minutes(5))));
  ASSERT_TRUE(succeeded(store_->renew_lease(lease_, at(100 - day), minutes(5))));
  EXPECT_TRUE(
      failed_with(ErrorKind::conflict, store_->acquire_lease("bob", at(300 - day), minutes(5))));
}

TEST_P(StoreContract, LeaseOfADeadProcessIsTakenAtOnce) {
  dead_.insert("alice");
  const auto taken = store_->acquire_lease("bob", at(1), minutes(5));
  ASSERT_TRUE(succeeded(taken));
  EXPECT_GT(taken->epoch, lease_.epoch);
}

TEST_P(StoreContract, EpochGrowsOverReleases) {
  jobs::Epoch last = lease_.epoch;
  ASSERT_TRUE(succeeded(store_->release_lease(lease_)));
  for (int i = 0; i < 5; ++i) {
    const auto lease = store_->acquire_lease("alice", at(1), minutes(5));
    ASSERT_TRUE(succeeded(lease));
    EXPECT_GT(lease->epoch, last);
    last = lease->epoch;
    ASSERT_TRUE(succeeded(store_->release_lease(*lease)));
  }
}

TEST_P(StoreContract, RenewalMovesTheEnd) {
  const auto renewed = store_->renew_lease(lease_, at(200), minutes(5));
  ASSERT_TRUE(succeeded(renewed));
  EXPECT_EQ(renewed->epoch, lease_.epoch);
  EXPECT_EQ(renewed->expires_at, at(500));
  EXPECT_TRUE(failed_with(ErrorKind::conflict, store_->acquire_lease("bob", at(400), minutes(5))));
}

TEST_P(StoreContract, ExpiredButNotTakenOverIsStillHeld) {
  EXPECT_TRUE(succeeded(commit({})));
  EXPECT_TRUE(succeeded(store_->renew_lease(lease_, at(1000), minutes(5))));
}

// One row of "limit of one job, eleven running: a stale holder released the permit twice".
TEST_P(StoreContract, StaleHolderReleasesNothing) {
  const auto bob = store_->acquire_lease("bob", at(400), minutes(5));
  ASSERT_TRUE(succeeded(bob));
  ASSERT_TRUE(succeeded(store_->release_lease(lease_)));
  ASSERT_TRUE(succeeded(store_->release_lease(lease_)));
  EXPECT_TRUE(
      failed_with(ErrorKind::conflict, store_->acquire_lease("carol", at(401), minutes(5))));
  EXPECT_TRUE(succeeded(store_->commit(*bob, jobs::TickId("t1"), {})));
}

TEST_P(StoreContract, EveryWriteRefusesAStaleEpoch) {
  const jobs::Run one = run("r1aaaa");
  jobs::Change begin;
  begin.runs = {one};
  begin.effects = {effect(one, "k1"), effect(one, "k2")};
  ASSERT_TRUE(succeeded(commit(begin)));
  const auto rows = store_->outbox({});
  ASSERT_TRUE(succeeded(rows));
  ASSERT_EQ(rows->size(), 2U);
  ASSERT_TRUE(succeeded(store_->claim_effect(lease_, rows->at(0).id)));
  ASSERT_TRUE(succeeded(store_->acquire_lease("bob", at(400), minutes(5))));

  jobs::Change change;
  change.runs = {ended(one, 5)};
  const std::vector<std::pair<const char*, std::function<jobs::Status()>>> calls{
      {"renew",
       [&]() -> jobs::Status {
         RUNNER_TRY(store_->renew_lease(lease_, at(401), minutes(5)));
         return jobs::ok();
       }},
      {"begin_tick", [&] { return store_->begin_tick(lease_, tick("t2", 401)); }},
      {"end_tick", [&] { return store_->end_tick(lease_, tick("t1", 0)); }},
      {"commit", [&] { return commit(change); }},
      {"claim_effect", [&] { return store_->claim_effect(lease_, rows->at(1).id); }},
      {"finish_effect",
       [&] {
         return store_->finish_effect(lease_, jobs::TickId("t1"), {.id = rows->at(0).id}, change,
                                      at(402));
       }},
      {"prune",
       [&] {
         return store_->prune(lease_,
                              {.ended_runs_before = at(1000000), .decisions_before = at(1000000)});
       }},
  };
  for (const auto& [name, call] : calls) {
    EXPECT_TRUE(failed_with(ErrorKind::conflict, call())) << name;
  }
  EXPECT_EQ(*store_->run("r1aaaa"), one) << "nothing was written";
  EXPECT_EQ(store_->outbox({})->size(), 2U);
  EXPECT_EQ(store_->outbox({})->at(1).state, jobs::EffectState::pending);
  EXPECT_EQ(store_->ticks(0)->size(), 1U);
}

TEST_P(StoreContract, ReleasedLeaseWritesNothing) {
  ASSERT_TRUE(succeeded(store_->release_lease(lease_)));
  EXPECT_TRUE(failed_with(ErrorKind::conflict, start({run("r1aaaa")})));
  EXPECT_TRUE(store_->runs({})->empty());
}

}  // namespace store_tests
