#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/oracle/judge.h"
#include "tests/oracle/observe_folder.h"
#include "tests/oracle/read_issues.h"
#include "tests/oracle/read_state.h"
#include "tests/support/staged_fleet.h"

// In a header because it joins libraries that the frame itself is not linked with.
namespace prove {

inline oracle::Place place_of(const test_support::SmallFleet& fleet,
                              const std::vector<std::string>& repos) {
  oracle::Place place;
  place.state_dir = fleet.folder() + "/state";
  place.issues_dir = fleet.folder() + "/issues";
  for (const std::string& repo : repos) {
    place.remotes.emplace_back(repo, fleet.remote(repo));
  }
  place.agent_log = fleet.folder() + "/agent.log";
  place.meter = fleet.folder() + "/meter.log";
  place.notifications = fleet.folder() + "/pager.jsonl";
  place.scratch = fleet.folder() + "/look";
  std::filesystem::create_directories(place.scratch);
  return place;
}

/// Something that ticks still have to do.
inline bool anything_open(const oracle::Observation& now, const oracle::Rules& rules) {
  const auto open = [](const oracle::EffectRow& row) {
    return row.state == "pending" || row.state == "claimed";
  };
  const auto waits = [&](const auto& issue) {
    return issue.second.open && issue.second.labels.contains(rules.ready);
  };
  return std::ranges::any_of(now.runs, &oracle::RunRow::live) ||
         std::ranges::any_of(now.outbox, open) || std::ranges::any_of(now.issues, waits);
}

struct Settled {
  bool quiet = false;
  int ticks = 0;
  std::string trouble;  ///< the last words of a tick that ended as none may
  oracle::Observation now;
};

/// Ticks alone, until two in a row leave nothing to do.
inline Settled settle(const test_support::SmallFleet& fleet, const oracle::Place& place,
                      const oracle::Rules& rules,
                      std::chrono::milliseconds most = std::chrono::seconds(40)) {
  const auto give_up = std::chrono::steady_clock::now() + most;
  Settled result;
  int quiet = 0;
  while (quiet < 2 && std::chrono::steady_clock::now() < give_up) {
    const test_support::Answer tick = fleet.tick();
    ++result.ticks;
    // 1 and 75 tell of one repository or run, and of a lease that another tick holds.
    if (tick.exit_code != 0 && tick.exit_code != 1 && tick.exit_code != 75) {
      result.trouble =
          "a tick ended with " + std::to_string(tick.exit_code) + ": " + tick.out + tick.error;
    }
    (void)test_support::wait_for_turns(fleet, 3000);
    oracle::Observation now;
    oracle::read_state(place.state_dir, place.scratch, now);
    oracle::read_issues(place.issues_dir, now);
    quiet = anything_open(now, rules) ? 0 : quiet + 1;
    if (quiet == 0 && result.ticks > 6) {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
  }
  result.quiet = quiet == 2;
  result.now = oracle::observe_folder(place);
  return result;
}

}  // namespace prove
