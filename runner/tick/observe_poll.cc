#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <system_error>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "jobs/policy/dispatch.h"
#include "runner/tick/observe.h"

namespace runner {

namespace {

/// Details of so many issues are asked for at first, and of twice as many each further time.
constexpr std::size_t kFirstLook = 40;

/// Calls `work(i)` for every i below `count` on at most `most` threads, this one included.
template <typename Work>
void in_parallel(std::size_t count, std::size_t most, const Work& work) {
  if (count <= 1 || most <= 1) {
    for (std::size_t i = 0; i < count; ++i) {
      work(i);
    }
    return;
  }
  std::atomic<std::size_t> next{0};
  const auto take_turns = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      work(i);
    }
  };
  std::vector<std::jthread> threads;
  try {
    for (std::size_t t = 1; t < std::min(count, most); ++t) {
      threads.emplace_back(take_turns);
    }
  } catch (const std::system_error&) {
    // No more threads to be had: those there are do the work.
  }
  take_turns();
}

/// Adds an ended run to what its issue went through.
void remember(const jobs::Run& run, jobs::IssueHistory& history) {
  const jobs::TimePoint ended = run.ended_at.value_or(run.updated_at);
  history.last_ended = std::max(history.last_ended.value_or(ended), ended);
  const bool failed =
      run.outcome == jobs::Outcome::needs_human || run.outcome == jobs::Outcome::frozen;
  if (failed && run.charged) {
    ++history.charged_failures;
  }
  if (ended >= history.held_since.value_or(ended)) {
    history.held_since = ended;
    history.held_by =
        fmt::format("{} ({})", run.id.str(), run.outcome ? to_string(*run.outcome) : "ended");
  }
}

}  // namespace

jobs::TrackerReader* Observer::tracker(const jobs::Repo& repo, std::string& error) const {
  const auto found = ports_.trackers.find(repo.tracker);
  if (found != ports_.trackers.end()) {
    return found->second;
  }
  const auto why = ports_.broken.find("tracker." + repo.tracker);
  error =
      why == ports_.broken.end() ? "tracker " + repo.tracker + " is not available" : why->second;
  return nullptr;
}

void Observer::observe_repo(const jobs::Repo& repo, const std::vector<jobs::Run>& runs,
                            jobs::RepoFacts& facts) {
  facts.repo = repo.name;
  jobs::TrackerReader* reader = tracker(repo, facts.error);
  if (reader == nullptr) {
    return;
  }
  auto ready = reader->ready_issues(repo, fleet_.labels);
  if (!ready) {
    facts.error = ready.error().text();
    return;
  }
  facts.ready = std::move(*ready);
  if (auto busy = reader->in_progress_issues(repo, fleet_.labels)) {
    for (const jobs::Issue& issue : *busy) {
      const bool ours = std::ranges::any_of(
          runs, [&](const jobs::Run& run) { return run.live() && run.issue == issue.key; });
      if (!ours) {
        facts.in_progress.push_back(issue.key.number);
      }
    }
  } else {
    facts.error = busy.error().text();
    facts.ready.clear();
    return;
  }
  if (std::ranges::any_of(facts.ready, &jobs::Issue::details_left_out)) {
    facts.base_detail = "not asked";  // ... before one of its issues may get a slot.
  } else if (!facts.ready.empty() && fleet_.allows(repo.name)) {
    observe_base(repo, runs, facts);
  }
}

void Observer::announce() {
  std::map<std::string, std::vector<const jobs::Repo*>> by_tracker;
  for (const jobs::Repo& repo : fleet_.repos) {
    by_tracker[repo.tracker].push_back(&repo);
  }
  for (const auto& [name, reader] : ports_.trackers) {
    if (const auto repos = by_tracker.find(name); repos != by_tracker.end()) {
      reader->announce(repos->second, fleet_.labels);
    }
  }
}

void Observer::complete(const std::vector<jobs::IssueKey>& keys, jobs::PollFacts& facts) {
  const std::set<jobs::IssueKey> wanted(keys.begin(), keys.end());
  std::map<jobs::TrackerReader*, std::vector<jobs::WantedDetails>> by_reader;
  for (jobs::RepoFacts& each : facts.repos) {
    const jobs::Repo* repo = fleet_.repo(each.repo);
    std::string error;
    jobs::TrackerReader* reader = repo == nullptr ? nullptr : tracker(*repo, error);
    for (jobs::Issue& issue : each.ready) {
      if (reader != nullptr && wanted.contains(issue.key)) {
        by_reader[reader].push_back({.repo = repo, .issue = &issue});
      }
    }
  }
  for (const auto& [reader, issues] : by_reader) {
    reader->complete(issues, fleet_.labels);
    for (const jobs::WantedDetails& one : issues) {
      if (one.issue->details_left_out) {
        one.issue->details_left_out = false;  // It is asked once, whatever comes of it.
        one.issue->problem = "the tracker did not give its details";
      }
    }
  }
}

bool Observer::observe_bases_of(const std::vector<jobs::IssueKey>& issues,
                                const std::vector<jobs::Run>& runs, jobs::PollFacts& facts,
                                std::set<jobs::RepoName>& known) {
  std::set<jobs::RepoName> wanted;
  for (const jobs::IssueKey& issue : issues) {
    if (known.insert(issue.repo).second && fleet_.allows(issue.repo)) {
      wanted.insert(issue.repo);
    }
  }
  std::vector<std::pair<const jobs::Repo*, jobs::RepoFacts*>> repos;
  for (jobs::RepoFacts& each : facts.repos) {
    if (const jobs::Repo* repo = fleet_.repo(each.repo); repo && wanted.contains(each.repo)) {
      repos.emplace_back(repo, &each);
    }
  }
  in_parallel(repos.size(), observers_,
              [&](std::size_t i) { observe_base(*repos[i].first, runs, *repos[i].second); });
  return std::ranges::any_of(repos, [](const auto& each) {
    return each.second->base_red || !each.second->base_error.empty();
  });
}

/// Is the base there, and is its CI known to be red? A person's release of the run that landed it
/// lifts the red.
void Observer::observe_base(const jobs::Repo& repo, const std::vector<jobs::Run>& runs,
                            jobs::RepoFacts& facts) {
  const bool busy = std::ranges::any_of(
      runs, [&](const jobs::Run& run) { return run.live() && run.issue.repo == repo.name; });
  if (busy) {
    facts.base_detail = "not asked: the repository is busy";
    return;
  }
  const auto base = ports_.workspace->remote_base(repo);
  if (!base) {
    facts.base_error = base.error().text();
    facts.base_detail = "not known";
    return;
  }
  facts.base_detail = fmt::format("{} at {}", repo.base, base->str().substr(0, 12));
  const auto ci = ports_.ci.find(repo.ci);
  if (ci == ports_.ci.end()) {
    return;
  }
  const auto report = ci->second->observe(repo, *base);
  if (!report || report->verdict != jobs::Verdict::fail) {
    return;
  }
  const bool released = std::ranges::any_of(
      runs, [&](const jobs::Run& run) { return run.released && run.landed == *base; });
  facts.base_red = !released;
  facts.base_detail += fmt::format(" is red: {}{}", fmt::join(report->failing(), ", "),
                                   released ? " (released by a person)" : "");
}

jobs::Status Observer::observe_history(jobs::PollFacts& facts, const std::vector<jobs::Run>& runs,
                                       jobs::TimePoint now) {
  for (const jobs::Run& run : runs) {
    auto& last = facts.last_started[run.issue.repo];
    last = std::max(last, run.created_at);
    if (run.live()) {
      facts.live_runs.push_back(run);
    }
  }
  RUNNER_ASSIGN(const auto day,
                ports_.store->spend_by_issue(jobs::day_start(now, fleet_.budget.time_zone)));
  for (const auto& [issue, spent] : day) {
    jobs::Usage& of_repo = facts.repo_day[issue.repo];
    of_repo = of_repo + spent.total();
  }
  std::map<jobs::IssueKey, jobs::IssueHistory> known;
  for (const jobs::Run& run : runs) {
    if (!run.live() && !run.released) {
      remember(run, known[run.issue]);
    }
  }
  // Also of runs that a person released, or that retention took.
  RUNNER_ASSIGN(const auto ever, ports_.store->spend_by_issue(std::nullopt));
  for (const auto& [issue, spent] : ever) {
    known[issue].spent = spent.total();
  }
  for (const jobs::RepoFacts& repo : facts.repos) {
    for (const jobs::Issue& issue : repo.ready) {
      if (const auto history = known.find(issue.key); history != known.end()) {
        facts.history.insert(*history);
      }
    }
  }
  return jobs::ok();
}

jobs::Status Observer::complete_texts(const jobs::PollFacts& facts, jobs::Change& change) {
  for (jobs::Run& run : change.runs) {
    const auto repo = std::ranges::find(facts.repos, run.issue.repo, &jobs::RepoFacts::repo);
    if (repo == facts.repos.end()) {
      continue;
    }
    const auto listed = std::ranges::find(repo->ready, run.issue, &jobs::Issue::key);
    if (listed == repo->ready.end() || !listed->text_left_out) {
      continue;
    }
    std::string error;
    const jobs::Repo* known = fleet_.repo(run.issue.repo);
    jobs::TrackerReader* reader = known != nullptr ? tracker(*known, error) : nullptr;
    if (reader == nullptr) {
      return jobs::fail(jobs::ErrorKind::not_found, error);
    }
    RUNNER_ASSIGN(const jobs::Issue issue, reader->issue(*known, run.issue.number, fleet_.labels));
    if (issue.text_digest() != run.text_digest) {
      return jobs::fail(
          jobs::ErrorKind::conflict,
          fmt::format("the text of {} was changed since the issues were listed", run.issue.str()));
    }
    run.body = jobs::to_valid_utf8(issue.body);
  }
  return jobs::ok();
}

jobs::Status Observer::complete_one(const jobs::IssueKey& key, jobs::PollFacts& facts) {
  const auto repo = std::ranges::find(facts.repos, key.repo, &jobs::RepoFacts::repo);
  if (repo == facts.repos.end()) {
    return jobs::ok();
  }
  const auto issue = std::ranges::find(repo->ready, key, &jobs::Issue::key);
  if (issue != repo->ready.end() && issue->details_left_out) {
    RUNNER_ASSIGN(const std::vector<jobs::Run> runs, ports_.store->runs({.texts = false}));
    std::set<jobs::RepoName> known;
    (void)observe_bases_of({key}, runs, facts, known);
    complete({key}, facts);
  }
  return jobs::ok();
}

jobs::Result<jobs::PollFacts> Observer::poll_facts(jobs::TimePoint now) {
  jobs::PollFacts facts;
  facts.kill_switch = false;
  facts.entropy = {ports_.clock->random(), ports_.clock->random()};
  RUNNER_ASSIGN(const std::vector<jobs::Run> runs, ports_.store->runs({.texts = false}));
  RUNNER_ASSIGN(facts.brakes, ports_.store->brakes(/*in_force_only=*/true));
  facts.repos.resize(fleet_.repos.size());
  announce();
  in_parallel(fleet_.repos.size(), observers_,
              [&](std::size_t i) { observe_repo(fleet_.repos[i], runs, facts.repos[i]); });
  RUNNER_TRY(observe_history(facts, runs, now));
  RUNNER_ASSIGN(const jobs::Spend day,
                ports_.store->spend({.run = {},
                                     .issue = {},
                                     .repo = {},
                                     .since = jobs::day_start(now, fleet_.budget.time_zone)}));
  RUNNER_ASSIGN(const jobs::Spend month,
                ports_.store->spend({.run = {},
                                     .issue = {},
                                     .repo = {},
                                     .since = jobs::month_start(now, fleet_.budget.time_zone)}));
  facts.fleet_day = day.total();
  facts.fleet_month = month.total();
  if (const auto free = ports_.workspace->disk_free()) {
    facts.disk_free = *free;
  }
  std::set<jobs::RepoName> known_bases;
  for (std::size_t look_ahead = kFirstLook;;) {
    const auto wanted = jobs::wanted_details(facts, fleet_, now, look_ahead);
    if (wanted.empty()) {
      return facts;
    }
    // One question for a repository saves those about its issues, where its base stops them all.
    if (!observe_bases_of(wanted, runs, facts, known_bases)) {
      complete(wanted, facts);
      look_ahead *= 2;
    }
  }
}

}  // namespace runner
