// What may land, what a red CI leads to, and remotes that do not do what they should.
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "tests/prove/policy/bench.h"

namespace prove::policy {

namespace {

namespace fs = std::filesystem;
using test_support::content_of;

const char* const kRedCi = "\n[ci.red]\nkind = \"command\"\ncommand = [\"false\"]\n";

std::size_t base_length(const Bench& bench, const std::string& repo) {
  return bench.look().remotes.at(repo).base.size();
}

void red_tests(Bench& bench) {
  bench.fleet.default_lines = "test = [\"false\"]\n";
  bench.fleet.repo("acme/red", "coder");
  bench.begin();
  bench.set("verify_attempts", "1");
  bench.issue("acme/red", 1);
  bench.finish();
  bench.expect_end("acme/red", "needs-human", 10);
  bench.expect(base_length(bench, "acme/red") == 1, 10, "work landed whose tests are red");
}

void protected_path(Bench& bench) {
  bench.fleet.shell("meddler",
                    "mkdir ci; echo x > ci/deploy.sh; git add ci; git commit -q -m Meddle");
  bench.fleet.repo("acme/guarded", "meddler", "protected_paths = [\"ci/**\"]\n");
  bench.begin();
  bench.issue("acme/guarded", 1);
  bench.finish();
  bench.expect_end("acme/guarded", "needs-human", 10);
  bench.expect(base_length(bench, "acme/guarded") == 1, 10, "a protected path was changed");
}

/// CI is red after the landing and after the one fix: frozen, told, and not started again.
void frozen(Bench& bench) {
  bench.fleet.other_tables = kRedCi;
  bench.fleet.repo("acme/frozen", "coder", "ci = \"red\"\n");
  bench.begin();
  bench.set("fix_attempts", "1");
  bench.issue("acme/frozen", 1);
  bench.finish();
  bench.expect_end("acme/frozen", "frozen", 9);
  const oracle::Observation seen = bench.look();
  bench.expect(seen.starts.size() == 2, 2,
               fmt::format("{} agents where one fix was allowed", seen.starts.size()));
  bench.expect(seen.notifications.size() == 1, 3,
               fmt::format("{} notifications of one end", seen.notifications.size()));
}

/// One red head is worth one corrective turn, however often it is looked at.
void no_progress(Bench& bench) {
  const std::string second = bench.fleet.folder() + "/second";
  bench.fleet.shell("giver-up", "echo started $RUNNER_TURN >> $FAKE_AGENT_LOG; [ -e " + second +
                                    " ] && exit 0; touch " + second +
                                    "; echo x > x; git add x; git commit -q -m Work");
  bench.fleet.other_tables = kRedCi;
  bench.fleet.repo("acme/still", "giver-up", "ci = \"red\"\n");
  bench.begin();
  bench.set("fix_window", "\"3s\"");
  bench.issue("acme/still", 1);
  bench.tick_until("a run without progress ends", 4, [&] {
    const oracle::RunRow run = bench.run_of("acme/still");
    bench.expect(run.fix_attempts <= 1, 2,
                 fmt::format("{} corrective turns for one red head", run.fix_attempts));
    return !run.id.empty() && !run.live();
  });
  bench.finish();
  bench.expect_end("acme/still", "frozen", 9);
}

/// Somebody else's commit comes onto the base while ours is verified.
void moved_base(Bench& bench) {
  const std::string folder = bench.fleet.folder();
  bench.fleet.repo(
      "acme/moved", "coder",
      "test = [\"/bin/sh\", \"-c\", '''[ -e " + folder + "/moved ] && exit 0; touch " + folder +
          "/moved; git clone -q " + bench.fleet.remote("acme/moved") + " " + folder +
          "/other && cd " + folder +
          "/other && echo other > other && git add other && git commit -q -m Other && "
          "git push -q origin HEAD:main''']\n"
          "env = { GIT_AUTHOR_NAME = \"bob\", GIT_AUTHOR_EMAIL = \"bob@example.com\", "
          "GIT_COMMITTER_NAME = \"bob\", GIT_COMMITTER_EMAIL = \"bob@example.com\" }\n");
  bench.begin();
  bench.issue("acme/moved", 1);
  bench.finish();
  bench.expect_end("acme/moved", "landed", 10);
  const auto base = bench.look().remotes.at("acme/moved").base;
  bench.expect(std::ranges::any_of(base,
                                   [](const oracle::CommitSeen& commit) {
                                     return commit.message.starts_with("Other");
                                   }),
               10, "somebody else's commit is gone from the base branch");
}

/// Somebody pushes to the base whenever a merge with it is verified. Nothing may land that was not,
/// and it is not gone on with for ever: a person is called, and told why.
void ever_moving_base(Bench& bench) {
  const std::string verified = bench.fleet.folder() + "/verified";
  const std::string other = bench.fleet.folder() + "/other";
  bench.fleet.default_lines = fmt::format(
      "test = [\"sh\", \"-c\", \"echo again >> {0} && rm -rf {1} && "
      "git clone -q {2} {1} && cd {1} && date +%N > other.txt && git add other.txt && "
      "git -c user.name=other -c user.email=other@localhost commit -q -m Other && "
      "git push -q origin HEAD:main\"]\n",
      verified, other, bench.fleet.remote("acme/racing"));
  bench.fleet.repo("acme/racing", "coder");
  bench.begin();
  bench.set("land_attempts", "3");
  bench.issue("acme/racing", 1);
  bench.finish(60);
  bench.expect_end("acme/racing", "needs-human", 4);
  const oracle::RunRow run = bench.run_of("acme/racing");
  bench.expect(run.reason == "the base moved under 3 landings in a row", 4,
               "the end of a landing that lost every race says: " + run.reason);
  const std::string times = content_of(verified);
  bench.expect(std::ranges::count(times, '\n') == 3, 4,
               fmt::format("{} merges were verified where 3 landings were allowed",
                           std::ranges::count(times, '\n')));
  const oracle::Observation seen = bench.look();
  bench.expect(
      seen.starts.size() == 1, 2,
      fmt::format("{} agents for one issue, none of whose merges conflicts", seen.starts.size()));
  bench.expect(seen.notifications.size() == 1, 3,
               fmt::format("{} notifications of one end", seen.notifications.size()));
  bench.expect(std::ranges::all_of(seen.remotes.at("acme/racing").base,
                                   [](const oracle::CommitSeen& commit) {
                                     return commit.message.find("Runner-Run") == std::string::npos;
                                   }),
               10, "a merge landed that was not verified");
}

/// The remote says no: nothing has landed, and the row says so.
void refused_push(Bench& bench) {
  bench.fleet.repo("acme/refusing", "coder");
  const std::string hook = bench.fleet.remote("acme/refusing") + "/hooks/pre-receive";
  test_support::write_file(hook, "#!/bin/sh\nexit 1\n");
  ::chmod(hook.c_str(), 0755);
  bench.begin();
  bench.issue("acme/refusing", 1);
  bench.finish();
  bench.expect_end("acme/refusing", "needs-human", 4);
}

/// The remote is away for a dozen ticks. That must not use up what a landing may be tried.
void outage(Bench& bench) {
  bench.fleet.repo("acme/away", "waiter");
  bench.begin();
  bench.issue("acme/away", 1);
  bench.tick();
  const std::string remote = bench.fleet.remote("acme/away");
  fs::rename(remote, remote + ".away");
  bench.let_go();
  bench.tick_until("the landing is tried", 3, [&] {
    return std::ranges::any_of(bench.rows().outbox, [](const oracle::EffectRow& row) {
      return row.kind == "land" && row.attempts > 0;
    });
  });
  for (int i = 0; i < 12; ++i) {
    (void)bench.fleet.tick();
  }
  bench.expect(std::ranges::none_of(bench.rows().outbox,
                                    [](const oracle::EffectRow& row) {
                                      return row.kind == "land" && row.state == "done";
                                    }),
               3, "a landing is recorded as done that was never made");
  fs::rename(remote + ".away", remote);
  bench.finish(60);
  bench.expect_end("acme/away", "landed", 3);
}

/// The remote is away for good: the landing is given up, visibly.
void gone_for_good(Bench& bench) {
  bench.fleet.repo("acme/gone", "waiter");
  bench.begin();
  bench.set("retry_delay", "\"10ms\"");
  bench.issue("acme/gone", 1);
  bench.tick();
  const std::string remote = bench.fleet.remote("acme/gone");
  fs::rename(remote, remote + ".away");
  bench.let_go();
  bench.tick_until("a landing that cannot be made is given up", 3, [&] {
    const oracle::Observation seen = bench.rows();
    const auto land = std::ranges::find(seen.outbox, "land", &oracle::EffectRow::kind);
    bench.expect(land == seen.outbox.end() || land->attempts <= 8, 3,
                 "a landing was tried more than eight times");
    return !seen.runs.empty() && !seen.runs.front().live();
  });
  fs::rename(remote + ".away", remote);
  bench.finish();
  bench.expect_end("acme/gone", "needs-human", 3);
}

/// A tick sleeps before a landing for longer than its lease. The remote is away for the ones after
/// it, the issue is deleted, the run ends, and the last of them dies before it gives the worktree
/// back. When the sleeper wakes up all is as it was left, but it must not push.
void late_push(Bench& bench) {
  const std::string log = bench.fleet.folder() + "/points.log";
  const std::string point = "land_before";
  bench.fleet.repo("acme/late", "coder");
  bench.begin();
  bench.set("lease_ttl", "\"1s\"");
  bench.issue("acme/late", 1);
  std::optional<test_support::Started> sleeper;
  bench.wait_for("a tick is about to land", 10, [&] {
    if (!sleeper || sleeper->ended()) {
      sleeper.reset();
      sleeper.emplace(bench.start_at(point + "=stop", log));
    }
    return content_of(log).find(point) != std::string::npos;
  });
  if (bench.failed()) {
    return;
  }
  const std::string remote = bench.fleet.remote("acme/late");
  fs::rename(remote, remote + ".away");
  fs::remove(bench.fleet.folder() + "/issues/acme/late/1-issue.md");
  bench.wait_for("others end the run", 4, [&] {
    (void)bench.start_at("rescue_before=kill", log).finish();
    return bench.run_of("acme/late").outcome == "cancelled";
  });
  fs::rename(remote + ".away", remote);
  sleeper->kill(SIGCONT);
  (void)sleeper->finish();
  bench.finish();
  bench.expect_end("acme/late", "cancelled", 4);
  bench.expect(base_length(bench, "acme/late") == 1, 10, "a run that had ended was pushed");
}

/// A CI that never says anything is waited for until its deadline, and then a person is called.
void silent_ci(Bench& bench) {
  bench.fleet.other_tables =
      "\n[ci.silent]\nkind = \"command\"\ncommand = [\"sleep\", \"300\"]\ndeadline = \"2s\"\n";
  bench.fleet.repo("acme/silent-ci", "coder", "ci = \"silent\"\n");
  bench.begin();
  bench.issue("acme/silent-ci", 1);
  (void)bench.fleet.tick();
  bench.tick_until(
      "a run ends whose CI never reports", 4,
      [&] {
        const oracle::RunRow run = bench.run_of("acme/silent-ci");
        return !run.id.empty() && !run.live();
      },
      20);
  bench.finish();
  bench.expect_end("acme/silent-ci", "needs-human", 4);
}

}  // namespace

std::vector<Case> landing_cases() {
  return {{"silent ci", silent_ci},
          {"outage", outage},
          {"gone for good", gone_for_good},
          {"no progress", no_progress},
          {"frozen", frozen},
          {"moved base", moved_base},
          {"late push", late_push},
          {"red tests", red_tests},
          {"protected path", protected_path},
          {"refused push", refused_push},
          {"ever moving base", ever_moving_base}};
}

}  // namespace prove::policy
