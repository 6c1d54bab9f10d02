#pragma once

#include <optional>
#include <string>
#include <vector>

#include "jobs/base/error.h"
#include "jobs/base/ids.h"
#include "jobs/base/money.h"
#include "jobs/model/issue.h"

namespace jobs {

/// How a run ended.
enum class Outcome : std::uint8_t { landed, needs_human, frozen, cancelled, superseded };
[[nodiscard]] std::string_view to_string(Outcome outcome);
[[nodiscard]] std::optional<Outcome> parse_outcome(std::string_view text);

/// What is going on inside the current stage.
enum class RunStep : std::uint8_t {
  preparing,  ///< worktree and setup; effect pending
  turning,    ///< a turn is planned or running (agent or command)
  landing,    ///< merge and push; effect pending
  proposed,   ///< its pull request is open; whoever merges it is waited for
  watching,   ///< landed; waiting for CI
  waiting,    ///< retry-later until `not_before`
  ending,     ///< outcome decided, effects (labels, comment, worktree) pending
  ended,      ///< all effects of the end carried out
};
[[nodiscard]] std::string_view to_string(RunStep step);
[[nodiscard]] std::optional<RunStep> parse_run_step(std::string_view text);

/// Phases shown to people, in order; moved by evidence only.
enum class Phase : std::uint8_t { worktree, tests_red, green, pushed, ci, deployed, done };
[[nodiscard]] std::string_view to_string(Phase phase);
[[nodiscard]] std::optional<Phase> parse_phase(std::string_view text);

/// The handling of one issue from claim to outcome. The row is the truth; labels and comments
/// mirror it.
struct Run {
  RunId id;
  IssueKey issue;
  std::string title;                                      ///< as approved, valid UTF-8
  std::string body;                                       ///< as approved: what the agent is given
  std::string text_digest;                                ///< Issue::text_digest at the claim
  std::string requested_by;                               ///< actor of the ready label
  Permission requested_permission = Permission::unknown;  ///< what that actor might do at the claim
  std::string author;     ///< who wrote the issue; "" = the tracker does not say
  std::string edited_by;  ///< who changed title or body after the label; "" = nobody
  std::string pipeline;
  std::string stage;  ///< current stage's name
  RunStep step = RunStep::preparing;
  Phase phase = Phase::worktree;
  Epoch epoch = 0;       ///< lease epoch of the claim
  std::string branch;    ///< "runner/<issue>-<slug>"
  std::string worktree;  ///< absolute path, once prepared
  Oid base;              ///< base commit the branch started from, or last merged with
  Oid head;              ///< last seen head of the run's branch
  Oid verified_tree;     ///< tree oid that passed verify; landing pushes nothing else
  Oid verified_base;     ///< base commit contained in what was verified
  Oid landed;  ///< commit pushed to the base branch; empty = not landed (yet, or since the last fix
               ///< began: see `landings`)
  int landings = 0;                    ///< how often this run pushed
  int turns = 0;                       ///< turns planned so far
  int verify_attempts = 0;             ///< corrective turns spent on red verifies
  int fix_attempts = 0;                ///< corrective turns spent on red CI
  int land_attempts = 0;               ///< lost races and conflicts
  int instance_retries = 0;            ///< retries not charged to the issue
  std::optional<TimePoint> landed_at;  ///< of the newest landing
  std::optional<TimePoint>
      first_red_at;  ///< first red CI after the first landing; the fix window counts from here
  std::vector<std::string> failing;     ///< failing set of the newest red CI, sorted
  std::optional<TimePoint> not_before;  ///< for waiting
  std::string reason;                   ///< why it waits or ended; one line for people
  std::string last_error;               ///< newest error on this run; "" = none
  std::optional<Outcome> outcome;
  TimePoint created_at;
  TimePoint updated_at;
  std::optional<TimePoint> ended_at;
  bool worktree_released = false;  ///< recycled or removed by the janitor
  bool charged = true;    ///< an end as needs-human or frozen counts as an attempt of the issue; a
                          ///< release takes it back
  bool released = false;  ///< a person lifted this run's freeze or needs-human: it no longer holds
                          ///< the issue back
  int effects = 0;        ///< effects recorded so far; numbers their idempotency keys
  std::string comment;    ///< the tracker's id of the checklist comment; "" = not known yet
  friend bool operator==(const Run&, const Run&) = default;

  /// True until the outcome's effects have all been carried out.
  [[nodiscard]] bool live() const { return step != RunStep::ended; }
};

/// What was already tried for which red: (issue, head, failing set). One row = one charged attempt.
struct Attempt {
  IssueKey issue;
  Oid head;                 ///< the landed commit that was red (or the verified head, for verify)
  std::string failing_set;  ///< names, sorted, joined with ','
  RunId run;
  TimePoint at;
  friend bool operator==(const Attempt&, const Attempt&) = default;
};

/// A person's request that the next tick carries out.
enum class RequestKind : std::uint8_t { cancel, release };
[[nodiscard]] std::string_view to_string(RequestKind kind);
[[nodiscard]] std::optional<RequestKind> parse_request_kind(std::string_view text);

/// One line of a run's timeline.
struct Event {
  RunId run;
  TimePoint at;
  std::string
      kind;  ///< stable word: "claimed", "turn-started", "turn-ended", "landed", "ci-red", ...
  std::string detail;  ///< one line for people
  friend bool operator==(const Event&, const Event&) = default;
};

}  // namespace jobs
