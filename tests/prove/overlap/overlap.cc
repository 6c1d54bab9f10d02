// Twenty ticks at once on one state, with people's commands in between, ticks and supervisors that
// are killed, and ticks that sleep for longer than their lease lives.
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "tests/prove/overlap/people.h"

namespace prove::overlap {

namespace {

using std::chrono::milliseconds;

constexpr int kAtOnce = 20;
constexpr int kTicksOfARound = 200;
constexpr milliseconds kLease{500};
constexpr std::chrono::seconds kLongestQuiet{90};

const std::vector<std::string> kRepos = {"acme/shop", "acme/lib", "acme/web", "acme/docs"};

/// Four repositories with three issues each: one that is landed, one with a CI, one whose turns
/// take long enough to be cancelled, and one whose agent never commits, so that a person is called.
void set_up(test_support::SmallFleet& fleet, const Options& options) {
  if (!options.planted.empty()) {
    fleet.play.environment.push_back("RUNNER_PLANTED=" + options.planted);
  }
  fleet.limit_lines = fmt::format("lease_ttl = \"{}ms\"\n", kLease.count());
  fleet.other_tables = "\n[ci.gate]\nkind = \"command\"\ncommand = [\"true\"]\n";
  const std::string usage = R"({"usd": "0.10", "tokens": 1000})";
  fleet.scripted("coder", {"usage", usage, "sleep", "100", "commits", "1"});
  fleet.scripted("slow", {"usage", usage, "sleep", "900", "commits", "1"});
  fleet.scripted("idle", {"usage", usage, "exit", "0"});
  fleet.repo(kRepos[0], "coder");
  fleet.repo(kRepos[1], "coder", "ci = \"gate\"\n");
  fleet.repo(kRepos[2], "slow");
  fleet.repo(kRepos[3], "idle");
  for (const std::string& repo : kRepos) {
    for (int number = 1; number <= 3; ++number) {
      fleet.issue(repo, number);
    }
  }
  fleet.write();
}

oracle::Place place_of(const test_support::SmallFleet& fleet, const Options& options) {
  oracle::Place place;
  place.state_dir = fleet.folder() + "/state";
  place.issues_dir = fleet.folder() + "/issues";
  for (const std::string& repo : kRepos) {
    place.remotes.emplace_back(repo, fleet.remote(repo));
  }
  place.agent_log = fleet.folder() + "/agent.log";
  place.notifications = fleet.folder() + "/pager.jsonl";
  place.scratch = options.scratch;
  return place;
}

bool anything_open(const oracle::Observation& now, const oracle::Rules& rules) {
  for (const oracle::RunRow& run : now.runs) {
    if (run.live()) {
      return true;
    }
  }
  for (const oracle::EffectRow& row : now.outbox) {
    if (row.state == "pending" || row.state == "claimed") {
      return true;
    }
  }
  for (const auto& [name, issue] : now.issues) {
    if (issue.open && issue.labels.contains(rules.ready)) {
      return true;
    }
  }
  return false;
}

/// Invariant 3: whatever is recorded as notified has arrived.
std::vector<oracle::Finding> lost_notifications(const oracle::Observation& now) {
  std::vector<oracle::Finding> findings;
  for (const oracle::EffectRow& row : now.outbox) {
    const auto arrived = [&](const std::string& line) {
      return line.find(fmt::format("\"key\":\"{}\"", row.key)) != std::string::npos;
    };
    if (row.kind == "notify" && row.state == "done" &&
        std::ranges::none_of(now.notifications, arrived)) {
      findings.push_back({3, row.key + " is recorded as sent and never arrived"});
    }
  }
  return findings;
}

class Round {
 public:
  Round(const Options& options, Record& record, std::int64_t number)
      : options_(options),
        record_(record),
        case_{.name = fmt::format("round={}", number), .seed = options.seed},
        random_(mix(options.seed, "overlap", static_cast<std::uint64_t>(number))) {}

  void run() {
    set_up(fleet_, options_);
    Looker looker(place_of(fleet_, options_), case_, record_);
    Swarm swarm(fleet_, looker, kLease, random_, record_, case_);
    People people(fleet_, kRepos, swarm, random_, record_);
    crowd(looker, swarm, people);
    swarm.drain();
    looker.rules.closed_by_people = people.closed();
    (void)fleet_.run({"resume"});
    settle(looker);
  }

 private:
  void crowd(Looker& looker, Swarm& swarm, People& people) {
    int started = 0;
    for (int step = 0; started < kTicksOfARound; ++step) {
      // In bursts: all at the same instant, then what is left of them for a while.
      const bool burst = swarm.alive() <= 4 || random_() % 8 == 0;
      while (burst && swarm.alive() < kAtOnce && started < kTicksOfARound) {
        swarm.start_tick();
        ++started;
      }
      swarm.strike();
      people.act();
      std::this_thread::sleep_for(milliseconds(random_() % 30));
      swarm.attend();
      if (step % 4 == 0) {
        looker.look(/*whole=*/step % 40 == 0);
      }
    }
  }

  void settle(Looker& looker) {
    const auto give_up = Clock::now() + kLongestQuiet;
    int quiet = 0;
    oracle::Observation now;
    while (quiet < 2) {
      if (Clock::now() > give_up) {
        record_.violation({.what = "invariant 4: ticks alone bring no rest: " + fleet_.tick().out +
                                   fleet_.run({"runs"}).out,
                           .where = case_.name,
                           .seed = case_.seed});
        break;
      }
      const test_support::Answer tick = fleet_.tick();
      record_.count("clean ticks");
      now = looker.everything();
      quiet = anything_open(now, looker.rules) ? 0 : quiet + 1;
      std::this_thread::sleep_for(milliseconds(quiet > 0 ? 0 : 50));
    }
    looker.report(oracle::judge_quiet(now, looker.rules));
    looker.report(lost_notifications(now));
    looker.look(/*whole=*/true);
    if (const std::string left = fleet_.processes(); !left.empty()) {
      looker.report({{6, "left running: " + left}});
    }
    take_stock(now);
  }

  void take_stock(const oracle::Observation& now) {
    for (const oracle::RunRow& run : now.runs) {
      record_.count("runs ended as " + run.outcome);
    }
    record_.count("turns started", static_cast<std::int64_t>(now.starts.size()));
    record_.count("notifications", static_cast<std::int64_t>(now.notifications.size()));
    record_.count("rounds");
  }

  const Options& options_;
  Record& record_;
  Case case_;
  std::mt19937_64 random_;
  test_support::SmallFleet fleet_;
};

void harness(const Options& options, Record& record) {
  for (const char* mark : {"the lease was held by another tick", "a stale epoch was refused",
                           "a sleeper woke after its lease had been taken over",
                           "the claim of a dead tick was taken over", "the kill switch was on"}) {
    record.expect(mark);
  }
  ::setenv("RUNNER_BINARY", options.runner.c_str(), 1);
  ::setenv("RUNNER_TEST_PROGRAMS", options.programs.c_str(), 1);
  const std::int64_t rounds = options.count(1'000, 10'000) / kTicksOfARound;
  const auto play = [&](std::int64_t number) {
    if (options.only.empty() || options.only == fmt::format("round={}", number)) {
      Round(options, record, number).run();
    }
  };
  spread(options, record, rounds, play);
  // What is met depends on the moment: as many rounds again, at most, where something was not.
  for (std::int64_t number = rounds;
       number < 2 * rounds && !record.unseen().empty() && !record.failed(); ++number) {
    play(number);
  }
}

}  // namespace

}  // namespace prove::overlap

int main(int argc, char** argv) {
  return prove::main(argc, argv, "overlap", prove::overlap::harness);
}
