// Switches the planted bug on that the variable RUNNER_PLANTED names. Linked only into programs
// that are compiled with RUNNER_PLANTED_BUGS: of the released program it is no part.
#include "jobs/base/planted.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

jobs::Planted bug_named(std::string_view wanted) {
#define RUNNER_PLANTED_NAME(name, what, invariant, harness) \
  if (wanted == #name) {                                    \
    return jobs::Planted::name;                             \
  }
  RUNNER_PLANTED_BUGS_LIST(RUNNER_PLANTED_NAME)
#undef RUNNER_PLANTED_NAME
  // A misspelt bug must not look like one that no harness sees.
  std::fprintf(stderr, "RUNNER_PLANTED: there is no bug called %s\n", wanted.data());
  std::abort();
}

struct Switch {
  Switch() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before main, nobody else is there
    if (const char* name = std::getenv("RUNNER_PLANTED"); name != nullptr && *name != '\0') {
      jobs::planted_bug = bug_named(name);
    }
  }
};

const Switch switched;

}  // namespace
