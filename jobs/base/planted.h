#pragma once

#include <cstdint>

/// Bugs that are planted to see whether the proof harnesses see them, all in one place. A program
/// that is compiled in the ordinary way has none of them: `RUNNER_PLANTED(name)` is the constant
/// `false`, and no name of a bug is in it.
///
/// Only .cc files say `RUNNER_PLANTED(name)`: those are compiled a second time, with
/// RUNNER_PLANTED_BUGS, into `runner_planted` (cmake/Planted.cmake).
///
///   X(name, what is broken, number of the invariant, harnesses that have to see it)
///     (0: a promise of docs/guarantees.md that is none of the numbered ones)
///
/// "policy: frozen; sim" are two harnesses, the first with the case of it that is tried first.
// clang-format off
#define RUNNER_PLANTED_BUGS_LIST(X)                                                                \
  /* the state */                                                                                  \
  X(claim_not_checked, "an effect that is done may be claimed once more", 2, "store")              \
  X(epoch_not_checked, "a tick that lost its lease still writes", 1, "store; overlap: round=0")    \
  X(release_without_epoch, "a stale holder gives the lease of another one back", 1, "store")       \
  X(renewed_by_anybody, "a lost lease is renewed and taken back that way", 1, "store")             \
  X(lease_not_respected, "a tick takes a lease that another one holds", 1, "store")                \
  X(future_lease_kept, "a lease that ends in ten years is waited for", 4,                          \
    "time: new foreign-lease")                                                                     \
  X(sync_normal, "synchronous=NORMAL: a step that was reported may be undone", 3, "store")         \
  X(sync_off, "synchronous=OFF: nothing is sure to be on the disk", 3, "store; power")             \
  X(digest_not_checked, "a row is believed without its digest", 13, "corruption")                  \
  X(chain_not_checked, "the ledger is believed without its chain", 13, "corruption")               \
  X(reservations_not_counted, "what is reserved does not count against a cap", 5,                  \
    "policy: two of three")                                                                        \
  /* effects */                                                                                    \
  X(made_before_claim, "an effect is made before its claim is recorded", 3, "policy: sleeper")     \
  X(done_before_effect, "an effect is recorded as done before it is made", 3,                      \
    "policy: outage; points: land land_before#1 kill; syscalls; errors")                           \
  X(effect_key_reused, "a run's second effect of a kind gets the key of the first", 3,             \
    "policy: unknown usage")                                                                       \
  X(effect_retried_for_ever, "an effect that fails is never given up", 3, "policy: gone for good") \
  X(retry_at_once, "a failed effect is tried again at once, without a pause", 3,                   \
    "policy: outage")                                                                              \
  X(notified_without_key, "each try of a notification has its own key", 3,                         \
    "policy: died behind; remote: notify-cut-before")                                              \
  X(fresh_comment, "each edit of the checklist is a comment of its own", 4,                        \
    "policy: unknown usage")                                                                       \
  X(ready_label_kept, "freezing leaves the ready label on", 9, "policy: frozen; sim")              \
  /* which issue may start */                                                                      \
  X(untrusted_label_accepted, "anybody may release an issue", 10, "policy: who may start")         \
  X(edit_after_label_ignored, "a text that was edited after the label is taken", 10,               \
    "policy: who may start")                                                                       \
  X(closed_blocker_blocks, "a blocker that is closed still blocks", 15, "policy: who may start")   \
  X(unreadable_blocker_ignored, "a blocker that cannot be read does not block", 15,                \
    "policy: who may start")                                                                       \
  X(label_is_the_lock, "a repository is free when no label says otherwise", 1,                     \
    "policy: who may start")                                                                       \
  X(frozen_starts_again, "only the label keeps a frozen issue from starting again", 9,             \
    "policy: held back")                                                                           \
  X(brake_ignored, "a stop that is in force stops nothing", 9, "policy: cannot start")             \
  X(cooldown_forgotten, "an issue starts again without its pause", 9, "policy: held back")         \
  X(no_priority_is_first, "an issue without priority goes before every other", 15,                 \
    "policy: who may start")                                                                       \
  X(reason_not_recorded, "why an issue was not started is not recorded", 15,                       \
    "policy: who may start")                                                                       \
  /* money */                                                                                      \
  X(cap_passed_by_one, "a cap blocks only behind itself: > for >=", 5, "policy: two of three")     \
  X(unknown_usage_is_free, "a turn whose usage is unknown costs nothing", 5,                       \
    "policy: unknown usage; money")                                                                \
  X(settled_late, "a turn's reservation is settled only when its run ends", 5,                     \
    "policy: unknown usage")                                                                       \
  X(not_settled_on_cancel, "a cancelled run leaves its reservation open", 5, "policy: cancelled")  \
  /* a run's way */                                                                                \
  X(skipped_counts_as_green, "a CI that did not run counts as green", 10, "policy: frozen")        \
  X(absent_ci_is_pending, "a CI that never reports is waited for for ever", 4, "policy: silent ci")\
  X(fix_counted_per_tick, "one red head starts a turn at each look", 2, "policy: no progress")     \
  X(red_verify_lands, "commits land whose tests are red", 10, "policy: red tests")                 \
  X(nothing_is_success, "exit 0 without a commit counts as success", 2, "policy: nothing done")    \
  X(lost_turn_waited_for, "a turn without exit.json is waited for for ever", 4,                    \
    "policy: lost turn")                                                                           \
  X(retried_without_bound, "a turn that cannot start is tried for ever", 4,                        \
    "policy: cannot start")                                                                        \
  X(turn_started_again, "a turn that was started is started again", 2,                             \
    "policy: died behind; blind")                                                                  \
  X(pid_without_start_time, "a process is believed by its pid alone", 2, "policy: lost turn")      \
  X(running_turn_started_again, "a start whose answer was lost is repeated although the turn was " \
    "seen at work", 2, "policy: lost answer")                                                      \
  X(start_without_fence, "a tick that slept past its lease still starts a turn", 2,                \
    "policy: late start")                                                                          \
  X(push_without_fence, "a tick that slept past its lease still pushes", 10, "policy: late push")  \
  /* git */                                                                                        \
  X(force_push, "landing pushes its own head over whatever is there", 10, "policy: moved base")    \
  X(push_not_verified, "landed is recorded although the remote refused", 4,                        \
    "policy: refused push")                                                                        \
  X(protected_path_lands, "a protected path may be changed", 10, "policy: protected path")         \
  X(released_without_rescue, "a worktree is given back without keeping its work", 14,              \
    "policy: cancelled")                                                                           \
  X(git_memory_not_bounded, "libgit2 takes as much memory as it likes", 0, "limits: large work")   \
  /* processes, secrets, text */                                                                   \
  X(group_kill_only, "only the process group of a turn is killed", 6,                              \
    "policy: left behind; containment")                                                            \
  X(deadline_not_enforced, "the supervisor does not look at the deadline", 6, "policy: deadline")  \
  X(symlink_followed, "the usage file may be a link out of the turn", 11,                          \
    "policy: usage by link")                                                                       \
  X(log_is_raw, "output is written as it comes, with the secrets", 12, "policy: secrets")          \
  X(base64_not_redacted, "a secret in base64 is not found", 12, "policy: secrets")                 \
  X(environment_not_scrubbed, "the agent gets the runner's whole environment", 12,                 \
    "policy: secrets")                                                                             \
  X(issue_not_fenced, "the issue's text can end its block of the prompt", 11,                      \
    "policy: fenced; hostile_text: title:fence/alone")                                             \
  /* looking only */                                                                               \
  X(dry_run_writes, "a dry run takes the lease", 7, "purity")                                      \
  X(kill_switch_late, "the kill switch is read when the tick is over", 8, "purity")
// clang-format on

namespace jobs {

enum class Planted : std::uint8_t {
#define RUNNER_PLANTED_ENUM(name, what, invariant, harness) name,
  RUNNER_PLANTED_BUGS_LIST(RUNNER_PLANTED_ENUM)
#undef RUNNER_PLANTED_ENUM
      none
};

#ifdef RUNNER_PLANTED_BUGS
/// The bug that is switched on; set once, by the program, before anything else runs.
inline Planted planted_bug = Planted::none;
[[nodiscard]] inline bool planted(Planted bug) {
  return planted_bug == bug;
}
#else
[[nodiscard]] consteval bool planted(Planted /*bug*/) {
  return false;
}
#endif

}  // namespace jobs

#define RUNNER_PLANTED(name) ::jobs::planted(::jobs::Planted::name)
