#pragma once

#include <optional>
#include <string>

#include "jobs/base/result.h"
#include "jobs/ports/store.h"
#include "runner/store/sealed.h"

/// How each thing of the model lies in its table: columns, and both directions.
namespace runner::store {

[[nodiscard]] const SealedTable& runs_table();
[[nodiscard]] Row to_row(const jobs::Run& run);
[[nodiscard]] jobs::Result<jobs::Run> run_from(const Row& row);

[[nodiscard]] const SealedTable& turns_table();
[[nodiscard]] Row to_row(const jobs::Turn& turn);
[[nodiscard]] jobs::Result<jobs::Turn> turn_from(const Row& row);

[[nodiscard]] const SealedTable& attempts_table();
[[nodiscard]] Row to_row(const jobs::Attempt& attempt);
[[nodiscard]] jobs::Result<jobs::Attempt> attempt_from(const Row& row);

[[nodiscard]] const SealedTable& outbox_table();
[[nodiscard]] Row to_row(const jobs::OutboxRow& outbox);
[[nodiscard]] jobs::Result<jobs::OutboxRow> outbox_from(const Row& row);

[[nodiscard]] const SealedTable& brakes_table();
[[nodiscard]] Row to_row(const jobs::Brake& brake);
[[nodiscard]] jobs::Result<jobs::Brake> brake_from(const Row& row);

[[nodiscard]] const SealedTable& requests_table();
[[nodiscard]] Row to_row(const jobs::Request& request);
[[nodiscard]] jobs::Result<jobs::Request> request_from(const Row& row);

[[nodiscard]] const SealedTable& leases_table();
[[nodiscard]] Row to_row(const jobs::Lease& lease);
[[nodiscard]] jobs::Result<jobs::Lease> lease_from(const Row& row);

/// A pause with its history: the one in force has no `cleared_at`.
struct PauseRow {
  std::int64_t id = 0;
  jobs::Pause pause;
  std::string cleared_by;
  std::optional<jobs::TimePoint> cleared_at;
};
[[nodiscard]] const SealedTable& pauses_table();
[[nodiscard]] Row to_row(const PauseRow& pause);
[[nodiscard]] jobs::Result<PauseRow> pause_from(const Row& row);

/// What pruned ledger rows of one issue came to.
struct CarriedSpend {
  jobs::IssueKey issue;
  jobs::Usage amount;
};
[[nodiscard]] const SealedTable& carried_table();
[[nodiscard]] Row to_row(const CarriedSpend& carried);
[[nodiscard]] jobs::Result<CarriedSpend> carried_from(const Row& row);

/// `ledger` without its chain columns.
inline constexpr const char* kLedgerColumns =
    "kind, repo, number, run, turn, agent, usd, tokens, turns, seconds, estimated, at";
[[nodiscard]] Row to_row(const jobs::LedgerRow& row);
[[nodiscard]] jobs::Result<jobs::LedgerRow> ledger_from(const Row& row);

/// Not sealed: what happened, for people and metrics.
inline constexpr const char* kTickColumns =
    "id, jobs, started_at, ended_at, host, version, candidates, started, effects, failures, "
    "exit_code";
[[nodiscard]] Row to_row(const jobs::TickRow& tick);
[[nodiscard]] jobs::Result<jobs::TickRow> tick_from(const Row& row);
/// Three texts per gate: name, "pass" or "fail", value.
[[nodiscard]] std::string gates_to_text(const std::vector<jobs::GateValue>& gates);
[[nodiscard]] std::optional<std::vector<jobs::GateValue>> gates_from_text(std::string_view text);

}  // namespace runner::store
