#include "tests/fakes/memory_store.h"

#include <algorithm>
#include <set>

#include "tests/fakes/memory_store_bump.h"

namespace fakes {

namespace {

using jobs::ErrorKind;
using jobs::fail;

}  // namespace

jobs::Status MemoryStore::writing(const jobs::Lease* lease,
                                  const std::function<jobs::Status(State&, Undo&)>& body) {
  if (lease != nullptr &&
      (lease->epoch != state_.lease.epoch || lease->owner != state_.lease.owner)) {
    return fail(ErrorKind::conflict, "the lease of " + lease->owner + " is not in force any more");
  }
  Undo undo;
  jobs::Status done = body(state_, undo);
  if (!done) {
    for (auto step = undo.rbegin(); step != undo.rend(); ++step) {
      (*step)(state_);
    }
  }
  return done;
}

jobs::Result<jobs::Lease> MemoryStore::acquire_lease(const std::string& owner, jobs::TimePoint now,
                                                     jobs::Duration ttl) {
  if (owner.empty()) {
    return fail(ErrorKind::bug, "a lease needs an owner");
  }
  jobs::Lease& held = state_.lease;
  if (!held.owner.empty() && held.expires_at > now &&
      !(owner_is_dead_ && owner_is_dead_(held.owner))) {
    held.expires_at = std::min(held.expires_at, now + ttl);
    return fail(ErrorKind::conflict, held.owner + " holds the lease");
  }
  state_.lease.owner = owner;
  state_.lease.epoch += 1;
  state_.lease.expires_at = now + ttl;
  return jobs::Lease(state_.lease);
}

jobs::Result<jobs::Lease> MemoryStore::renew_lease(const jobs::Lease& lease, jobs::TimePoint now,
                                                   jobs::Duration ttl) {
  RUNNER_TRY(writing(&lease, [&](State& state, Undo& /*undo*/) {
    state.lease.expires_at = now + ttl;
    return jobs::ok();
  }));
  return jobs::Lease(state_.lease);
}

jobs::Status MemoryStore::release_lease(const jobs::Lease& lease) {
  if (lease.epoch == state_.lease.epoch && lease.owner == state_.lease.owner) {
    state_.lease.owner.clear();
  }
  return jobs::ok();
}

jobs::Status MemoryStore::begin_tick(const jobs::Lease& lease, const jobs::TickRow& tick) {
  return writing(&lease, [&](State& state, Undo& /*undo*/) -> jobs::Status {
    if (!state.ticks.emplace(tick.id, tick).second) {
      return fail(ErrorKind::conflict, "tick " + tick.id.str() + " was begun before");
    }
    return jobs::ok();
  });
}

jobs::Status MemoryStore::end_tick(const jobs::Lease& lease, const jobs::TickRow& tick) {
  return writing(&lease, [&](State& state, Undo& undo) -> jobs::Status {
    const auto known = state.ticks.find(tick.id);
    if (known == state.ticks.end()) {
      return fail(ErrorKind::bug, "tick " + tick.id.str() + " ends but was never begun");
    }
    if (known->second.ended_at) {
      return fail(ErrorKind::conflict, "tick " + tick.id.str() + " has ended before");
    }
    known->second = tick;
    bump(undo, state, &jobs::Counters::ticks, {std::to_string(tick.exit_code.value_or(0))}, 1);
    return jobs::ok();
  });
}

jobs::Status MemoryStore::commit(const jobs::Lease& lease, const jobs::TickId& tick,
                                 const jobs::Change& change) {
  return writing(&lease, [&](State& state, Undo& undo) {
    return apply(state, undo, tick, change, std::nullopt);
  });
}

jobs::Status MemoryStore::claim_effect(const jobs::Lease& lease, std::int64_t id) {
  return writing(&lease, [&](State& state, Undo& /*undo*/) -> jobs::Status {
    const auto found = state.outbox.find(id);
    if (found == state.outbox.end()) {
      return fail(ErrorKind::not_found, "there is no effect " + std::to_string(id));
    }
    jobs::OutboxRow& row = found->second;
    const bool left_behind =
        row.state == jobs::EffectState::claimed && row.claimed_epoch < lease.epoch;
    if (row.state != jobs::EffectState::pending && !left_behind) {
      return fail(ErrorKind::conflict, "effect " + row.effect.key + " is " +
                                           std::string(to_string(row.state)) + " already");
    }
    row.state = jobs::EffectState::claimed;
    row.claimed_epoch = lease.epoch;
    ++row.attempts;
    return jobs::ok();
  });
}

jobs::Status MemoryStore::finish_effect(const jobs::Lease& lease, const jobs::TickId& tick,
                                        const EffectEnd& end, const jobs::Change& change,
                                        jobs::TimePoint now) {
  return writing(&lease, [&](State& state, Undo& undo) -> jobs::Status {
    const auto found = state.outbox.find(end.id);
    if (found == state.outbox.end()) {
      return fail(ErrorKind::not_found, "there is no effect " + std::to_string(end.id));
    }
    jobs::OutboxRow& row = found->second;
    if (row.state != jobs::EffectState::claimed || row.claimed_epoch != lease.epoch) {
      return fail(ErrorKind::conflict,
                  "effect " + row.effect.key + " is not claimed by this epoch");
    }
    undo.push_back([id = end.id, old = row](State& into) { into.outbox[id] = old; });
    row.last_error = end.error;
    row.next_attempt = end.next_attempt;
    if (end.next_attempt) {
      row.state = jobs::EffectState::pending;
      row.claimed_epoch = 0;
    } else if (end.state == jobs::EffectState::done || end.state == jobs::EffectState::given_up) {
      row.state = end.state;
      row.finished_at = now;
      bump(undo, state, &jobs::Counters::effects,
           {std::string(to_string(row.effect.kind)), std::string(to_string(row.state))}, 1);
    } else {
      return fail(ErrorKind::bug, "an effect cannot end as " + std::string(to_string(end.state)));
    }
    return apply(state, undo, tick, change, now);
  });
}

void MemoryStore::prune_ledger(State& state, jobs::TimePoint before) {
  std::set<TurnKey> open;
  std::size_t cut = 0;
  for (std::size_t i = 0; i < state.ledger.size() && state.ledger[i].at < before; ++i) {
    const jobs::LedgerRow& row = state.ledger[i];
    if (const auto run = state.runs.find(row.run); run != state.runs.end() && run->second.live()) {
      break;
    }
    const TurnKey key{row.run, row.turn};
    if (row.kind == jobs::LedgerKind::reserve) {
      open.insert(key);
    } else {
      open.erase(key);
    }
    cut = open.empty() ? i + 1 : cut;
  }
  for (std::size_t i = 0; i < cut; ++i) {
    if (state.ledger[i].kind == jobs::LedgerKind::settle) {
      jobs::Usage& sum = state.carried[state.ledger[i].issue];
      sum = sum + state.ledger[i].amount;
    }
  }
  state.ledger.erase(state.ledger.begin(), state.ledger.begin() + static_cast<std::ptrdiff_t>(cut));
  state.ledger_pruned += static_cast<std::int64_t>(cut);
  state.accounts.clear();
  for (std::size_t i = 0; i < state.ledger.size(); ++i) {
    const jobs::LedgerRow& row = state.ledger[i];
    const auto at = static_cast<std::ptrdiff_t>(i);
    if (row.kind == jobs::LedgerKind::reserve) {
      state.accounts[{row.run, row.turn}] = {at, -1};
    } else {
      state.accounts[{row.run, row.turn}].second = at;
    }
  }
}

jobs::Status MemoryStore::prune(const jobs::Lease& lease, const jobs::PruneSpec& spec) {
  return writing(&lease, [&](State& state, Undo& /*undo*/) {
    if (spec.ended_runs_before) {
      const jobs::TimePoint before = *spec.ended_runs_before;
      const auto referred = [&](const jobs::Run& run) {
        std::set<int> open;
        for (const jobs::LedgerRow& row : state.ledger) {
          if (row.run == run.id && row.kind == jobs::LedgerKind::reserve) {
            open.insert(row.turn);
          } else if (row.run == run.id) {
            open.erase(row.turn);
          }
        }
        return !open.empty() ||
               std::any_of(state.outbox.begin(), state.outbox.end(),
                           [&](const auto& row) {
                             const jobs::OutboxRow& one = row.second;
                             const bool label_stays =
                                 one.effect.kind == jobs::EffectKind::set_labels &&
                                 one.state == jobs::EffectState::given_up && !run.released;
                             return one.effect.run == run.id && (!one.finished_at || label_stays);
                           }) ||
               std::any_of(state.requests.begin(), state.requests.end(),
                           [&](const jobs::Request& one) { return one.run == run.id; });
      };
      std::set<jobs::RunId> gone;
      for (const auto& [id, run] : state.runs) {
        if (!run.live() && run.ended_at && std::max(*run.ended_at, run.created_at) < before &&
            (run.worktree_released || run.worktree.empty()) && !referred(run)) {
          gone.insert(id);
        }
      }
      std::erase_if(state.runs, [&](const auto& run) { return gone.contains(run.first); });
      std::erase_if(state.turns, [&](const auto& turn) { return gone.contains(turn.first.first); });
      std::erase_if(state.events,
                    [&](const jobs::Event& event) { return gone.contains(event.run); });
      std::erase_if(state.attempts,
                    [&](const jobs::Attempt& attempt) { return gone.contains(attempt.run); });
      std::erase_if(state.outbox, [&](const auto& row) {
        const jobs::RunId& run = row.second.effect.run;
        const bool old = gone.contains(run) || (run.empty() && row.second.finished_at &&
                                                *row.second.finished_at < before);
        if (old) {
          state.effect_keys.erase(row.second.effect.key);
        }
        return old;
      });
      std::erase_if(state.brakes, [&](const auto& brake) {
        return !brake.second.in_force() && *brake.second.cleared_at < before;
      });
      prune_ledger(state, std::min(before, lease.expires_at - std::chrono::hours(24) * 62));
    }
    if (spec.decisions_before) {
      std::erase_if(state.decisions, [&](const jobs::PastDecision& past) {
        const bool old = past.at < *spec.decisions_before;
        if (old) {
          state.decided.erase({past.tick, past.decision.issue});
        }
        return old;
      });
      std::erase_if(state.ticks, [&](const auto& tick) {
        return tick.second.started_at < *spec.decisions_before;
      });
    }
    return jobs::ok();
  });
}

jobs::Status MemoryStore::add_request(const jobs::Request& request) {
  if (!state_.runs.contains(request.run)) {
    return fail(ErrorKind::not_found, "there is no run " + request.run.str());
  }
  const bool known =
      std::any_of(state_.requests.begin(), state_.requests.end(), [&](const jobs::Request& other) {
        return other.run == request.run && other.kind == request.kind;
      });
  if (!known) {
    state_.requests.push_back(request);
  }
  return jobs::ok();
}

jobs::Status MemoryStore::set_pause(const jobs::Pause& pause) {
  state_.pause = pause;
  return jobs::ok();
}

jobs::Status MemoryStore::clear_pause(const std::string& /*by*/, jobs::TimePoint /*now*/) {
  state_.pause.reset();
  return jobs::ok();
}

jobs::Status MemoryStore::clear_brakes(const std::vector<std::int64_t>& ids, const std::string& by,
                                       jobs::TimePoint now) {
  return writing(nullptr,
                 [&](State& state, Undo& undo) { return clear(state, undo, ids, by, now); });
}

}  // namespace fakes
