// What a quick run must have seen at least once: a harness that never saw it proves nothing about
// it.
#include "tests/sim_support/simulate.h"

namespace sim {

std::vector<std::string> expected_marks(Profile profile) {
  std::vector<std::string> marks;
  if (profile == Profile::money) {
    marks = {"overspends",
             "supervisor_killed",
             "usage_lost",
             "usage_late",
             "usage_doubled",
             "usage_reordered",
             "usage_negative",
             "caps_lowered",
             "tick_crash_after",
             "tick_crash_before",
             "tick_asleep_long",
             "reason budget",
             "ledger reserve",
             "ledger settle",
             "ledger release",
             "a turn of unknown cost is charged in full",
             "a turn is reserved below a cap"};
    return marks;
  }
  for (const std::string_view name : kMoveNames) {
    if (name != "release_issue") {
      marks.emplace_back(name);
    }
  }
  for (const char* mark : {"outcome landed",
                           "outcome needs-human",
                           "outcome frozen",
                           "outcome cancelled",
                           "a tick falls asleep in the middle of an effect",
                           "a tick wakes up and has lost its lease",
                           "a sleeper sets labels too late",
                           "a lease is lost in the middle of an effect",
                           "a tick dies between an effect and its record",
                           "an effect is claimed again by a later epoch",
                           "an effect is given up",
                           "an effect is tried again later",
                           "a step of a tick that lost its lease is refused",
                           "a tick leaves because another holds the lease",
                           "a tick finds the runner paused and leaves",
                           "landed",
                           "found landed already",
                           "merged, to be verified again",
                           "landing conflicts",
                           "landing rejected",
                           "a fix is landed after a red landing",
                           "a run waits to try again",
                           "a run ends while another repository is at work",
                           "an issue starts again after a person released it",
                           "a turn of unknown cost is charged in full",
                           "a turn is reserved below a cap",
                           "a brake is set: agent",
                           "a dry run that plans something",
                           "event fix-forward",
                           "event corrective",
                           "event no-progress",
                           "event ci-red",
                           "event retry-later",
                           "event stop-turn",
                           "event given-up",
                           "event rescue",
                           "event released",
                           "ledger release",
                           "reason not-allowlisted",
                           "reason brake",
                           "reason unreadable-issue",
                           "reason human-label",
                           "reason in-progress-label",
                           "reason repo-busy",
                           "reason untrusted-label",
                           "reason unattributable-label",
                           "reason edited-after-label",
                           "reason blocked-by",
                           "reason blocker-unreadable",
                           "reason attempts-exhausted",
                           "reason cooling-down",
                           "reason base-unreadable",
                           "reason base-red",
                           "reason budget",
                           "reason capacity",
                           "reason disk",
                           "reason slot-taken",
                           "reason selected"}) {
    marks.emplace_back(mark);
  }
  return marks;
}

}  // namespace sim
