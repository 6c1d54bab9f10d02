#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Everything that can go wrong, or that somebody does, in a simulated world. Each is named, so
/// that it can be left out when a failing seed is shrunk, and has a mark that a quick run must see.
// clang-format off
#define SIM_MOVES(X) \
  X(release_issue, "somebody releases an issue") \
  X(tick_crash_before, "a tick dies before a port call") \
  X(tick_crash_after, "a tick dies after a port call's effect") \
  X(tick_crash_elsewhere, "a tick dies on another host: its lease must run out") \
  X(tick_asleep_long, "a tick sleeps past its lease") \
  X(tick_asleep_short, "a tick sleeps within its lease") \
  X(tick_overlap, "several ticks start at once") \
  X(tick_interrupted, "a tick is asked to stop") \
  X(clock_ahead, "a host's clock is ahead by more than the lease") \
  X(disk_full, "the state cannot be written for a while") \
  X(store_write_fails, "one write of the state fails") \
  X(store_read_fails, "one read of the state fails") \
  X(tracker_down, "the tracker cannot be reached for a while") \
  X(tracker_answer_lost, "the tracker's answer is lost after its effect") \
  X(tracker_rate_limited, "the tracker says: later") \
  X(tracker_lag, "the tracker shows an older state") \
  X(issue_unreadable, "an issue cannot be read right for a while") \
  X(issue_deleted, "an issue is deleted") \
  X(issue_edited, "somebody without write edits the text") \
  X(issue_closed, "a person closes the issue") \
  X(issue_reopened, "a person reopens an issue and releases it again") \
  X(ready_removed, "a person takes the ready label off") \
  X(relabelled, "a person releases an issue again") \
  X(untrusted_label, "somebody without write releases an issue") \
  X(unknown_label, "nobody knows who released an issue") \
  X(bot_label, "a bot releases an issue") \
  X(human_label, "a person sets the human label") \
  X(progress_removed, "a person takes the in-progress label off") \
  X(progress_forged, "somebody sets the in-progress label by hand") \
  X(comment_added, "somebody comments") \
  X(comment_forged, "somebody copies the checklist's marker") \
  X(blocker_opened, "a blocker is opened, later closed") \
  X(blocker_unreadable, "a blocker cannot be read") \
  X(ci_red, "CI of a landing is red") \
  X(ci_flaky, "CI is red, then green by itself") \
  X(ci_late, "CI ends after its deadline") \
  X(ci_silent, "CI never reports") \
  X(ci_lost, "CI's supervisor dies") \
  X(ci_read_fails, "CI cannot be read") \
  X(ci_start_fails, "CI cannot be started") \
  X(base_red, "CI of the base is red for a while") \
  X(remote_moved, "somebody pushes to the base") \
  X(remote_conflict, "somebody pushes what conflicts") \
  X(remote_rewritten, "somebody rewrites the base") \
  X(remote_gone, "the remote is gone for a while") \
  X(push_race, "a push loses a race") \
  X(push_answer_lost, "the push arrives, its answer does not") \
  X(landing_refused, "a guard refuses the landing") \
  X(prepare_fails, "the worktree cannot be prepared") \
  X(prepare_answer_lost, "the worktree is made, the answer lost") \
  X(worktree_deleted, "somebody deletes a worktree") \
  X(worktree_broken, "something else stands where the worktree was") \
  X(disk_low, "too little space for a worktree") \
  X(git_read_fails, "git cannot be read") \
  X(release_fails, "a worktree cannot be released") \
  X(agent_no_commits, "an agent ends well without commits") \
  X(agent_blocked, "an agent says that it is blocked") \
  X(agent_hangs, "an agent hangs until its deadline") \
  X(agent_fails, "an agent exits with an error") \
  X(agent_killed, "an agent dies by a signal") \
  X(agent_dirty, "an agent leaves uncommitted work") \
  X(agent_skips_ci, "an agent's commit says that CI is to be skipped") \
  X(overspends, "an agent spends up to its reservation") \
  X(supervisor_killed, "a supervisor dies and leaves processes") \
  X(supervisor_stuck, "a supervisor does not stop its turn in time") \
  X(turn_not_started, "the agent's program is missing") \
  X(turn_start_fails, "the executor cannot start a turn") \
  X(turn_start_answer_lost, "the turn starts, the answer is lost") \
  X(turn_directory_gone, "a turn's directory is deleted") \
  X(turn_read_fails, "a turn cannot be looked at") \
  X(verify_red, "the verify command is red") \
  X(verify_killed, "the verify command's supervisor dies") \
  X(usage_lost, "a turn's usage is never reported") \
  X(usage_late, "a turn's usage is reported after its end") \
  X(usage_doubled, "a turn's usage is counted twice") \
  X(usage_reordered, "a turn's usage reports arrive out of order") \
  X(usage_negative, "a turn reports a negative usage") \
  X(notify_down, "the notifier cannot be reached") \
  X(notify_answer_lost, "the notification arrives, its answer does not") \
  X(paused, "an operator pauses and resumes") \
  X(kill_switch, "the kill switch is on for a while") \
  X(allowlist_edited, "a repository leaves the allowlist for a while") \
  X(repo_removed, "a repository leaves the manifests for a while") \
  X(repo_added, "a repository joins the manifests late") \
  X(caps_lowered, "a manifest lowers a cap") \
  X(limits_edited, "a manifest changes limits") \
  X(brake_cleared, "an operator lifts the brakes") \
  X(run_cancelled, "an operator cancels a run") \
  X(run_released, "an operator releases a run")
// clang-format on

namespace sim {

enum class Move : std::uint8_t {
#define SIM_MOVE_NAME(name, text) name,
  SIM_MOVES(SIM_MOVE_NAME)
#undef SIM_MOVE_NAME
};

inline constexpr std::string_view kMoveNames[] = {
#define SIM_MOVE_TEXT(name, text) #name,
    SIM_MOVES(SIM_MOVE_TEXT)
#undef SIM_MOVE_TEXT
};
inline constexpr std::string_view kMoveTexts[] = {
#define SIM_MOVE_TEXT(name, text) text,
    SIM_MOVES(SIM_MOVE_TEXT)
#undef SIM_MOVE_TEXT
};
inline constexpr int kMoves = static_cast<int>(std::size(kMoveNames));

[[nodiscard]] inline std::string_view to_string(Move move) {
  return kMoveNames[static_cast<int>(move)];
}

/// One line of a world's script: what happens when, to whom.
struct Step {
  int id = 0;  ///< what `drop=` names
  Move move = Move::release_issue;
  std::int64_t at = 0;  ///< milliseconds after the beginning
  int repo = 0;         ///< index; -1 = any
  std::int64_t issue = 0;
  std::uint64_t random = 0;  ///< what the move itself decides by
};

/// What is looked for.
enum class Profile : std::uint8_t {
  everything,
  money,  ///< many turns, tight caps, everything that can happen to usage records
};

/// Everything that will happen in one world besides what the scheduler decides.
struct Script {
  std::uint64_t seed = 0;
  Profile profile = Profile::everything;
  int repos = 3;
  std::vector<Step> steps;
};

/// The same seed, the same script.
[[nodiscard]] Script make_script(std::uint64_t seed, Profile profile);
[[nodiscard]] std::string describe(const Step& step);

}  // namespace sim
