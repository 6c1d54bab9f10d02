#include "tests/support/scenario_values.h"

#include <algorithm>

namespace scenario {

jobs::Repo repo(const std::string& name) {
  jobs::Repo repo;
  repo.name = jobs::RepoName(name);
  repo.remote = "/remotes/" + name;
  repo.tracker = "local";
  repo.agent = "claude";
  repo.ci = "ci";
  repo.notify = {"ops"};
  repo.test = {"make", "test"};
  return repo;
}

jobs::Fleet fleet() {
  jobs::Fleet fleet;
  fleet.kill_switch = false;
  fleet.state_dir = "/state";
  for (const char* name : {"acme/shop", "acme/lib", "acme/web"}) {
    fleet.repos.push_back(repo(name));
    fleet.allow.emplace_back(name);
  }
  fleet.trackers["local"] = {.name = "local", .kind = jobs::TrackerKind::local, .path = "/issues"};
  jobs::AgentConfig agent;
  agent.name = "claude";
  agent.command = {"/usr/bin/agent", "--prompt", "{prompt_file}"};
  fleet.agents["claude"] = agent;
  jobs::CiConfig ci;
  ci.name = "ci";
  fleet.ci["ci"] = ci;
  jobs::NotifyConfig ops;
  ops.name = "ops";
  ops.path = "/notifications";
  fleet.notify["ops"] = ops;
  fleet.pipelines["default"] = jobs::default_pipeline();
  return fleet;
}

jobs::Issue issue(jobs::IssueNumber number, const std::string& repo) {
  jobs::Issue issue;
  issue.key = {.repo = jobs::RepoName(repo), .number = number};
  issue.title = "Add a thing";
  issue.body = "The thing is missing.";
  issue.labels = {jobs::Labels{}.ready};
  issue.ready_by = {.login = "alice",
                    .is_bot = false,
                    .permission = jobs::Permission::write,
                    .at = kNow - hours(1)};
  return issue;
}

jobs::PollFacts poll_facts(const jobs::Fleet& fleet, const std::vector<jobs::Issue>& issues) {
  jobs::PollFacts facts;
  facts.kill_switch = false;
  facts.disk_free = 100LL << 30;
  facts.entropy = {0x0123456789abcdefULL, 0xfedcba9876543210ULL};
  for (const jobs::Repo& one : fleet.repos) {
    jobs::RepoFacts repo_facts;
    repo_facts.repo = one.name;
    repo_facts.base_detail = "main at 1a2b3c";
    for (const jobs::Issue& issue : issues) {
      if (issue.key.repo == one.name) {
        repo_facts.ready.push_back(issue);
      }
    }
    facts.repos.push_back(std::move(repo_facts));
  }
  return facts;
}

jobs::Oid oid(char digit) {
  return jobs::Oid(std::string(40, digit));
}

jobs::Run run() {
  jobs::Run run;
  run.id = jobs::RunId("r01kaw3m7g0123456789abcdef");
  run.issue = {.repo = jobs::RepoName("acme/shop"), .number = 1};
  run.title = "Add a thing";
  run.body = "The thing is missing.";
  run.requested_by = "alice";
  run.requested_permission = jobs::Permission::write;
  run.author = "carol";
  run.pipeline = "default";
  run.stage = "implement";
  run.step = jobs::RunStep::turning;
  run.branch = "runner/1-add-a-thing";
  run.worktree = "/state/worktrees/shop";
  run.base = oid('b');
  run.head = oid('b');
  run.turns = 1;
  run.effects = 4;
  run.created_at = kNow - minutes(10);
  run.updated_at = kNow - minutes(10);
  return run;
}

jobs::Turn turn(int number, const std::string& stage) {
  jobs::Turn turn;
  turn.run = run().id;
  turn.number = number;
  turn.stage = stage;
  turn.kind = stage == "verify" ? jobs::TurnKind::command
              : number == 1     ? jobs::TurnKind::opening
                                : jobs::TurnKind::corrective;
  turn.state = jobs::TurnState::running;
  turn.directory = "/state/turns/" + turn.run.str() + "/" + std::to_string(number);
  turn.head_before = number == 1 ? jobs::Oid() : oid('a');
  if (turn.kind != jobs::TurnKind::command) {
    turn.agent = "claude";
    turn.reserved = jobs::Usage{jobs::Usd{5'000'000}, 2'000'000, 1, 3600};
  }
  turn.planned_at = kNow - minutes(10);
  turn.started_at = kNow - minutes(9);
  return turn;
}

jobs::RunView turning(const std::string& stage) {
  jobs::RunView view;
  view.run = run();
  view.run.stage = stage;
  view.run.turns = stage == "verify" ? 2 : 1;
  view.run.head = stage == "verify" ? oid('a') : oid('b');
  view.turn = turn(view.run.turns, stage);
  view.turn_facts.state = jobs::TurnFacts::State::running;
  view.turn_facts.started_at = view.turn->started_at;
  view.turn_facts.containment = "group";
  view.ci_deadline = minutes(60);
  view.issue = issue(1);
  view.issue->labels.push_back(jobs::Labels{}.in_progress);
  return view;
}

jobs::RunView landed(jobs::Verdict verdict) {
  jobs::RunView view = turning("verify");
  end_turn(view, jobs::TurnEnd::exited, 0, 1);
  view.turn->state = jobs::TurnState::ended;
  view.turn->exit = view.turn_facts.exit;
  view.worktree.reset();
  view.run.stage = "ci";
  view.run.step = jobs::RunStep::watching;
  view.run.phase = jobs::Phase::ci;
  view.run.landings = 1;
  view.run.landed = oid('c');
  view.run.landed_at = kNow - minutes(5);
  view.run.base = oid('c');
  view.run.head = oid('c');
  view.ci = ci(verdict, verdict == jobs::Verdict::fail ? std::vector<std::string>{"unit"}
                                                       : std::vector<std::string>{});
  if (verdict == jobs::Verdict::fail) {
    view.run.first_red_at = kNow - minutes(1);
    view.run.failing = {"unit"};
  }
  return view;
}

void end_turn(jobs::RunView& view, jobs::TurnEnd end, int exit_code, int commits) {
  view.turn_facts.state = jobs::TurnFacts::State::ended;
  view.turn_facts.exit = jobs::TurnExit{
      .end = end, .exit_code = exit_code, .signal = 0, .detail = {}, .at = kNow - minutes(1)};
  jobs::WorktreeFacts worktree;
  worktree.exists = true;
  worktree.commits = commits;
  worktree.head = view.turn->kind == jobs::TurnKind::command ? view.turn->head_before
                  : commits > 0                              ? oid('d')
                                                             : view.turn->head_before;
  worktree.head_tree = oid('e');
  view.worktree = worktree;
}

void tried(jobs::RunView& view, const jobs::Oid& head, const std::string& failing_set) {
  view.attempts.push_back({.issue = view.run.issue,
                           .head = head,
                           .failing_set = failing_set,
                           .run = view.run.id,
                           .at = kNow});
}

jobs::Action decide(const jobs::RunView& view) {
  return jobs::next_action(view, jobs::default_pipeline(), {}, {}, kNow);
}

jobs::ActionKind kind(const jobs::RunView& view) {
  return decide(view).kind;
}

jobs::CiReport ci(jobs::Verdict verdict, const std::vector<std::string>& failing) {
  jobs::CiReport report;
  report.verdict = verdict;
  for (const std::string& name : failing) {
    report.checks.push_back(
        {.name = name, .verdict = jobs::Verdict::fail, .log_tail = "boom in " + name});
  }
  return report;
}

std::vector<jobs::Effect> effects_of(const jobs::Change& change, jobs::EffectKind kind) {
  std::vector<jobs::Effect> found;
  std::ranges::copy_if(change.effects, std::back_inserter(found),
                       [&](const jobs::Effect& effect) { return effect.kind == kind; });
  return found;
}

}  // namespace scenario
