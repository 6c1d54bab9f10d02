#pragma once

#include <array>
#include <cstdint>
#include <string_view>

/// Every metric that exists, by name. Dashboards and alert rules are checked against this table,
/// docs/metrics.md too.
namespace metrics {

enum class Type : std::uint8_t { counter, gauge };

/// Identifies a metric in code; the order is the order of output.
enum class Name : std::uint8_t {
  build_info,
  kill_switch,
  fleet_repositories,
  last_tick_timestamp,
  last_tick_exit_code,
  live_runs,
  oldest_live_run_age,
  outbox_pending,
  outbox_oldest_age,
  brakes,
  spend_usd,
  budget_usd,
  ticks,
  decisions,
  runs_started,
  runs,
  turns,
  effects,
  landings,
  fix_attempts,
  spent_usd,
  spent_tokens,
};
inline constexpr std::size_t kNameCount = static_cast<std::size_t>(Name::spent_tokens) + 1;

inline constexpr std::size_t kMaxLabels = 4;

/// Labels take few values each: a repository of the manifests, or a word from an enum. Never an
/// issue, a run, a person.
struct Metric {
  Name id;
  std::string_view name;
  Type type;
  std::array<std::string_view, kMaxLabels> labels;  ///< the first empty one ends the list
  std::string_view help;
};

// clang-format off
inline constexpr std::array<Metric, kNameCount> kMetrics{{
    {Name::build_info, "runner_build_info", Type::gauge, {"version"},
     "Always 1; the label is the version of the runner that wrote this."},
    {Name::kill_switch, "runner_kill_switch", Type::gauge, {},
     "1 while the kill switch is on, whoever holds it: nothing is read, written or started."},
    {Name::fleet_repositories, "runner_fleet_repositories", Type::gauge, {},
     "Repositories that the manifests declare."},
    {Name::last_tick_timestamp, "runner_last_tick_timestamp_seconds", Type::gauge, {},
     "When the newest finished tick ended. Missing until a tick has finished."},
    {Name::last_tick_exit_code, "runner_last_tick_exit_code", Type::gauge, {},
     "Exit code of the newest finished tick."},
    {Name::live_runs, "runner_live_runs", Type::gauge, {"repo"},
     "Runs that have not ended; at most one per repository."},
    {Name::oldest_live_run_age, "runner_oldest_live_run_age_seconds", Type::gauge, {},
     "Age of the oldest run that has not ended; 0 without one."},
    {Name::outbox_pending, "runner_outbox_pending", Type::gauge, {"kind"},
     "Recorded effects that have not been carried out yet."},
    {Name::outbox_oldest_age, "runner_outbox_oldest_age_seconds", Type::gauge, {},
     "Age of the oldest effect that has not been carried out; 0 without one."},
    {Name::brakes, "runner_brakes", Type::gauge, {"scope"},
     "Brakes in force, by what they stop: fleet, repo, issue or agent."},
    {Name::spend_usd, "runner_spend_usd", Type::gauge, {"window"},
     "Spent and reserved in the current UTC day or month."},
    {Name::budget_usd, "runner_budget_usd", Type::gauge, {"window"},
     "The fleet's cap for the UTC day or month. Missing without a cap."},
    {Name::ticks, "runner_ticks_total", Type::counter, {"exit_code"},
     "Finished ticks by exit code."},
    {Name::decisions, "runner_decisions_total", Type::counter, {"repo", "reason"},
     "Decisions about candidates by the gate that decided."},
    {Name::runs_started, "runner_runs_started_total", Type::counter, {"repo"},
     "Runs claimed."},
    {Name::runs, "runner_runs_total", Type::counter, {"repo", "outcome"},
     "Runs that ended, by outcome."},
    {Name::turns, "runner_turns_total", Type::counter, {"repo", "agent", "kind", "end"},
     "Turns that ended, by how they ended."},
    {Name::effects, "runner_effects_total", Type::counter, {"kind", "state"},
     "Effects that were carried out (done) or given up (given-up)."},
    {Name::landings, "runner_landings_total", Type::counter, {"repo"},
     "Pushes to a base branch."},
    {Name::fix_attempts, "runner_fix_attempts_total", Type::counter, {"repo"},
     "Corrective turns charged to red CI."},
    {Name::spent_usd, "runner_spent_usd_total", Type::counter, {"repo", "agent"},
     "Settled cost in US dollars; notional under a subscription."},
    {Name::spent_tokens, "runner_spent_tokens_total", Type::counter, {"repo", "agent"},
     "Settled tokens."},
}};
// clang-format on

/// The table is in the order of the enum.
[[nodiscard]] constexpr const Metric& metric(Name name) {
  return kMetrics.at(static_cast<std::size_t>(name));
}

}  // namespace metrics
