#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/base/error.h"
#include "jobs/base/ids.h"
#include "jobs/base/money.h"
#include "jobs/model/fleet.h"

namespace jobs {

/// Why a turn exists.
enum class TurnKind : std::uint8_t {
  opening,     ///< the agent's first turn of a run
  corrective,  ///< the agent again, with the failing stage's log tail
  command,     ///< a command stage (verify)
};
[[nodiscard]] std::string_view to_string(TurnKind kind);
[[nodiscard]] std::optional<TurnKind> parse_turn_kind(std::string_view text);

/// How far a turn is, as the store knows it.
enum class TurnState : std::uint8_t {
  planned,  ///< recorded, reservation made; perhaps not started yet
  running,  ///< started (seen by an executor)
  ended,    ///< exit known, usage settled
};
[[nodiscard]] std::string_view to_string(TurnState state);
[[nodiscard]] std::optional<TurnState> parse_turn_state(std::string_view text);

/// How a turn ended, as its supervisor says.
enum class TurnEnd : std::uint8_t {
  exited,       ///< by itself, with exit_code
  signalled,    ///< died by a signal that we did not send
  deadline,     ///< stopped: wall clock
  silent,       ///< stopped: no output within turn_silence
  first_byte,   ///< stopped: nothing at all within turn_first_byte
  over_budget,  ///< stopped: reported usage reached the reservation
  lingered,     ///< stopped: its agent had said its final word and did not end
  stopped,      ///< stopped on our request (cancel)
  not_started,  ///< the program is missing or cannot be executed; `detail` says why
  lost,         ///< the supervisor died without writing exit.json
};
[[nodiscard]] std::string_view to_string(TurnEnd end);
[[nodiscard]] std::optional<TurnEnd> parse_turn_end(std::string_view text);

/// How a turn went in the agent's own words: the final event of its stream, read as its kind asks.
/// Never enough to go on (what was committed decides), but enough to know whose failure it was.
enum class AgentEnd : std::uint8_t {
  none,            ///< not read: a command, or an agent of kind `command`
  success,         ///< its final event says so, and nothing after it says otherwise
  failed,          ///< it says that it failed, and not why in a way that is known
  unfinished,      ///< it ended, or was ended, without a final event
  empty,           ///< a final event, but nothing was done or said
  refused,         ///< the model declined
  budget,          ///< it reached the budget or the number of turns that it was given
  quota,           ///< the account has no more until a time that may be known
  overload,        ///< the provider has no capacity now
  authentication,  ///< the credential is missing, wrong or expired
  no_session,      ///< the session that it was to go on with is not there
};
[[nodiscard]] std::string_view to_string(AgentEnd end);
[[nodiscard]] std::optional<AgentEnd> parse_agent_end(std::string_view text);

/// What a finished turn left behind.
struct TurnExit {
  TurnEnd end = TurnEnd::lost;
  int exit_code = 0;   ///< for exited
  int signal = 0;      ///< for signalled
  std::string detail;  ///< one line for people
  std::optional<TimePoint> at;
  AgentEnd agent = AgentEnd::none;
  std::optional<TimePoint> until;  ///< quota, overload: when it may be tried again, if it was said
  friend bool operator==(const TurnExit&, const TurnExit&) = default;
};

/// One program invocation inside a run. `number` counts from 1 over all stages of the run.
struct Turn {
  RunId run;
  int number = 0;
  std::string stage;
  TurnKind kind = TurnKind::opening;
  TurnState state = TurnState::planned;
  std::string agent;      ///< agent name; "" for command turns
  std::string directory;  ///< absolute turn directory: the handle that any later tick can adopt
  Oid head_before;  ///< the branch's head when the turn was planned (known for all but the opening
                    ///< turn)
  std::string session;     ///< agent's session id, once known
  std::string correction;  ///< corrective turns: what went wrong before, given to the agent as data
  std::optional<TurnExit> exit;
  std::optional<Usage> usage;  ///< as reported; none = unknown, charged in full
  Usage reserved;
  TimePoint planned_at;
  std::optional<TimePoint> started_at;
  std::optional<TimePoint> ended_at;
  friend bool operator==(const Turn&, const Turn&) = default;
};

/// Everything an executor needs to start a turn; becomes spec.json. No secret in it.
struct TurnSpec {
  RunId run;
  IssueKey issue;
  int number = 0;
  std::string
      directory;    ///< absolute; made by the executor, must not exist or belong to this very turn
  std::string cwd;  ///< the worktree
  std::vector<std::string> argv;
  std::map<std::string, std::string> env;  ///< the complete environment besides what the supervisor
                                           ///< adds (HOME, TMPDIR, RUNNER_TURN_DIR, ...)
  std::vector<std::string>
      pass_env;            ///< names copied from the runner's own environment if set there
  std::string prompt;      ///< written to prompt.md; "" for commands
  std::string usage_file;  ///< relative to the turn directory; "" = none
  Usage reserved;
  Duration deadline{};
  Duration silence{};     ///< zero = not watched
  Duration first_byte{};  ///< zero = not watched
  Duration grace{};
  std::int64_t output_bytes = 0;
  std::int64_t memory_bytes = 0;
  int processes = 0;
  std::int64_t file_bytes = 0;  ///< of one file; 0 = not limited
  Containment containment = Containment::automatic;
  Network network = Network::all;
  std::string proxy;
  std::vector<std::string> writable;  ///< absolute folders besides `cwd` that the turn may write
  AgentKind agent_kind = AgentKind::command;
  std::string session;      ///< of a known kind: the id to begin with, or to go on with
  bool resume = false;      ///< `session` is there already
  Usage session_used;       ///< what earlier turns of it used, for kinds that count per session
  std::string home;         ///< absolute; HOME, where sessions lie; "" = a folder of its own
  Duration after_result{};  ///< stopped so long after its final word; zero = not watched
  std::optional<Price> price;
  std::vector<std::string> redact_env;  ///< names of variables whose values must appear in no log
};

/// One turn as an executor sees it now.
struct TurnFacts {
  enum class State : std::uint8_t { absent, starting, running, ended };
  State state = State::absent;
  std::optional<TurnExit> exit;  ///< when ended (lost: supervisor dead without exit.json)
  std::optional<TimePoint> started_at;
  /// How long its supervisor has lived, by a clock that nobody sets; none: it is not alive, or it
  /// is another machine's.
  std::optional<Duration> age;
  std::optional<TimePoint> last_output_at;
  std::int64_t output_bytes = 0;
  std::optional<Usage> usage;  ///< last valid report; none = unknown
  std::string session;
  std::string blocked;              ///< the agent's own `runner report --blocked "why"`; "" = not
  std::vector<std::string> phases;  ///< reported phases, in order
  std::vector<std::string> notes;
  std::string output_tail;  ///< last lines of the output, for a corrective prompt and a comment
                            ///< (redacted, raw bytes otherwise)
  std::string containment;  ///< "pid-namespace", "group"
};

}  // namespace jobs
