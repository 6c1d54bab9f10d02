#include "jobs/pipelines/run_change.h"

#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "jobs/base/planted.h"
#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "jobs/pipelines/agent_command.h"
#include "jobs/pipelines/checklist.h"
#include "jobs/policy/budget.h"

namespace jobs {

RunChange::RunChange(Run run, const Fleet& fleet, TimePoint now)
    : run_(std::move(run)), fleet_(fleet), now_(now) {
  if (const Repo* repo = fleet.repo(run_.issue.repo)) {
    notify_targets_ = repo->notify;
  }
}

void RunChange::event(std::string kind, std::string detail) {
  change_.events.push_back(
      {.run = run_.id, .at = now_, .kind = std::move(kind), .detail = std::move(detail)});
}

void RunChange::effect(Effect effect) {
  ++run_.effects;
  const int ordinal = RUNNER_PLANTED(effect_key_reused) ? 0 : run_.effects;
  effect.key = fmt::format("{}/{}/{}", run_.id.str(), ordinal, to_string(effect.kind));
  effect.run = run_.id;
  effect.issue = run_.issue;
  effect.at = now_;
  change_.effects.push_back(std::move(effect));
}

void RunChange::labels(std::vector<std::string> add, std::vector<std::string> remove) {
  Effect labels;
  labels.kind = EffectKind::set_labels;
  labels.add_labels = std::move(add);
  labels.remove_labels = std::move(remove);
  effect(std::move(labels));
}

void RunChange::start_ci() {
  run_.not_before = now_ + fleet_.limits.retry_delay;
  Effect start;
  start.kind = EffectKind::start_ci;
  effect(std::move(start));
}

void RunChange::comment() {
  Effect comment;
  comment.kind = EffectKind::upsert_comment;
  comment.target = std::string(kChecklistMarker);
  const Repo* repo = fleet_.repo(run_.issue.repo);
  comment.text = checklist(run_, repo == nullptr || !repo->ci.empty());
  effect(std::move(comment));
}

void RunChange::notify(const std::string& text) {
  for (const std::string& target : notify_targets_) {
    Effect message;
    message.kind = EffectKind::notify;
    message.target = target;
    message.text = one_line(text, 1000);  // whoever worded it
    effect(std::move(message));
  }
}

void RunChange::attempt(const Oid& head, const std::vector<std::string>& failing) {
  change_.attempts.push_back({.issue = run_.issue,
                              .head = head,
                              .failing_set = fmt::format("{}", fmt::join(failing, ",")),
                              .run = run_.id,
                              .at = now_});
}

void RunChange::brake(std::string scope, std::string reason, std::optional<TimePoint> until) {
  Brake brake;
  brake.until = until;
  if (until) {
    // A later time is another brake, and not the one that is in force already.
    brake.fingerprint = "until " + format_time(*until);
  }
  brake.scope = std::move(scope);
  brake.reason = std::move(reason);
  brake.set_by = "run " + run_.id.str();
  brake.set_at = now_;
  change_.brakes_set.push_back(std::move(brake));
}

void RunChange::lift(const Brake& brake, std::string why) {
  change_.brakes_cleared.push_back(brake.id);
  change_.cleared_by = fmt::format("run {}: {}", run_.id.str(), why);
}

void RunChange::start_turn(const Stage& stage, TurnKind kind, const Oid& head,
                           std::string correction) {
  Turn next;
  next.run = run_.id;
  next.number = ++run_.turns;
  next.stage = stage.name;
  next.kind = kind;
  next.directory = fmt::format("{}/turns/{}/{}", fleet_.state_dir, run_.id.str(), next.number);
  next.head_before = head;
  next.correction = std::move(correction);
  next.planned_at = now_;
  if (kind != TurnKind::command) {
    const Repo* repo = fleet_.repo(run_.issue.repo);
    next.agent = !stage.agent.empty() ? stage.agent : repo != nullptr ? repo->agent : "";
    if (const auto agent = fleet_.agents.find(next.agent);
        agent != fleet_.agents.end() && agent->second.kind == AgentKind::claude) {
      // Known before the first side effect; a turn that goes on with another session says so
      // itself.
      next.session = session_id(next.run, next.number);
    }
    next.reserved = turn_allowance(fleet_.budget, fleet_.limits);
    LedgerRow reserve;
    reserve.kind = LedgerKind::reserve;
    reserve.issue = run_.issue;
    reserve.run = run_.id;
    reserve.turn = next.number;
    reserve.agent = next.agent;
    reserve.amount = next.reserved;
    reserve.at = now_;
    ledger(std::move(reserve));
  }
  run_.stage = stage.name;
  run_.not_before.reset();
  if (run_.step != RunStep::preparing) {
    run_.step = RunStep::turning;
  }
  Effect start;
  start.kind = EffectKind::start_turn;
  start.turn = next.number;
  event("turn-planned", fmt::format("turn {} ({}, {})", next.number, stage.name, to_string(kind)));
  change_.turns.push_back(std::move(next));
  effect(std::move(start));
}

void RunChange::end(Outcome outcome, std::string reason, bool charged) {
  if (run_.step == RunStep::ending || run_.step == RunStep::ended) {
    return;
  }
  run_.step = RunStep::ending;
  run_.outcome = outcome;
  run_.reason = std::move(reason);
  run_.charged = charged;
  run_.ended_at = now_;
  run_.not_before.reset();
  if (outcome == Outcome::landed) {
    run_.phase = Phase::done;
  }
  event(std::string(to_string(outcome)), run_.reason);
  if (run_.turns > 0 && outcome == Outcome::cancelled) {
    Effect stop;
    stop.kind = EffectKind::stop_turn;
    stop.turn = run_.turns;
    stop.text = run_.reason;
    effect(std::move(stop));
  }
  const bool human = outcome == Outcome::needs_human || outcome == Outcome::frozen;
  if (human && !run_.worktree.empty()) {
    Effect rescue;
    rescue.kind = EffectKind::rescue;
    effect(std::move(rescue));
  }
  std::vector<std::string> taken_off{fleet_.labels.in_progress, fleet_.labels.ready};
  if (RUNNER_PLANTED(ready_label_kept) && outcome == Outcome::frozen) {
    taken_off.pop_back();
  }
  labels(human ? std::vector{fleet_.labels.human} : std::vector<std::string>{},
         std::move(taken_off));
  comment();
  if (outcome == Outcome::landed) {
    Effect close;
    close.kind = EffectKind::close_issue;
    close.text = fmt::format("landed as {}", run_.landed.str().substr(0, 12));
    effect(std::move(close));
  }
  if (human) {
    notify(fmt::format("{} \"{}\": {}: {}", run_.issue.str(), run_.title, to_string(outcome),
                       run_.reason));
  }
}

Change RunChange::take() && {
  run_.updated_at = now_;
  change_.runs.push_back(std::move(run_));
  return std::move(change_);
}

void merge(Change& change, Change more) {
  const auto append = [](auto& to, auto& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  append(change.runs, more.runs);
  append(change.turns, more.turns);
  append(change.attempts, more.attempts);
  append(change.ledger, more.ledger);
  append(change.effects, more.effects);
  append(change.events, more.events);
  append(change.brakes_set, more.brakes_set);
  append(change.brakes_cleared, more.brakes_cleared);
  append(change.decisions, more.decisions);
  append(change.requests_done, more.requests_done);
  if (change.cleared_by.empty()) {
    change.cleared_by = std::move(more.cleared_by);
  }
}

}  // namespace jobs
