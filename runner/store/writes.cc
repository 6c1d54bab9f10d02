// What Store promises, but for retention: leases, ticks, changes, effects, and what people write.
#include <optional>

#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/planted.h"
#include "jobs/base/time.h"
#include "runner/store/rows.h"
#include "runner/store/sqlite_store.h"

namespace runner::store {

namespace {

using jobs::ErrorKind;
using jobs::fail;

jobs::Result<jobs::OutboxRow> outbox_row(Step& step, std::int64_t id) {
  RUNNER_ASSIGN(const auto rows, select(step.database, outbox_table(), "WHERE id = ?", {id}));
  if (rows.empty()) {
    return fail(ErrorKind::not_found, fmt::format("there is no effect {}", id));
  }
  return outbox_from(rows.front());
}

jobs::Status save(Step& step, const jobs::OutboxRow& row) {
  return put(step.database, step.seals, outbox_table(), to_row(row));
}

/// The pause in force, if there is one.
jobs::Result<std::optional<PauseRow>> pause_in_force(Step& step) {
  RUNNER_ASSIGN(const auto rows, select(step.database, pauses_table(), "ORDER BY id"));
  std::optional<PauseRow> found;
  for (const Row& row : rows) {
    RUNNER_ASSIGN(PauseRow pause, pause_from(row));
    if (!pause.cleared_at) {
      found = std::move(pause);
    }
  }
  return found;
}

}  // namespace

jobs::Result<jobs::Lease> SqliteStore::acquire_lease(const std::string& owner, jobs::TimePoint now,
                                                     jobs::Duration ttl) {
  jobs::Lease lease;
  if (owner.empty()) {
    return fail(ErrorKind::bug, "a lease needs an owner");
  }
  RUNNER_POINT(lease_before_acquire);
  std::optional<jobs::Error> refused;
  RUNNER_TRY(writing(nullptr, [&](Step& step) -> jobs::Status {
    RUNNER_ASSIGN(jobs::Lease held, stored_lease(step.database, lease.name));
    if (!held.owner.empty() && held.expires_at > now && !owner_is_dead_(held.owner) &&
        !RUNNER_PLANTED(lease_not_respected)) {
      refused = fail(ErrorKind::conflict, fmt::format("{} holds the lease until {}", held.owner,
                                                      jobs::format_time(held.expires_at)));
      if (held.expires_at <= now + ttl || RUNNER_PLANTED(future_lease_kept)) {
        return *refused;
      }
      // Nobody takes a lease for longer than this: the clock was set back since. A holder that
      // lives renews it, of any other it is waited for once.
      held.expires_at = now + ttl;
      return put(step.database, step.seals, leases_table(), to_row(held));
    }
    lease.owner = owner;
    lease.epoch = held.epoch + 1;
    lease.expires_at = now + ttl;
    return put(step.database, step.seals, leases_table(), to_row(lease));
  }));
  if (refused) {
    return *refused;
  }
  RUNNER_POINT(lease_after_acquire);
  return lease;
}

jobs::Result<jobs::Lease> SqliteStore::renew_lease(const jobs::Lease& lease, jobs::TimePoint now,
                                                   jobs::Duration ttl) {
  jobs::Lease renewed = lease;
  renewed.expires_at = now + ttl;
  RUNNER_POINT(lease_before_renew);
  RUNNER_TRY(writing(RUNNER_PLANTED(renewed_by_anybody) ? nullptr : &lease, [&](Step& step) {
    return put(step.database, step.seals, leases_table(), to_row(renewed));
  }));
  RUNNER_POINT(lease_after_renew);
  return renewed;
}

jobs::Status SqliteStore::release_lease(const jobs::Lease& lease) {
  RUNNER_POINT(lease_before_release);
  RUNNER_TRY(writing(nullptr, [&](Step& step) -> jobs::Status {
    RUNNER_ASSIGN(jobs::Lease stored, stored_lease(step.database, lease.name));
    const bool ours = stored.owner == lease.owner && stored.epoch == lease.epoch;
    if (!ours && !RUNNER_PLANTED(release_without_epoch)) {
      return jobs::ok();
    }
    // The row stays, so that the epoch goes on growing.
    stored.owner.clear();
    return put(step.database, step.seals, leases_table(), to_row(stored));
  }));
  RUNNER_POINT(lease_after_release);
  return jobs::ok();
}

jobs::Status SqliteStore::begin_tick(const jobs::Lease& lease, const jobs::TickRow& tick) {
  return writing(&lease, [&](Step& step) -> jobs::Status {
    RUNNER_ASSIGN(const auto known,
                  step.database.rows("SELECT 1 FROM ticks WHERE id = ?", {tick.id.str()}));
    if (!known.empty()) {
      return fail(ErrorKind::conflict, fmt::format("tick {} was begun before", tick.id.str()));
    }
    return step.database.run(
        fmt::format("INSERT INTO ticks({}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", kTickColumns),
        to_row(tick));
  });
}

jobs::Status SqliteStore::end_tick(const jobs::Lease& lease, const jobs::TickRow& tick) {
  return writing(&lease, [&](Step& step) -> jobs::Status {
    RUNNER_ASSIGN(
        const auto known,
        step.database.rows("SELECT ended_at IS NOT NULL FROM ticks WHERE id = ?", {tick.id.str()}));
    if (known.empty()) {
      return fail(ErrorKind::bug, fmt::format("tick {} ends but was never begun", tick.id.str()));
    }
    if (known.front().front() != Value(std::int64_t{0})) {
      return fail(ErrorKind::conflict, fmt::format("tick {} has ended before", tick.id.str()));
    }
    Row row = to_row(tick);
    row.emplace_back(tick.id.str());
    RUNNER_TRY(step.database.run(
        fmt::format("UPDATE ticks SET ({}) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?",
                    kTickColumns),
        row));
    return bump(step, "ticks", {std::to_string(tick.exit_code.value_or(0))}, 1);
  });
}

jobs::Status SqliteStore::commit(const jobs::Lease& lease, const jobs::TickId& tick,
                                 const jobs::Change& change) {
  return writing(&lease,
                 [&](Step& step) { return apply_change(step, tick, change, std::nullopt); });
}

jobs::Status SqliteStore::claim_effect(const jobs::Lease& lease, std::int64_t id) {
  return writing(&lease, [&](Step& step) -> jobs::Status {
    RUNNER_ASSIGN(jobs::OutboxRow row, outbox_row(step, id));
    // A claim of an older epoch is that of a tick that died or lost its lease: it can finish
    // nothing any more.
    const bool free = row.state == jobs::EffectState::pending ||
                      (row.state == jobs::EffectState::claimed && row.claimed_epoch < lease.epoch);
    if (!free && !RUNNER_PLANTED(claim_not_checked)) {
      return fail(ErrorKind::conflict, fmt::format("effect {} ({}) is {} already", id,
                                                   row.effect.key, to_string(row.state)));
    }
    row.state = jobs::EffectState::claimed;
    row.claimed_epoch = lease.epoch;
    ++row.attempts;
    return save(step, row);
  });
}

jobs::Status SqliteStore::finish_effect(const jobs::Lease& lease, const jobs::TickId& tick,
                                        const EffectEnd& end, const jobs::Change& change,
                                        jobs::TimePoint now) {
  return writing(&lease, [&](Step& step) -> jobs::Status {
    RUNNER_ASSIGN(jobs::OutboxRow row, outbox_row(step, end.id));
    if (row.state != jobs::EffectState::claimed || row.claimed_epoch != lease.epoch) {
      return fail(ErrorKind::conflict,
                  fmt::format("effect {} ({}) is {} and not claimed by epoch {}", end.id,
                              row.effect.key, to_string(row.state), lease.epoch));
    }
    const bool again = end.next_attempt.has_value();
    if (!again && end.state != jobs::EffectState::done &&
        end.state != jobs::EffectState::given_up) {
      return fail(ErrorKind::bug,
                  fmt::format("effect {} cannot end as {}", end.id, to_string(end.state)));
    }
    row.state = again ? jobs::EffectState::pending : end.state;
    row.next_attempt = end.next_attempt;
    row.last_error = end.error;
    if (again) {
      row.claimed_epoch = 0;
    } else {
      row.finished_at = now;
      RUNNER_TRY(bump(step, "effects",
                      {std::string(to_string(row.effect.kind)), std::string(to_string(row.state))},
                      1));
    }
    RUNNER_TRY(save(step, row));
    return apply_change(step, tick, change, now);
  });
}

jobs::Status SqliteStore::add_request(const jobs::Request& request) {
  return writing(nullptr, [&](Step& step) -> jobs::Status {
    RUNNER_ASSIGN(const auto run,
                  step.database.rows("SELECT 1 FROM runs WHERE id = ?", {request.run.str()}));
    if (run.empty()) {
      return fail(ErrorKind::not_found, fmt::format("there is no run {}", request.run.str()));
    }
    const Row row = to_row(request);
    RUNNER_ASSIGN(
        const auto known,
        step.database.rows("SELECT 1 FROM requests WHERE run = ? AND kind = ?", {row[0], row[1]}));
    return known.empty() ? put(step.database, step.seals, requests_table(), row) : jobs::ok();
  });
}

jobs::Status SqliteStore::set_pause(const jobs::Pause& pause) {
  return writing(nullptr, [&](Step& step) -> jobs::Status {
    RUNNER_ASSIGN(auto row, pause_in_force(step));
    if (!row) {
      RUNNER_ASSIGN(Seal* const seal, step.seals.of(pauses_table().name));
      row = PauseRow{.id = seal->next_id++};
    }
    row->pause = pause;
    return put(step.database, step.seals, pauses_table(), to_row(*row));
  });
}

jobs::Status SqliteStore::clear_pause(const std::string& by, jobs::TimePoint now) {
  return writing(nullptr, [&](Step& step) -> jobs::Status {
    RUNNER_ASSIGN(auto row, pause_in_force(step));
    if (!row) {
      return jobs::ok();
    }
    row->cleared_by = by;
    row->cleared_at = now;
    return put(step.database, step.seals, pauses_table(), to_row(*row));
  });
}

jobs::Status SqliteStore::clear_brakes(const std::vector<std::int64_t>& ids, const std::string& by,
                                       jobs::TimePoint now) {
  return writing(nullptr, [&](Step& step) { return clear_brakes_in(step, ids, by, now); });
}

}  // namespace runner::store
