#include "jobs/policy/gates.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "jobs/base/planted.h"
#include "jobs/base/time.h"
#include "jobs/policy/breaker.h"
#include "jobs/policy/budget.h"
#include "jobs/policy/retry.h"

namespace jobs {

namespace {

GateValue gate(Reason reason, bool passed, std::string value) {
  return {.gate = reason, .passed = passed, .value = std::move(value)};
}

GateValue brake_gate(const Issue& issue, const Repo& repo, const PollFacts& facts,
                     const Fleet& fleet, TimePoint now) {
  const std::string scopes[] = {"fleet", "repo:" + repo.name.str(), "issue:" + issue.key.str(),
                                "agent:" + repo.agent};
  for (const Brake& brake : facts.brakes) {
    if (brake.in_force() && !brake.until && !RUNNER_PLANTED(brake_ignored) &&
        std::ranges::find(scopes, brake.scope) != std::end(scopes)) {
      return gate(Reason::brake, false, fmt::format("{}: {}", brake.scope, brake.reason));
    }
  }
  const bool canary = canary_among(facts.live_runs, facts.brakes, fleet, repo.agent, RunId(), now);
  if (std::string why = parked(facts.brakes, repo.agent, canary, now); !why.empty()) {
    return gate(Reason::brake, false, std::move(why));
  }
  return gate(Reason::brake, true, "none in force");
}

GateValue readable_gate(const Issue& issue, const Limits& limits) {
  if (!issue.problem.empty()) {
    return gate(Reason::unreadable_issue, false, issue.problem);
  }
  const std::int64_t bytes = issue.text_bytes();
  return gate(Reason::unreadable_issue, bytes <= limits.issue_bytes,
              fmt::format("title and body are {} bytes, at most {} are accepted", bytes,
                          limits.issue_bytes));
}

/// The human label, or an earlier end that only a newer ready label (or a release) lifts: the label
/// on the tracker is a mirror, so a frozen issue stays frozen even if taking its labels off failed
/// (invariant 9).
GateValue human_gate(const Issue& issue, const IssueHistory& history, const Labels& labels) {
  if (issue.has_label(labels.human)) {
    return gate(Reason::human_label, false, fmt::format("label {} is set", labels.human));
  }
  // When the label was set is one of the details.
  const bool held =
      history.held_since && !issue.details_left_out && !RUNNER_PLANTED(frozen_starts_again);
  if (held && (!issue.ready_by.at || *issue.ready_by.at <= *history.held_since)) {
    return gate(Reason::human_label, false,
                fmt::format("run {} ended at {}; the ready label is not newer than that",
                            history.held_by, format_time(*history.held_since)));
  }
  return gate(Reason::human_label, true, "not set");
}

const Run* live_run_of(const PollFacts& facts, const RepoName& repo) {
  const auto found =
      std::ranges::find_if(facts.live_runs, [&](const Run& run) { return run.issue.repo == repo; });
  return found == facts.live_runs.end() || RUNNER_PLANTED(label_is_the_lock) ? nullptr : &*found;
}

GateValue in_progress_gate(const Issue& issue, const Run* live, const Labels& labels) {
  const bool ours = live != nullptr && live->issue == issue.key;
  if (issue.has_label(labels.in_progress) && !ours) {
    return gate(
        Reason::in_progress_label, false,
        fmt::format("label {} is set, but no run of this issue is known here", labels.in_progress));
  }
  return gate(Reason::in_progress_label, true, ours ? "set by the live run" : "not set");
}

GateValue busy_gate(const Issue& issue, const Run* live, const RepoFacts& repo_facts) {
  if (live != nullptr) {
    return gate(Reason::repo_busy, false,
                fmt::format("run {} of #{} is live (stage {}, {})", live->id.str(),
                            live->issue.number, live->stage, to_string(live->step)));
  }
  for (const IssueNumber other : repo_facts.in_progress) {
    if (other != issue.key.number) {
      return gate(Reason::repo_busy, false,
                  fmt::format("#{} carries the in-progress label of an unknown run", other));
    }
  }
  return gate(Reason::repo_busy, true, "no live run");
}

bool is_named(const Repo& repo, const std::string& login) {
  return std::ranges::find(repo.trusted, login) != repo.trusted.end();
}

GateValue trust_gate(const Issue& issue, const Repo& repo, const Fleet& fleet) {
  const LabelActor& actor = issue.ready_by;
  if (actor.login.empty()) {
    return gate(Reason::untrusted_label, true, "not known who set it");
  }
  if (actor.is_bot || actor.login == fleet.bot) {
    return gate(Reason::untrusted_label, false,
                actor.note.empty()
                    ? fmt::format("set by {}, which is a bot or the runner itself", actor.login)
                    : fmt::format("set by {}: {}", actor.login, actor.note));
  }
  const bool trusted = actor.permission >= Permission::write || is_named(repo, actor.login) ||
                       RUNNER_PLANTED(untrusted_label_accepted);
  return gate(Reason::untrusted_label, trusted,
              fmt::format("set by {} (permission: {}{})", actor.login, to_string(actor.permission),
                          is_named(repo, actor.login) ? ", named in trusted" : ""));
}

GateValue edited_gate(const Issue& issue, const Repo& repo) {
  if (!issue.edited_after_label()) {
    return gate(Reason::edited_after_label, true, "text not edited after the label");
  }
  const bool may = issue.editor_permission >= Permission::write || is_named(repo, issue.edited_by);
  const bool trusted =
      (!issue.edited_by.empty() && may) || RUNNER_PLANTED(edit_after_label_ignored);
  return gate(Reason::edited_after_label, trusted,
              fmt::format("text edited at {} by {} (permission: {})", format_time(*issue.edited_at),
                          issue.edited_by.empty() ? "somebody unknown" : issue.edited_by,
                          to_string(issue.editor_permission)));
}

GateValue unattributable_gate(const LabelActor& actor) {
  const std::string nobody =
      actor.note.empty() ? "the tracker names nobody" : "the tracker names nobody: " + actor.note;
  return gate(Reason::unattributable_label, !actor.login.empty(),
              actor.login.empty() ? nobody : "set by " + actor.login);
}

GateValue blocker_gate(const Issue& issue, Reason reason, Blocker::State state, const char* none) {
  std::string found;
  for (const Blocker& blocker : issue.blockers) {
    if (RUNNER_PLANTED(unreadable_blocker_ignored) && state == Blocker::State::unreadable) {
      continue;
    }
    const bool closed = RUNNER_PLANTED(closed_blocker_blocks) && state == Blocker::State::open &&
                        blocker.state == Blocker::State::closed;
    if (blocker.state == state || closed) {
      found += fmt::format("{}{}{}", found.empty() ? "" : ", ", blocker.reference,
                           blocker.detail.empty() ? "" : " (" + blocker.detail + ")");
    }
  }
  const bool passed = found.empty();
  return gate(reason, passed, passed ? none : found);
}

/// What only the details of an issue tell. Before they are asked for, nothing is known to be wrong,
/// and nothing to be right: dispatch selects no such issue.
void add_detail_gates(std::vector<GateValue>& gates, const Issue& issue, const Repo& repo,
                      const Fleet& fleet) {
  if (issue.details_left_out) {
    for (const Reason reason :
         {Reason::untrusted_label, Reason::unattributable_label, Reason::edited_after_label,
          Reason::blocked_by, Reason::blocker_unreadable}) {
      gates.push_back(gate(reason, true, "not asked: it could not have started now"));
    }
    return;
  }
  gates.push_back(trust_gate(issue, repo, fleet));
  gates.push_back(unattributable_gate(issue.ready_by));
  gates.push_back(edited_gate(issue, repo));
  gates.push_back(blocker_gate(issue, Reason::blocked_by, Blocker::State::open, "no open blocker"));
  gates.push_back(blocker_gate(issue, Reason::blocker_unreadable, Blocker::State::unreadable,
                               "every blocker could be read"));
}

GateValue cooldown_gate(const IssueHistory& history, const Limits& limits, TimePoint now) {
  if (history.last_ended && !RUNNER_PLANTED(cooldown_forgotten) &&
      now < *history.last_ended + limits.cooldown && !lies_ahead(*history.last_ended, now)) {
    return gate(Reason::cooling_down, false,
                fmt::format("until {}", format_time(*history.last_ended + limits.cooldown)));
  }
  return gate(Reason::cooling_down, true, "not cooling down");
}

GateValue budget_gate(const Issue& issue, const PollFacts& facts, const IssueHistory& history,
                      const Budget& budget) {
  SpendSoFar spent;
  spent.issue = history.spent;
  if (const auto day = facts.repo_day.find(issue.key.repo); day != facts.repo_day.end()) {
    spent.repo_day = day->second;
  }
  spent.fleet_day = facts.fleet_day;
  spent.fleet_month = facts.fleet_month;
  const std::string reached = reached_cap(budget, spent);
  return gate(Reason::budget, reached.empty(), reached.empty() ? "below every cap" : reached);
}

GateValue disk_gate(const PollFacts& facts, const Limits& limits) {
  if (!facts.disk_free) {
    return gate(Reason::disk, false, "the free space could not be read");
  }
  return gate(Reason::disk, *facts.disk_free >= limits.disk_free_bytes,
              fmt::format("{} MiB free, {} MiB wanted", *facts.disk_free >> 20,
                          limits.disk_free_bytes >> 20));
}

}  // namespace

CandidateGates::CandidateGates(const Repo& repo, const RepoFacts& repo_facts,
                               const PollFacts& facts, const Fleet& fleet, TimePoint now)
    : repo_(repo),
      repo_facts_(repo_facts),
      facts_(facts),
      fleet_(fleet),
      now_(now),
      live_(live_run_of(facts, repo.name)),
      disk_(disk_gate(facts, fleet.limits)) {
  const bool allowed = fleet.allows(repo.name);
  first_ = {
      gate(Reason::kill_switch, !facts.kill_switch,
           facts.kill_switch ? facts.kill_switch_detail : "off"),
      gate(Reason::not_allowlisted, allowed, allowed ? "on the allowlist" : "not in fleet.allow"),
  };
  const std::string& error = repo_facts.base_error;
  base_ = {
      gate(Reason::base_unreadable, error.empty(),
           error.empty() ? "the base branch can be read" : error),
      gate(Reason::base_red, !repo_facts.base_red, repo_facts.base_detail),
  };
}

std::vector<GateValue> CandidateGates::of(const Issue& issue) const {
  static const IssueHistory kNone;
  const auto known = facts_.history.find(issue.key);
  const IssueHistory& history = known == facts_.history.end() ? kNone : known->second;
  const Limits& limits = fleet_.limits;
  std::vector<GateValue> gates;
  gates.reserve(kReasonCount);
  gates.insert(gates.end(), first_.begin(), first_.end());
  gates.push_back(brake_gate(issue, repo_, facts_, fleet_, now_));
  gates.push_back(readable_gate(issue, limits));
  gates.push_back(human_gate(issue, history, fleet_.labels));
  gates.push_back(in_progress_gate(issue, live_, fleet_.labels));
  gates.push_back(busy_gate(issue, live_, repo_facts_));
  add_detail_gates(gates, issue, repo_, fleet_);
  gates.push_back(
      gate(Reason::attempts_exhausted, history.charged_failures < limits.issue_attempts,
           fmt::format("{} of {} attempts used", history.charged_failures, limits.issue_attempts)));
  gates.push_back(cooldown_gate(history, limits, now_));
  gates.insert(gates.end(), base_.begin(), base_.end());
  gates.push_back(budget_gate(issue, facts_, history, fleet_.budget));
  gates.push_back(disk_);
  return gates;
}

const GateValue* first_failing(const std::vector<GateValue>& gates) {
  const auto found =
      std::ranges::find_if(gates, [](const GateValue& value) { return !value.passed; });
  return found == gates.end() ? nullptr : &*found;
}

}  // namespace jobs
