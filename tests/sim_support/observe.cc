#include "tests/sim_support/observe.h"

#include <fmt/format.h>

#include "tests/oracle/judge.h"

namespace sim {

namespace {

std::int64_t ms(jobs::TimePoint time) {
  return World::ms(time);
}

oracle::Amount amount(const jobs::Usage& usage) {
  return {usage.usd.micros, usage.tokens, usage.turns, usage.seconds};
}

/// "/state/turns/<run>/<number>"
oracle::TurnName turn_of(const std::string& directory) {
  const std::size_t last = directory.rfind('/');
  const std::size_t before = directory.rfind('/', last - 1);
  return {directory.substr(before + 1, last - before - 1), std::stoll(directory.substr(last + 1))};
}

void rows(const fakes::MemoryStore::State& state, oracle::Observation& out) {
  out.has_state = true;
  out.lease_epoch = state.lease.epoch;
  for (const auto& [id, run] : state.runs) {
    out.runs.push_back({.id = id.str(),
                        .repo = run.issue.repo.str(),
                        .number = run.issue.number,
                        .step = std::string(to_string(run.step)),
                        .outcome = run.outcome ? std::string(to_string(*run.outcome)) : "",
                        .reason = run.reason,
                        .epoch = run.epoch,
                        .branch = run.branch,
                        .worktree = run.worktree,
                        .base = run.base.str(),
                        .head = run.head.str(),
                        .landed = run.landed.str(),
                        .landings = run.landings,
                        .turns = run.turns,
                        .fix_attempts = run.fix_attempts,
                        .verify_attempts = run.verify_attempts,
                        .worktree_released = run.worktree_released,
                        .created_at = ms(run.created_at)});
  }
  for (const auto& [key, turn] : state.turns) {
    oracle::TurnRow row;
    row.run = turn.run.str();
    row.number = turn.number;
    row.kind = to_string(turn.kind);
    row.state = to_string(turn.state);
    row.directory = turn.directory;
    row.end = turn.exit ? std::string(to_string(turn.exit->end)) : "";
    out.turns.push_back(std::move(row));
  }
  std::int64_t seq = state.ledger_pruned;
  for (const jobs::LedgerRow& line : state.ledger) {
    out.ledger.push_back({.seq = ++seq,
                          .kind = std::string(to_string(line.kind)),
                          .repo = line.issue.repo.str(),
                          .number = line.issue.number,
                          .run = line.run.str(),
                          .turn = line.turn,
                          .amount = amount(line.amount),
                          .estimated = line.estimated,
                          .at = ms(line.at)});
  }
  for (const auto& [id, row] : state.outbox) {
    out.outbox.push_back({.id = id,
                          .key = row.effect.key,
                          .kind = std::string(to_string(row.effect.kind)),
                          .run = row.effect.run.str(),
                          .state = std::string(to_string(row.state)),
                          .attempts = row.attempts,
                          .claimed_epoch = row.claimed_epoch});
  }
  for (const auto& [labels, value] : state.counters.runs_ended) {
    out.counters["runs_ended/" + labels[0] + "/" + labels[1]] = value;
  }
  for (const auto& [labels, value] : state.counters.spent_usd_micros) {
    out.counters["spent/" + labels[0] + "/" + labels[1]] = value;
  }
}

/// An issue that a person touched after its newest run had begun shows more than our own doing.
void issues(World& world, oracle::Observation& out) {
  std::map<jobs::IssueKey, jobs::TimePoint> begun;
  for (const auto& [id, run] : world.store.look().runs) {
    auto& at = begun[run.issue];
    at = std::max(at, run.created_at);
  }
  for (const auto& [key, card] : world.tracker.cards()) {
    const auto run = begun.find(key);
    if (run == begun.end() || !card.now().there || (card.touched && *card.touched >= run->second)) {
      continue;
    }
    oracle::IssueSeen seen;
    seen.open = card.now().open;
    seen.labels.insert(card.now().labels.begin(), card.now().labels.end());
    for (const jobs::Comment& comment : card.comments) {
      seen.comments.push_back({comment.author, comment.body});
    }
    out.issues[{key.repo.str(), key.number}] = std::move(seen);
    ++world.counts["issues compared with the rows"];
  }
}

}  // namespace

oracle::Observation observe(World& world) {
  oracle::Observation out;
  out.at = ms(world.clock.truth());
  rows(world.store.look(), out);
  issues(world, out);
  for (const jobs::Repo& repo : world.declared.repos) {
    if (world.rewritten.contains(repo.name)) {
      continue;
    }
    oracle::RemoteSeen& remote = out.remotes[repo.name.str()];
    for (const auto& commit : world.git.history(repo.remote, repo.base)) {
      oracle::CommitSeen seen{.id = commit.id.str(), .parents = {}, .message = commit.message};
      for (const jobs::Oid& parent : commit.parents) {
        seen.parents.push_back(parent.str());
      }
      if (world.checks.pruned(seen.message)) {
        seen.message = "of a run whose rows retention took";
      }
      remote.base.push_back(std::move(seen));
    }
  }
  for (const auto& [directory, times] : world.executor.starts()) {
    out.starts[turn_of(directory)] = times;
  }
  for (const auto& [directory, spent] : world.executor.meter()) {
    out.spent[turn_of(directory)] = amount(spent);
  }
  int pid = 100;
  for (const auto& [directory, turn] : world.executor.turns()) {
    const oracle::TurnName name = turn_of(directory);
    for (int i = turn.ended ? 0 : -1; i < turn.orphans; ++i) {
      out.processes.push_back(
          {++pid, fmt::format("{}/{}", name.first, name.second), turn.spec.argv.front()});
    }
  }
  const std::vector<jobs::WorktreeEntry> worktrees = world.git.list().value();
  for (const jobs::WorktreeEntry& entry : worktrees) {
    out.worktrees.push_back(entry.path);
  }
  for (const auto& [id, run] : world.store.look().runs) {
    if (!world.git.rescued(id).empty()) {
      out.rescue_refs.push_back("refs/runner/rescue/" + id.str());
    }
  }
  std::set<std::string> keys;
  for (const jobs::Notification& one : world.notified) {
    if (keys.insert(one.key).second) {
      out.notifications.push_back(
          fmt::format(R"({{"run":"{}","text":"{}","key":"{}"}})", one.run, one.text, one.key));
    }
  }
  return out;
}

void observe_and_judge(World& world, bool quiet) {
  const oracle::Observation seen = observe(world);
  const oracle::Rules rules;
  for (const oracle::Finding& finding :
       quiet ? oracle::judge_quiet(seen, rules) : oracle::judge_always(seen, rules)) {
    world.checks.broken(finding.invariant, finding.text);
  }
  if (world.looked) {
    for (const oracle::Finding& finding : oracle::judge_between(*world.looked, seen)) {
      world.checks.broken(finding.invariant, finding.text);
    }
  }
  world.looked = std::make_shared<oracle::Observation>(seen);
  ++world.counts["looks of the oracle"];
}

}  // namespace sim
