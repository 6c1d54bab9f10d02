#include <algorithm>

#include <fmt/format.h>

#include "jobs/base/planted.h"
#include "jobs/base/text.h"
#include "jobs/model/run_id.h"
#include "jobs/pipelines/next_action.h"
#include "jobs/pipelines/run_change.h"
#include "jobs/policy/dispatch.h"
#include "jobs/ticks/plan.h"

namespace jobs {

namespace {

const Issue& issue_of(const PollFacts& facts, const IssueKey& key) {
  for (const RepoFacts& repo : facts.repos) {
    for (const Issue& issue : repo.ready) {
      if (issue.key == key) {
        return issue;
      }
    }
  }
  std::abort();  // a decision is only ever made about an issue of these facts
}

/// The claim: the run's row, its first turn with its reservation, and every effect of the start, in
/// this order. Nothing of it touches the world before all of it is recorded (mistake "dispatch
/// first, label second").
Change claim(const Issue& issue, const Repo& repo, const Fleet& fleet, RunId id, TimePoint now) {
  Run run;
  run.id = std::move(id);
  run.issue = issue.key;
  run.title = one_line(issue.title, 400);
  run.body = to_valid_utf8(issue.body);
  run.text_digest = issue.text_digest();
  run.requested_by = issue.ready_by.login;
  run.requested_permission = issue.ready_by.permission;
  run.author = issue.author;
  run.edited_by = issue.edited_after_label() ? issue.edited_by : std::string();
  run.pipeline = repo.pipeline;
  run.branch = branch_name(issue.key.number, issue.title);
  run.created_at = now;
  run.step = RunStep::preparing;
  const auto pipeline = fleet.pipelines.find(repo.pipeline);
  const Stage first = pipeline == fleet.pipelines.end() ? default_pipeline().stages.front()
                                                        : pipeline->second.stages.front();
  run.stage = first.name;

  RunChange change(std::move(run), fleet, now);
  change.event("claimed", fmt::format("{} \"{}\", released by {}", issue.key.str(),
                                      change.run().title, issue.ready_by.login));
  change.labels({fleet.labels.in_progress}, {});
  change.comment();
  Effect prepare;
  prepare.kind = EffectKind::prepare_worktree;
  change.effect(std::move(prepare));
  change.start_turn(first, first.kind == StageKind::command ? TurnKind::command : TurnKind::opening,
                    Oid());
  return std::move(change).take();
}

}  // namespace

Plan poll(const PollFacts& facts, const Fleet& fleet, TimePoint now) {
  Plan plan;
  if (facts.kill_switch) {
    return plan;
  }
  for (const RepoFacts& repo : facts.repos) {
    if (!repo.error.empty()) {
      plan.problems.push_back(repo.repo.str() + ": " + repo.error);
    }
  }
  plan.change.decisions = dispatch(facts, fleet, now);
  std::uint64_t index = 0;
  for (const Decision& decision : plan.change.decisions) {
    if (!decision.selected()) {
      continue;
    }
    RunId id = make_run_id(now, facts.entropy, index++);
    plan.steps.push_back(
        {.run = id, .issue = decision.issue, .action = "start", .detail = decision.title});
    const Repo* repo = fleet.repo(decision.issue.repo);
    merge(plan.change, claim(issue_of(facts, decision.issue), *repo, fleet, std::move(id), now));
  }
  if (RUNNER_PLANTED(reason_not_recorded)) {
    std::erase_if(plan.change.decisions, [](const Decision& each) { return !each.selected(); });
  }
  return plan;
}

}  // namespace jobs
