#include "tests/prove/trace/scenario.h"

#include <sys/syscall.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include <fmt/format.h>

#include "tests/prove/trace/calls.h"
#include "tests/prove/trace/converge.h"

namespace prove::trace {

namespace {

constexpr std::int64_t kFreshSeconds = 240;

std::int64_t seconds_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void must(bool held, const std::string& what) {
  if (!held) {
    throw std::runtime_error("the scenario cannot be prepared: " + what);
  }
}

void tick(const Ground& ground) {
  const End end = ground.tick();
  must(end.code == 0, fmt::format("a tick ended with {}: {}{}", end.code, end.out, end.error));
}

/// A tick that starts something which waits at a gate; then the gate opens and it ends.
void tick_and_pass(const Ground& ground, std::string_view gate) {
  tick(ground);
  ground.open(gate);
  must(ground.wait_for_turns(), "what waited at a gate does not end");
}

bool renames(const Call& call) {
  return call.number == SYS_rename || call.number == SYS_renameat || call.number == SYS_renameat2;
}

std::uint64_t new_name(const Call& call) {
  return call.arguments[call.number == SYS_rename ? 1 : 3];
}

/// A tick that lands dies after the push, before it has written that down.
void die_after_the_push(const Ground& ground) {
  bool pushed = false;
  const Traced traced = run_traced(ground.runner({"tick"}), false, [&](const Call& call) {
    if (pushed && call.number == SYS_pwrite64) {
      return Verdict{.act = Verdict::Act::kill};
    }
    pushed = pushed || (renames(call) && text_at(call, new_name(call)).ends_with("/heads/main") &&
                        text_at(call, new_name(call)).find("/remotes/") != std::string::npos);
    return Verdict{};
  });
  must(traced.killed, "no push was seen: " + traced.end.out + traced.end.error);
}

/// A tick dies when everything is there for a turn but its supervisor.
void die_before_the_supervisor(const Ground& ground) {
  const Traced traced = run_traced(ground.runner({"tick"}), false, [&](const Call& call) {
    const bool fork = effect_of(call) == Effect::process && !makes_thread(call);
    return Verdict{.act = fork ? Verdict::Act::kill : Verdict::Act::go};
  });
  must(traced.killed && ground.turns().size() == 1, "no turn was made");
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = {
      {"idle", "a landed run, and nothing to do"},
      {"claim", "a released issue: claim it, make the worktree, dispatch"},
      {"settle", "the agent's turn has ended: settle it, start the test command"},
      {"land", "the tests have passed: merge, push, start CI"},
      {"fix", "CI is red: start the agent again"},
      {"close", "CI is green: close the issue, give the worktree back"},
      {"recover", "the last tick died between its push and the record of it"},
      {"supervise", "a turn's own supervisor, from its start to its end", true},
  };
  return all;
}

const Scenario& scenario(std::string_view name) {
  const auto found = std::ranges::find(scenarios(), name, &Scenario::name);
  if (found == scenarios().end()) {
    throw std::runtime_error(fmt::format("there is no scenario {}", name));
  }
  return *found;
}

void prepare(const Ground& ground) {
  ground.kill_processes();
  ground.make();
  ground.save("claim");
  tick_and_pass(ground, "agent");
  ground.save("settle");
  tick_and_pass(ground, "verify");
  ground.save("land");
  tick_and_pass(ground, "ci");
  for (const char* gate : {"agent", "verify", "ci"}) {
    ground.close(gate);
  }
  ground.save("fix");
  tick_and_pass(ground, "agent");
  tick_and_pass(ground, "verify");
  tick_and_pass(ground, "ci");
  ground.save("close");
  must(converge(ground).quiet, "the run does not end");
  ground.save("idle");
  ground.restore("land");
  die_after_the_push(ground);
  ground.save("recover");
  ground.restore("claim");
  die_before_the_supervisor(ground);
  ground.open("agent");
  ground.save("supervise");
}

Launch launch_of(const Scenario& scenario, const Ground& ground) {
  return scenario.supervisor ? ground.supervisor(ground.turns().at(0)) : ground.runner({"tick"});
}

const Ground& Stage::at(const Scenario& scenario) {
  if (prepared_ == 0 || seconds_now() - prepared_ > kFreshSeconds) {
    prepare(ground_);
    prepared_ = seconds_now();
  }
  ground_.restore(std::string(scenario.name));
  return ground_;
}

}  // namespace prove::trace
