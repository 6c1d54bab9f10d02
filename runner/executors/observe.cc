#include "runner/executors/observe.h"

#include <algorithm>
#include <chrono>

#include "jobs/base/planted.h"
#include "jobs/base/text.h"
#include "jobs/model/run.h"
#include "runner/process/agent_files.h"
#include "runner/process/files.h"
#include "runner/process/takeover.h"

namespace runner::executors {

using jobs::TurnFacts;
using process::TurnPaths;

namespace {

constexpr std::size_t kMostSmall = 64U << 10;
constexpr std::size_t kMostEvents = 8U << 20;
constexpr std::size_t kTailLines = 60;
constexpr std::size_t kTailBytes = 8U << 10;
// A supervisor that cannot be asked (other host, other pid namespace) is believed for this long
// after its last sign.
constexpr auto kHeartbeatTrust = std::chrono::seconds(60);

std::string small(const std::string& path) {
  auto text = process::read_small(path, kMostSmall);
  return text ? std::move(*text) : std::string();
}

void read_events(const TurnPaths& paths, TurnFacts& facts) {
  const auto text = process::read_small(paths.events, kMostEvents);
  if (!text) {
    return;
  }
  for (std::string_view rest(*text); !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const auto event = process::parse_event(line);
    if (event && event->type == "session") {
      facts.session = event->text;
    }
    const auto report = event ? process::accept_report(*event) : std::nullopt;
    if (!report) {
      continue;
    }
    if (report->type == "phase") {
      facts.phases.push_back(report->text);
    } else if (report->type == "blocked") {
      facts.blocked = report->text;
    } else {
      facts.notes.push_back(report->text);
    }
  }
}

}  // namespace

Owner owner_of(const TurnPaths& paths, jobs::TimePoint now) {
  if (process::exists(paths.exit) && process::parse_exit(small(paths.exit))) {
    return Owner::finished;
  }
  if (!process::exists(paths.supervisor)) {
    return process::is_locked(paths) ? Owner::starting : Owner::nobody;
  }
  const auto supervisor = process::parse_supervisor(small(paths.supervisor));
  if (!supervisor) {
    return Owner::gone;
  }
  switch (process::life_of(supervisor->identity)) {
    case process::Life::alive: return Owner::alive;
    case process::Life::dead: break;
    case process::Life::elsewhere: {
      const auto beat = process::modified_at(paths.heartbeat);
      return beat && now - *beat < kHeartbeatTrust ? Owner::alive : Owner::gone;
    }
  }
  // It may have written exit.json and died between our two looks.
  const bool finished = process::exists(paths.exit) && process::parse_exit(small(paths.exit));
  return finished ? Owner::finished : Owner::gone;
}

TurnFacts observe_turn(const TurnPaths& paths, jobs::TimePoint now) {
  TurnFacts facts;
  const Owner owner = owner_of(paths, now);
  switch (owner) {
    case Owner::nobody: return facts;
    case Owner::starting: facts.state = TurnFacts::State::starting; return facts;
    case Owner::alive: facts.state = TurnFacts::State::running; break;
    case Owner::gone:
    case Owner::finished: facts.state = TurnFacts::State::ended; break;
  }
  if (RUNNER_PLANTED(lost_turn_waited_for) && owner == Owner::gone) {
    facts.state = TurnFacts::State::running;
    return facts;
  }
  if (const auto supervisor = process::parse_supervisor(small(paths.supervisor))) {
    facts.started_at = supervisor->started_at;
    if (owner == Owner::alive && process::life_of(supervisor->identity) == process::Life::alive) {
      facts.age = jobs::Duration(process::age_of(supervisor->identity));
    }
  }
  auto last = process::parse_heartbeat(small(paths.heartbeat)).value_or(process::Heartbeat{});
  if (owner == Owner::finished) {
    if (auto file = process::parse_exit(small(paths.exit))) {
      facts.exit = std::move(file->exit);
      last = file->last;
    }
  } else if (owner == Owner::gone) {
    facts.exit = jobs::TurnExit{.end = jobs::TurnEnd::lost,
                                .exit_code = 0,
                                .signal = 0,
                                .detail = "its supervisor died without saying how the turn ended",
                                .at = process::modified_at(paths.heartbeat)};
  }
  facts.last_output_at = last.last_output_at;
  facts.output_bytes = last.output_bytes;
  facts.containment = last.containment;
  facts.usage = process::parse_usage(small(paths.usage));
  // The last part may begin in the middle of a line, so more than is needed is read.
  facts.output_tail =
      jobs::tail(process::read_end(paths.output, 2 * kTailBytes), kTailLines, kTailBytes);
  read_events(paths, facts);
  return facts;
}

}  // namespace runner::executors
