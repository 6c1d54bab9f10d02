#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runner/tick/engine.h"
#include "tests/fakes/fake_ci.h"
#include "tests/fakes/fake_executor.h"
#include "tests/fakes/fake_notifier.h"
#include "tests/fakes/fake_pulls.h"
#include "tests/fakes/fake_tracker.h"
#include "tests/fakes/fake_workspace.h"
#include "tests/fakes/memory_store.h"
#include "tests/support/scenario_ports.h"
#include "tests/support/scenario_store.h"
#include "tests/support/scenario_values.h"

// In a header because it joins libraries that no test library is linked with.
namespace scenario {

/// The value of a result that cannot be an error here; a value of its own, so that a loop may run
/// over it.
template <typename T>
T must(jobs::Result<T> result) {
  return std::move(result).value();
}

/// Stands still until it is moved.
class ManualClock final : public jobs::Clock {
 public:
  jobs::TimePoint now() override { return jobs::TimePoint(jobs::Duration(now_)); }
  std::uint64_t random() override { return ++seed_ * 0x9e3779b97f4a7c15ULL; }
  void advance(jobs::Duration by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_{kNow.time_since_epoch().count()};
  std::atomic<std::uint64_t> seed_{0};
};

/// Everything outside the program: it stays as it is when the program dies. One repository,
/// acme/shop, unless a test adds more.
class World {
 public:
  explicit World(std::unique_ptr<jobs::Store> state = std::make_unique<fakes::MemoryStore>())
      : fleet(scenario::fleet()), executor("/state/turns", &clock), store(std::move(state)) {
    ci.clock = &clock;
    fleet.repos.resize(1);
    add_repo(fleet.repos.front());
    for (const char* person : {"alice", "bob"}) {
      tracker.set_permission(person, jobs::Permission::write);
    }
  }

  void add_repo(const jobs::Repo& repo) {
    git.add_remote(repo.remote);
    tracker.add_repo(repo.name);
  }

  /// A released issue.
  jobs::IssueKey add_issue(jobs::IssueNumber number, const std::string& repo = "acme/shop") {
    const jobs::IssueKey key{.repo = jobs::RepoName(repo), .number = number};
    tracker.put(key, {.title = "Add a thing",
                      .body = "It is missing.",
                      .labels = {fleet.labels.ready},
                      .ready_by = "alice",
                      .ready_at = clock.now() - hours(1)});
    return key;
  }

  /// The next turn that is started works and commits; `cost` is what it reports.
  void script_commit(const std::string& file, jobs::Usage cost = {jobs::Usd{1000}, 10, 1, 0}) {
    fakes::FakeExecutor::Script script;
    script.usage = cost;
    script.work = [this, file](const jobs::TurnSpec& spec) {
      git.commit(spec.run, {{file, "done by turn " + std::to_string(spec.number)}});
    };
    executor.script(std::move(script));
  }
  /// The next turn that is started exits with this code; a command, for example.
  void script_exit(int code) {
    fakes::FakeExecutor::Script script;
    script.exit.exit_code = code;
    script.output = "tests ended with " + std::to_string(code);
    executor.script(std::move(script));
  }

  /// The n-th landing of this repository turns CI into verdicts[n] (the last one for all later),
  /// and the n-th head of a pull request into pull_verdicts[n]; then people look.
  void react() {
    for (const jobs::Run& run : must(store->runs({.live_only = true}))) {
      if (run.step != jobs::RunStep::proposed) {
        continue;
      }
      if (std::ranges::find(proposed, run.head) == proposed.end()) {
        proposed.push_back(run.head);
        ci.finish(run.issue.repo, run.head,
                  pull_verdicts[std::min(proposed.size(), pull_verdicts.size()) - 1], "boom");
      }
      if (people) {
        people(run);
      }
    }
    const auto pushes = git.pushes();
    for (std::size_t i = 0; i < pushes.size() && !verdicts.empty(); ++i) {
      ci.finish(pushes[i].repo, pushes[i].commit, verdicts[std::min(i, verdicts.size() - 1)],
                "boom");
    }
  }

  struct Ports {
    jobs::ReaderPorts readers;
    jobs::WriterPorts writers;
  };

  /// One invocation of the program, made anew, its every port call through `gate`.
  runner::TickReport tick(Gate& gate, const std::string& owner = "host:1:1:boot",
                          std::vector<jobs::TickJob> jobs = {}) {
    GatedTracker gated_tracker(gate, tracker);
    GatedCi gated_ci(gate, ci);
    GatedPulls gated_pulls(gate, pulls);
    GatedExecutor gated_executor(gate, executor);
    GatedWorkspace gated_git(gate, git);
    GatedNotifier gated_notifier(gate, notifier);
    GatedStore gated_store(gate, *store);
    Ports ports;
    ports.readers.trackers["local"] = &gated_tracker;
    ports.readers.ci["ci"] = &gated_ci;
    ports.readers.pulls["local"] = &gated_pulls;
    ports.writers.pulls["local"] = &gated_pulls;
    ports.readers.executor = &gated_executor;
    ports.readers.workspace = &gated_git;
    ports.readers.store = &gated_store;
    ports.readers.clock = &clock;
    ports.writers.trackers["local"] = &gated_tracker;
    ports.writers.ci["ci"] = &gated_ci;
    ports.writers.notifiers["ops"] = &gated_notifier;
    ports.writers.executor = &gated_executor;
    ports.writers.workspace = &gated_git;
    ports.writers.store = &gated_store;
    runner::TickOptions options;
    options.jobs = std::move(jobs);
    options.owner = owner;
    options.host = "host";
    options.version = "test";
    return runner::run_tick(ports.readers, ports.writers, fleet, options,
                            [this](const runner::TickLine& line) { heard(line); });
  }
  runner::TickReport tick() {
    Gate open;
    return tick(open);
  }

  /// Readers alone, for a dry run.
  [[nodiscard]] jobs::ReaderPorts readers() {
    jobs::ReaderPorts ports;
    ports.trackers["local"] = &tracker;
    ports.ci["ci"] = &ci;
    ports.pulls["local"] = &pulls;
    ports.executor = &executor;
    ports.workspace = &git;
    ports.store = store.get();
    ports.clock = &clock;
    return ports;
  }

  /// What the outside and the state look like; equal before and after a tick that did nothing.
  [[nodiscard]] std::string digest() {
    std::string text;
    for (const jobs::Run& run : must(store->runs({}))) {
      text += run.id.str() + std::string(to_string(run.step)) + std::to_string(run.effects) +
              std::to_string(run.turns) + (run.worktree_released ? "released" : "");
      for (const jobs::Turn& turn : must(store->turns(run.id))) {
        text += to_string(turn.state);
      }
    }
    for (const jobs::OutboxRow& row : must(store->outbox(std::nullopt))) {
      text += row.effect.key + std::to_string(row.attempts);
    }
    for (const std::string& change : tracker.script.changes()) {
      text += change;
    }
    return text + std::to_string(executor.starts()) + "/" + std::to_string(git.pushes().size()) +
           "/" + std::to_string(notifier.deliveries().size());
  }

  /// Ticks alone, a few minutes apart, until two in a row change nothing. False = never quiet.
  bool until_quiet(const std::function<void()>& after_each = {}) {
    int quiet = 0;
    for (int i = 0; i < 60 && quiet < 2; ++i) {
      clock.advance(minutes(3));
      react();
      const std::string before = digest();
      last = tick();
      quiet = digest() == before ? quiet + 1 : 0;
      if (after_each) {
        after_each();
      }
    }
    return quiet == 2;
  }

  void heard(const runner::TickLine& line) {
    const std::lock_guard lock(lines_mutex);
    lines.push_back(line);
  }

  ManualClock clock;
  jobs::Fleet fleet;
  fakes::FakeTracker tracker;
  fakes::FakeCi ci;
  fakes::FakeExecutor executor;
  fakes::FakeWorkspace git;
  fakes::FakePulls pulls{git};
  fakes::FakeNotifier notifier;
  std::unique_ptr<jobs::Store> store;
  std::vector<jobs::Verdict> verdicts{jobs::Verdict::pass};
  std::vector<jobs::Verdict> pull_verdicts{jobs::Verdict::pass};
  std::vector<jobs::Oid> proposed;  ///< heads of pull requests, in the order they were seen
  std::function<void(const jobs::Run&)> people;  ///< what they do to a run with a pull request
  std::vector<runner::TickLine> lines;
  std::mutex lines_mutex;
  runner::TickReport last;
};

}  // namespace scenario
