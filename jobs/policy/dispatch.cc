#include "jobs/policy/dispatch.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "jobs/base/planted.h"
#include "jobs/policy/breaker.h"
#include "jobs/policy/budget.h"
#include "jobs/policy/gates.h"

namespace jobs {

namespace {

auto rank(const Issue& issue) {
  return std::make_tuple(!issue.priority.has_value() && !RUNNER_PLANTED(no_priority_is_first),
                         issue.priority.value_or(0), !issue.ready_by.at.has_value(),
                         issue.ready_by.at.value_or(TimePoint{}), issue.key.number);
}

/// A repository's candidates, best first.
struct Group {
  const RepoFacts* facts = nullptr;
  const Repo* repo = nullptr;
  std::vector<const Issue*> issues;
  std::optional<TimePoint> last_started;
};

std::vector<Group> grouped(const PollFacts& facts, const Fleet& fleet) {
  std::vector<Group> groups;
  for (const RepoFacts& repo_facts : facts.repos) {
    const Repo* repo = fleet.repo(repo_facts.repo);
    if (repo == nullptr || repo_facts.ready.empty()) {
      continue;
    }
    Group group{.facts = &repo_facts, .repo = repo, .issues = {}, .last_started = {}};
    for (const Issue& issue : repo_facts.ready) {
      group.issues.push_back(&issue);
    }
    std::ranges::sort(group.issues,
                      [](const Issue* a, const Issue* b) { return comes_before(*a, *b); });
    if (const auto last = facts.last_started.find(repo->name); last != facts.last_started.end()) {
      group.last_started = last->second;
    }
    groups.push_back(std::move(group));
  }
  std::ranges::sort(groups, [](const Group& a, const Group& b) {
    return std::tie(a.last_started, a.repo->name) < std::tie(b.last_started, b.repo->name);
  });
  return groups;
}

/// What earlier selections of this very tick have taken already.
class Room {
 public:
  Room(const PollFacts& facts, const Fleet& fleet)
      : facts_(facts), fleet_(fleet), live_(static_cast<int>(facts.live_runs.size())) {}

  /// Why nothing more may start; empty if one more may.
  [[nodiscard]] GateValue capacity() const {
    const Limits& limits = fleet_.limits;
    const bool full = live_ + started_ >= limits.max_live_runs;
    const bool enough = started_ >= limits.max_starts_per_tick;
    return {.gate = Reason::capacity,
            .passed = !full && !enough,
            .value = enough && !full ? fmt::format("{} of {} starts of this tick", started_,
                                                   limits.max_starts_per_tick)
                                     : fmt::format("{} of {} runs are live", live_ + started_,
                                                   limits.max_live_runs)};
  }

  /// The fleet's caps with the reservations made in this tick.
  [[nodiscard]] std::string reached() const {
    SpendSoFar spent;
    spent.fleet_day = facts_.fleet_day + taken_;
    spent.fleet_month = facts_.fleet_month + taken_;
    return reached_cap(fleet_.budget, spent);
  }

  /// Why one more run of the agent has to wait for the canary that this tick starts.
  [[nodiscard]] std::string canary(const std::string& agent, TimePoint now) const {
    return asked_.contains(agent) ? parked(facts_.brakes, agent, /*canary_away=*/true, now) : "";
  }

  void take(const std::string& agent) {
    asked_.insert(agent);
    ++started_;
    taken_ = taken_ + turn_allowance(fleet_.budget, fleet_.limits);
  }

 private:
  const PollFacts& facts_;
  const Fleet& fleet_;
  int live_;
  int started_ = 0;
  std::set<std::string> asked_;
  Usage taken_;
};

/// Adds the gates that depend on who else starts in this tick, and decides.
void contend(Decision& decision, const Issue& issue, Room& room, const Repo& repo, TimePoint now,
             std::optional<IssueNumber>& winner) {
  if (std::string why = room.canary(repo.agent, now); !why.empty()) {
    const auto brake = std::ranges::find(decision.gates, Reason::brake, &GateValue::gate);
    if (brake != decision.gates.end() && brake->passed) {
      *brake = {.gate = Reason::brake, .passed = false, .value = std::move(why)};
    }
  }
  if (const std::string reached = room.reached(); !reached.empty()) {
    const auto budget = std::ranges::find(decision.gates, Reason::budget, &GateValue::gate);
    if (budget != decision.gates.end() && budget->passed) {
      *budget = {.gate = Reason::budget,
                 .passed = false,
                 .value = reached + " with what this tick reserved"};
    }
  }
  decision.gates.push_back(
      {.gate = Reason::slot_taken,
       .passed = !winner.has_value(),
       .value = winner ? fmt::format("#{} starts in this tick", *winner) : "free"});
  GateValue capacity = room.capacity();
  if (issue.details_left_out && capacity.passed) {
    // Nobody asked, so nobody knows whether it may start.
    capacity = {.gate = Reason::capacity,
                .passed = false,
                .value = "its details were not asked for in this tick"};
  }
  decision.gates.push_back(std::move(capacity));
  if (const GateValue* failing = first_failing(decision.gates)) {
    decision.reason = failing->gate;
    decision.detail = failing->value;
  } else {
    winner = decision.issue.number;
    room.take(repo.agent);
    decision.reason = Reason::selected;
    decision.detail = "every gate is open";
  }
}

}  // namespace

bool comes_before(const Issue& a, const Issue& b) {
  return rank(a) < rank(b);
}

std::vector<IssueKey> wanted_details(const PollFacts& facts, const Fleet& fleet, TimePoint now,
                                     std::size_t look_ahead) {
  std::vector<IssueKey> wanted;
  Room room(facts, fleet);
  for (const Group& group : grouped(facts, fleet)) {
    const bool full = !room.capacity().passed || !room.reached().empty();
    if (full && (wanted.empty() || wanted.size() >= look_ahead)) {
      break;
    }
    if (!room.canary(group.repo->agent, now).empty()) {
      continue;
    }
    bool may_start = false;
    const CandidateGates gates(*group.repo, *group.facts, facts, fleet, now);
    for (const Issue* issue : group.issues) {
      if (first_failing(gates.of(*issue)) == nullptr) {
        may_start = true;
        if (issue->details_left_out) {
          wanted.push_back(issue->key);
        }
      }
    }
    if (may_start && !full) {
      room.take(group.repo->agent);
    }
  }
  return wanted;
}

std::vector<Decision> dispatch(const PollFacts& facts, const Fleet& fleet, TimePoint now) {
  std::vector<Decision> decisions;
  Room room(facts, fleet);
  for (const Group& group : grouped(facts, fleet)) {
    std::optional<IssueNumber> winner;
    const CandidateGates gates(*group.repo, *group.facts, facts, fleet, now);
    for (const Issue* issue : group.issues) {
      Decision decision;
      decision.issue = issue->key;
      decision.title = issue->title;
      decision.gates = gates.of(*issue);
      contend(decision, *issue, room, *group.repo, now, winner);
      decisions.push_back(std::move(decision));
    }
  }
  return decisions;
}

}  // namespace jobs
