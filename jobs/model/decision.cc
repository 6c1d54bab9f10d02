#include "jobs/model/decision.h"

#include "jobs/base/names.h"

namespace jobs {

namespace {

constexpr NameTable<Reason, kReasonCount> kReasons{
    {{Reason::kill_switch, "kill-switch"},
     {Reason::not_allowlisted, "not-allowlisted"},
     {Reason::brake, "brake"},
     {Reason::unreadable_issue, "unreadable-issue"},
     {Reason::human_label, "human-label"},
     {Reason::in_progress_label, "in-progress-label"},
     {Reason::repo_busy, "repo-busy"},
     {Reason::untrusted_label, "untrusted-label"},
     {Reason::unattributable_label, "unattributable-label"},
     {Reason::edited_after_label, "edited-after-label"},
     {Reason::blocked_by, "blocked-by"},
     {Reason::blocker_unreadable, "blocker-unreadable"},
     {Reason::attempts_exhausted, "attempts-exhausted"},
     {Reason::cooling_down, "cooling-down"},
     {Reason::base_unreadable, "base-unreadable"},
     {Reason::base_red, "base-red"},
     {Reason::budget, "budget"},
     {Reason::capacity, "capacity"},
     {Reason::disk, "disk"},
     {Reason::slot_taken, "slot-taken"},
     {Reason::selected, "selected"}}};

}  // namespace

std::string_view to_string(Reason reason) {
  return name_of(kReasons, reason);
}
std::optional<Reason> parse_reason(std::string_view text) {
  return value_of(kReasons, text);
}

std::string_view explain(Reason reason) {
  switch (reason) {
    case Reason::kill_switch:
      return "The kill switch is on: nothing is read, written or started. `runner status` says who "
             "holds it.";
    case Reason::not_allowlisted:
      return "The repository is not on the allowlist: add its name to fleet.allow.";
    case Reason::brake:
      return "A brake is in force: something failed in a way that a person has to look at. `runner "
             "runs release` lifts it.";
    case Reason::unreadable_issue:
      return "The issue cannot be read right: mend its file or shorten its text.";
    case Reason::human_label:
      return "The issue waits for a person: take the human label off and set the ready label "
             "again.";
    case Reason::in_progress_label:
      return "The issue carries the in-progress label, but this state knows no run of it: remove "
             "the label if no other runner works on it.";
    case Reason::repo_busy: return "The repository has a live run already: one run per repository.";
    case Reason::untrusted_label:
      return "The ready label was set by somebody without write permission.";
    case Reason::unattributable_label:
      return "The tracker does not say who set the ready label: set it again.";
    case Reason::edited_after_label:
      return "The text was edited after the label by somebody without write permission: read it "
             "and set the label again.";
    case Reason::blocked_by:
      return "An open issue blocks this one: it starts when that one is closed.";
    case Reason::blocker_unreadable:
      return "A blocker cannot be read, which counts as blocked: mend the reference.";
    case Reason::attempts_exhausted:
      return "The issue has used up its attempts: `runner runs release` of its last run gives it "
             "new ones.";
    case Reason::cooling_down:
      return "A run of this issue ended a short time ago: it may start again after the cool-down.";
    case Reason::base_unreadable:
      return "The base branch cannot be read from the remote: mend the remote or the branch name.";
    case Reason::base_red: return "CI of the base branch is red: mend the base first.";
    case Reason::budget: return "A cap of the budget is reached.";
    case Reason::capacity: return "The fleet runs as many runs as it may: it starts when one ends.";
    case Reason::disk: return "Not enough free disk space for a worktree.";
    case Reason::slot_taken: return "Another issue of this repository comes first in this tick.";
    case Reason::selected: return "Every gate is open: it starts in this tick.";
  }
  return "";
}

}  // namespace jobs
