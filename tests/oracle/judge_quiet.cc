#include "tests/oracle/judge_quiet.h"

#include <algorithm>

#include <fmt/format.h>

namespace oracle {

namespace {

std::string name_of(const RunRow& run) {
  return fmt::format("run {} ({}#{})", run.id, run.repo, run.number);
}

bool is_unfinished(const EffectRow& row) {
  return row.state != "done" && row.state != "given-up";
}

/// What was visibly given up for this run excuses that the outside does not show it.
bool gave_up(const Observation& now, const std::string& run, const std::string& kind) {
  return std::ranges::any_of(now.outbox, [&](const EffectRow& row) {
    return row.run == run && row.kind == kind && row.state == "given-up";
  });
}

}  // namespace

bool says_may_have_landed(const Observation& now, const RunRow& run) {
  return !run.live() && gave_up(now, run.id, "land") &&
         run.reason.find("may have landed") != std::string::npos;
}

namespace {

/// Invariant 3: every recorded effect is carried out or visibly given up.
void judge_outbox(const Observation& now, std::vector<Finding>& findings) {
  for (const EffectRow& row : now.outbox) {
    const auto run = std::ranges::find(now.runs, row.run, &RunRow::id);
    if (is_unfinished(row) && (run == now.runs.end() || !run->live())) {
      findings.push_back(
          {3, fmt::format("effect {} of an ended run is still {}", row.key, row.state)});
    }
  }
}

/// Invariants 4 and 6: what is recorded as running runs, and nothing else does.
void judge_turns(const Observation& now, const Rules& rules, std::vector<Finding>& findings) {
  for (const TurnRow& turn : now.turns) {
    const auto run = std::ranges::find(now.runs, turn.run, &RunRow::id);
    const bool live = run != now.runs.end() && run->live();
    const std::string name = fmt::format("{}/{}", turn.run, turn.number);
    if (turn.state != "ended" && !live) {
      findings.push_back({4, fmt::format("turn {} of an ended run is {}", name, turn.state)});
    }
    const bool at_work = std::ranges::any_of(
        now.processes, [&](const ProcessSeen& process) { return process.turn == name; });
    if (turn.state == "running" && !at_work && !rules.turns_may_run) {
      findings.push_back({4, fmt::format("turn {} is running for ever without a process", name)});
    }
  }
  if (!rules.turns_may_run) {
    for (const ProcessSeen& process : now.processes) {
      findings.push_back({6, fmt::format("process {} of turn {} lives: {}", process.pid,
                                         process.turn, process.command)});
    }
  }
}

void judge_reservations(const Observation& now, std::vector<Finding>& findings) {
  std::map<TurnName, std::pair<int, int>> rows;
  for (const LedgerLine& line : now.ledger) {
    auto& [reserves, ends] = rows[{line.run, line.turn}];
    (line.kind == "reserve" ? reserves : ends) += 1;
  }
  for (const auto& [turn, counts] : rows) {
    const auto run = std::ranges::find(now.runs, turn.first, &RunRow::id);
    if (run != now.runs.end() && !run->live() && counts.second == 0) {
      findings.push_back({5, fmt::format("turn {}/{} of an ended run is reserved for ever",
                                         turn.first, turn.second)});
    }
  }
}

/// Invariants 4 and 9: labels, checklist and the newest ended run of an issue agree.
void judge_issue(const Observation& now, const Rules& rules, const RunRow& run,
                 std::vector<Finding>& findings) {
  const auto found = now.issues.find({run.repo, run.number});
  if (found == now.issues.end()) {
    return;
  }
  const IssueSeen& issue = found->second;
  const bool human = run.outcome == "needs-human" || run.outcome == "frozen";
  const auto expect = [&](bool right, int invariant, const std::string& what) {
    if (!right) {
      findings.push_back({invariant, name_of(run) + " ended as " + run.outcome + ": " + what});
    }
  };
  if (!gave_up(now, run.id, "set-labels")) {
    expect(!issue.labels.contains(rules.in_progress), 4, "the in-progress label is still there");
    expect(run.outcome == "cancelled" || run.outcome == "superseded" ||
               !issue.labels.contains(rules.ready),
           9, "the ready label is still there");
    expect(!human || issue.labels.contains(rules.human), 4, "the label for a person is missing");
  }
  if (!gave_up(now, run.id, "close-issue")) {
    expect(run.outcome != "landed" || !issue.open, 4, "the issue is still open");
    expect(!human || issue.open || rules.closed_by_people.contains({run.repo, run.number}), 4,
           "the issue was closed");
  }
  if (!gave_up(now, run.id, "upsert-comment")) {
    const bool told = std::ranges::any_of(issue.comments, [&](const CommentSeen& comment) {
      return comment.author == rules.bot &&
             comment.text.find(rules.comment_marker) != std::string::npos &&
             comment.text.find(run.id) != std::string::npos;
    });
    expect(told, 4, "the checklist does not tell of it");
  }
}

/// Invariant 14: the head of a run that ended without landing it is kept.
void judge_work(const Observation& now, const RunRow& run, std::vector<Finding>& findings) {
  const auto remote = now.remotes.find(run.repo);
  if (run.head.empty() || run.head == run.base || remote == now.remotes.end()) {
    return;
  }
  const bool pushed = std::ranges::find(remote->second.base, run.head, &CommitSeen::id) !=
                      remote->second.base.end();
  // Where the rescue was visibly given up, the work still stands in the worktree that was kept.
  const bool stands = gave_up(now, run.id, "rescue") && !run.worktree_released &&
                      std::ranges::find(now.worktrees, run.worktree) != now.worktrees.end();
  const bool kept = stands || std::ranges::find(now.rescue_refs, "refs/runner/rescue/" + run.id) !=
                                  now.rescue_refs.end();
  if (!pushed && !kept) {
    findings.push_back(
        {14, name_of(run) + ": its head " + run.head + " is neither pushed nor kept"});
  }
}

void judge_ends(const Observation& now, const Rules& rules, std::vector<Finding>& findings) {
  std::map<IssueName, const RunRow*> newest;
  std::set<IssueName> busy;
  for (const RunRow& run : now.runs) {
    const IssueName issue{run.repo, run.number};
    if (run.live()) {
      busy.insert(issue);
      continue;
    }
    judge_work(now, run, findings);
    const RunRow*& last = newest[issue];
    if (last == nullptr || last->created_at < run.created_at ||
        (last->created_at == run.created_at && last->id < run.id)) {
      last = &run;
    }
    if (run.outcome.empty()) {
      findings.push_back({4, name_of(run) + " ended without an outcome"});
    }
  }
  for (const auto& [issue, run] : newest) {
    if (!busy.contains(issue)) {
      judge_issue(now, rules, *run, findings);
    }
  }
  for (const auto& [issue, seen] : now.issues) {
    if (now.has_state && seen.labels.contains(rules.in_progress) && !busy.contains(issue) &&
        !newest.contains(issue)) {
      findings.push_back({4, fmt::format("{}#{} is labelled in progress and nobody works on it",
                                         issue.first, issue.second)});
    }
  }
}

/// The row and the remote agree about how often a run landed.
void judge_landed(const Observation& now, std::vector<Finding>& findings) {
  for (const RunRow& run : now.runs) {
    const auto remote = now.remotes.find(run.repo);
    if (remote == now.remotes.end() || run.live()) {
      continue;
    }
    const auto merges = merges_by_run(remote->second);
    const auto seen = merges.find(run.id);
    const std::int64_t count = seen == merges.end() ? 0 : seen->second;
    const bool told = count == run.landings + 1 && says_may_have_landed(now, run);
    if (count != run.landings && !told) {
      findings.push_back({4, fmt::format("{} landed {} times by its row, {} times on the remote",
                                         name_of(run), run.landings, count)});
    }
  }
}

}  // namespace

std::vector<Finding> judge_quiet(const Observation& now, const Rules& rules) {
  std::vector<Finding> findings = judge_always(now, rules);
  judge_outbox(now, findings);
  judge_turns(now, rules, findings);
  judge_reservations(now, findings);
  judge_ends(now, rules, findings);
  judge_landed(now, findings);
  return findings;
}

}  // namespace oracle
