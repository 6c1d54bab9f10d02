// The rules of policy, money, turns and landing, tried on a fleet with everything real: who may
// start, what it may cost, how it ends, what may land.
#include <cstdlib>
#include <vector>

#include "tests/prove/policy/bench.h"
#include "tests/prove/trace/own_pids.h"

namespace {

using prove::policy::Case;

void harness(const prove::Options& options, prove::Record& record) {
  // What SmallFleet asks for; before any thread.
  ::setenv("RUNNER_BINARY", options.runner.c_str(), 1);
  ::setenv("RUNNER_TEST_PROGRAMS", options.programs.c_str(), 1);
  std::vector<Case> cases = prove::policy::landing_cases();  // the longest first
  for (const auto& more :
       {prove::policy::turn_cases(), prove::policy::money_cases(), prove::policy::start_cases()}) {
    cases.insert(cases.end(), more.begin(), more.end());
  }
  if (!options.only.empty()) {
    std::erase_if(cases, [&](const Case& each) { return each.name != options.only; });
    if (cases.empty()) {
      record.violation({.what = "there is no such case", .where = options.only});
    }
  }
  prove::spread(options, record, static_cast<std::int64_t>(cases.size()), [&](std::int64_t index) {
    const Case& one = cases[static_cast<std::size_t>(index)];
    prove::policy::Bench bench(options, record, one.name);
    one.play(bench);
    record.count("cases");
  });
}

}  // namespace

int main(int argc, char** argv) {
  return prove::trace::among_own_pids([&] { return prove::main(argc, argv, "policy", harness); });
}
