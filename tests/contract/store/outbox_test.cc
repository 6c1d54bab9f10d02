#include "tests/contract/store/store_contract.h"

namespace store_tests {

using jobs::EffectState;
using jobs::ErrorKind;
using std::chrono::minutes;

TEST_P(StoreContract, EffectsKeepTheirOrderAndEveryField) {
  const jobs::Run one = run("r1aaaa");
  jobs::Effect first = effect(one, "k2");
  first.add_labels = {"a b", "\"q\""};
  first.remove_labels = {"ready"};
  first.text = "text";
  first.target = "slack";
  first.turn = 3;
  jobs::Effect fleet{.kind = jobs::EffectKind::notify, .key = "k1", .at = at(3)};
  jobs::Change change;
  change.runs = {one};
  change.effects = {first, fleet};
  ASSERT_TRUE(succeeded(commit(change)));
  const auto rows = store_->outbox({});
  ASSERT_TRUE(succeeded(rows));
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ(rows->at(0).effect, first);
  EXPECT_EQ(rows->at(1).effect, fleet);
  EXPECT_LT(rows->at(0).id, rows->at(1).id);
  EXPECT_EQ(rows->at(0).state, EffectState::pending);
  EXPECT_EQ(rows->at(0).recorded_at, first.at);
  EXPECT_EQ(store_->outbox(one.id)->size(), 1U);
}

TEST_P(StoreContract, Invariant2_SameKeyIsOneEffect) {
  const jobs::Run one = run("r1aaaa");
  jobs::Change change;
  change.runs = {one};
  change.effects = {effect(one, "k1"), effect(one, "k1", jobs::EffectKind::land)};
  ASSERT_TRUE(succeeded(commit(change)));
  ASSERT_TRUE(succeeded(commit(change)));
  const auto rows = store_->outbox({});
  ASSERT_TRUE(succeeded(rows));
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().effect.kind, jobs::EffectKind::set_labels)
      << "what is there stays as it is";
}

TEST_P(StoreContract, Invariant3_EffectIsClaimedOncePerEpochAndFinishedOnce) {
  const jobs::Run one = run("r1aaaa");
  jobs::Change change;
  change.runs = {one};
  change.effects = {effect(one, "k1")};
  ASSERT_TRUE(succeeded(commit(change)));
  const std::int64_t id = store_->outbox({})->front().id;
  EXPECT_TRUE(failed_with(ErrorKind::conflict,
                          store_->finish_effect(lease_, jobs::TickId("t1"), {.id = id}, {}, at(9))))
      << "not claimed";
  ASSERT_TRUE(succeeded(store_->claim_effect(lease_, id)));
  EXPECT_TRUE(failed_with(ErrorKind::conflict, store_->claim_effect(lease_, id)));
  EXPECT_EQ(store_->outbox({})->front().state, EffectState::claimed);
  EXPECT_EQ(store_->outbox({})->front().claimed_epoch, lease_.epoch);
  EXPECT_EQ(store_->outbox({})->front().attempts, 1);
  EXPECT_TRUE(failed_with(
      ErrorKind::bug, store_->finish_effect(lease_, jobs::TickId("t1"),
                                            {.id = id, .state = EffectState::pending}, {}, at(9))));
  jobs::Change result;
  result.runs = {ended(one, 8)};
  ASSERT_TRUE(
      succeeded(store_->finish_effect(lease_, jobs::TickId("t1"), {.id = id}, result, at(9))));
  EXPECT_FALSE(store_->run("r1aaaa")->live()) << "the result is written with the end";
  EXPECT_TRUE(failed_with(ErrorKind::conflict, store_->finish_effect(lease_, jobs::TickId("t1"),
                                                                     {.id = id}, {}, at(9))));
  EXPECT_TRUE(failed_with(ErrorKind::conflict, store_->claim_effect(lease_, id)));
  EXPECT_TRUE(store_->outbox({})->empty());
  const auto finished = store_->outbox(one.id);
  ASSERT_TRUE(succeeded(finished));
  EXPECT_EQ(finished->front().state, EffectState::done);
  EXPECT_EQ(finished->front().finished_at, at(9));
  EXPECT_EQ(store_->counters()->effects.at({"set-labels", "done"}), 1);
}

TEST_P(StoreContract, Invariant3_RefusedResultLeavesTheEffectClaimed) {
  const jobs::Run one = run("r1aaaa");
  jobs::Change change;
  change.runs = {one};
  change.effects = {effect(one, "k1")};
  ASSERT_TRUE(succeeded(commit(change)));
  const std::int64_t id = store_->outbox({})->front().id;
  ASSERT_TRUE(succeeded(store_->claim_effect(lease_, id)));
  jobs::Change bad;
  bad.runs = {run("r2bbbb")};
  EXPECT_TRUE(failed_with(ErrorKind::conflict, store_->finish_effect(lease_, jobs::TickId("t1"),
                                                                     {.id = id}, bad, at(9))));
  EXPECT_EQ(store_->outbox({})->front().state, EffectState::claimed);
  EXPECT_TRUE(store_->counters()->effects.empty());
}

TEST_P(StoreContract, FailedEffectGoesBackWithItsErrorAndTime) {
  const jobs::Run one = run("r1aaaa");
  jobs::Change change;
  change.runs = {one};
  change.effects = {effect(one, "k1")};
  ASSERT_TRUE(succeeded(commit(change)));
  const std::int64_t id = store_->outbox({})->front().id;
  ASSERT_TRUE(succeeded(store_->claim_effect(lease_, id)));
  ASSERT_TRUE(succeeded(
      store_->finish_effect(lease_, jobs::TickId("t1"),
                            {.id = id, .error = "no network", .next_attempt = at(99)}, {}, at(9))));
  const jobs::OutboxRow row = store_->outbox({})->front();
  EXPECT_EQ(row.state, EffectState::pending);
  EXPECT_EQ(row.last_error, "no network");
  EXPECT_EQ(row.next_attempt, at(99));
  EXPECT_FALSE(row.finished_at);
  ASSERT_TRUE(succeeded(store_->claim_effect(lease_, id)));
  EXPECT_EQ(store_->outbox({})->front().attempts, 2);
  ASSERT_TRUE(succeeded(store_->finish_effect(
      lease_, jobs::TickId("t1"), {.id = id, .state = EffectState::given_up, .error = "no"}, {},
      at(100))));
  EXPECT_EQ(store_->outbox(one.id)->front().state, EffectState::given_up);
  EXPECT_EQ(store_->counters()->effects.at({"set-labels", "given-up"}), 1);
}

TEST_P(StoreContract, Invariant4_ClaimOfADeadTickIsClaimedAgain) {
  const jobs::Run one = run("r1aaaa");
  jobs::Change change;
  change.runs = {one};
  change.effects = {effect(one, "k1")};
  ASSERT_TRUE(succeeded(commit(change)));
  const std::int64_t id = store_->outbox({})->front().id;
  ASSERT_TRUE(succeeded(store_->claim_effect(lease_, id)));
  const auto bob = store_->acquire_lease("bob", at(400), minutes(5));
  ASSERT_TRUE(succeeded(bob));
  EXPECT_TRUE(failed_with(ErrorKind::conflict,
                          store_->finish_effect(*bob, jobs::TickId("t1"), {.id = id}, {}, at(401))))
      << "not before he claimed it";
  ASSERT_TRUE(succeeded(store_->claim_effect(*bob, id)));
  EXPECT_EQ(store_->outbox({})->front().attempts, 2);
  EXPECT_TRUE(succeeded(store_->finish_effect(*bob, jobs::TickId("t1"), {.id = id}, {}, at(402))));
}

TEST_P(StoreContract, UnknownEffectIsNotFound) {
  EXPECT_TRUE(failed_with(ErrorKind::not_found, store_->claim_effect(lease_, 77)));
  EXPECT_TRUE(failed_with(ErrorKind::not_found, store_->finish_effect(lease_, jobs::TickId("t1"),
                                                                      {.id = 77}, {}, at(1))));
}

TEST_P(StoreContract, BrakesAreSetOnceAndClearedByName) {
  jobs::Change change;
  change.brakes_set = {{.scope = "repo:acme/shop",
                        .reason = "quota",
                        .fingerprint = "f1",
                        .set_by = "tick",
                        .set_at = at(3),
                        .until = at(4)}};
  ASSERT_TRUE(succeeded(commit(change)));
  ASSERT_TRUE(succeeded(commit(change)));
  auto brakes = store_->brakes(true);
  ASSERT_TRUE(succeeded(brakes));
  ASSERT_EQ(brakes->size(), 1U);
  EXPECT_EQ(brakes->front().scope + brakes->front().reason + brakes->front().fingerprint,
            "repo:acme/shopquotaf1");
  EXPECT_EQ(brakes->front().set_at, at(3));
  EXPECT_EQ(brakes->front().until, at(4));
  const std::int64_t id = brakes->front().id;
  EXPECT_TRUE(failed_with(ErrorKind::not_found, store_->clear_brakes({id, id + 1}, "ann", at(5))));
  EXPECT_EQ(store_->brakes(true)->size(), 1U) << "all or nothing";
  ASSERT_TRUE(succeeded(store_->clear_brakes({id}, "ann", at(5))));
  ASSERT_TRUE(succeeded(store_->clear_brakes({id}, "ben", at(6))));
  EXPECT_TRUE(store_->brakes(true)->empty());
  const jobs::Brake cleared = store_->brakes(false)->front();
  EXPECT_EQ(cleared.cleared_by, "ann");
  EXPECT_EQ(cleared.cleared_at, at(5));
  ASSERT_TRUE(succeeded(commit(change)));
  ASSERT_EQ(store_->brakes(true)->size(), 1U) << "the same stop may come again";
  jobs::Change clear;
  clear.brakes_cleared = {store_->brakes(true)->front().id};
  clear.cleared_by = "fingerprint changed";
  ASSERT_TRUE(succeeded(commit(clear)));
  EXPECT_TRUE(store_->brakes(true)->empty());
}

TEST_P(StoreContract, RequestsAreMadeByPeopleAndDoneByTicks) {
  const jobs::Run one = run("r1aaaa");
  ASSERT_TRUE(succeeded(start({one})));
  const jobs::Request cancel{
      .run = one.id, .kind = jobs::RequestKind::cancel, .by = "ann", .why = "wrong", .at = at(5)};
  ASSERT_TRUE(succeeded(store_->add_request(cancel)));
  ASSERT_TRUE(succeeded(store_->add_request({.run = one.id,
                                             .kind = jobs::RequestKind::cancel,
                                             .by = "ben",
                                             .why = "me too",
                                             .at = at(6)})));
  ASSERT_TRUE(succeeded(store_->add_request(
      {.run = one.id, .kind = jobs::RequestKind::release, .by = "ben", .why = "", .at = at(7)})));
  const auto requests = store_->requests();
  ASSERT_TRUE(succeeded(requests));
  ASSERT_EQ(requests->size(), 2U);
  EXPECT_EQ(requests->front().by + requests->front().why, "annwrong");
  EXPECT_EQ(requests->front().at, at(5));
  jobs::Change change;
  change.requests_done = {cancel};
  ASSERT_TRUE(succeeded(commit(change)));
  ASSERT_EQ(store_->requests()->size(), 1U);
  EXPECT_EQ(store_->requests()->front().kind, jobs::RequestKind::release);
}

TEST_P(StoreContract, PauseHoldsUntilItIsLifted) {
  EXPECT_FALSE(*store_->pause());
  ASSERT_TRUE(succeeded(store_->clear_pause("ann", at(1))));
  ASSERT_TRUE(succeeded(store_->set_pause({.by = "ann", .why = "deploy", .at = at(2)})));
  ASSERT_TRUE(succeeded(store_->set_pause({.by = "ben", .why = "holiday", .at = at(3)})));
  const auto pause = store_->pause();
  ASSERT_TRUE(succeeded(pause));
  ASSERT_TRUE(*pause);
  EXPECT_EQ((*pause)->by + (*pause)->why, "benholiday");
  EXPECT_EQ((*pause)->at, at(3));
  ASSERT_TRUE(succeeded(store_->clear_pause("ann", at(4))));
  EXPECT_FALSE(*store_->pause());
}

}  // namespace store_tests
