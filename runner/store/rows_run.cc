// Runs, their turns and attempts as rows.
#include "runner/store/cells.h"
#include "runner/store/rows.h"

namespace runner::store {

const SealedTable& runs_table() {
  static const SealedTable table{.name = "runs",
                                 .columns = {"id",
                                             "repo",
                                             "number",
                                             "step",
                                             "phase",
                                             "outcome",
                                             "pipeline",
                                             "stage",
                                             "epoch",
                                             "branch",
                                             "worktree",
                                             "base",
                                             "head",
                                             "verified_tree",
                                             "verified_base",
                                             "landed",
                                             "landings",
                                             "turns",
                                             "verify_attempts",
                                             "fix_attempts",
                                             "land_attempts",
                                             "instance_retries",
                                             "landed_at",
                                             "first_red_at",
                                             "failing",
                                             "not_before",
                                             "reason",
                                             "last_error",
                                             "created_at",
                                             "updated_at",
                                             "ended_at",
                                             "worktree_released",
                                             "charged",
                                             "released",
                                             "effects",
                                             "text_digest",
                                             "requested_by",
                                             "title",
                                             "body",
                                             "requested_permission",
                                             "author",
                                             "edited_by",
                                             "comment"},
                                 .added = 4};
  return table;
}

Row to_row(const jobs::Run& run) {
  RowWriter row;
  row.text(run.id.str()).text(run.issue.repo.str()).number(run.issue.number);
  row.text(to_string(run.step)).text(to_string(run.phase));
  if (run.outcome) {
    row.text(to_string(*run.outcome));
  } else {
    row.null();
  }
  row.text(run.pipeline).text(run.stage).number(run.epoch).text(run.branch).text(run.worktree);
  row.text(run.base.str())
      .text(run.head.str())
      .text(run.verified_tree.str())
      .text(run.verified_base.str());
  row.text(run.landed.str()).number(run.landings).number(run.turns).number(run.verify_attempts);
  row.number(run.fix_attempts).number(run.land_attempts).number(run.instance_retries);
  row.time(run.landed_at).time(run.first_red_at).list(run.failing).time(run.not_before);
  row.text(run.reason)
      .text(run.last_error)
      .time(run.created_at)
      .time(run.updated_at)
      .time(run.ended_at);
  row.number(run.worktree_released ? 1 : 0)
      .number(run.charged ? 1 : 0)
      .number(run.released ? 1 : 0)
      .number(run.effects)
      .text(run.text_digest)
      .text(run.requested_by)
      .text(run.title)
      .text(run.body);
  const bool known = run.requested_permission != jobs::Permission::unknown;
  row.text_or_null(known ? to_string(run.requested_permission) : "")
      .text_or_null(run.author)
      .text_or_null(run.edited_by)
      .text_or_null(run.comment);
  return row.take();
}

jobs::Result<jobs::Run> run_from(const Row& row) {
  RowReader in("runs", row);
  jobs::Run run;
  run.id = in.id<jobs::RunId>();
  run.issue.repo = in.id<jobs::RepoName>();
  run.issue.number = in.number();
  run.step = in.name(jobs::parse_run_step);
  run.phase = in.name(jobs::parse_phase);
  if (!in.skip_null()) {
    run.outcome = in.name(jobs::parse_outcome);
  }
  run.pipeline = in.text();
  run.stage = in.text();
  run.epoch = in.number();
  run.branch = in.text();
  run.worktree = in.text();
  run.base = in.id<jobs::Oid>();
  run.head = in.id<jobs::Oid>();
  run.verified_tree = in.id<jobs::Oid>();
  run.verified_base = in.id<jobs::Oid>();
  run.landed = in.id<jobs::Oid>();
  run.landings = in.small();
  run.turns = in.small();
  run.verify_attempts = in.small();
  run.fix_attempts = in.small();
  run.land_attempts = in.small();
  run.instance_retries = in.small();
  run.landed_at = in.maybe_time();
  run.first_red_at = in.maybe_time();
  run.failing = in.list();
  run.not_before = in.maybe_time();
  run.reason = in.text();
  run.last_error = in.text();
  run.created_at = in.time();
  run.updated_at = in.time();
  run.ended_at = in.maybe_time();
  run.worktree_released = in.flag();
  run.charged = in.flag();
  run.released = in.flag();
  run.effects = in.small();
  run.text_digest = in.text();
  run.requested_by = in.text();
  run.title = in.text();
  run.body = in.text();
  if (!in.skip_null()) {
    run.requested_permission = in.name(jobs::parse_permission);
  }
  run.author = in.text_or_null();
  run.edited_by = in.text_or_null();
  run.comment = in.text_or_null();
  return checked(in, std::move(run));
}

const SealedTable& turns_table() {
  static const SealedTable table{.name = "turns",
                                 .columns = {"run",
                                             "number",
                                             "stage",
                                             "kind",
                                             "state",
                                             "agent",
                                             "directory",
                                             "head_before",
                                             "session",
                                             "correction",
                                             "exit_end",
                                             "exit_code",
                                             "exit_signal",
                                             "exit_detail",
                                             "exit_at",
                                             "used_usd",
                                             "used_tokens",
                                             "used_turns",
                                             "used_seconds",
                                             "reserved_usd",
                                             "reserved_tokens",
                                             "reserved_turns",
                                             "reserved_seconds",
                                             "planned_at",
                                             "started_at",
                                             "ended_at",
                                             "agent_end",
                                             "agent_until"},
                                 .keys = 2,
                                 .added = 2};
  return table;
}

Row to_row(const jobs::Turn& turn) {
  RowWriter row;
  row.text(turn.run.str())
      .number(turn.number)
      .text(turn.stage)
      .text(to_string(turn.kind))
      .text(to_string(turn.state));
  row.text(turn.agent)
      .text(turn.directory)
      .text(turn.head_before.str())
      .text(turn.session)
      .text(turn.correction);
  if (turn.exit) {
    row.text(to_string(turn.exit->end)).number(turn.exit->exit_code).number(turn.exit->signal);
    row.text(turn.exit->detail).time(turn.exit->at);
  } else {
    row.null().null().null().null().null();
  }
  if (turn.usage) {
    row.usage(*turn.usage);
  } else {
    row.null().null().null().null();
  }
  row.usage(turn.reserved).time(turn.planned_at).time(turn.started_at).time(turn.ended_at);
  if (turn.exit && turn.exit->agent != jobs::AgentEnd::none) {
    row.text(to_string(turn.exit->agent)).time(turn.exit->until);
  } else {
    row.null().null();
  }
  return row.take();
}

jobs::Result<jobs::Turn> turn_from(const Row& row) {
  RowReader in("turns", row);
  jobs::Turn turn;
  turn.run = in.id<jobs::RunId>();
  turn.number = in.small();
  turn.stage = in.text();
  turn.kind = in.name(jobs::parse_turn_kind);
  turn.state = in.name(jobs::parse_turn_state);
  turn.agent = in.text();
  turn.directory = in.text();
  turn.head_before = in.id<jobs::Oid>();
  turn.session = in.text();
  turn.correction = in.text();
  if (in.skip_null()) {
    in.skip(4);
  } else {
    jobs::TurnExit exit;
    exit.end = in.name(jobs::parse_turn_end);
    exit.exit_code = in.small();
    exit.signal = in.small();
    exit.detail = in.text();
    exit.at = in.maybe_time();
    turn.exit = std::move(exit);
  }
  if (in.skip_null()) {
    in.skip(3);
  } else {
    turn.usage = in.usage();
  }
  turn.reserved = in.usage();
  turn.planned_at = in.time();
  turn.started_at = in.maybe_time();
  turn.ended_at = in.maybe_time();
  if (in.skip_null()) {
    in.skip(1);
  } else {
    const jobs::AgentEnd end = in.name(jobs::parse_agent_end);
    const auto until = in.maybe_time();
    if (turn.exit) {
      turn.exit->agent = end;
      turn.exit->until = until;
    }
  }
  return checked(in, std::move(turn));
}

const SealedTable& attempts_table() {
  static const SealedTable table{.name = "attempts",
                                 .columns = {"repo", "number", "head", "failing_set", "run", "at"},
                                 .keys = 4};
  return table;
}

Row to_row(const jobs::Attempt& attempt) {
  RowWriter row;
  row.text(attempt.issue.repo.str())
      .number(attempt.issue.number)
      .text(attempt.head.str())
      .text(attempt.failing_set);
  row.text(attempt.run.str()).time(attempt.at);
  return row.take();
}

jobs::Result<jobs::Attempt> attempt_from(const Row& row) {
  RowReader in("attempts", row);
  jobs::Attempt attempt;
  attempt.issue.repo = in.id<jobs::RepoName>();
  attempt.issue.number = in.number();
  attempt.head = in.id<jobs::Oid>();
  attempt.failing_set = in.text();
  attempt.run = in.id<jobs::RunId>();
  attempt.at = in.time();
  return checked(in, std::move(attempt));
}

}  // namespace runner::store
