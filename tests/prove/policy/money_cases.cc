// What a turn costs, and what caps hold.
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "tests/prove/policy/bench.h"

namespace prove::policy {

namespace {

/// Two turns may be begun; the third issue waits, whether the two have ended or not.
void two_of_three(Bench& bench) {
  bench.fleet.other_tables = "\n[budget]\nfleet_day_turns = 2\n";
  for (const char* repo : {"acme/one", "acme/two", "acme/three"}) {
    bench.fleet.repo(repo, "waiter");
  }
  bench.begin();
  bench.issue("acme/one", 1);
  bench.tick();
  bench.issue("acme/two", 1);
  bench.tick();
  bench.expect(bench.reason("acme/two", 1) == "selected", 5, "the second of two turns must start");
  bench.issue("acme/three", 1);
  bench.tick();
  const std::string reason = bench.reason("acme/three", 1);
  bench.expect(reason == "budget", 5, "the turn beyond the cap was held back by '" + reason + "'");
  bench.let_go();
  bench.finish();
  const oracle::Observation seen = bench.look();
  bench.expect(seen.starts.size() <= 2 && bench.run_of("acme/three").id.empty(), 5,
               "more turns than the cap allows");
}

/// Every agent's turn was charged its whole reservation.
void expect_charged_in_full(Bench& bench) {
  const oracle::Observation seen = bench.rows();
  int ends = 0;
  for (const oracle::LedgerLine& line : seen.ledger) {
    const auto reserve = std::ranges::find_if(seen.ledger, [&](const oracle::LedgerLine& other) {
      return other.kind == "reserve" && other.run == line.run && other.turn == line.turn;
    });
    if (line.kind != "reserve" && reserve != seen.ledger.end()) {
      ++ends;
      bench.expect(line.amount.usd == reserve->amount.usd && line.estimated, 5,
                   fmt::format("a turn of unknown usage cost {} of {} micro-dollars",
                               line.amount.usd, reserve->amount.usd));
    }
  }
  bench.expect(ends > 0, 5, "no turn was charged at all");
}

void unknown_usage(Bench& bench) {
  bench.fleet.repo("acme/silent", "coder");
  bench.begin();
  bench.issue("acme/silent", 1);
  bench.finish();
  bench.expect_end("acme/silent", "landed", 4);
  expect_charged_in_full(bench);
}

/// A usage file that is a link to somewhere else tells nothing.
void usage_by_link(Bench& bench) {
  const std::string cheap = bench.fleet.folder() + "/cheap.json";
  test_support::write_file(cheap, "{\"usd\": \"0.000001\", \"tokens\": 1}");
  bench.fleet.shell("linker", "ln -s " + cheap +
                                  " $RUNNER_TURN_DIR/usage.json; echo x > x; git add x; "
                                  "git commit -q -m Work");
  bench.fleet.repo("acme/linked", "linker");
  bench.begin();
  bench.issue("acme/linked", 1);
  bench.finish();
  expect_charged_in_full(bench);
}

/// A person stops a run: it ends, its turn ends in the books, and its work is kept.
void cancelled(Bench& bench) {
  const std::string there = bench.fleet.folder() + "/there";
  bench.fleet.shell("worker",
                    "echo kept > kept.txt; git add kept.txt; git commit -q -m Kept; "
                    "echo dirty > dirty.txt; touch " +
                        there + "; sleep 100");
  bench.fleet.repo("acme/stopped", "worker");
  bench.begin();
  bench.issue("acme/stopped", 1);
  bench.tick();
  bench.wait_for("the agent works", 2, [&] { return std::filesystem::exists(there); });
  const oracle::RunRow run = bench.run_of("acme/stopped");
  const auto answer = bench.fleet.run({"runs", "cancel", run.id});
  bench.expect(answer.exit_code == 0, 4, "runs cancel: " + answer.error);
  bench.finish();
  bench.expect_end("acme/stopped", "cancelled", 4);
  const oracle::Observation seen = bench.look();
  bench.expect(
      std::ranges::find(seen.rescue_refs, "refs/runner/rescue/" + run.id) != seen.rescue_refs.end(),
      14, "the work of a cancelled run is not kept");
}

}  // namespace

std::vector<Case> money_cases() {
  return {{"two of three", two_of_three},
          {"unknown usage", unknown_usage},
          {"usage by link", usage_by_link},
          {"cancelled", cancelled}};
}

}  // namespace prove::policy
