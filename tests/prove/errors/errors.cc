// Lets one system call of a tick, or of a turn's supervisor, fail: once, or from then on until the
// process ends. It has to end by itself, say so where it could not do its work, and be mended by
// ticks alone when the cause is gone: two of them for each case, and on to rest for those that may
// tell something new and one in ten (trace/aftermath.h). `--only` always goes on to rest.
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tests/prove/errors/fault.h"
#include "tests/prove/frame/harness.h"
#include "tests/prove/frame/pool.h"
#include "tests/prove/trace/aftermath.h"
#include "tests/prove/trace/calls.h"
#include "tests/prove/trace/own_pids.h"
#include "tests/prove/trace/scenario.h"
#include "tests/prove/trace/sieve.h"
#include "tests/prove/trace/tracer.h"

namespace prove {
namespace {

using trace::Call;
using trace::Scenario;

/// What the state says was done, to compare a hurt tick with one that was not.
std::string progress_of(const oracle::Observation& seen) {
  std::string text;
  for (const oracle::RunRow& run : seen.runs) {
    text += fmt::format("run {} {} {} turns; ", run.step, run.outcome, run.turns);
  }
  const auto done = std::ranges::count(seen.outbox, "done", &oracle::EffectRow::state);
  return fmt::format("{}{} of {} effects", text, done, seen.outbox.size());
}

struct Learnt {
  std::vector<Fault> faults;
  std::string progress;  ///< after the same tick, unhurt
};

/// Every call that changes something, when nothing fails.
Learnt learn(trace::Stage& stage, const Scenario& scenario) {
  const trace::Ground& ground = stage.at(scenario);
  Learnt learnt;
  std::map<int, std::int64_t> ordinals;
  const trace::Traced traced =
      trace::run_traced(trace::launch_of(scenario, ground), false, [&](const Call& call) {
        // The execve is what started it.
        if (trace::effect_of(call) != trace::Effect::none && call.number != SYS_execve) {
          const std::int64_t ordinal = ++ordinals[call.number];
          for (const int error : injected_errors()) {
            for (const bool sticky : {false, true}) {
              learnt.faults.push_back({.scenario = scenario.name,
                                       .number = call.number,
                                       .ordinal = ordinal,
                                       .error = error,
                                       .sticky = sticky});
            }
          }
        }
        return trace::Verdict{};
      });
  if (traced.end.code != 0) {
    throw std::runtime_error(fmt::format("scenario {} ends with {} unhurt: {}{}", scenario.name,
                                         traced.end.code, traced.end.out, traced.end.error));
  }
  learnt.progress = progress_of(ground.observe());
  return learnt;
}

/// Each kind of call with each error once, then any.
std::vector<Fault> sample(std::vector<Fault> faults, std::size_t most, std::mt19937_64& random) {
  std::ranges::shuffle(faults, random);
  std::vector<Fault> chosen;
  std::vector<Fault> others;
  std::map<std::pair<int, int>, bool> seen;
  for (const Fault& fault : faults) {
    const bool fresh = !std::exchange(seen[{fault.number, fault.error}], true);
    (fresh ? chosen : others).push_back(fault);
  }
  const std::size_t more = most - std::min(most, chosen.size());
  others.resize(std::min(others.size(), more));
  chosen.insert(chosen.end(), others.begin(), others.end());
  return chosen;
}

/// What a program that was hurt must not do. Empty = nothing of it. `silenced`: its words are lost
/// by the fault itself.
std::string misbehaviour(const Scenario& scenario, const trace::End& end, bool silenced,
                         const std::string& progress, const std::string& unhurt) {
  if (end.hung) {
    return "it hangs";
  }
  if (end.code != 0 && end.code != 1 && end.code != 3 && end.code != 75) {
    return fmt::format("it ends with {}: {}{}", end.code, end.out, end.error);
  }
  if (scenario.supervisor || silenced) {
    return {};
  }
  if (end.code != 0 && end.out.empty() && end.error.empty()) {
    return fmt::format("it ends with {} and says nothing", end.code);
  }
  const bool complained = end.out.find("\"level\":\"warning\"") != std::string::npos ||
                          end.out.find("\"level\":\"error\"") != std::string::npos ||
                          !end.error.empty();
  if (end.code == 0 && !complained && progress != unhurt) {
    return fmt::format("it ends with 0 and is silent about what it did not do: {}, unhurt {}",
                       progress, unhurt);
  }
  return {};
}

class Sweep {
 public:
  Sweep(const Options& options, Record& record)
      : options_(options),
        record_(record),
        follower_(options),
        stages_([&](int number) { return std::make_unique<trace::Stage>(options, number); }) {}

  void run() {
    const std::vector<Fault> faults = choose();
    spread(options_, record_, static_cast<std::int64_t>(faults.size()), [&](std::int64_t index) {
      const auto stage = stages_.take();
      hurt(*stage, faults[static_cast<std::size_t>(index)], index);
    });
  }

 private:
  std::vector<Fault> choose() {
    std::vector<Fault> all;
    std::mt19937_64 random(mix(options_.seed, "errors"));
    std::int64_t there_are = 0;
    const auto stage = stages_.take();
    for (const Scenario& scenario : trace::scenarios()) {
      Learnt learnt = learn(*stage, scenario);
      unhurt_[scenario.name] = learnt.progress;
      there_are += static_cast<std::int64_t>(learnt.faults.size());
      if (options_.tier == Tier::quick) {
        learnt.faults =
            sample(std::move(learnt.faults), 1500 / trace::scenarios().size() + 1, random);
      }
      all.insert(all.end(), learnt.faults.begin(), learnt.faults.end());
    }
    if (!options_.only.empty()) {
      return {parse_fault(options_.only)};
    }
    record_.figure("faults there are", there_are);
    std::ranges::shuffle(all, random);
    return with_waits_between(all);
  }

  /// A lock that is never given is waited for longest: some others before each of those cases, and
  /// none of them at the end, when nothing else is left.
  static std::vector<Fault> with_waits_between(const std::vector<Fault>& all) {
    const auto waits = [](const Fault& fault) { return fault.sticky && fault.number == SYS_fcntl; };
    const auto some = static_cast<std::size_t>(std::ranges::count_if(all, waits));
    const std::size_t gap = (all.size() - some) / (2 * some + 1);
    std::vector<Fault> order;
    auto next = std::ranges::find_if(all, waits);
    for (const Fault& fault : all) {
      if (waits(fault)) {
        continue;
      }
      order.push_back(fault);
      if (next != all.end() && order.size() % (gap + 1) == 0) {
        order.push_back(*next);
        next = std::find_if(next + 1, all.end(), waits);
      }
    }
    for (; next != all.end(); next = std::find_if(next + 1, all.end(), waits)) {
      order.push_back(*next);
    }
    return order;
  }

  void hurt(trace::Stage& stage, const Fault& fault, std::int64_t index) {
    const Scenario& scenario = trace::scenario(fault.scenario);
    const trace::Ground& ground = stage.at(scenario);
    Injector injector(fault);
    trace::Launch launch = trace::launch_of(scenario, ground);
    // A lock of the state that is never given is waited for 20 seconds, as one that another tick
    // holds is.
    launch.most_seconds = 60;
    const trace::Sifted sifted = trace::run_sifted(
        launch, fault.sticky ? trace::numbers_with_effect() : std::vector<int>{fault.number},
        [&](const Call& call) { return injector(call); });
    const trace::Traced& traced = sifted.traced;
    const auto violation = [&](const std::string& what) {
      record_.violation({.what = what, .where = fault.name(), .seed = options_.seed});
    };
    record_.count("cases");
    record_.count(fmt::format("in {}", scenario.name));
    record_.count("calls failed", injector.injected());
    if (injector.injected() == 0) {
      record_.count("faults whose call did not come again");
    }
    const oracle::Observation left = ground.observe();
    if (const std::string bad = misbehaviour(scenario, traced.end, injector.silenced(),
                                             progress_of(left), unhurt_.at(scenario.name));
        !bad.empty()) {
      violation("a failing call: " + bad);
    }
    record_.seen(traced.end.code == 0 ? "a program that got over it"
                                      : "a program that gave up and said so");
    if (const auto found = oracle::judge_always(left, trace::Ground::rules()); !found.empty()) {
      violation("at once: " + oracle::describe(found));
    }
    mend(ground, fault, left, index);
  }

  /// The cause is gone.
  void mend(const trace::Ground& ground, const Fault& fault, const oracle::Observation& left,
            std::int64_t index) {
    const auto violation = [&](const std::string& what) {
      record_.violation({.what = what, .where = fault.name(), .seed = options_.seed});
    };
    const trace::Aftermath after = follower_.follow(ground, left, false, fault.scenario, index);
    record_.count("clean ticks", after.ticks);
    record_.count("cases judged at rest", after.at_rest ? 1 : 0);
    if (!after.broken.empty()) {
      violation(after.broken);
      return;
    }
    for (const oracle::RunRow& run : after.now.runs) {
      if (run.live()) {
        record_.count("runs that were left on their way");
        continue;
      }
      record_.count("runs that ended as " + run.outcome);
      // A missing permission is for a person to see; a disk that was full for a moment is not.
      if (run.outcome != "landed" && fault.error != EACCES &&
          !trace::scenario(fault.scenario).supervisor) {
        violation(fmt::format("the machine's trouble was laid at the issue's door: {} ({})",
                              run.outcome, run.reason));
      }
    }
  }

  const Options& options_;
  Record& record_;
  trace::Follower follower_;
  Pool<trace::Stage> stages_;
  std::map<std::string_view, std::string> unhurt_;
};

void harness(const Options& options, Record& record) {
  record.expect("a program that got over it");
  record.expect("a program that gave up and said so");
  Sweep(options, record).run();
}

}  // namespace
}  // namespace prove

int main(int argc, char** argv) {
  return prove::trace::among_own_pids(
      [&] { return prove::main(argc, argv, "errors", prove::harness, 4); });
}
