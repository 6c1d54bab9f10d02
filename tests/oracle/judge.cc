#include "tests/oracle/judge.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "tests/oracle/judge_books.h"
#include "tests/oracle/judge_quiet.h"

namespace oracle {

namespace {

/// Invariant 1: at most one live run per repository, in the rows and among the processes.
void judge_live(const Observation& now, std::vector<Finding>& findings) {
  std::map<std::string, std::vector<std::string>> live;
  std::map<std::string, std::string> repo_of;
  for (const RunRow& run : now.runs) {
    repo_of[run.id] = run.repo;
    if (run.live()) {
      live[run.repo].push_back(run.id);
    }
  }
  for (const auto& [repo, runs] : live) {
    if (runs.size() > 1) {
      findings.push_back(
          {1, fmt::format("{} has {} live runs: {}", repo, runs.size(), fmt::join(runs, ", "))});
    }
  }
  std::map<std::string, std::set<std::string>> working;
  for (const ProcessSeen& process : now.processes) {
    const auto run = repo_of.find(process.turn.substr(0, process.turn.rfind('/')));
    if (run != repo_of.end()) {
      working[run->second].insert(process.turn);
    }
  }
  for (const auto& [repo, turns] : working) {
    if (turns.size() > 1) {
      findings.push_back({1, fmt::format("{} turns of {} are at work at once: {}", turns.size(),
                                         repo, fmt::join(turns, ", "))});
    }
  }
}

/// Invariants 2 and 3: a turn is started once, and only after it was recorded.
void judge_starts(const Observation& now, std::vector<Finding>& findings) {
  std::set<TurnName> recorded;
  std::set<std::string> runs;
  for (const TurnRow& turn : now.turns) {
    recorded.insert({turn.run, turn.number});
  }
  for (const RunRow& run : now.runs) {
    runs.insert(run.id);
  }
  for (const auto& [turn, times] : now.starts) {
    if (times > 1) {
      findings.push_back(
          {2, fmt::format("turn {}/{} was started {} times", turn.first, turn.second, times)});
    }
    if (runs.contains(turn.first) && !recorded.contains(turn)) {
      findings.push_back(
          {3, fmt::format("turn {}/{} was started without a record", turn.first, turn.second)});
    }
  }
}

/// Invariant 10, and 2 for landings: every merge on the base branch that names a run is one that
/// the run knows of. One more may be a push whose answer has not been recorded yet, or one that was
/// given up with the word that it may have landed.
void judge_landings(const Observation& now, std::vector<Finding>& findings) {
  std::map<std::string, std::int64_t> landings;
  for (const RunRow& run : now.runs) {
    landings[run.id] = run.landings + (run.live() || says_may_have_landed(now, run) ? 1 : 0);
  }
  for (const auto& [repo, remote] : now.remotes) {
    for (const auto& [run, merges] : merges_by_run(remote)) {
      const auto known = landings.find(run);
      if (known == landings.end()) {
        if (now.has_state) {
          findings.push_back({3, fmt::format("{}: a landing of the unknown run {}", repo, run)});
        }
      } else if (merges > known->second) {
        findings.push_back({2, fmt::format("{}: run {} is on the base branch {} times, its row "
                                           "says {}",
                                           repo, run, merges, known->second)});
      }
    }
  }
}

void judge_comments(const Observation& now, const Rules& rules, std::vector<Finding>& findings) {
  for (const auto& [issue, seen] : now.issues) {
    const auto ours = std::ranges::count_if(seen.comments, [&](const CommentSeen& comment) {
      return comment.author == rules.bot &&
             comment.text.find(rules.comment_marker) != std::string::npos;
    });
    if (ours > 1) {
      findings.push_back(
          {4, fmt::format("{}#{} has {} checklists", issue.first, issue.second, ours)});
    }
  }
}

void judge_notifications(const Observation& now, std::vector<Finding>& findings) {
  // By key, and by everything but the key: a second try that gets a key of its own reaches people
  // twice all the same.
  std::map<std::string, int> seen;
  for (const std::string& line : now.notifications) {
    const std::size_t at = line.find("\"key\":\"");
    if (at != std::string::npos) {
      const std::size_t end = line.find('"', at + 7);
      seen[line.substr(at + 7, end - at - 7)] += 1;
      seen[line.substr(0, at) + line.substr(end)] += 1;
    }
  }
  for (const auto& [what, times] : seen) {
    if (times > 1) {
      findings.push_back({3, fmt::format("the notification {} came {} times", what, times)});
    }
  }
}

/// Invariant 12.
void judge_secrets(const Observation& now, const Rules& rules, std::vector<Finding>& findings) {
  for (const std::string& secret : rules.secrets) {
    const auto holds = [&](const std::string& text) {
      return text.find(secret) != std::string::npos;
    };
    for (const auto& [issue, seen] : now.issues) {
      for (const CommentSeen& comment : seen.comments) {
        if (holds(comment.text)) {
          findings.push_back({12, fmt::format("a secret stands in a comment of {}#{}", issue.first,
                                              issue.second)});
        }
      }
    }
    if (std::ranges::any_of(now.notifications, holds)) {
      findings.push_back({12, "a secret stands in a notification"});
    }
  }
}

}  // namespace

std::map<std::string, std::int64_t> merges_by_run(const RemoteSeen& remote) {
  std::map<std::string, std::int64_t> result;
  // Along the first parents only: a run that merged a moved base into its own branch names itself
  // in that merge as well, and has not landed by it.
  std::map<std::string, const CommitSeen*> commits;
  for (const CommitSeen& commit : remote.base) {
    commits[commit.id] = &commit;
  }
  const CommitSeen* at = remote.base.empty() ? nullptr : &remote.base.front();
  while (at != nullptr) {
    const std::size_t trailer = at->message.rfind("\nRunner-Run: ");
    if (at->parents.size() > 1 && trailer != std::string::npos) {
      const std::size_t begin = trailer + 13;
      result[at->message.substr(begin, at->message.find('\n', begin) - begin)] += 1;
    }
    const auto next = at->parents.empty() ? commits.end() : commits.find(at->parents.front());
    at = next == commits.end() ? nullptr : next->second;
  }
  return result;
}

std::vector<Finding> judge_always(const Observation& now, const Rules& rules) {
  std::vector<Finding> findings;
  if (!now.state_damage.empty()) {
    findings.push_back({13, "the state file is damaged: " + now.state_damage});
  }
  judge_live(now, findings);
  judge_starts(now, findings);
  judge_landings(now, findings);
  judge_books(now, rules, findings);
  judge_comments(now, rules, findings);
  judge_notifications(now, findings);
  judge_secrets(now, rules, findings);
  return findings;
}

std::string describe(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text += fmt::format("{}invariant {}: {}", text.empty() ? "" : "; ", finding.invariant,
                        finding.text);
  }
  return text;
}

}  // namespace oracle
