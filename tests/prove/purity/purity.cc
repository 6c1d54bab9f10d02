// Looks at every system call of dry runs, and of ticks under the kill switch: none may change
// anything. Then a real tick does what the dry run said.
#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/prove/frame/harness.h"
#include "tests/prove/frame/pool.h"
#include "tests/prove/purity/plan.h"
#include "tests/prove/purity/states.h"
#include "tests/prove/purity/watch.h"
#include "tests/prove/trace/converge.h"
#include "tests/prove/trace/copy.h"

namespace prove {
namespace {

using trace::Ground;
using trace::Launch;

/// The first line of two lists that is not the same.
std::string first_difference(const std::string& before, const std::string& after) {
  std::istringstream left(before);
  std::istringstream right(after);
  std::string a;
  std::string b;
  do {
    a.clear();
    b.clear();
    std::getline(left, a);
    std::getline(right, b);
  } while (a == b && left && right);
  return fmt::format("was '{}', is '{}'", a, b);
}

class Purity {
 public:
  Purity(const Options& options, Record& record)
      : options_(options),
        record_(record),
        stages_([&](int number) { return std::make_unique<trace::Stage>(options, number); }) {}

  void run() {
    for (const char* mark :
         {"a plan with effects", "a plan with decisions", "a state that no plan can be made of",
          "a real tick that did what was planned", "words on standard output and error"}) {
      record_.expect(mark);
    }
    const auto fixed = static_cast<std::int64_t>(states().size());
    const std::int64_t random = options_.count(200, 2000);
    spread(options_, record_, fixed + random, [&](std::int64_t index) {
      const std::string name = index < fixed ? states()[static_cast<std::size_t>(index)].name
                                             : fmt::format("random {}", index - fixed);
      if (options_.only.empty() || options_.only == name) {
        one(index, name);
      }
    });
  }

 private:
  void one(std::int64_t index, const std::string& name) {
    const auto stage = stages_.take();
    const auto fixed = static_cast<std::int64_t>(states().size());
    if (index < fixed) {
      states()[static_cast<std::size_t>(index)].make(*stage);
      stage->ground().kill_processes();
      record_.count("made states");
    } else {
      make_random_state(*stage, mix(options_.seed, "purity", static_cast<std::uint64_t>(index)));
      record_.count("random states");
    }
    const Ground& ground = stage->ground();
    const std::string plan = pure(ground, name, "dry run", {"tick", "--dry-run", "--json"}, {});
    (void)pure(ground, name, "kill switch", {"tick"}, {"RUNNER_KILL_SWITCH=on"});
    if (index < fixed) {
      (void)pure(ground, name, "dry run for people", {"tick", "--dry-run"}, {});
      (void)pure(ground, name, "dry run under the kill switch", {"tick", "--dry-run"},
                 {"RUNNER_KILL_SWITCH=on"});
      (void)pure(ground, name, "kill switch that cannot be read", {"tick"},
                 {"RUNNER_KILL_SWITCH=perhaps"});
    }
    if (name == "paused") {
      (void)pure(ground, name, "paused", {"tick"}, {});
      return;
    }
    compare(ground, name, plan);
  }

  void violation(const std::string& state, const std::string& what) {
    record_.violation({.what = what, .where = state, .seed = options_.seed});
  }

  /// Runs it and looks at everything it does; gives its standard output.
  std::string pure(const Ground& ground, const std::string& state, const std::string& what,
                   const std::vector<std::string>& words,
                   const std::vector<std::string>& variables) {
    Launch launch = ground.runner(words);
    launch.environment.insert(launch.environment.end(), variables.begin(), variables.end());
    const std::string before = trace::print_of(ground.folder());
    Watched watched = watch(launch, ground);
    if (what == "paused") {
      // This switch lies in the state itself: it is opened, under its lock, to be asked. That
      // nothing is written into it, the files' bytes and times show.
      std::erase_if(watched.changes, [&](const std::string& change) {
        return change.ends_with("/state/state.lock") ||
               change.ends_with("openat " + ground.state_file());
      });
    }
    record_.count("programs watched");
    record_.count("system calls looked at", watched.calls);
    for (const auto& [why, times] : watched.excepted) {
      record_.count("excepted: " + why, times);
      record_.seen(why);
    }
    const int invariant = variables.empty() && what != "paused" ? 7 : 8;
    if (!watched.changes.empty()) {
      violation(state, fmt::format("invariant {}: {}: {}", invariant, what,
                                   fmt::join(watched.changes, "; ")));
    }
    if (const std::string after = trace::print_of(ground.folder()); after != before) {
      violation(state, fmt::format("invariant {}: {}: files have changed: {}", invariant, what,
                                   first_difference(before, after)));
    }
    if (!variables.empty() && !watched.looks.empty()) {
      violation(state, fmt::format("invariant 8: {}: {}", what, fmt::join(watched.looks, "; ")));
    }
    if (watched.end.hung || watched.end.code >= 126 || watched.end.code == 70) {
      violation(state, fmt::format("{} ended with {}: {}{}", what, watched.end.code,
                                   watched.end.out, watched.end.error));
    }
    return watched.end.out;
  }

  void compare(const Ground& ground, const std::string& state, const std::string& plan) {
    const oracle::Observation before = look(ground);
    const auto open = std::ranges::count_if(before.outbox, [](const oracle::EffectRow& row) {
      return row.state == "pending" || row.state == "claimed";
    });
    const trace::End tick = trace::run(ground.runner({"tick", "--json"}));
    const Comparison compared = compare_plan(plan, tick.out, open);
    if (!compared.has_plan) {
      record_.count("states without a plan");
      record_.seen("a state that no plan can be made of");
      return;
    }
    record_.count("plans compared with the next tick");
    record_.count("decisions compared", compared.decisions);
    record_.count("effects compared", compared.effects);
    if (compared.effects > 0) {
      record_.seen("a plan with effects");
    }
    if (compared.decisions > 0) {
      record_.seen("a plan with decisions");
    }
    if (compared.difference.empty()) {
      record_.seen("a real tick that did what was planned");
    } else {
      violation(state, "the plan is not what the next tick does: " + compared.difference);
    }
  }

  /// Of a state that may be damaged: then nothing is known of it.
  static oracle::Observation look(const Ground& ground) {
    try {
      return ground.observe();
    } catch (const std::exception&) {
      return {};
    }
  }

  const Options& options_;
  Record& record_;
  Pool<trace::Stage> stages_;
};

void harness(const Options& options, Record& record) {
  Purity(options, record).run();
}

}  // namespace
}  // namespace prove

int main(int argc, char** argv) {
  return prove::main(argc, argv, "purity", prove::harness);
}
