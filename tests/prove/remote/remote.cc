// The runner's landing over smart HTTP and its notifications, through a server that fails before
// and after the effect of every kind of request; then clean ticks until nothing moves.
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <sstream>

#include <fmt/format.h>

#include "tests/prove/remote/credentials.h"
#include "tests/prove/remote/world.h"

namespace prove::remote {

namespace {

namespace fs = std::filesystem;

constexpr int kReposOfAFleet = 8;
/// How often an effect is tried before it is visibly given up (docs/state.md).
constexpr int kMostTries = 8;

void report(const std::vector<oracle::Finding>& findings, const std::string& where,
            const Options& options, Record& record) {
  if (!findings.empty()) {
    record.violation({.what = oracle::describe(findings), .where = where, .seed = options.seed});
  }
}

void arrange(const World& world, int number, const LandingCase& each) {
  const std::string below = fmt::format("/git/acme/c{}.git/", number);
  if (each.fault) {
    world.server->faults.add({.method = each.method,
                              .path = below + each.path,
                              .first = each.first,
                              .times = each.times,
                              .fault = *each.fault});
  }
  const auto before_push = [&](int nth, bool rewrite) {
    world.server->meanwhile("POST", below + "git-receive-pack", nth,
                            [&world, number, rewrite] { world.push_as_somebody(number, rewrite); });
  };
  switch (each.other) {
    case Other::none: break;
    case Other::pushes: before_push(1, /*rewrite=*/false); break;
    case Other::keeps_pushing:
      for (int nth = 1; nth <= 20; ++nth) {
        before_push(nth, /*rewrite=*/false);
      }
      break;
    case Other::rewrites: before_push(1, /*rewrite=*/true); break;
    case Other::refuses_by_hook: {
      const std::string hook = world.bare(number) + "/hooks/pre-receive";
      test_support::write_file(hook, "#!/bin/sh\necho 'not on a Friday'\nexit 1\n");
      fs::permissions(hook, fs::perms::owner_all);
      break;
    }
  }
}

/// Invariant 10, from the server's own record: what was on the branch is below what came.
std::vector<oracle::Finding> forced_pushes(const World& world) {
  std::vector<oracle::Finding> findings;
  for (const stub::Effect& effect : world.server->log.effects("pushed")) {
    std::istringstream words(effect.detail);
    std::string repo;
    std::string ref;
    std::string old;
    std::string now;
    words >> repo >> ref >> old >> now;
    const std::string bare = world.fleet.remote(repo);
    const bool forward = old != "-" && world.fleet.shell_output(fmt::format(
                                           "git -C {} merge-base --is-ancestor {} {} && echo yes",
                                           bare, old, now)) == "yes";
    if (!forward || ref != "refs/heads/main") {
      findings.push_back({10, "pushed with force or elsewhere: " + effect.detail});
    }
  }
  return findings;
}

/// `somebody`'s commits are still there, unless history was rewritten on purpose.
std::vector<oracle::Finding> judge_case(const World& world, int number, const LandingCase& each,
                                        const oracle::Observation& now, Record& record) {
  std::vector<oracle::Finding> findings;
  const auto run = std::ranges::find(now.runs, world.repo(number), &oracle::RunRow::repo);
  if (run == now.runs.end()) {
    if (each.end == End::nothing) {
      return findings;
    }
    return {{15, "no run was started"}};
  }
  const bool landed = run->outcome == "landed";
  const bool person = run->outcome == "needs-human" || run->outcome == "frozen";
  const bool right = each.end == End::landed   ? landed
                     : each.end == End::person ? person
                                               : landed || person;
  if (!right) {
    findings.push_back({3, fmt::format("the run ended as {}: {}", run->outcome, run->reason)});
  }
  record.count(landed ? "landed" : "handed to a person");
  const std::string below = fmt::format("/git/acme/c{}.git/", number);
  bool hit = false;
  bool lost_answer = false;
  for (const stub::Exchange& exchange : world.server->log.exchanges()) {
    if (exchange.request.path.starts_with(below) && !exchange.fault.empty()) {
      hit = true;
      lost_answer = lost_answer || (exchange.fault.ends_with("after") && landed &&
                                    exchange.request.path.ends_with("git-receive-pack"));
    }
  }
  if (each.fault && !hit) {
    record.count("faults whose request did not come");
  }
  if (lost_answer) {
    record.seen("a push whose answer was lost was found on the remote");
  }
  if (each.other == Other::pushes && landed) {
    record.seen("a lost race was won later");
  }
  if (each.other == Other::refuses_by_hook && person) {
    record.seen("a push that the server refused called a person");
  }
  if (each.other == Other::rewrites && person) {
    record.seen("a rewritten base was not landed on");
  }
  const int pushes = world.server->log.count("POST", below + "git-receive-pack");
  if (pushes > 3 * kMostTries) {
    findings.push_back({3, fmt::format("{} pushes were tried", pushes)});
  }
  return findings;
}

void landing_fleet(const Options& options, Record& record, const std::vector<LandingCase>& cases) {
  World world(options, static_cast<int>(cases.size()), /*idle=*/false);
  bool rewrites = false;
  std::string names;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    arrange(world, static_cast<int>(i), cases[i]);
    rewrites = rewrites || cases[i].other == Other::rewrites;
    names += (names.empty() ? "" : " ") + cases[i].name;
  }
  std::vector<oracle::Finding> findings;
  if (!world.settle(rewrites, findings)) {
    findings.push_back({4, "ticks alone bring no rest: " + world.fleet.tick().out});
  }
  for (const oracle::Finding& each : forced_pushes(world)) {
    findings.push_back(each);
  }
  report(findings, names, options, record);
  const oracle::Observation now = world.observe();
  for (std::size_t i = 0; i < cases.size(); ++i) {
    report(judge_case(world, static_cast<int>(i), cases[i], now, record), cases[i].name, options,
           record);
    record.count("landings over HTTP");
  }
  record.count("faults injected", world.server->faults.injected());
}

std::vector<oracle::Finding> judge_notification(const World& world, int number,
                                                const NotifyCase& each,
                                                const oracle::Observation& now, Record& record) {
  std::vector<oracle::Finding> findings;
  const std::string path = fmt::format("/notify/c{}", number);
  std::map<std::string, int> asked;
  for (const stub::Exchange& exchange : world.server->log.exchanges()) {
    if (exchange.request.path == path) {
      asked[stub::header(exchange.request.headers, "Idempotency-Key").value_or("no key")] += 1;
    }
  }
  std::map<std::string, int> arrived;
  for (const stub::Notified& notified : world.server->notifications.all()) {
    if (notified.path == path) {
      arrived[notified.key] += 1;
    }
  }
  int rows = 0;
  for (const oracle::EffectRow& row : now.outbox) {
    const auto run = std::ranges::find(now.runs, row.run, &oracle::RunRow::id);
    if (row.kind != "notify" || run == now.runs.end() || run->repo != world.repo(number)) {
      continue;
    }
    ++rows;
    if (row.state == "done" && arrived[row.key] == 0 && !each.server_lies) {
      findings.push_back({3, row.key + " is recorded as sent and never arrived"});
    }
    if (row.state != "done" && !each.may_be_given_up) {
      findings.push_back({3, fmt::format("{} is {}", row.key, row.state)});
    }
    if (asked[row.key] > kMostTries) {
      findings.push_back({3, fmt::format("{} was sent {} times", row.key, asked[row.key])});
    }
    if (asked[row.key] > 1) {
      record.seen("a notification was repeated with the same key");
    }
    if (each.times == 1 && arrived[row.key] > 2) {
      findings.push_back({3, fmt::format("{} arrived {} times", row.key, arrived[row.key])});
    }
    asked.erase(row.key);
  }
  if (rows == 0) {
    findings.push_back({3, "no notification was recorded"});
  }
  for (const auto& [key, times] : asked) {
    findings.push_back({3, fmt::format("{} was sent and is not recorded", key)});
  }
  return findings;
}

void notify_fleet(const Options& options, Record& record, const std::vector<NotifyCase>& cases) {
  World world(options, static_cast<int>(cases.size()), /*idle=*/true);
  std::string names;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (cases[i].fault) {
      world.server->faults.add({.method = "POST",
                                .path = fmt::format("/notify/c{}", i),
                                .times = cases[i].times,
                                .fault = *cases[i].fault});
    }
    names += (names.empty() ? "" : " ") + cases[i].name;
  }
  std::vector<oracle::Finding> findings;
  if (!world.settle(/*history_may_change=*/false, findings)) {
    findings.push_back({4, "ticks alone bring no rest: " + world.fleet.tick().out});
  }
  report(findings, names, options, record);
  const oracle::Observation now = world.observe();
  for (std::size_t i = 0; i < cases.size(); ++i) {
    report(judge_notification(world, static_cast<int>(i), cases[i], now, record), cases[i].name,
           options, record);
    record.count("notifications");
  }
  record.count("faults injected", world.server->faults.injected());
}

/// The cases in groups of one fleet each; with `only`, every group that has a case so called, whole
/// (a violation of a whole group names all of them).
template <typename Case>
std::vector<std::vector<Case>> groups_of(const std::vector<Case>& cases, const std::string& only) {
  std::vector<std::vector<Case>> groups;
  for (std::size_t at = 0; at < cases.size(); at += kReposOfAFleet) {
    std::vector<Case> group(
        cases.begin() + static_cast<std::ptrdiff_t>(at),
        cases.begin() + static_cast<std::ptrdiff_t>(std::min(at + kReposOfAFleet, cases.size())));
    std::erase_if(group, [&](const Case& each) {
      return !only.empty() && (" " + only + " ").find(" " + each.name + " ") == std::string::npos;
    });
    if (!group.empty()) {
      groups.push_back(std::move(group));
    }
  }
  return groups;
}

void harness(const Options& options, Record& record) {
  ::setenv("RUNNER_BINARY", options.runner.c_str(), 1);
  ::setenv("RUNNER_TEST_PROGRAMS", options.programs.c_str(), 1);
  if (options.only.empty()) {
    for (const char* mark :
         {"a push whose answer was lost was found on the remote", "a lost race was won later",
          "a push that the server refused called a person", "a rewritten base was not landed on",
          "a notification was repeated with the same key"}) {
      record.expect(mark);
    }
  }
  std::vector<LandingCase> all = landing_cases();
  const int drawn = static_cast<int>(options.count(8, 400));
  for (LandingCase& each : drawn_cases(options.seed, drawn)) {
    all.push_back(std::move(each));
  }
  const auto landings = groups_of(all, options.only);
  const auto notifications = groups_of(notify_cases(), options.only);
  const auto count = static_cast<std::int64_t>(landings.size() + notifications.size());
  spread(options, record, count, [&](std::int64_t number) {
    const auto index = static_cast<std::size_t>(number);
    if (index < landings.size()) {
      landing_fleet(options, record, landings[index]);
    } else {
      notify_fleet(options, record, notifications[index - landings.size()]);
    }
  });
  prove_credentials(options, record);
}

}  // namespace

}  // namespace prove::remote

int main(int argc, char** argv) {
  return prove::main(argc, argv, "remote", prove::remote::harness, 2);
}
