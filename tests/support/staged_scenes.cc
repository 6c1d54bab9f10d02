// The scenes themselves: how each moment is reached.
#include <filesystem>
#include <stdexcept>
#include <thread>

#include <sqlite3.h>

#include "tests/support/staged_fleet.h"

namespace test_support {

namespace {

using Words = std::vector<std::string>;

constexpr const char* kRepo = "acme/shop";

/// What every agent does first: it counts its start, spends, and says so.
constexpr const char* kBegin =
    "echo \"started $RUNNER_TURN\" >> \"$FAKE_AGENT_LOG\"; "
    "echo \"$RUNNER_TURN 100000 1000\" >> \"$FAKE_AGENT_METER\"; "
    "printf '{\"usd\": \"0.10\", \"tokens\": 1000}' > \"$RUNNER_TURN_DIR/usage.json\"; ";
constexpr const char* kCommit = "git add -A; git commit -q -m 'Work on it'; ";

void declare(SmallFleet& fleet, const std::string& script, const std::string& repo_lines = "",
             bool with_issue = true) {
  const std::string wait = test_program("gated") + " " + gate_of(fleet) + " true; ";
  fleet.default_lines = "test = [\"/bin/sh\", \"-c\", \"" + wait + "true\"]\n";
  fleet.limit_lines += "lease_ttl = \"1s\"\nturn_grace = \"200ms\"\n";
  // Red as long as there is a file of that name.
  fleet.other_tables += "\n[ci.gate]\nkind = \"command\"\ncommand = [\"/bin/sh\", \"-c\", \"" +
                        wait + "test ! -e red\"]\n";
  fleet.shell("coder", kBegin + wait + script);
  fleet.repo(kRepo, "coder", "ci = \"gate\"\n" + repo_lines);
  if (with_issue) {
    fleet.issue(kRepo, 1);
  }
}

void declare_plain(SmallFleet& fleet) {
  declare(fleet, std::string("date +%N > \"work-$RUNNER_TURN_NUMBER\"; ") + kCommit);
}

/// Landed by a pull request on a forge, which the runner merges itself.
void declare_pull(SmallFleet& fleet) {
  declare(fleet, std::string("date +%N > \"work-$RUNNER_TURN_NUMBER\"; ") + kCommit,
          "tracker = \"hub\"\nlanding = \"pull-request\"\nmerge_when_green = true\n",
          /*with_issue=*/false);
}

void declare_red(SmallFleet& fleet) {
  declare(fleet, std::string(
                     "date +%N > work; case $RUNNER_TURN_KIND in opening) echo no > red;; *) rm -f "
                     "red;; esac; ") +
                     kCommit);
}

void declare_red_for_ever(SmallFleet& fleet) {
  fleet.limit_lines = "fix_attempts = 1\n";
  declare(fleet, std::string("date +%N > red; ") + kCommit);
}

/// Commits, says that it cannot go on, and leaves a file that it did not commit.
void declare_blocked(SmallFleet& fleet) {
  declare(fleet, std::string("echo half > work; ") + kCommit +
                     "echo loose > loose; runner report --blocked 'nobody knows how'; ");
}

void declare_hanging(SmallFleet& fleet) {
  declare(fleet, std::string("echo half > work; ") + kCommit + "sleep 60; ");
}

/// Works for a while, so that ticks see it alive.
void declare_long(SmallFleet& fleet) {
  declare(fleet, std::string("echo x > work; sleep 0.7; ") + kCommit);
}

/// Never ends by itself; its deadline comes soon.
void declare_endless(SmallFleet& fleet) {
  fleet.limit_lines = "turn_deadline = \"1s\"\n";
  declare(fleet, "sleep 60; ");
}

void tick(SmallFleet& fleet) {
  close_gate(fleet);
  const Answer answer = fleet.tick();
  if (answer.exit_code != 0) {
    throw std::runtime_error("a tick that prepares a scene ended with " +
                             std::to_string(answer.exit_code) + ": " + answer.out + answer.error);
  }
}

/// So many ticks, each after the turns of the one before.
void steps(SmallFleet& fleet, int count) {
  for (int i = 0; i < count; ++i) {
    tick(fleet);
    open_gate(fleet);
    (void)wait_for_turns(fleet);
  }
}

void until_over(SmallFleet& fleet) {
  for (int i = 0; i < 30; ++i) {
    tick(fleet);
    open_gate(fleet);
    (void)wait_for_turns(fleet);
    const RunSeen run = fleet.run_of(kRepo);
    if (!run.id.empty() && !run.live) {
      return;
    }
  }
  throw std::runtime_error("a run that prepares a scene does not end");
}

std::function<void(SmallFleet&)> after_steps(int count) {
  return [count](SmallFleet& fleet) { steps(fleet, count); };
}

Words tick_words(const SmallFleet&) {
  return {"tick"};
}

/// Somebody else lands a commit of their own.
void move_base(SmallFleet& fleet) {
  (void)fleet.shell_output("rm -rf other && git clone -q " + fleet.remote(kRepo) +
                           " other && cd other && echo hello > other && git add -A && "
                           "git commit -q -m Other && git push -q && cd .. && rm -rf other");
}

/// Dies with the turn started and nothing of that recorded, and with the lease in its hand.
void die_after_start(SmallFleet& fleet) {
  fleet.play.environment.push_back("RUNNER_POINT=start_turn_after=kill");
  (void)fleet.tick();
  fleet.play.environment.pop_back();
}

void hang(SmallFleet& fleet) {
  tick(fleet);
  if (!fleet.wait_for_starts(1)) {
    throw std::runtime_error("the agent of a scene was not started");
  }
}

Words cancel_words(const SmallFleet& fleet) {
  return {"runs", "cancel", fleet.run_of(kRepo).id};
}

Words release_words(const SmallFleet& fleet) {
  return {"runs", "release", fleet.run_of(kRepo).id};
}

void cancel(SmallFleet& fleet) {
  (void)fleet.run(cancel_words(fleet));
}

void resume(SmallFleet& fleet) {
  (void)fleet.run({"resume"});
}

/// Everything over and forgotten by the state, and a worktree that belongs to nobody: what only the
/// janitor still knows of.
void old_house(SmallFleet& fleet) {
  until_over(fleet);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  tick(fleet);
  // What the state has forgotten, the judge is not told.
  (void)fleet.shell_output(
      "rm -f agent.log meter.log; cd state/worktrees/* && cp -a w1 w7 && echo loose > w7/loose && "
      "sed -e 's/^slot .*/slot w7/' -e 's/^run .*/run rgone/' -e 's/^branch .*/branch "
      "runner\\/9-x/' "
      "w1.record > w7.record");
}

/// A state of before the first migration.
void old_state(SmallFleet& fleet) {
  std::filesystem::create_directories(fleet.folder() + "/state");
  sqlite3* database = nullptr;
  const bool opened =
      sqlite3_open((fleet.folder() + "/state/state.db").c_str(), &database) == SQLITE_OK;
  const bool made =
      opened &&
      sqlite3_exec(database,
                   "PRAGMA application_id=1920298610;"
                   "CREATE TABLE schema_migrations(name TEXT PRIMARY KEY NOT NULL, applied_at "
                   "INTEGER NOT NULL, digest TEXT NOT NULL) STRICT;",
                   nullptr, nullptr, nullptr) == SQLITE_OK;
  sqlite3_close(database);
  if (!made) {
    throw std::runtime_error("cannot make a state of before the first migration");
  }
}

std::vector<Scene> make_scenes() {
  const auto nothing = [](SmallFleet&) {};
  const auto declare_idle = [](SmallFleet& fleet) { declare(fleet, "true", "", false); };
  const auto declare_setup = [](SmallFleet& fleet) {
    declare(fleet, std::string("echo x > work; ") + kCommit, "setup = [[\"true\"]]\n");
  };
  const auto declare_old = [](SmallFleet& fleet) {
    fleet.other_tables =
        "\n[retention]\nfinished_runs = \"1s\"\ntranscripts = \"1s\"\ndecisions = \"1s\"\n";
    declare_plain(fleet);
  };
  const auto blocked_over = [](SmallFleet& fleet) { until_over(fleet); };
  return {
      {"idle", declare_idle, after_steps(1), {}, tick_words, {}},
      {"new", declare_setup, nothing, {}, tick_words, {}},
      {"settle", declare_plain, after_steps(1), {}, tick_words, {}},
      {"land", declare_plain, after_steps(2), {}, tick_words, {}},
      {"propose", declare_pull, after_steps(2), {}, tick_words, {}, /*forge=*/true},
      {"merge-pull", declare_pull, after_steps(4), {}, tick_words, {}, /*forge=*/true},
      {"merge",
       declare_plain,
       [](SmallFleet& fleet) {
         steps(fleet, 2);
         move_base(fleet);
       },
       {},
       tick_words,
       {}},
      {"ci-green", declare_plain, after_steps(3), {}, tick_words, {}},
      {"ci-red", declare_red, after_steps(3), {}, tick_words, {}},
      {"recover", declare_plain, die_after_start, {}, tick_words, {}},
      {"freeze", declare_red_for_ever, after_steps(6), {}, tick_words, {}},
      {"cancel",
       declare_hanging,
       nothing,
       [](SmallFleet& fleet) {
         hang(fleet);
         cancel(fleet);
       },
       tick_words,
       {}},
      {"alive", declare_long, nothing, hang, tick_words, {}},
      {"endless", declare_endless, nothing, hang, tick_words, {}},
      {"cancel-asked", declare_hanging, nothing, hang, cancel_words, cancel},
      {"blocked", declare_blocked, after_steps(1), {}, tick_words, {}},
      {"release-asked", declare_blocked, blocked_over, {}, release_words, {}},
      {"release",
       declare_blocked,
       [](SmallFleet& fleet) {
         until_over(fleet);
         (void)fleet.run(release_words(fleet));
       },
       {},
       tick_words,
       {}},
      {"pause",
       declare_plain,
       nothing,
       {},
       [](const SmallFleet&) { return Words{"pause", "--why", "a test"}; },
       resume},
      {"resume",
       declare_plain,
       [](SmallFleet& fleet) { (void)fleet.run({"pause"}); },
       {},
       [](const SmallFleet&) { return Words{"resume"}; },
       resume},
      {"janitor", declare_old, old_house, {}, tick_words, {}},
      {"migrate", declare_plain, old_state, {}, tick_words, {}},
  };
}

}  // namespace

const std::vector<Scene>& scenes() {
  static const std::vector<Scene> all = make_scenes();
  return all;
}

}  // namespace test_support
