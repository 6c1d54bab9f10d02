#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/result.h"
#include "jobs/model/turn.h"
#include "runner/process/identity.h"

/// What lies in a turn directory, and in which form (docs/turns.md). Every reader takes any bytes.
namespace runner::process {

/// Paths below one turn directory. Everything under agent/ may be written by the agent, nothing
/// else.
struct TurnPaths {
  explicit TurnPaths(std::string turn_directory);

  std::string directory;
  std::string spec, prompt, lock, supervisor, heartbeat, output, events, usage, stop, reserve, exit,
      cgroup;
  std::string agent, home, temporary, reports;
  std::string marker;  ///< "RUNNER_TURN_DIR=<agent>": stands in the environment of every process of
                       ///< the turn
};

/// What a turn sees of git, where all else is hidden: absolute paths. What is in two lists is what
/// the later one says.
struct TurnView {
  std::vector<std::string> writable;
  std::vector<std::string> readable;
  std::vector<std::string> hidden;
  friend bool operator==(const TurnView&, const TurnView&) = default;
};

[[nodiscard]] std::string to_json(const jobs::TurnSpec& spec, const TurnView& view = {});
/// Of the same text; a spec of an older version has none.
[[nodiscard]] TurnView parse_view(const std::string& text);
[[nodiscard]] jobs::Result<jobs::TurnSpec> parse_spec(const std::string& text);

struct SupervisorFile {
  Identity identity;
  jobs::TimePoint started_at;
  std::string version;
};
[[nodiscard]] std::string to_json(const SupervisorFile& file);
[[nodiscard]] std::optional<SupervisorFile> parse_supervisor(const std::string& text);

/// How much came out so far; rewritten in place about every second.
struct Heartbeat {
  jobs::TimePoint at;
  std::int64_t output_bytes = 0;
  std::optional<jobs::TimePoint> last_output_at;
  std::string containment;
};
[[nodiscard]] std::string to_json(const Heartbeat& heartbeat);
[[nodiscard]] std::optional<Heartbeat> parse_heartbeat(const std::string& text);

struct ExitFile {
  jobs::TurnExit exit;
  Heartbeat last;
};
[[nodiscard]] std::string to_json(const ExitFile& file);
[[nodiscard]] std::optional<ExitFile> parse_exit(const std::string& text);

/// usage.json, written by the supervisor.
[[nodiscard]] std::string to_json(const jobs::Usage& usage);
[[nodiscard]] std::optional<jobs::Usage> parse_usage(const std::string& text);

/// What the agent wrote into its usage file: {"usd": "0.12" or 0.12, "tokens": 1200}, either may be
/// absent. Nothing if it is anything else: not JSON, negative, not finite, absurdly large.
[[nodiscard]] std::optional<jobs::Usage> parse_agent_usage(const std::string& text);

/// One line of events.ndjson or of reports.ndjson.
struct TurnEvent {
  jobs::TimePoint at;
  std::string type;
  std::string text;
  std::string name = {};                  ///< of a tool; how a result is to be read
  std::optional<jobs::Usage> usage = {};  ///< sums of the turn so far
  std::int64_t number = 0;                ///< from 1, without gaps; 0 = it has none
};
/// With the newline.
[[nodiscard]] std::string to_json_line(const TurnEvent& event);
[[nodiscard]] std::optional<TurnEvent> parse_event(std::string_view line);

}  // namespace runner::process
