#include "jobs/policy/gates.h"

#include <algorithm>
#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/scenario_values.h"

namespace jobs {
namespace {

using scenario::kNow;

/// One candidate and everything its gates look at.
struct Scene {
  Fleet fleet = scenario::fleet();
  Issue issue = scenario::issue(1);
  PollFacts facts = scenario::poll_facts(fleet, {});
  RepoFacts repo_facts;

  Scene() { repo_facts.repo = issue.key.repo; }
  [[nodiscard]] std::vector<GateValue> gates() const {
    return CandidateGates(*fleet.repo(issue.key.repo), repo_facts, facts, fleet, kNow).of(issue);
  }
  [[nodiscard]] Reason reason() const {
    const auto all = gates();
    const GateValue* failing = first_failing(all);
    return failing == nullptr ? Reason::selected : failing->gate;
  }
  IssueHistory& history() { return facts.history[issue.key]; }
};

/// What makes one gate, and only this one, fail.
struct Breaker {
  Reason reason;
  std::function<void(Scene&)> apply;
};

const std::vector<Breaker>& breakers() {
  static const std::vector<Breaker> all = {
      {Reason::kill_switch, [](Scene& s) { s.facts.kill_switch = true; }},
      {Reason::not_allowlisted, [](Scene& s) { s.fleet.allow.clear(); }},
      {Reason::brake,
       [](Scene& s) {
         s.facts.brakes = {{.id = 1,
                            .scope = "fleet",
                            .reason = "quota",
                            .fingerprint = {},
                            .set_by = "run",
                            .set_at = kNow,
                            .cleared_by = {},
                            .cleared_at = {}}};
       }},
      {Reason::unreadable_issue, [](Scene& s) { s.issue.problem = "1.md:3: not TOML"; }},
      {Reason::human_label, [](Scene& s) { s.issue.labels.push_back(s.fleet.labels.human); }},
      {Reason::in_progress_label,
       [](Scene& s) { s.issue.labels.push_back(s.fleet.labels.in_progress); }},
      {Reason::repo_busy,
       [](Scene& s) {
         Run other = scenario::run();
         other.issue.number = 99;
         s.facts.live_runs = {other};
       }},
      {Reason::untrusted_label, [](Scene& s) { s.issue.ready_by.permission = Permission::triage; }},
      {Reason::unattributable_label, [](Scene& s) { s.issue.ready_by.login.clear(); }},
      {Reason::edited_after_label,
       [](Scene& s) {
         s.issue.edited_at = kNow;
         s.issue.edited_by = "mallory";
         s.issue.editor_permission = Permission::read;
       }},
      {Reason::blocked_by,
       [](Scene& s) {
         s.issue.blockers.push_back(
             {.reference = "#7", .state = Blocker::State::open, .detail = {}});
       }},
      {Reason::blocker_unreadable,
       [](Scene& s) {
         s.issue.blockers.push_back(
             {.reference = "#8", .state = Blocker::State::unreadable, .detail = "404"});
       }},
      {Reason::attempts_exhausted, [](Scene& s) { s.history().charged_failures = 3; }},
      {Reason::cooling_down,
       [](Scene& s) { s.history().last_ended = kNow - scenario::minutes(1); }},
      {Reason::base_unreadable, [](Scene& s) { s.repo_facts.base_error = "no branch main"; }},
      {Reason::base_red, [](Scene& s) { s.repo_facts.base_red = true; }},
      {Reason::budget, [](Scene& s) { s.facts.fleet_day.turns = 400; }},
      {Reason::disk, [](Scene& s) { s.facts.disk_free = 0; }},
  };
  return all;
}

class GateAlone : public testing::TestWithParam<Breaker> {};

TEST_P(GateAlone, IsTheReason) {
  Scene scene;
  ASSERT_EQ(scene.reason(), Reason::selected) << "the scene must be clean before it is broken";
  GetParam().apply(scene);
  EXPECT_EQ(scene.reason(), GetParam().reason);
  for (const GateValue& gate : scene.gates()) {
    EXPECT_EQ(gate.passed, gate.gate != GetParam().reason) << to_string(gate.gate);
    EXPECT_FALSE(gate.gate == GetParam().reason && gate.value.empty() &&
                 gate.gate != Reason::kill_switch && gate.gate != Reason::base_red)
        << to_string(gate.gate) << " fails without saying why";
  }
}

INSTANTIATE_TEST_SUITE_P(Policy, GateAlone, testing::ValuesIn(breakers()), [](const auto& each) {
  std::string name(to_string(each.param.reason));
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(Gates, StandInTheOrderOfTheReasons) {
  std::vector<Reason> order;
  for (const GateValue& gate : Scene().gates()) {
    order.push_back(gate.gate);
  }
  std::vector<Reason> wanted;
  for (const Breaker& each : breakers()) {
    wanted.push_back(each.reason);
  }
  EXPECT_EQ(order, wanted);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

/// All 2^18 combinations, in four parts so that they run beside each other.
class TruthTable : public testing::TestWithParam<unsigned> {
 protected:
  /// Both ways for each breaker from `i` on. The fleet is changed in place, for it is dear to copy.
  void explore(std::size_t i, std::size_t mask) {
    const std::vector<Breaker>& all = breakers();
    if (i == all.size()) {
      check(mask);
      return;
    }
    const bool both = i >= 2;
    if (both || (GetParam() >> i & 1U) == 0) {
      explore(i + 1, mask);
    }
    if (both || (GetParam() >> i & 1U) == 1) {
      const auto allow = scene_.fleet.allow;
      const auto before = std::make_tuple(scene_.issue, scene_.facts, scene_.repo_facts);
      all[i].apply(scene_);
      explore(i + 1, mask | std::size_t{1} << i);
      scene_.fleet.allow = allow;
      std::tie(scene_.issue, scene_.facts, scene_.repo_facts) = before;
    }
  }

  void check(std::size_t mask) {
    const std::vector<Breaker>& all = breakers();
    const std::vector<GateValue> gates = scene_.gates();
    bool good = gates.size() == all.size();
    Reason first = Reason::selected;
    for (std::size_t i = 0; good && i < all.size(); ++i) {
      // An actor that nobody knows cannot be judged for trust: that is the gate behind.
      const bool unknown = all[i].reason == Reason::untrusted_label && (mask >> (i + 1) & 1U) != 0;
      const bool fails = (mask >> i & 1U) != 0 && !unknown;
      good = gates[i].passed == !fails && gates[i].gate == all[i].reason;
      if (fails && first == Reason::selected) {
        first = all[i].reason;
      }
    }
    const GateValue* failing = first_failing(gates);
    good = good && (failing == nullptr ? Reason::selected : failing->gate) == first;
    ASSERT_TRUE(good) << "combination " << mask << ", wanted " << to_string(first);
    ++checked_;
  }

  Scene scene_;
  int checked_ = 0;
};

TEST_P(TruthTable, Invariant15_TheFirstFailingGateIsTheReasonAndAllAreReported) {
  scene_.facts.repos.clear();
  explore(0, 0);
  EXPECT_EQ(checked_, 1 << (breakers().size() - 2));
}

INSTANTIATE_TEST_SUITE_P(Policy, TruthTable, testing::Values(0U, 1U, 2U, 3U));

TEST(Gates, BrakesCountOnlyInTheirScopeAndWhileInForce) {
  Scene scene;
  Brake brake;
  for (const char* scope : {"repo:acme/lib", "issue:acme/shop#2", "agent:codex"}) {
    brake.scope = scope;
    scene.facts.brakes = {brake};
    EXPECT_EQ(scene.reason(), Reason::selected) << scope;
  }
  for (const char* scope : {"fleet", "repo:acme/shop", "issue:acme/shop#1", "agent:claude"}) {
    brake.scope = scope;
    brake.cleared_at.reset();
    scene.facts.brakes = {brake};
    EXPECT_EQ(scene.reason(), Reason::brake) << scope;
    brake.cleared_at = kNow;
    scene.facts.brakes = {brake};
    EXPECT_EQ(scene.reason(), Reason::selected) << scope << ", cleared";
  }
}

TEST(Gates, TooMuchTextIsUnreadable) {
  Scene scene;
  scene.fleet.limits.issue_bytes = 100;
  scene.issue.title.assign(40, 't');
  scene.issue.body.assign(60, 'b');
  EXPECT_EQ(scene.reason(), Reason::selected);
  scene.issue.body += 'b';
  EXPECT_EQ(scene.reason(), Reason::unreadable_issue);
}

TEST(Gates, Invariant9_AnEndedIssueWaitsForANewerLabel) {
  Scene scene;
  scene.history().held_since = kNow - scenario::minutes(30);
  scene.history().held_by = "r01 (frozen)";
  for (const auto before : {scenario::hours(1), scenario::hours(24)}) {
    scene.issue.ready_by.at = kNow - before;
    EXPECT_EQ(scene.reason(), Reason::human_label);
  }
  scene.issue.ready_by.at = scene.history().held_since;
  EXPECT_EQ(scene.reason(), Reason::human_label) << "the same instant is not newer";
  scene.issue.ready_by.at.reset();
  EXPECT_EQ(scene.reason(), Reason::human_label) << "a label without a time proves nothing";
  scene.issue.ready_by.at = kNow - scenario::minutes(29);
  EXPECT_EQ(scene.reason(), Reason::selected);
}

TEST(Gates, InProgressOfAnotherIssueMakesTheRepositoryBusy) {
  Scene scene;
  scene.repo_facts.in_progress = {7};
  EXPECT_EQ(scene.reason(), Reason::repo_busy) << "the state was lost, the label was not";
  scene.repo_facts.in_progress = {1};
  EXPECT_EQ(scene.reason(), Reason::selected) << "its own label is another gate's matter";
}

TEST(Gates, TheLiveRunsOwnLabelIsNoStrangersLabel) {
  Scene scene;
  scene.issue.labels.push_back(scene.fleet.labels.in_progress);
  scene.facts.live_runs = {scenario::run()};
  EXPECT_EQ(scene.reason(), Reason::repo_busy);
}

TEST(Gates, TrustIsWriteOrMoreOrANamedPerson) {
  Scene scene;
  for (const auto& [permission, trusted] :
       std::vector<std::pair<Permission, bool>>{{Permission::unknown, false},
                                                {Permission::none, false},
                                                {Permission::read, false},
                                                {Permission::triage, false},
                                                {Permission::write, true},
                                                {Permission::admin, true}}) {
    scene.issue.ready_by.permission = permission;
    EXPECT_EQ(scene.reason() == Reason::selected, trusted) << to_string(permission);
  }
  scene.issue.ready_by.permission = Permission::none;
  scene.fleet.repos.front().trusted = {"alice"};
  EXPECT_EQ(scene.reason(), Reason::selected);
  scene.issue.ready_by.is_bot = true;
  EXPECT_EQ(scene.reason(), Reason::untrusted_label) << "a bot does not count, named or not";
}

TEST(Gates, TheRunnerCannotReleaseItsOwnIssues) {
  Scene scene;
  scene.issue.ready_by.login = scene.fleet.bot;
  scene.issue.ready_by.permission = Permission::admin;
  EXPECT_EQ(scene.reason(), Reason::untrusted_label);
}

TEST(Gates, AnEditAfterTheLabelNeedsWrite) {
  Scene scene;
  scene.issue.edited_by = "mallory";
  scene.issue.editor_permission = Permission::read;
  scene.issue.edited_at = scene.issue.ready_by.at;
  EXPECT_EQ(scene.reason(), Reason::selected) << "the same instant is not after";
  scene.issue.edited_at = *scene.issue.ready_by.at + scenario::seconds(1);
  EXPECT_EQ(scene.reason(), Reason::edited_after_label);
  scene.issue.editor_permission = Permission::write;
  EXPECT_EQ(scene.reason(), Reason::selected);
  scene.issue.edited_by.clear();
  EXPECT_EQ(scene.reason(), Reason::edited_after_label) << "nobody is not somebody with write";
  scene.issue.edited_by = "mallory";
  scene.issue.editor_permission = Permission::unknown;
  scene.issue.ready_by.at.reset();
  EXPECT_EQ(scene.reason(), Reason::edited_after_label) << "a label without a time is before all";
}

TEST(NeverAgain, ClosedBlockersDoNotBlock) {
  Scene scene;
  scene.issue.blockers = {{.reference = "#7", .state = Blocker::State::closed, .detail = {}}};
  EXPECT_EQ(scene.reason(), Reason::selected);
}

TEST(Gates, TheBoundsAreStrict) {
  Scene scene;
  scene.history().charged_failures = scene.fleet.limits.issue_attempts - 1;
  EXPECT_EQ(scene.reason(), Reason::selected);
  scene.history().charged_failures = scene.fleet.limits.issue_attempts;
  EXPECT_EQ(scene.reason(), Reason::attempts_exhausted);
  scene.history() = {};
  scene.history().last_ended = kNow - scene.fleet.limits.cooldown;
  EXPECT_EQ(scene.reason(), Reason::selected);
  scene.history().last_ended = kNow - scene.fleet.limits.cooldown + scenario::seconds(1);
  EXPECT_EQ(scene.reason(), Reason::cooling_down);
  scene.history() = {};
  scene.facts.disk_free = scene.fleet.limits.disk_free_bytes;
  EXPECT_EQ(scene.reason(), Reason::selected);
  --*scene.facts.disk_free;
  EXPECT_EQ(scene.reason(), Reason::disk);
  scene.facts.disk_free.reset();
  EXPECT_EQ(scene.reason(), Reason::disk) << "what cannot be read is refused";
}

TEST(Gates, EveryWindowOfTheBudgetIsLookedAt) {
  Scene scene;
  scene.fleet.budget.issue_usd = Usd{10};
  scene.history().spent.usd = Usd{10};
  EXPECT_EQ(scene.reason(), Reason::budget);
  scene.history().spent = {};
  scene.facts.repo_day[scene.issue.key.repo].turns = 100;
  EXPECT_EQ(scene.reason(), Reason::budget);
  scene.facts.repo_day.clear();
  scene.fleet.budget.fleet_month_usd = Usd{1};
  scene.facts.fleet_month.usd = Usd{2};
  EXPECT_EQ(scene.reason(), Reason::budget);
}

}  // namespace
}  // namespace jobs
