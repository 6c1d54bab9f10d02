#include <algorithm>

#include <fmt/format.h>

#include "jobs/base/time.h"
#include "jobs/pipelines/next_action.h"
#include "jobs/pipelines/pull_text.h"
#include "jobs/policy/breaker.h"
#include "jobs/policy/budget.h"
#include "runner/tick/observe.h"

namespace runner {

void Observer::observe_issue(const jobs::Repo& repo, jobs::RunView& view) const {
  std::string error;
  jobs::TrackerReader* reader = tracker(repo, error);
  if (reader == nullptr) {
    view.errors.push_back(error);
    return;
  }
  auto issue = reader->issue(repo, view.run.issue.number, fleet_.labels);
  if (issue) {
    if (!issue->problem.empty()) {
      view.errors.push_back("the issue cannot be read right: " + issue->problem);
    }
    view.issue = std::move(*issue);
  } else if (issue.error().kind == jobs::ErrorKind::not_found) {
    view.issue_missing = true;
  } else {
    view.errors.push_back(issue.error().text());
  }
}

void Observer::observe_pull(const jobs::Repo& repo, jobs::RunView& view) const {
  const auto pulls = ports_.pulls.find(repo.tracker);
  if (pulls == ports_.pulls.end()) {
    const auto why = ports_.broken.find("tracker." + repo.tracker);
    view.errors.push_back(why == ports_.broken.end()
                              ? "tracker " + repo.tracker + " has no pull requests"
                              : why->second);
    return;
  }
  auto pull = pulls->second->pull(repo, jobs::pull_branch(view.run));
  if (!pull) {
    view.errors.push_back(pull.error().text());
    return;
  }
  view.pull_read = true;
  view.pull = std::move(*pull);
  const bool open = view.pull && view.pull->state == jobs::PullFacts::State::open;
  if (open && (view.merges || view.pull->conflicts)) {
    if (auto base = ports_.workspace->remote_base(repo)) {
      view.base_now = std::move(*base);
    } else {
      view.errors.push_back(base.error().text());
    }
  }
}

void Observer::observe_git_and_ci(const jobs::Repo& repo, jobs::RunView& view) const {
  if (!view.run.worktree.empty() && view.run.step == jobs::RunStep::turning &&
      view.turn_facts.state == jobs::TurnFacts::State::ended) {
    if (auto worktree = ports_.workspace->observe(repo, view.run)) {
      view.worktree = std::move(*worktree);
    } else {
      view.errors.push_back(worktree.error().text());
    }
  }
  view.by_pull = repo.landing == jobs::LandingMode::pull_request;
  view.merges = view.by_pull && repo.merge_when_green;
  const bool proposed = view.run.step == jobs::RunStep::proposed;
  if (view.by_pull && (proposed || view.run.step == jobs::RunStep::landing)) {
    observe_pull(repo, view);
  }
  const bool watched = view.run.step == jobs::RunStep::watching && !view.run.landed.empty();
  if (!watched && !proposed) {
    return;
  }
  const auto ci = ports_.ci.find(repo.ci);
  if (ci == ports_.ci.end()) {
    view.has_ci = false;
    if (const auto why = ports_.broken.find("ci." + repo.ci); why != ports_.broken.end()) {
      view.has_ci = true;
      view.errors.push_back(why->second);
    }
    return;
  }
  if (auto report = ci->second->observe(repo, proposed ? view.run.head : view.run.landed)) {
    view.ci = std::move(*report);
  } else {
    view.errors.push_back(report.error().text());
  }
  // Only a red needs to know whether the base was red before us.
  if (watched && view.ci && view.ci->verdict == jobs::Verdict::fail &&
      !view.run.verified_base.empty() && view.run.landings == 1) {
    if (const auto before = ci->second->observe(repo, view.run.verified_base)) {
      view.base_failing = before->failing();
    }
  }
}

jobs::Result<std::string> cap_reached_by(jobs::StoreReader& store, const jobs::Fleet& fleet,
                                         const jobs::Run& run, jobs::TimePoint now) {
  const auto sum = [&](const jobs::SpendFilter& filter) -> jobs::Result<jobs::Usage> {
    RUNNER_ASSIGN(const jobs::Spend spend, store.spend(filter));
    return spend.total();
  };
  jobs::SpendSoFar spent;
  RUNNER_ASSIGN(spent.run, sum({.run = run.id, .issue = {}, .repo = {}, .since = {}}));
  RUNNER_ASSIGN(spent.issue, sum({.run = {}, .issue = run.issue, .repo = {}, .since = {}}));
  RUNNER_ASSIGN(spent.repo_day, sum({.run = {},
                                     .issue = {},
                                     .repo = run.issue.repo,
                                     .since = jobs::day_start(now, fleet.budget.time_zone)}));
  RUNNER_ASSIGN(spent.fleet_day, sum({.run = {},
                                      .issue = {},
                                      .repo = {},
                                      .since = jobs::day_start(now, fleet.budget.time_zone)}));
  RUNNER_ASSIGN(spent.fleet_month, sum({.run = {},
                                        .issue = {},
                                        .repo = {},
                                        .since = jobs::month_start(now, fleet.budget.time_zone)}));
  return jobs::reached_cap(fleet.budget, spent);
}

namespace {

/// The brakes of agents that open by themselves, and whether somebody else asks this one already.
struct Parking {
  std::vector<jobs::Brake> brakes;
  bool canary_away = false;
};

jobs::Result<Parking> parking_of(jobs::StoreReader& store, const jobs::Fleet& fleet,
                                 const std::string& agent, const jobs::Run& run,
                                 jobs::TimePoint now) {
  Parking parking;
  RUNNER_ASSIGN(parking.brakes, store.brakes(/*in_force_only=*/true));
  std::erase_if(parking.brakes, [](const jobs::Brake& brake) { return !brake.until; });
  if (parking.brakes.empty()) {
    return parking;
  }
  RUNNER_ASSIGN(const std::vector<jobs::Run> live, store.runs({.live_only = true, .texts = false}));
  parking.canary_away = jobs::canary_among(live, parking.brakes, fleet, agent, run.id, now);
  return parking;
}

}  // namespace

jobs::Result<jobs::FurtherTurn> further_turn(jobs::StoreReader& store, const jobs::Fleet& fleet,
                                             const jobs::Run& run, jobs::TimePoint now) {
  jobs::FurtherTurn further;
  RUNNER_ASSIGN(further.reached_cap, cap_reached_by(store, fleet, run, now));
  const auto pipeline = fleet.pipelines.find(run.pipeline);
  const jobs::Stage stage = jobs::agent_stage_before(
      pipeline == fleet.pipelines.end() ? jobs::default_pipeline() : pipeline->second, run.stage);
  const jobs::Repo* repo = fleet.repo(run.issue.repo);
  const std::string agent = !stage.agent.empty() || repo == nullptr ? stage.agent : repo->agent;
  RUNNER_ASSIGN(const Parking parking, parking_of(store, fleet, agent, run, now));
  further.parked = jobs::parked(parking.brakes, agent, parking.canary_away, now);
  further.not_before = now + fleet.limits.retry_delay;
  for (const jobs::Brake& brake : parking.brakes) {
    if (brake.scope == jobs::agent_scope(agent)) {
      further.not_before = std::max(further.not_before, *brake.until);
    }
  }
  return further;
}

jobs::Status Observer::observe_parked(const jobs::Run& run, jobs::TimePoint now,
                                      jobs::RunView& view) {
  if (const jobs::Repo* repo = fleet_.repo(run.issue.repo)) {
    view.agent = repo->agent;
  }
  RUNNER_ASSIGN(Parking parking, parking_of(*ports_.store, fleet_, view.agent, run, now));
  view.parked = std::move(parking.brakes);
  view.canary_away = parking.canary_away;
  return jobs::ok();
}

jobs::Result<jobs::RunView> Observer::run_view(const jobs::Run& run, jobs::TimePoint now) {
  jobs::RunView view;
  view.run = run;
  view.allowlisted = fleet_.allows(run.issue.repo);
  RUNNER_ASSIGN(const std::vector<jobs::Turn> turns, ports_.store->turns(run.id));
  if (!turns.empty()) {
    view.turn = *std::ranges::max_element(turns, {}, &jobs::Turn::number);
    if (auto facts = ports_.executor->observe(view.turn->directory)) {
      view.turn_facts = std::move(*facts);
    } else {
      // Not knowing is not "absent": the turn counts as starting until it can be read, and nothing
      // of that is recorded.
      view.turn_facts.state = jobs::TurnFacts::State::starting;
      view.turn_read = false;
      view.errors.push_back(facts.error().text());
    }
  }
  RUNNER_ASSIGN(view.attempts, ports_.store->attempts(run.issue));
  RUNNER_ASSIGN(const std::vector<jobs::OutboxRow> rows, ports_.store->outbox(run.id));
  view.effects_pending = std::ranges::any_of(rows, [](const jobs::OutboxRow& row) {
    return row.state == jobs::EffectState::pending || row.state == jobs::EffectState::claimed;
  });
  for (const jobs::OutboxRow& row : rows) {
    if (view.turn && row.effect.kind == jobs::EffectKind::stop_turn &&
        row.effect.turn == view.turn->number) {
      view.stop_asked = row.effect.at;
    }
  }
  RUNNER_ASSIGN(const std::vector<jobs::Request> requests, ports_.store->requests());
  for (const jobs::Request& request : requests) {
    if (request.run == run.id && request.kind == jobs::RequestKind::cancel) {
      view.cancel_requested = fmt::format("cancelled by {}{}", request.by,
                                          request.why.empty() ? "" : ": " + request.why);
    }
  }
  RUNNER_TRY(observe_parked(run, now, view));
  RUNNER_ASSIGN(view.reached_cap, cap_reached_by(*ports_.store, fleet_, run, now));
  const jobs::Repo* repo = fleet_.repo(run.issue.repo);
  if (repo == nullptr) {
    view.allowlisted = false;
    view.errors.push_back("the repository is not in the manifests any more");
    return view;
  }
  if (const auto ci = fleet_.ci.find(repo->ci); ci != fleet_.ci.end()) {
    view.ci_deadline = ci->second.deadline;
  }
  if (run.step != jobs::RunStep::ending) {
    observe_issue(*repo, view);
    observe_git_and_ci(*repo, view);
  }
  return view;
}

jobs::Result<jobs::JanitorFacts> Observer::janitor_facts() {
  jobs::JanitorFacts facts;
  // The disk first, the store second: what is on disk was recorded before it was made, so it is in
  // rows read later. The other way round, a run that another tick claims in between would look like
  // an orphan.
  RUNNER_ASSIGN(facts.worktrees, ports_.workspace->list());
  RUNNER_ASSIGN(facts.turn_directories, ports_.executor->list());
  RUNNER_ASSIGN(facts.runs, ports_.store->runs({.texts = false}));
  RUNNER_ASSIGN(facts.outbox, ports_.store->outbox(std::nullopt));
  for (const jobs::Run& run : facts.runs) {
    if (!run.live()) {
      continue;
    }
    RUNNER_ASSIGN(const std::vector<jobs::Turn> turns, ports_.store->turns(run.id));
    for (const jobs::Turn& turn : turns) {
      if (turn.state != jobs::TurnState::ended) {
        facts.live_turn_directories.push_back(turn.directory);
      }
    }
  }
  announce();
  for (const jobs::Repo& repo : fleet_.repos) {
    std::string error;
    jobs::TrackerReader* reader = tracker(repo, error);
    if (reader == nullptr) {
      continue;
    }
    if (const auto issues = reader->in_progress_issues(repo, fleet_.labels)) {
      for (const jobs::Issue& issue : *issues) {
        facts.in_progress.push_back(issue.key);
      }
    }
  }
  return facts;
}

}  // namespace runner
