// Everything but runs as rows: outbox, brakes, requests, pauses, leases, ledger, ticks, decisions.
#include "runner/store/rows.h"

#include "runner/store/cells.h"

namespace runner::store {

const SealedTable& outbox_table() {
  static const SealedTable table{
      .name = "outbox",
      .columns = {"id", "key", "kind", "run", "repo", "number", "add_labels", "remove_labels",
                  "text", "target", "turn", "at", "state", "attempts", "next_attempt", "last_error",
                  "claimed_epoch", "recorded_at", "finished_at"}};
  return table;
}

Row to_row(const jobs::OutboxRow& outbox) {
  const jobs::Effect& effect = outbox.effect;
  RowWriter row;
  row.number(outbox.id).text(effect.key).text(to_string(effect.kind));
  // Null and not "": a reference to a run, and an effect may belong to none.
  if (effect.run.empty()) {
    row.null();
  } else {
    row.text(effect.run.str());
  }
  row.text(effect.issue.repo.str())
      .number(effect.issue.number)
      .list(effect.add_labels)
      .list(effect.remove_labels);
  row.text(effect.text).text(effect.target).number(effect.turn).time(effect.at);
  row.text(to_string(outbox.state))
      .number(outbox.attempts)
      .time(outbox.next_attempt)
      .text(outbox.last_error);
  row.number(outbox.claimed_epoch).time(outbox.recorded_at).time(outbox.finished_at);
  return row.take();
}

jobs::Result<jobs::OutboxRow> outbox_from(const Row& row) {
  RowReader in("outbox", row);
  jobs::OutboxRow outbox;
  outbox.id = in.number();
  outbox.effect.key = in.text();
  outbox.effect.kind = in.name(jobs::parse_effect_kind);
  if (!in.skip_null()) {
    outbox.effect.run = in.id<jobs::RunId>();
  }
  outbox.effect.issue.repo = in.id<jobs::RepoName>();
  outbox.effect.issue.number = in.number();
  outbox.effect.add_labels = in.list();
  outbox.effect.remove_labels = in.list();
  outbox.effect.text = in.text();
  outbox.effect.target = in.text();
  outbox.effect.turn = in.small();
  outbox.effect.at = in.time();
  outbox.state = in.name(jobs::parse_effect_state);
  outbox.attempts = in.small();
  outbox.next_attempt = in.maybe_time();
  outbox.last_error = in.text();
  outbox.claimed_epoch = in.number();
  outbox.recorded_at = in.time();
  outbox.finished_at = in.maybe_time();
  return checked(in, std::move(outbox));
}

const SealedTable& brakes_table() {
  static const SealedTable table{.name = "brakes",
                                 .columns = {"id", "scope", "reason", "fingerprint", "set_by",
                                             "set_at", "cleared_by", "cleared_at", "until"},
                                 .added = 1};
  return table;
}

Row to_row(const jobs::Brake& brake) {
  RowWriter row;
  row.number(brake.id)
      .text(brake.scope)
      .text(brake.reason)
      .text(brake.fingerprint)
      .text(brake.set_by)
      .time(brake.set_at);
  row.text(brake.cleared_by).time(brake.cleared_at).time(brake.until);
  return row.take();
}

jobs::Result<jobs::Brake> brake_from(const Row& row) {
  RowReader in("brakes", row);
  jobs::Brake brake;
  brake.id = in.number();
  brake.scope = in.text();
  brake.reason = in.text();
  brake.fingerprint = in.text();
  brake.set_by = in.text();
  brake.set_at = in.time();
  brake.cleared_by = in.text();
  brake.cleared_at = in.maybe_time();
  brake.until = in.maybe_time();
  return checked(in, std::move(brake));
}

const SealedTable& requests_table() {
  static const SealedTable table{
      .name = "requests", .columns = {"run", "kind", "by", "why", "at"}, .keys = 2};
  return table;
}

Row to_row(const jobs::Request& request) {
  RowWriter row;
  row.text(request.run.str())
      .text(to_string(request.kind))
      .text(request.by)
      .text(request.why)
      .time(request.at);
  return row.take();
}

jobs::Result<jobs::Request> request_from(const Row& row) {
  RowReader in("requests", row);
  jobs::Request request;
  request.run = in.id<jobs::RunId>();
  request.kind = in.name(jobs::parse_request_kind);
  request.by = in.text();
  request.why = in.text();
  request.at = in.time();
  return checked(in, std::move(request));
}

const SealedTable& leases_table() {
  static const SealedTable table{.name = "leases",
                                 .columns = {"name", "owner", "epoch", "expires_at"}};
  return table;
}

Row to_row(const jobs::Lease& lease) {
  RowWriter row;
  row.text(lease.name).text(lease.owner).number(lease.epoch).time(lease.expires_at);
  return row.take();
}

jobs::Result<jobs::Lease> lease_from(const Row& row) {
  RowReader in("leases", row);
  jobs::Lease lease;
  lease.name = in.text();
  lease.owner = in.text();
  lease.epoch = in.number();
  lease.expires_at = in.time();
  return checked(in, std::move(lease));
}

const SealedTable& pauses_table() {
  static const SealedTable table{.name = "pauses",
                                 .columns = {"id", "by", "why", "at", "cleared_by", "cleared_at"}};
  return table;
}

Row to_row(const PauseRow& pause) {
  RowWriter row;
  row.number(pause.id).text(pause.pause.by).text(pause.pause.why).time(pause.pause.at);
  row.text(pause.cleared_by).time(pause.cleared_at);
  return row.take();
}

jobs::Result<PauseRow> pause_from(const Row& row) {
  RowReader in("pauses", row);
  PauseRow pause;
  pause.id = in.number();
  pause.pause.by = in.text();
  pause.pause.why = in.text();
  pause.pause.at = in.time();
  pause.cleared_by = in.text();
  pause.cleared_at = in.maybe_time();
  return checked(in, std::move(pause));
}

const SealedTable& carried_table() {
  static const SealedTable table{.name = "carried_spend",
                                 .columns = {"repo", "number", "usd", "tokens", "turns", "seconds"},
                                 .keys = 2};
  return table;
}

Row to_row(const CarriedSpend& carried) {
  RowWriter row;
  row.text(carried.issue.repo.str()).number(carried.issue.number).usage(carried.amount);
  return row.take();
}

jobs::Result<CarriedSpend> carried_from(const Row& row) {
  RowReader in("carried_spend", row);
  CarriedSpend carried;
  carried.issue.repo = in.id<jobs::RepoName>();
  carried.issue.number = in.number();
  carried.amount = in.usage();
  return checked(in, std::move(carried));
}

Row to_row(const jobs::LedgerRow& ledger) {
  RowWriter row;
  row.text(to_string(ledger.kind))
      .text(ledger.issue.repo.str())
      .number(ledger.issue.number)
      .text(ledger.run.str());
  row.number(ledger.turn)
      .text(ledger.agent)
      .usage(ledger.amount)
      .number(ledger.estimated ? 1 : 0)
      .time(ledger.at);
  return row.take();
}

jobs::Result<jobs::LedgerRow> ledger_from(const Row& row) {
  RowReader in("ledger", row);
  jobs::LedgerRow ledger;
  ledger.kind = in.name(jobs::parse_ledger_kind);
  ledger.issue.repo = in.id<jobs::RepoName>();
  ledger.issue.number = in.number();
  ledger.run = in.id<jobs::RunId>();
  ledger.turn = in.small();
  ledger.agent = in.text();
  ledger.amount = in.usage();
  ledger.estimated = in.flag();
  ledger.at = in.time();
  return checked(in, std::move(ledger));
}

Row to_row(const jobs::TickRow& tick) {
  std::vector<std::string> names;
  for (const jobs::TickJob job : tick.jobs) {
    names.emplace_back(to_string(job));
  }
  RowWriter row;
  row.text(tick.id.str())
      .list(names)
      .time(tick.started_at)
      .time(tick.ended_at)
      .text(tick.host)
      .text(tick.version);
  row.number(tick.candidates).number(tick.started).number(tick.effects).number(tick.failures);
  if (tick.exit_code) {
    row.number(*tick.exit_code);
  } else {
    row.null();
  }
  return row.take();
}

jobs::Result<jobs::TickRow> tick_from(const Row& row) {
  RowReader in("ticks", row);
  jobs::TickRow tick;
  tick.id = in.id<jobs::TickId>();
  for (const std::string& name : in.list()) {
    const auto job = jobs::parse_tick_job(name);
    if (!job) {
      return damaged("a tick names a job that does not exist");
    }
    tick.jobs.push_back(*job);
  }
  tick.started_at = in.time();
  tick.ended_at = in.maybe_time();
  tick.host = in.text();
  tick.version = in.text();
  tick.candidates = in.small();
  tick.started = in.small();
  tick.effects = in.small();
  tick.failures = in.small();
  if (!in.skip_null()) {
    tick.exit_code = in.small();
  }
  return checked(in, std::move(tick));
}

std::string gates_to_text(const std::vector<jobs::GateValue>& gates) {
  std::vector<std::string> list;
  for (const jobs::GateValue& gate : gates) {
    list.emplace_back(to_string(gate.gate));
    list.emplace_back(gate.passed ? "pass" : "fail");
    list.push_back(gate.value);
  }
  return list_to_text(list);
}

std::optional<std::vector<jobs::GateValue>> gates_from_text(std::string_view text) {
  const auto list = list_from_text(text);
  if (!list || list->size() % 3 != 0) {
    return std::nullopt;
  }
  std::vector<jobs::GateValue> gates;
  for (std::size_t i = 0; i < list->size(); i += 3) {
    const auto reason = jobs::parse_reason((*list)[i]);
    if (!reason || ((*list)[i + 1] != "pass" && (*list)[i + 1] != "fail")) {
      return std::nullopt;
    }
    gates.push_back({.gate = *reason, .passed = (*list)[i + 1] == "pass", .value = (*list)[i + 2]});
  }
  return gates;
}

}  // namespace runner::store
