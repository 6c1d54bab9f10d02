// A tick, and every command that looks, stays below 256 MiB and 256 descriptors whatever it meets:
// far too many of something, or something far too large. The peak is what the kernel counted for
// the process.
#include <cstdlib>
#include <vector>

#include "tests/prove/frame/harness.h"
#include "tests/prove/limits/cases.h"

namespace prove::limits {

namespace {

void harness(const Options& options, Record& record) {
  // The fleets of the tests ask for these; no thread is there yet.
  ::setenv("RUNNER_BINARY", options.runner.c_str(), 1);
  ::setenv("RUNNER_TEST_PROGRAMS", options.programs.c_str(), 1);
  std::vector<Case> cases = git_cases();
  for (const std::vector<Case>& more : {turn_cases(), issue_cases()}) {
    cases.insert(cases.end(), more.begin(), more.end());
  }
  spread(options, record, static_cast<std::int64_t>(cases.size()), [&](std::int64_t index) {
    const Case& each = cases.at(static_cast<std::size_t>(index));
    if (!options.only.empty() && options.only != each.name) {
      return;
    }
    World world(options, record, each.name);
    each.run(world, options);
    record.count("inputs");
  });
}

}  // namespace

}  // namespace prove::limits

int main(int argc, char** argv) {
  return prove::main(argc, argv, "limits", prove::limits::harness);
}
