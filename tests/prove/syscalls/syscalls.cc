// Kills ticks, and supervisors of turns, on entry to each of their system calls. What is left is
// judged at once, then given two clean ticks and judged again by all that is true at any moment.
// Cases that may tell something new, and one in ten, go on to rest and are judged there:
// trace/aftermath.h says which. `--only` always goes on to rest.
#include <sys/syscall.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tests/prove/frame/harness.h"
#include "tests/prove/frame/pool.h"
#include "tests/prove/trace/aftermath.h"
#include "tests/prove/trace/calls.h"
#include "tests/prove/trace/own_pids.h"
#include "tests/prove/trace/scenario.h"
#include "tests/prove/trace/sieve.h"
#include "tests/prove/trace/tracer.h"
#include "tests/support/whole_file.h"

namespace prove {
namespace {

using trace::Call;
using trace::Scenario;
using trace::Verdict;

/// One place to die at.
struct Pair {
  std::string_view scenario;
  int number = 0;
  std::int64_t ordinal = 0;
  bool changes = false;  ///< the call would have changed something
  [[nodiscard]] std::string name() const {
    return fmt::format("{}:{}:{}", scenario, trace::name_of(number), ordinal);
  }
};

bool parse(const std::string& text, Pair& pair) {
  const std::size_t first = text.find(':');
  const std::size_t second = text.find(':', first + 1);
  if (first == std::string::npos || second == std::string::npos) {
    return false;
  }
  pair.scenario = trace::scenario(text.substr(0, first)).name;
  pair.number = trace::number_of(text.substr(first + 1, second - first - 1));
  pair.ordinal = std::atoll(text.c_str() + second + 1);
  return pair.number >= 0 && pair.ordinal > 0;
}

bool changes(const Call& call) {
  switch (trace::effect_of(call)) {
    case trace::Effect::file:
    case trace::Effect::process:
    case trace::Effect::network: return true;
    case trace::Effect::none:
    case trace::Effect::sync:
    case trace::Effect::lock:
    case trace::Effect::handle: return false;
  }
  return false;
}

/// Every call that the scenario makes when nothing happens to it.
std::vector<Pair> learn(trace::Stage& stage, const Scenario& scenario) {
  const trace::Ground& ground = stage.at(scenario);
  std::vector<Pair> pairs;
  const trace::Traced traced =
      trace::run_traced(trace::launch_of(scenario, ground), false, [&](const Call& call) {
        pairs.push_back({.scenario = scenario.name,
                         .number = call.number,
                         .ordinal = call.ordinal,
                         .changes = changes(call)});
        return Verdict{};
      });
  if (traced.end.code != 0) {
    throw std::runtime_error(fmt::format("scenario {} ends with {} unhurt: {}{}", scenario.name,
                                         traced.end.code, traced.end.out, traced.end.error));
  }
  return pairs;
}

/// Each kind of call of the scenario once, then half of the calls that change something, half of
/// any.
std::vector<Pair> sample(std::vector<Pair> pairs, std::size_t most, std::mt19937_64& random) {
  std::ranges::shuffle(pairs, random);
  std::vector<Pair> chosen;
  std::vector<Pair> changing;
  std::vector<Pair> others;
  std::map<int, bool> seen;
  for (const Pair& pair : pairs) {
    if (!std::exchange(seen[pair.number], true)) {
      chosen.push_back(pair);
    } else {
      (pair.changes && changing.size() < most / 2 ? changing : others).push_back(pair);
    }
  }
  for (const auto* more : {&changing, &others}) {
    for (const Pair& pair : *more) {
      if (chosen.size() < most) {
        chosen.push_back(pair);
      }
    }
  }
  return chosen;
}

/// What a death may leave behind; a harness that never saw it does not kill where it matters.
void note_marks(const oracle::Observation& left, const trace::Ground& ground, Record& record) {
  if (!test_support::whole_file(ground.state_file() + "-journal").empty()) {
    record.seen("a step half written");
  }
  for (const oracle::EffectRow& row : left.outbox) {
    if (row.state == "claimed") {
      record.seen("an effect claimed and not finished");
    }
    if (row.state == "pending") {
      record.seen("an effect recorded and not begun");
    }
  }
  if (!left.has_state) {
    record.seen("no state yet");
  }
  for (const oracle::TurnRow& turn : left.turns) {
    if (turn.state == "planned" && left.starts.contains({turn.run, turn.number})) {
      record.seen("an agent at work whose start is not recorded");
    }
  }
}

void kill_at(trace::Stage& stage, const Pair& pair, std::int64_t index, trace::Follower& follower,
             const Options& options, Record& record) {
  const Scenario& scenario = trace::scenario(pair.scenario);
  const trace::Ground& ground = stage.at(scenario);
  const trace::Sifted sifted =
      trace::run_sifted(trace::launch_of(scenario, ground), {pair.number}, [&](const Call& call) {
        const bool here = call.number == pair.number && call.ordinal == pair.ordinal;
        return Verdict{.act = here ? Verdict::Act::kill : Verdict::Act::go};
      });
  const trace::Traced& traced = sifted.traced;
  const auto violation = [&](const std::string& what) {
    record.violation({.what = what, .where = pair.name(), .seed = options.seed});
  };
  record.count("cases");
  record.count(traced.killed ? "kills" : "pairs that did not come again");
  record.count(fmt::format("in {}", scenario.name));
  if (!traced.killed && traced.end.code != 0) {
    violation(fmt::format("invariant 4: unhurt, it {} {}: {}{}",
                          traced.end.hung ? "hangs, and ended with" : "ended with", traced.end.code,
                          traced.end.out, traced.end.error));
  }
  const oracle::Observation left = ground.observe();
  note_marks(left, ground, record);
  if (const auto findings = oracle::judge_always(left, trace::Ground::rules()); !findings.empty()) {
    violation("at once: " + oracle::describe(findings));
  }
  const trace::Aftermath after =
      follower.follow(ground, left, !scenario.supervisor, scenario.name, index);
  record.count("clean ticks", after.ticks);
  record.count("clean ticks that reported a failure", after.failing_ticks);
  record.count("cases judged at rest", after.at_rest ? 1 : 0);
  if (!after.broken.empty()) {
    violation(after.broken);
  }
}

std::vector<Pair> choose(Pool<trace::Stage>& stages, const Options& options, Record& record) {
  if (!options.only.empty()) {
    Pair pair;
    if (!parse(options.only, pair)) {
      throw std::runtime_error("--only takes SCENARIO:CALL:ORDINAL, such as land:pwrite64:17");
    }
    return {pair};
  }
  std::vector<Pair> all;
  std::mt19937_64 random(mix(options.seed, "syscalls"));
  std::int64_t learnt = 0;
  const auto stage = stages.take();
  for (const Scenario& scenario : trace::scenarios()) {
    std::vector<Pair> pairs = learn(*stage, scenario);
    learnt += static_cast<std::int64_t>(pairs.size());
    if (options.tier == Tier::quick) {
      pairs = sample(std::move(pairs), 1500 / trace::scenarios().size() + 1, random);
    }
    all.insert(all.end(), pairs.begin(), pairs.end());
  }
  record.figure("pairs there are", learnt);
  std::ranges::shuffle(all, random);
  return all;
}

void harness(const Options& options, Record& record) {
  for (const char* mark : {"a step half written", "an effect claimed and not finished",
                           "an effect recorded and not begun", "no state yet",
                           "an agent at work whose start is not recorded"}) {
    record.expect(mark);
  }
  Pool<trace::Stage> stages(
      [&](int number) { return std::make_unique<trace::Stage>(options, number); });
  const std::vector<Pair> pairs = choose(stages, options, record);
  trace::Follower follower(options);
  spread(options, record, static_cast<std::int64_t>(pairs.size()), [&](std::int64_t index) {
    const auto stage = stages.take();
    kill_at(*stage, pairs[static_cast<std::size_t>(index)], index, follower, options, record);
  });
}

}  // namespace
}  // namespace prove

int main(int argc, char** argv) {
  return prove::trace::among_own_pids(
      [&] { return prove::main(argc, argv, "syscalls", prove::harness, 3); });
}
