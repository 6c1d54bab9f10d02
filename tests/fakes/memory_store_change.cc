// Applying a Change.
#include <algorithm>

#include "tests/fakes/memory_store.h"
#include "tests/fakes/memory_store_bump.h"

namespace fakes {

namespace {

using jobs::ErrorKind;
using jobs::fail;

}  // namespace

jobs::Status MemoryStore::put_run(State& state, Undo& undo, const jobs::Run& run) {
  const std::string& repo = run.issue.repo.str();
  const auto known = state.runs.find(run.id);
  const jobs::Run* old = known == state.runs.end() ? nullptr : &known->second;
  if (old != nullptr && old->issue != run.issue) {
    return fail(ErrorKind::bug, "run " + run.id.str() + " belongs to another issue");
  }
  for (const auto& [id, other] : state.runs) {
    if (run.live() && other.live() && id != run.id && other.issue.repo == run.issue.repo) {
      return fail(ErrorKind::conflict, repo + " has a live run already: " + id.str());
    }
  }
  if (old == nullptr) {
    bump(undo, state, &jobs::Counters::runs_started, {repo}, 1);
  }
  if (!run.live() && (old == nullptr || old->live())) {
    bump(undo, state, &jobs::Counters::runs_ended,
         {repo, run.outcome ? std::string(to_string(*run.outcome)) : "none"}, 1);
  }
  bump(undo, state, &jobs::Counters::landings, {repo},
       run.landings - (old != nullptr ? old->landings : 0));
  bump(undo, state, &jobs::Counters::fix_attempts, {repo},
       run.fix_attempts - (old != nullptr ? old->fix_attempts : 0));
  undo.push_back(
      [id = run.id, before = old == nullptr ? std::optional<jobs::Run>() : *old](State& into) {
        if (before) {
          into.runs[id] = *before;
        } else {
          into.runs.erase(id);
        }
      });
  state.runs[run.id] = run;
  return jobs::ok();
}

jobs::Status MemoryStore::put_turn(State& state, Undo& undo, const jobs::Turn& turn) {
  const auto run = state.runs.find(turn.run);
  if (run == state.runs.end()) {
    return fail(ErrorKind::bug, "a turn refers to run " + turn.run.str() + ", which is not there");
  }
  const TurnKey key{turn.run, turn.number};
  const auto old = state.turns.find(key);
  const bool was_ended = old != state.turns.end() && old->second.state == jobs::TurnState::ended;
  if (turn.state == jobs::TurnState::ended && !was_ended) {
    const jobs::TurnEnd end = turn.exit ? turn.exit->end : jobs::TurnEnd::lost;
    bump(undo, state, &jobs::Counters::turns,
         {run->second.issue.repo.str(), turn.agent, std::string(to_string(turn.kind)),
          std::string(to_string(end))},
         1);
  }
  undo.push_back([key, before = old == state.turns.end() ? std::optional<jobs::Turn>()
                                                         : old->second](State& into) {
    if (before) {
      into.turns[key] = *before;
    } else {
      into.turns.erase(key);
    }
  });
  state.turns[key] = turn;
  return jobs::ok();
}

jobs::Status MemoryStore::add_ledger(State& state, Undo& undo, const jobs::LedgerRow& row) {
  if (row.amount.usd.micros < 0 || row.amount.tokens < 0 || row.amount.turns < 0 ||
      row.amount.seconds < 0) {
    return fail(ErrorKind::bug, "a negative amount in the ledger");
  }
  const TurnKey key{row.run, row.turn};
  const auto account = state.accounts.find(key);
  const bool reserved = account != state.accounts.end();
  const bool ended = reserved && account->second.second >= 0;
  if (row.kind == jobs::LedgerKind::reserve ? reserved : !reserved || ended) {
    return fail(ErrorKind::conflict, "ledger: " + std::string(to_string(row.kind)) +
                                         " out of order for run " + row.run.str());
  }
  const auto at = static_cast<std::ptrdiff_t>(state.ledger.size());
  const bool reserve = row.kind == jobs::LedgerKind::reserve;
  if (reserve) {
    state.accounts[key] = {at, -1};
  } else {
    account->second.second = at;
  }
  state.ledger.push_back(row);
  undo.push_back([key, reserve](State& into) {
    into.ledger.pop_back();
    if (reserve) {
      into.accounts.erase(key);
    } else {
      into.accounts[key].second = -1;
    }
  });
  if (row.kind == jobs::LedgerKind::settle) {
    bump(undo, state, &jobs::Counters::spent_usd_micros, {row.issue.repo.str(), row.agent},
         row.amount.usd.micros);
    bump(undo, state, &jobs::Counters::spent_tokens, {row.issue.repo.str(), row.agent},
         row.amount.tokens);
  }
  return jobs::ok();
}

jobs::Status MemoryStore::clear(State& state, Undo& undo, const std::vector<std::int64_t>& ids,
                                const std::string& by, jobs::TimePoint now) {
  for (const std::int64_t id : ids) {
    const auto found = state.brakes.find(id);
    if (found == state.brakes.end()) {
      return fail(ErrorKind::not_found, "there is no brake " + std::to_string(id));
    }
    if (found->second.in_force()) {
      undo.push_back([id, before = found->second](State& into) { into.brakes[id] = before; });
      found->second.cleared_by = by;
      found->second.cleared_at = now;
    }
  }
  return jobs::ok();
}

jobs::Status MemoryStore::apply(State& state, Undo& undo, const jobs::TickId& tick,
                                const jobs::Change& change, std::optional<jobs::TimePoint> now) {
  const auto begun = state.ticks.find(tick);
  if (begun == state.ticks.end()) {
    return fail(ErrorKind::bug, "tick " + tick.str() + " writes but was never begun");
  }
  for (const bool live : {false, true}) {
    for (const jobs::Run& run : change.runs) {
      if (run.live() == live) {
        RUNNER_TRY(put_run(state, undo, run));
      }
    }
  }
  for (const jobs::Turn& turn : change.turns) {
    RUNNER_TRY(put_turn(state, undo, turn));
  }
  for (const jobs::Attempt& attempt : change.attempts) {
    if (!state.runs.contains(attempt.run)) {
      return fail(ErrorKind::bug,
                  "an attempt refers to run " + attempt.run.str() + ", which is not there");
    }
    const bool known =
        std::any_of(state.attempts.begin(), state.attempts.end(), [&](const jobs::Attempt& other) {
          return other.issue == attempt.issue && other.head == attempt.head &&
                 other.failing_set == attempt.failing_set;
        });
    if (!known) {
      state.attempts.push_back(attempt);
      undo.push_back([](State& into) { into.attempts.pop_back(); });
    }
  }
  for (const jobs::LedgerRow& row : change.ledger) {
    RUNNER_TRY(add_ledger(state, undo, row));
  }
  for (const jobs::Effect& effect : change.effects) {
    if (!effect.run.empty() && !state.runs.contains(effect.run)) {
      return fail(ErrorKind::bug,
                  "an effect refers to run " + effect.run.str() + ", which is not there");
    }
    if (state.effect_keys.insert(effect.key).second) {
      const std::int64_t id = state.next_effect++;
      state.outbox[id] = {.id = id, .effect = effect, .recorded_at = effect.at};
      undo.push_back([id](State& into) {
        into.effect_keys.erase(into.outbox[id].effect.key);
        into.outbox.erase(id);
        into.next_effect = id;
      });
    }
  }
  undo.push_back([size = state.events.size()](State& into) {
    into.events.erase(into.events.begin() + static_cast<std::ptrdiff_t>(size), into.events.end());
  });
  state.events.insert(state.events.end(), change.events.begin(), change.events.end());
  for (const jobs::Brake& brake : change.brakes_set) {
    const bool known =
        std::any_of(state.brakes.begin(), state.brakes.end(), [&](const auto& other) {
          return other.second.in_force() && other.second.scope == brake.scope &&
                 other.second.reason == brake.reason &&
                 other.second.fingerprint == brake.fingerprint;
        });
    if (!known) {
      const std::int64_t id = state.next_brake++;
      state.brakes[id] = brake;
      state.brakes[id].id = id;
      undo.push_back([id](State& into) {
        into.brakes.erase(id);
        into.next_brake = id;
      });
    }
  }
  RUNNER_TRY(clear(state, undo, change.brakes_cleared, change.cleared_by,
                   now.value_or(begun->second.started_at)));
  for (const jobs::Decision& decision : change.decisions) {
    if (!state.decided.insert({tick, decision.issue}).second) {
      return fail(ErrorKind::conflict,
                  "a second decision on " + decision.issue.str() + " in one tick");
    }
    undo.push_back([key = std::pair(tick, decision.issue)](State& into) {
      into.decided.erase(key);
      into.decisions.pop_back();
    });
    state.decisions.push_back({.tick = tick, .at = begun->second.started_at, .decision = decision});
    bump(undo, state, &jobs::Counters::decisions,
         {decision.issue.repo.str(), std::string(to_string(decision.reason))}, 1);
  }
  if (!change.requests_done.empty()) {
    undo.push_back([before = state.requests](State& into) { into.requests = before; });
  }
  for (const jobs::Request& done : change.requests_done) {
    std::erase_if(state.requests, [&](const jobs::Request& request) {
      return request.run == done.run && request.kind == done.kind;
    });
  }
  return jobs::ok();
}

}  // namespace fakes
