#include "tests/sim_support/checks.h"

#include <fmt/format.h>

#include "tests/sim_support/world.h"

namespace sim {

void Checks::broken(int invariant, const std::string& what) {
  const std::string text = fmt::format("invariant {}: {}", invariant, what);
  world_.trace.add(World::ms(world_.clock.truth()), 0, "BROKEN", text);
  if (std::ranges::find(findings_, text) == findings_.end() && findings_.size() < 20) {
    findings_.push_back(text);
  }
}

bool Checks::claimed_before(std::int64_t id) const {
  const auto& outbox = world_.store.look().outbox;
  const auto row = outbox.find(id);
  return row != outbox.end() && row->second.state == jobs::EffectState::claimed;
}

void Checks::finished(const jobs::Store::EffectEnd& end) {
  if (!end.next_attempt && end.state == jobs::EffectState::given_up) {
    world_.see("an effect is given up");
  } else if (end.next_attempt) {
    world_.see("an effect is tried again later");
  }
}

void Checks::outward(const Tick& tick, const Call& call) {
  if (tick.paused_at_start && world_.store.look().pause) {
    broken(8, fmt::format("{} while the runner was paused", call.name));
  }
  if (!call.effect) {
    return;
  }
  const auto& outbox = world_.store.look().outbox;
  const auto row = outbox.find(tick.claimed);
  if (row == outbox.end()) {
    broken(3, fmt::format("{} without a claimed row", call.name));
    return;
  }
  const jobs::Effect& effect = row->second.effect;
  const bool about = call.about.empty() || call.about == effect.issue.str() ||
                     call.about == effect.run.str() ||
                     call.about.find(effect.run.str()) != std::string::npos;
  if (effect.kind != *call.effect || !about) {
    broken(3, fmt::format("{} about {} under the row {}", call.name, call.about, effect.key));
  }
}

void Checks::starting(const jobs::TurnSpec& spec) {
  const auto& rows = world_.store.look();
  const std::string name = fmt::format("turn {}/{}", spec.run.str(), spec.number);
  if (world_.executor.starts().contains(spec.directory)) {
    broken(2, name + " is started a second time");
  }
  const auto run = rows.runs.find(spec.run);
  const auto turn = rows.turns.find({spec.run, spec.number});
  if (run == rows.runs.end() || turn == rows.turns.end()) {
    broken(3, name + " starts without a record");
    return;
  }
  if (turn->second.state == jobs::TurnState::ended) {
    broken(2, fmt::format("{} starts after it has ended in the books ({})", name,
                          turn->second.exit ? to_string(turn->second.exit->end) : "?"));
  }
  if (!spec.prompt.empty()) {
    const auto account = rows.accounts.find({spec.run, spec.number});
    if (account == rows.accounts.end() || account->second.second >= 0) {
      broken(5, name + " starts without an open reservation");
    }
  }
  for (const auto& [directory, other] : world_.executor.turns()) {
    if (!other.ended && other.spec.issue.repo == spec.issue.repo && directory != spec.directory) {
      broken(1, fmt::format("{} starts while {} is at work in {}", name, directory,
                            spec.issue.repo.str()));
    }
  }
  ++world_.counts["turns"];
}

void Checks::landed(const jobs::LandRequest& request, bool pushed) {
  const auto& rows = world_.store.look();
  const auto run = rows.runs.find(request.run.id);
  if (!pushed) {
    return;
  }
  if (run == rows.runs.end()) {
    broken(3, "a push of the unknown run " + request.run.id.str());
  } else if (run->second.step != jobs::RunStep::landing) {
    broken(10, fmt::format("run {} is pushed while its step is {}", request.run.id.str(),
                           to_string(run->second.step)));
  }
}

bool Checks::pruned(const std::string& message) const {
  constexpr std::string_view kTrailer = "\nRunner-Run: ";
  const std::size_t at = message.rfind(kTrailer);
  if (at == std::string::npos) {
    return false;
  }
  const std::size_t begin = at + kTrailer.size();
  const jobs::RunId run(message.substr(begin, message.find('\n', begin) - begin));
  return ever_.contains(run) && !world_.store.look().runs.contains(run);
}

void Checks::released(const jobs::IssueKey& issue) {
  allowed_[issue] = world_.clock.truth();
}

/// Invariants 1, 8, 9 and the gates: a run begins only where a person asked for it and may.
void Checks::claims(const Tick& tick, const jobs::Run& run) {
  ++world_.counts["runs begun"];
  ever_.insert(run.id);
  const auto& rows = world_.store.look();
  int live = 0;
  for (const auto& [id, other] : rows.runs) {
    live += other.live() ? 1 : 0;
    if (other.live() && other.issue.repo == run.issue.repo) {
      broken(1, fmt::format("{} begins while {} is live", run.id.str(), id.str()));
    }
  }
  if (live >= tick.fleet->limits.max_live_runs) {
    broken(1, fmt::format("{} begins beside {} live runs", run.id.str(), live));
  }
  if (!tick.fleet->allows(run.issue.repo)) {
    broken(8, run.issue.str() + " begins and is not on the allowlist");
  }
  const auto card = world_.tracker.cards().find(run.issue);
  if (card == world_.tracker.cards().end()) {
    broken(3, "a run of an issue that never was: " + run.issue.str());
    return;
  }
  if (const auto ended = ended_.find(run.issue); ended != ended_.end()) {
    const auto allowed = allowed_.find(run.issue);
    const jobs::TimePoint again =
        std::max(card->second.released.value_or(jobs::TimePoint{}),
                 allowed == allowed_.end() ? jobs::TimePoint{} : allowed->second);
    if (again <= ended->second) {
      broken(9, run.issue.str() + " starts again by itself");
    } else {
      world_.see("an issue starts again after a person released it");
    }
  }
  // As somebody could have seen it since the tick began, or a little before that.
  const jobs::Labels labels;
  const jobs::TimePoint since = tick.began - std::chrono::minutes(15);
  bool may = false;
  const auto& versions = card->second.versions;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    const bool over = i + 1 < versions.size() && versions[i + 1].first < since;
    const Tracker::Text& text = versions[i].second;
    const bool edited = text.edited_at && text.ready_at && *text.edited_at > *text.ready_at &&
                        !world_.tracker.trusted(text.edited_by);
    may = may || (!over && text.there && text.open && text.problem.empty() && !edited &&
                  world_.tracker.trusted(text.ready_by) &&
                  std::ranges::find(text.labels, labels.ready) != text.labels.end() &&
                  std::ranges::find(text.labels, labels.human) == text.labels.end());
  }
  if (!may) {
    broken(9, run.issue.str() + " begins though nobody who may has released it");
  }
}

void Checks::decisions(const Tick& tick, const jobs::Change& change) {
  std::map<jobs::IssueKey, int> times;
  for (const jobs::Decision& decision : change.decisions) {
    ++times[decision.issue];
  }
  for (const jobs::IssueKey& issue : tick.candidates) {
    const auto found = times.find(issue);
    if (!tick.unread.contains(issue.repo) && (found == times.end() || found->second != 1)) {
      broken(15, fmt::format("{} has {} reasons in one tick", issue.str(),
                             found == times.end() ? 0 : found->second));
    }
  }
}

void Checks::ended(const Tick& tick) {
  if (tick.paused_at_start) {
    // Resumed between its start and its look at the switch, it may work.
    if (tick.calls > 1 && world_.store.look().pause) {
      broken(8, fmt::format("a tick made {} port calls while the runner was paused", tick.calls));
    }
    if (tick.report.kill_switch) {
      world_.see("a tick finds the runner paused and leaves");
    }
    return;
  }
  if (tick.report.fatal || !tick.report.held_by.empty()) {
    return;
  }
  const bool asked = std::ranges::any_of(tick.candidates, [&](const jobs::IssueKey& issue) {
    return !tick.unread.contains(issue.repo);
  });
  if (asked && !decided_.contains(tick.owner)) {
    broken(15, "a tick saw candidates and recorded no decision");
  }
}

void Checks::marks(const jobs::Change& change) {
  const auto& rows = world_.store.look();
  for (const jobs::Run& run : change.runs) {
    const auto old = rows.runs.find(run.id);
    if (old == rows.runs.end()) {
      continue;
    }
    if (!run.live() && old->second.live()) {
      ++world_.counts["runs ended"];
      world_.see("outcome " + std::string(run.outcome ? to_string(*run.outcome) : "none"));
    }
    if (run.outcome && !old->second.outcome) {
      ended_[run.issue] = world_.clock.truth();
      for (const auto& [id, other] : rows.runs) {
        if (other.live() && other.issue.repo != run.issue.repo) {
          world_.see("a run ends while another repository is at work");
        }
      }
    }
    if (run.landings > 1 && old->second.landings < run.landings) {
      world_.see("a fix is landed after a red landing");
    }
    if (run.step == jobs::RunStep::waiting && old->second.step != jobs::RunStep::waiting) {
      world_.see("a run waits to try again");
    }
  }
  for (const jobs::Event& event : change.events) {
    world_.see("event " + event.kind);
  }
  for (const jobs::LedgerRow& row : change.ledger) {
    world_.see("ledger " + std::string(to_string(row.kind)));
    if (row.estimated) {
      world_.see("a turn of unknown cost is charged in full");
    }
  }
  for (const jobs::Decision& decision : change.decisions) {
    world_.see("reason " + std::string(to_string(decision.reason)));
  }
  for (const jobs::Brake& brake : change.brakes_set) {
    world_.see("a brake is set: " + brake.scope.substr(0, brake.scope.find(':')));
  }
}

jobs::Status Checks::step(Tick& tick, const jobs::Change& change,
                          const std::function<jobs::Status()>& write) {
  const auto& rows = world_.store.look();
  const bool in_force = tick.epoch == rows.lease.epoch;
  std::vector<const jobs::Run*> begun;
  for (const jobs::Run& run : change.runs) {
    if (!rows.runs.contains(run.id)) {
      begun.push_back(&run);
    }
  }
  // Judged on the rows as they are, and only if the step is really made.
  const std::size_t before = findings_.size();
  if (in_force) {
    for (const jobs::Run* run : begun) {
      claims(tick, *run);
    }
    for (const jobs::LedgerRow& row : change.ledger) {
      if (row.kind == jobs::LedgerKind::reserve) {
        reserves(tick, row, change);
      }
    }
    if (!change.decisions.empty()) {
      decisions(tick, change);
    }
    marks(change);
  }
  auto done = write();
  if (done && !in_force) {
    broken(1, "a step was written under a lease that is not in force");
  }
  if (!done && !in_force) {
    world_.see("a step of a tick that lost its lease is refused");
  }
  if (!done && in_force && findings_.size() > before) {
    findings_.resize(before);
  }
  if (done) {
    const bool moves = !change.runs.empty() || !change.turns.empty() || !change.ledger.empty() ||
                       !change.effects.empty();
    world_.activity += moves ? 1 : 0;
    if (!change.decisions.empty()) {
      decided_.insert(tick.owner);
    }
  }
  return done;
}

}  // namespace sim
