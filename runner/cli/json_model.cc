#include "runner/cli/json_model.h"

#include "jobs/base/time.h"

namespace runner::cli {

Json to_json(const std::optional<jobs::TimePoint>& time) {
  return time ? Json(jobs::format_time(*time)) : Json();
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

Json to_json(const jobs::Usage& usage) {
  Json json = Json::object();
  json.set("usd", usage.usd.str()).set("tokens", usage.tokens);
  json.set("turns", usage.turns).set("seconds", usage.seconds);
  return json;
}

Json to_json(const jobs::Spend& spend) {
  Json json = Json::object();
  json.set("settled", to_json(spend.settled)).set("reserved", to_json(spend.reserved));
  json.set("total", to_json(spend.total()));
  return json;
}

Json to_json(const jobs::Run& run) {
  Json json = Json::object();
  json.set("id", run.id.str()).set("repo", run.issue.repo.str()).set("issue", run.issue.number);
  json.set("title", run.title).set("author", text_or_null(run.author));
  json.set("requested_by", text_or_null(run.requested_by));
  json.set("requested_permission", jobs::to_string(run.requested_permission));
  json.set("edited_by", text_or_null(run.edited_by));
  json.set("pipeline", run.pipeline).set("stage", run.stage);
  json.set("step", jobs::to_string(run.step)).set("phase", jobs::to_string(run.phase));
  json.set("live", run.live());
  json.set("outcome", run.outcome ? Json(jobs::to_string(*run.outcome)) : Json());
  json.set("reason", text_or_null(run.reason)).set("last_error", text_or_null(run.last_error));
  json.set("branch", text_or_null(run.branch)).set("worktree", text_or_null(run.worktree));
  json.set("worktree_released", run.worktree_released);
  json.set("base", text_or_null(run.base.str())).set("head", text_or_null(run.head.str()));
  json.set("landed", text_or_null(run.landed.str())).set("landings", run.landings);
  json.set("turns", run.turns).set("verify_attempts", run.verify_attempts);
  json.set("fix_attempts", run.fix_attempts).set("land_attempts", run.land_attempts);
  json.set("instance_retries", run.instance_retries);
  json.set("failing", Json::strings(run.failing));
  json.set("created_at", to_json(run.created_at)).set("updated_at", to_json(run.updated_at));
  json.set("landed_at", to_json(run.landed_at)).set("first_red_at", to_json(run.first_red_at));
  json.set("not_before", to_json(run.not_before)).set("ended_at", to_json(run.ended_at));
  return json;
}

Json to_json(const jobs::Turn& turn) {
  Json json = Json::object();
  json.set("number", turn.number).set("stage", turn.stage);
  json.set("kind", jobs::to_string(turn.kind)).set("state", jobs::to_string(turn.state));
  json.set("agent", text_or_null(turn.agent)).set("session", text_or_null(turn.session));
  json.set("directory", text_or_null(turn.directory));
  Json exit;
  if (turn.exit) {
    exit = Json::object();
    exit.set("end", jobs::to_string(turn.exit->end)).set("exit_code", turn.exit->exit_code);
    exit.set("signal", turn.exit->signal).set("detail", text_or_null(turn.exit->detail));
    exit.set("at", to_json(turn.exit->at));
    if (turn.exit->agent != jobs::AgentEnd::none) {
      exit.set("agent_end", jobs::to_string(turn.exit->agent));
      exit.set("until", to_json(turn.exit->until));
    }
  }
  json.set("exit", exit);
  json.set("usage", turn.usage ? to_json(*turn.usage) : Json());
  json.set("reserved", to_json(turn.reserved));
  json.set("planned_at", to_json(turn.planned_at)).set("started_at", to_json(turn.started_at));
  json.set("ended_at", to_json(turn.ended_at));
  return json;
}

Json to_json(const jobs::Event& event) {
  Json json = Json::object();
  json.set("at", to_json(event.at)).set("kind", event.kind);
  json.set("detail", text_or_null(event.detail));
  return json;
}

Json to_json(const jobs::OutboxRow& row) {
  Json json = Json::object();
  json.set("id", row.id).set("key", row.effect.key);
  json.set("kind", jobs::to_string(row.effect.kind)).set("state", jobs::to_string(row.state));
  json.set("run", text_or_null(row.effect.run.str()));
  json.set("repo", text_or_null(row.effect.issue.repo.str()));
  json.set("issue", row.effect.issue.number > 0 ? Json(row.effect.issue.number) : Json());
  json.set("attempts", row.attempts).set("next_attempt", to_json(row.next_attempt));
  json.set("last_error", text_or_null(row.last_error));
  json.set("recorded_at", to_json(row.recorded_at)).set("finished_at", to_json(row.finished_at));
  return json;
}

Json to_json(const jobs::LedgerRow& row) {
  Json json = Json::object();
  json.set("kind", jobs::to_string(row.kind)).set("turn", row.turn);
  json.set("agent", text_or_null(row.agent)).set("amount", to_json(row.amount));
  json.set("estimated", row.estimated).set("at", to_json(row.at));
  return json;
}

Json to_json(const jobs::Brake& brake) {
  Json json = Json::object();
  json.set("id", brake.id).set("scope", brake.scope).set("reason", brake.reason);
  json.set("set_by", brake.set_by).set("set_at", to_json(brake.set_at));
  json.set("in_force", brake.in_force());
  if (brake.until) {
    json.set("until", to_json(brake.until));
  }
  json.set("cleared_by", text_or_null(brake.cleared_by));
  json.set("cleared_at", to_json(brake.cleared_at));
  return json;
}

Json to_json(const jobs::TickRow& tick) {
  std::vector<std::string> names;
  names.reserve(tick.jobs.size());
  for (const jobs::TickJob job : tick.jobs) {
    names.emplace_back(jobs::to_string(job));
  }
  Json json = Json::object();
  json.set("id", tick.id.str()).set("jobs", Json::strings(names));
  json.set("started_at", to_json(tick.started_at)).set("ended_at", to_json(tick.ended_at));
  json.set("host", tick.host).set("version", tick.version);
  json.set("candidates", tick.candidates).set("started", tick.started);
  json.set("effects", tick.effects).set("failures", tick.failures);
  json.set("exit_code", tick.exit_code ? Json(*tick.exit_code) : Json());
  return json;
}

Json to_json(const jobs::Decision& decision) {
  Json gates = Json::array();
  for (const jobs::GateValue& gate : decision.gates) {
    Json value = Json::object();
    value.set("gate", jobs::to_string(gate.gate)).set("passed", gate.passed);
    value.set("value", gate.value);
    gates.push(value);
  }
  Json json = Json::object();
  json.set("repo", decision.issue.repo.str()).set("issue", decision.issue.number);
  json.set("title", decision.title).set("selected", decision.selected());
  json.set("reason", jobs::to_string(decision.reason)).set("detail", text_or_null(decision.detail));
  json.set("explanation", jobs::explain(decision.reason)).set("gates", gates);
  return json;
}

}  // namespace runner::cli
