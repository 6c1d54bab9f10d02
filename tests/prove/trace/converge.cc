#include "tests/prove/trace/converge.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <sqlite3.h>

namespace prove::trace {

namespace {

constexpr int kMostSeconds = 60;

std::int64_t one_number(const std::string& path, const char* sql) {
  sqlite3* database = nullptr;
  sqlite3_stmt* statement = nullptr;
  std::int64_t number = -1;
  if (sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK &&
      sqlite3_prepare_v2(database, sql, -1, &statement, nullptr) == SQLITE_OK &&
      sqlite3_step(statement) == SQLITE_ROW) {
    number = sqlite3_column_int64(statement, 0);
  }
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return number;
}

/// How a tick must never end, whatever was done to the ones before.
std::string crash_of(const End& end) {
  if (end.hung) {
    return "a clean tick hangs";
  }
  if (end.code == 0 || end.code == 1 || end.code == 75) {
    return {};
  }
  return fmt::format("a clean tick ended with {}: {}{}", end.code, end.out, end.error);
}

std::string judge_life(const oracle::Observation& now) {
  if (now.runs.size() != 1) {
    return fmt::format("invariant 2: {} runs of one claim", now.runs.size());
  }
  const oracle::RunRow& run = now.runs.front();
  if (run.outcome != "landed") {
    return fmt::format("invariant 4: the run is {} ({}) after nothing but a death",
                       run.live() ? "still live" : run.outcome, run.reason);
  }
  std::string problems;
  const auto expect = [&](std::int64_t found, std::int64_t right, std::string_view what) {
    if (found != right) {
      problems += fmt::format("; {} {}, not {}", found, what, right);
    }
  };
  expect(static_cast<std::int64_t>(now.starts.size()), 2, "agent turns were started");
  expect(run.landings, 2, "landings");
  for (const auto& [repo, remote] : now.remotes) {
    const auto merges = std::ranges::count_if(
        remote.base, [](const oracle::CommitSeen& commit) { return commit.parents.size() > 1; });
    expect(merges, 2, "merges on the base branch");
    expect(static_cast<std::int64_t>(remote.base.size()) - merges, 3, "commits besides them");
  }
  expect(static_cast<std::int64_t>(now.notifications.size()), 0, "notifications");
  return problems.empty() ? problems : "invariant 4: after nothing but a death" + problems;
}

void one_tick(const Ground& ground, Converged& result) {
  const bool was_quiet = result.ticks > 0 && open_work(ground) == 0;
  const End end = ground.tick();
  ++result.ticks;
  result.failing_ticks += end.code == 0 ? 0 : 1;
  result.last = end.out + end.error;
  result.trouble = crash_of(end);
  result.quiet = result.trouble.empty() && was_quiet && open_work(ground) == 0;
}

/// Until the next tick has something to see. False if that does not come.
bool pass_time(const Ground& ground, Converged& result) {
  if (!ground.wait_for_turns()) {
    result.trouble = "a turn does not end";
    return false;
  }
  // What is tried again later comes within milliseconds here, doubling.
  std::this_thread::sleep_for(std::chrono::milliseconds(result.ticks));
  return true;
}

void add(std::string& all, const std::string& more) {
  all += (all.empty() || more.empty() ? "" : "; ") + more;
}

}  // namespace

std::int64_t open_work(const Ground& ground) {
  if (::access(ground.state_file().c_str(), F_OK) != 0) {
    return 0;
  }
  return one_number(ground.state_file(),
                    "SELECT (SELECT count(*) FROM runs WHERE step <> 'ended') + (SELECT count(*) "
                    "FROM outbox WHERE state IN ('pending', 'claimed'))");
}

Converged clean_ticks(const Ground& ground, int ticks) {
  Converged result;
  ground.open_all();
  while (result.trouble.empty() && result.ticks < ticks) {
    if (result.ticks > 0 && !pass_time(ground, result)) {
      break;
    }
    one_tick(ground, result);
  }
  return result;
}

Converged converge(const Ground& ground, int most_ticks) {
  Converged result;
  ground.open_all();
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(kMostSeconds);
  while (result.ticks < most_ticks && std::chrono::steady_clock::now() < give_up) {
    one_tick(ground, result);
    if (!result.trouble.empty() || !pass_time(ground, result) || result.quiet) {
      return result;
    }
  }
  const End runs = run(ground.runner({"runs", "--json"}));
  const End plan = run(ground.runner({"tick", "--dry-run"}));
  result.trouble = fmt::format(
      "not quiet after {} clean ticks; the last one said: {}; runs: {}; "
      "plan: {}",
      result.ticks, result.last.substr(0, 1500), runs.out, plan.out);
  return result;
}

std::string judge_end(const oracle::Observation& before, const oracle::Observation& now,
                      bool whole) {
  std::string problems = oracle::describe(oracle::judge_quiet(now, Ground::rules()));
  add(problems, oracle::describe(oracle::judge_between(before, now)));
  if (whole) {
    add(problems, judge_life(now));
  }
  return problems;
}

std::string judge_end(const Ground& ground, const oracle::Observation& before, bool whole) {
  return judge_end(before, ground.observe(), whole);
}

std::string judge_now(const oracle::Observation& before, const oracle::Observation& now) {
  std::string problems = oracle::describe(oracle::judge_always(now, Ground::rules()));
  add(problems, oracle::describe(oracle::judge_between(before, now)));
  return problems;
}

}  // namespace prove::trace
