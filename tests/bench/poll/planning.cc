#include "tests/bench/poll/planning.h"

#include <chrono>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "jobs/policy/dispatch.h"
#include "runner/store/store.h"
#include "runner/tick/observe.h"
#include "tests/fakes/fake_workspace.h"
#include "tests/fakes/stepped_clock.h"

namespace bench {

namespace {

using Clock = std::chrono::steady_clock;

const jobs::TimePoint kNow{std::chrono::hours(24 * 365 * 56)};

std::string name_of(int repository) {
  return fmt::format("acme/service-{:04}", repository);
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

template <typename T>
T need(jobs::Result<T> result) {
  if (!result) {
    throw std::runtime_error(result.error().text());
  }
  return std::move(*result);
}

void need(const jobs::Status& status) {
  if (!status) {
    throw std::runtime_error(status.error().text());
  }
}

/// Lists that are in memory, with all details.
class Lists final : public jobs::TrackerReader {
 public:
  Lists(int repositories, int issues_each) {
    for (int repository = 0; repository < repositories; ++repository) {
      const jobs::RepoName repo(name_of(repository));
      for (int n = 1; n <= issues_each; ++n) {
        jobs::Issue issue;
        issue.key = {repo, n};
        issue.title = fmt::format("Handle case {} of the importer", n);
        issue.body = std::string(600, 'x');
        issue.labels = {"ready-for-agent"};
        issue.ready_by = {.login = "alice",
                          .permission = jobs::Permission::write,
                          .at = kNow - std::chrono::hours(n + 1),
                          .note = {}};
        lists_[repo].push_back(std::move(issue));
      }
    }
  }
  jobs::Result<std::vector<jobs::Issue>> ready_issues(const jobs::Repo& repo,
                                                      const jobs::Labels& /*labels*/) override {
    return lists_.at(repo.name);
  }
  jobs::Result<std::vector<jobs::Issue>> in_progress_issues(
      const jobs::Repo& /*repo*/, const jobs::Labels& /*labels*/) override {
    return std::vector<jobs::Issue>();
  }
  jobs::Result<jobs::Issue> issue(const jobs::Repo& repo, jobs::IssueNumber number,
                                  const jobs::Labels& /*labels*/) override {
    return lists_.at(repo.name).at(static_cast<std::size_t>(number - 1));
  }
  jobs::Result<std::vector<jobs::Comment>> comments(const jobs::Repo& /*repo*/,
                                                    jobs::IssueNumber /*number*/) override {
    return std::vector<jobs::Comment>();
  }

 private:
  std::map<jobs::RepoName, std::vector<jobs::Issue>> lists_;
};

jobs::Fleet fleet_of(int repositories) {
  jobs::Fleet fleet;
  fleet.kill_switch = false;
  fleet.trackers["hub"] = {};
  fleet.agents["coder"] = {};
  fleet.pipelines["default"] = {};
  for (int repository = 0; repository < repositories; ++repository) {
    jobs::Repo repo;
    repo.name = jobs::RepoName(name_of(repository));
    repo.remote = "remote";
    repo.tracker = "hub";
    repo.agent = "coder";
    fleet.allow.push_back(repo.name);
    fleet.repos.push_back(std::move(repo));
  }
  return fleet;
}

/// Runs that landed, each of an issue of its own, with one turn that was paid for.
void fill(const std::string& state_dir, int repositories, int ended) {
  const auto store = need(runner::store::open_store({.state_dir = state_dir, .now = kNow}));
  const jobs::Lease lease =
      need(store->acquire_lease("bench", kNow - std::chrono::hours(1), std::chrono::minutes(5)));
  need(store->begin_tick(lease, {.id = jobs::TickId("t1"), .started_at = kNow}));
  jobs::Change change;
  for (int n = 0; n < ended; ++n) {
    jobs::Run run;
    run.id = jobs::RunId(fmt::format("r{:026}", n));
    run.issue = {jobs::RepoName(name_of(n % repositories)), 1000 + n};
    run.step = jobs::RunStep::ended;
    run.outcome = jobs::Outcome::landed;
    run.created_at = kNow - std::chrono::hours(48);
    run.ended_at = run.updated_at = kNow - std::chrono::hours(47);
    change.runs.push_back(run);
    for (const auto kind : {jobs::LedgerKind::reserve, jobs::LedgerKind::settle}) {
      change.ledger.push_back({.kind = kind,
                               .issue = run.issue,
                               .run = run.id,
                               .turn = 1,
                               .agent = "coder",
                               .amount = {.usd = {100}, .tokens = 1000, .turns = 1, .seconds = 60},
                               .estimated = false,
                               .at = run.created_at});
    }
  }
  need(store->commit(lease, jobs::TickId("t1"), change));
  need(store->release_lease(lease));
}

}  // namespace

Planner::Planner(const std::string& folder, int repositories, int issues, int ended)
    : state_dir_(folder + "/planning"),
      fleet_(fleet_of(repositories)),
      tracker_(std::make_unique<Lists>(repositories, issues / repositories)) {
  fill(state_dir_, repositories, ended);
}

Planner::~Planner() = default;

Planning Planner::plan() {
  fakes::FakeWorkspace workspace;
  workspace.add_remote("remote");
  fakes::SteppedClock clock(kNow);
  const auto begin = Clock::now();
  const auto store = need(runner::store::open_store_read_only(state_dir_));
  (void)need(store->runs({.live_only = true}));
  const auto gather = Clock::now();
  jobs::ReaderPorts ports;
  ports.trackers["hub"] = tracker_.get();
  ports.workspace = &workspace;
  ports.store = store.get();
  ports.clock = &clock;
  const jobs::PollFacts facts = need(runner::Observer(ports, fleet_, 8).poll_facts(kNow));
  const auto decide = Clock::now();
  const auto decisions = jobs::dispatch(facts, fleet_, kNow);
  Planning planning{.open = std::chrono::duration<double>(gather - begin).count(),
                    .facts = std::chrono::duration<double>(decide - gather).count(),
                    .decide = seconds_since(decide),
                    .decisions = decisions.size(),
                    .starts = 0};
  for (const jobs::Decision& each : decisions) {
    planning.starts += each.selected() ? 1U : 0U;
  }
  return planning;
}

}  // namespace bench
