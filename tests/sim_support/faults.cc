// What can happen at a port call: the tick sleeps or dies, the call fails, its answer is lost.
#include "tests/sim_support/world.h"

namespace sim {

namespace {

using jobs::ErrorKind;

std::optional<jobs::Error> transient(const char* why) {
  return jobs::fail(ErrorKind::transient, why);
}

bool is(const Call& call, std::string_view name) {
  return name == call.name;
}

}  // namespace

void World::sleep(Tick& tick, jobs::Duration length) {
  tick.wake = clock.truth() + length;
  if (tick.claimed != 0 && tick.epoch == store.look().lease.epoch) {
    see("a tick falls asleep in the middle of an effect");
  }
  switch_away(tick);
  if (tick.epoch != 0 && tick.epoch != store.look().lease.epoch) {
    see("a tick wakes up and has lost its lease");
    if (tick.claimed != 0) {
      tick.stale_claim = true;
      see("a lease is lost in the middle of an effect");
    }
  }
}

void World::tick_faults(Tick& tick, const Call& call) {
  if (settling_) {
    return;
  }
  // Three in four of these come at a call that changes something: there are fewer of them.
  if (!call.writes && schedule_.chance(75)) {
    return;
  }
  if (!schedule_.chance(12)) {
    return;
  }
  if (armed.take(Move::tick_asleep_long, -1)) {
    sleep(tick, std::chrono::seconds(schedule_.pick<std::int64_t>({125, 200, 420, 900, 2400})));
  } else if (armed.take(Move::tick_asleep_short, -1)) {
    sleep(tick, std::chrono::seconds(schedule_.between(5, 100)));
  } else if (armed.take(Move::tick_crash_before, -1)) {
    dead_.insert(tick.owner);
    throw Crash{};
  } else if (armed.take(Move::tick_crash_elsewhere, -1)) {
    throw Crash{};
  }
}

std::optional<jobs::Error> World::before(Tick& tick, const Call& call) {
  ++tick.calls;
  ++counts["port calls"];
  if (!stands_still_) {
    clock.advance(std::chrono::milliseconds(schedule_.between(1, call.writes ? 900 : 60)));
  }
  run_due();
  tick_faults(tick, call);
  if (ticks_.size() > 1 && schedule_.chance(30)) {
    switch_away(tick);
  }
  clock.ahead = tick.ahead;
  if (call.port != Call::Port::store && call.writes) {
    ++tick.outward;
    checks.outward(tick, call);
  }
  if (settling_) {
    return std::nullopt;
  }
  return refusal(tick, call);
}

std::optional<jobs::Error> World::after(Tick& tick, const Call& call, bool worked) {
  if (call.effect && worked) {
    ++activity;
  }
  if (settling_) {
    return std::nullopt;
  }
  if (schedule_.chance(call.writes ? 12 : 2) && armed.take(Move::tick_crash_after, -1)) {
    dead_.insert(tick.owner);
    if (call.effect) {
      see("a tick dies between an effect and its record");
    }
    throw Crash{};
  }
  if (!worked || !call.writes) {
    return std::nullopt;
  }
  const auto lost = [&](Move move) { return armed.take(move, call.repo).has_value(); };
  if ((call.port == Call::Port::tracker && lost(Move::tracker_answer_lost)) ||
      (is(call, "git.prepare") && lost(Move::prepare_answer_lost)) ||
      (is(call, "turn.start") && lost(Move::turn_start_answer_lost)) ||
      (is(call, "notify.send") && lost(Move::notify_answer_lost))) {
    return transient("connection reset: the answer was lost");
  }
  return std::nullopt;
}

std::optional<jobs::Error> World::refusal(const Tick& /*tick*/, const Call& call) {
  const jobs::TimePoint now = clock.truth();
  const auto once = [&](Move move) { return armed.take(move, call.repo).has_value(); };
  const auto lasts = [&](Move move) { return armed.now(move, call.repo, now) != nullptr; };
  switch (call.port) {
    case Call::Port::store:
      if (call.writes && lasts(Move::disk_full)) {
        return transient("the disk is full; nothing was written");
      }
      if (call.writes && once(Move::store_write_fails)) {
        return transient("the state cannot be written: I/O error");
      }
      if (!call.writes && once(Move::store_read_fails)) {
        return transient("the state cannot be read: I/O error");
      }
      return std::nullopt;
    case Call::Port::tracker:
      if (lasts(Move::tracker_down)) {
        return transient("cannot reach the tracker");
      }
      if (once(Move::tracker_rate_limited)) {
        jobs::Error error = jobs::fail(ErrorKind::rate_limited, "too many requests");
        error.until = now + std::chrono::minutes(7);
        return error;
      }
      return std::nullopt;
    case Call::Port::ci:
      if (is(call, "ci.start") && once(Move::ci_start_fails)) {
        return transient("CI cannot be started: no process");
      }
      if (is(call, "ci.observe") && once(Move::ci_read_fails)) {
        return transient("CI cannot be read");
      }
      return std::nullopt;
    case Call::Port::executor:
      if (is(call, "turn.start") && once(Move::turn_start_fails)) {
        return transient("no process");
      }
      if (is(call, "turn.observe") && once(Move::turn_read_fails)) {
        return transient("the turn directory cannot be read");
      }
      return std::nullopt;
    case Call::Port::workspace:
      if (is(call, "git.prepare") && once(Move::prepare_fails)) {
        return transient("setup failed");
      }
      if (is(call, "git.release") && once(Move::release_fails)) {
        return transient("the worktree is busy");
      }
      if (!call.writes && once(Move::git_read_fails)) {
        return transient("git cannot be read");
      }
      return std::nullopt;
    case Call::Port::notifier:
      return lasts(Move::notify_down) ? transient("cannot reach the notifier") : std::nullopt;
  }
  return std::nullopt;
}

jobs::Result<jobs::LandResult> World::land(const jobs::Repo& repo,
                                           const jobs::LandRequest& request) {
  const int at = index(repo.name);
  if (!settling_) {
    if (armed.take(Move::remote_conflict, at)) {
      git.commit_on_remote(
          repo.remote, repo.base,
          {{"issue-" + std::to_string(request.run.issue.number) + ".c", "somebody else's"}});
    }
    if (armed.take(Move::push_race, at)) {
      git.lose_race_next();
    }
    if (armed.take(Move::push_answer_lost, at)) {
      git.lose_answer_next();
    }
    if (armed.take(Move::landing_refused, at)) {
      git.refuse_landings("size", "too many files");
    }
  }
  const std::size_t pushes = git.pushes().size();
  auto result = git.land(repo, request);
  git.refuse_landings("", "");
  git.lose_race_next(0);
  const bool pushed = git.pushes().size() > pushes;
  if (pushed) {
    ++counts["landings"];
  }
  checks.landed(request, pushed);
  if (result) {
    switch (result->kind) {
      case jobs::LandResult::Kind::landed: see(pushed ? "landed" : "found landed already"); break;
      case jobs::LandResult::Kind::needs_verify: see("merged, to be verified again"); break;
      case jobs::LandResult::Kind::conflict: see("landing conflicts"); break;
      case jobs::LandResult::Kind::proposed: see("proposed"); break;
      case jobs::LandResult::Kind::rejected: see("landing rejected"); break;
    }
  }
  return result;
}

}  // namespace sim
