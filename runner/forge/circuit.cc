#include "runner/forge/circuit.h"

#include "jobs/base/text.h"
#include "jobs/policy/retry.h"

namespace runner::forge {

bool Circuit::is_open(jobs::TimePoint now) const {
  // A time further ahead than anything waits was written while the clock was wrong.
  return jobs::still_waits(until, now);
}

bool Circuit::is_half_open(jobs::TimePoint now) const {
  return until && !is_open(now);
}

Circuit after_failure(Circuit circuit, const std::string& reason, jobs::TimePoint now) {
  ++circuit.failures;
  circuit.reason = jobs::one_line(reason);
  if (circuit.failures >= kFailuresToOpen && !circuit.is_open(now)) {
    circuit.until = now + jobs::backoff(kFirstOpen, ++circuit.opened);
  }
  return circuit;
}

}  // namespace runner::forge
