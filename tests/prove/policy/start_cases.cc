// Which issue may start, and what keeps one from starting.
#include <fmt/format.h>

#include "tests/prove/policy/bench.h"

namespace prove::policy {

namespace {

void who_may_start(Bench& bench) {
  for (const char* repo : {"untrusted", "edited", "closed", "unreadable", "order"}) {
    bench.fleet.repo(std::string("acme/") + repo, "coder");
  }
  bench.fleet.repo("acme/busy", "waiter");
  bench.begin();
  bench.issue("acme/untrusted", 1, "ready_by = \"mallory\"\n");
  bench.issue("acme/edited", 1, fmt::format("edited_by = \"mallory\"\nedited_at = {}\n", ago(30)));
  bench.issue("acme/closed", 1, "blocked_by = [\"#2\"]\n");
  bench.fleet.write_issue("acme/closed", "2-done.md",
                          "+++\ntitle = \"Done\"\nstate = \"closed\"\n+++\n\nIt is done.\n");
  bench.issue("acme/unreadable", 1, "blocked_by = [\"#99\"]\n");
  bench.issue("acme/order", 1);
  bench.issue("acme/order", 2, "priority = 1\n");
  bench.issue("acme/busy", 1);
  bench.issue("acme/busy", 2);
  bench.tick();
  const auto expect_reason = [&](const char* repo, int number, const char* reason, int invariant) {
    const std::string found = bench.reason(repo, number);
    bench.expect(
        found == reason, invariant,
        fmt::format("{}#{}: the reason is '{}' instead of '{}'", repo, number, found, reason));
  };
  expect_reason("acme/untrusted", 1, "untrusted-label", 10);
  expect_reason("acme/edited", 1, "edited-after-label", 10);
  expect_reason("acme/closed", 1, "selected", 15);
  expect_reason("acme/unreadable", 1, "blocker-unreadable", 15);
  expect_reason("acme/order", 2, "selected", 15);
  expect_reason("acme/order", 1, "slot-taken", 15);
  expect_reason("acme/busy", 1, "selected", 15);
  expect_reason("acme/busy", 2, "slot-taken", 1);
  // A live run keeps its repository busy, and that is no trouble of the tick.
  bench.tick();
  expect_reason("acme/busy", 2, "repo-busy", 1);
  bench.let_go();
  bench.finish();
  bench.expect(bench.run_of("acme/untrusted").id.empty(), 10, "an untrusted issue was started");
  bench.expect(bench.run_of("acme/edited").id.empty(), 10, "an edited issue was started");
}

/// What ended for a person starts again by a newer label only, and not before its pause is over.
void held_back(Bench& bench) {
  bench.fleet.scripted("stuck", {"blocked", "cannot go on"});
  bench.fleet.repo("acme/stuck", "stuck");
  bench.begin();
  bench.set("cooldown", "\"10m\"");
  bench.issue("acme/stuck", 1);
  const std::string before = bench.fleet.issue_text("acme/stuck", 1);
  bench.finish();
  bench.expect_end("acme/stuck", "needs-human", 9);
  if (bench.failed()) {
    return;
  }
  // An editor that was open all the time saves what it knows: the old label is back.
  bench.fleet.write_issue("acme/stuck", "1-issue.md", before);
  bench.tick();
  std::string reason = bench.reason("acme/stuck", 1);
  bench.expect(reason == "human-label", 9,
               "an issue with its old label back was held back by '" + reason + "'");
  bench.issue("acme/stuck", 1, fmt::format("ready_at = {}\n", ago(-5)));
  bench.tick();
  reason = bench.reason("acme/stuck", 1);
  bench.expect(reason == "cooling-down", 9,
               "an issue that was released anew at once was held back by '" + reason + "'");
  bench.expect(bench.rows().runs.size() == 1, 9, "it was started again");
}

/// An agent that cannot be started is tried a bounded number of times, and then by nobody.
void cannot_start(Bench& bench) {
  bench.fleet.agent("missing", {"/nowhere/at/all"});
  bench.fleet.repo("acme/first", "missing");
  bench.fleet.repo("acme/second", "missing");
  bench.begin();
  bench.set("retry_delay", "\"20ms\"");
  bench.set("instance_retries", "1");
  bench.issue("acme/first", 1);
  bench.tick_until("the run of a missing agent ends", 4, [&] {
    const oracle::RunRow run = bench.run_of("acme/first");
    bench.expect(run.turns <= 2, 4,
                 fmt::format("{} turns of an agent that is not there", run.turns));
    return !run.id.empty() && !run.live();
  });
  if (bench.failed()) {
    return;
  }
  bench.expect_end("acme/first", "needs-human", 4);
  bench.issue("acme/second", 1);
  (void)bench.fleet.tick();
  const std::string reason = bench.reason("acme/second", 1);
  bench.expect(reason == "brake", 9, "the next issue was held back by '" + reason + "'");
  bench.finish();
}

}  // namespace

std::vector<Case> start_cases() {
  return {
      {"who may start", who_may_start}, {"held back", held_back}, {"cannot start", cannot_start}};
}

}  // namespace prove::policy
