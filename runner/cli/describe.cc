#include "runner/cli/describe.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "jobs/base/time.h"

namespace runner::cli {

namespace {

Ink ink_of(jobs::Outcome outcome) {
  switch (outcome) {
    case jobs::Outcome::landed: return Ink::green;
    case jobs::Outcome::needs_human:
    case jobs::Outcome::frozen: return Ink::red;
    case jobs::Outcome::cancelled:
    case jobs::Outcome::superseded: return Ink::dim;
  }
  return Ink::plain;
}

Cell end_of(const jobs::TurnExit& exit) {
  switch (exit.end) {
    case jobs::TurnEnd::exited:
      return {fmt::format("exit code {}", exit.exit_code),
              exit.exit_code == 0 ? Ink::green : Ink::red};
    case jobs::TurnEnd::signalled: return {fmt::format("died of signal {}", exit.signal), Ink::red};
    case jobs::TurnEnd::deadline: return {"stopped: past its deadline", Ink::red};
    case jobs::TurnEnd::silent: return {"stopped: no output for too long", Ink::red};
    case jobs::TurnEnd::first_byte: return {"stopped: no output at all", Ink::red};
    case jobs::TurnEnd::lingered: return {"stopped after its final word", Ink::yellow};
    case jobs::TurnEnd::over_budget: return {"stopped: allowance used up", Ink::red};
    case jobs::TurnEnd::stopped: return {"stopped on request", Ink::yellow};
    case jobs::TurnEnd::not_started: return {"could not be started", Ink::red};
    case jobs::TurnEnd::lost: return {"lost: its supervisor died", Ink::red};
  }
  return Cell(jobs::to_string(exit.end));
}

}  // namespace

Cell state_of(const jobs::Run& run) {
  if (run.outcome) {
    const std::string name(jobs::to_string(*run.outcome));
    return {run.live() ? name + " (ending)" : name, ink_of(*run.outcome)};
  }
  return {fmt::format("{}: {}", run.stage, jobs::to_string(run.step)), Ink::yellow};
}

std::string took(const std::optional<jobs::TimePoint>& from,
                 const std::optional<jobs::TimePoint>& to, jobs::TimePoint now) {
  if (!from) {
    return "-";
  }
  return jobs::format_duration(std::max(jobs::Duration::zero(), to.value_or(now) - *from));
}

Cell end_of(const jobs::Turn& turn) {
  if (turn.exit) {
    return end_of(*turn.exit);
  }
  return {std::string(jobs::to_string(turn.state)), Ink::yellow};
}

std::string dollars(jobs::Usd usd) {
  return "$" + usd.str();
}

std::string size_text(std::int64_t bytes) {
  constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB"};
  constexpr double kStep = 1024;
  if (bytes < 1024) {
    return fmt::format("{} B", bytes);
  }
  double value = static_cast<double>(bytes) / kStep;
  std::size_t unit = 0;
  while (value >= kStep && unit + 1 < kUnits.size()) {
    value /= kStep;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits.at(unit));
}

std::string counted(std::int64_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace runner::cli
