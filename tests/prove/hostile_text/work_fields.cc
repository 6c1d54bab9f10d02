#include "jobs/base/text.h"
#include "jobs/pipelines/transition.h"
#include "tests/prove/hostile_text/flows.h"
#include "tests/prove/hostile_text/sinks.h"
#include "tests/support/scenario_values.h"

namespace prove::hostile_text {

namespace {

using jobs::RunView;
using scenario::kNow;

/// Both jobs that look at a run see it.
void decide(Record& record, const char* field, const Hostile& string, const RunView& view) {
  const jobs::Fleet fleet = scenario::fleet();
  Case at(record, field, string.name);
  check_plan(at, jobs::watch(view, fleet, kNow), fleet);
  check_plan(at, jobs::fix_forward(view, fleet, kNow), fleet);
}

void changed(Record& record, const char* field, const Hostile& string, const jobs::Change& change) {
  Case at(record, field, string.name);
  check_change(at, change, scenario::fleet());
}

RunView ended(const std::string& stage, jobs::TurnEnd end, int code, int commits) {
  RunView view = scenario::turning(stage);
  scenario::end_turn(view, end, code, commits);
  return view;
}

void test_output(Record& record, const char* field, const Hostile& string) {
  RunView view = ended("verify", jobs::TurnEnd::exited, 1, 1);
  view.turn_facts.output_tail = string.text;
  decide(record, field, string, view);
}

void agent_output(Record& record, const char* field, const Hostile& string) {
  for (const int code : {0, 1}) {
    RunView view = ended("implement", jobs::TurnEnd::exited, code, 0);
    view.turn_facts.output_tail = string.text;
    decide(record, field, string, view);
  }
}

void agent_blocked(Record& record, const char* field, const Hostile& string) {
  RunView view = ended("implement", jobs::TurnEnd::exited, 0, 1);
  view.turn_facts.blocked = string.text;
  decide(record, field, string, view);
}

void agent_notes(Record& record, const char* field, const Hostile& string) {
  RunView view = ended("implement", jobs::TurnEnd::exited, 0, 1);
  view.turn_facts.notes = {string.text, string.text};
  view.turn_facts.phases = {string.text};
  decide(record, field, string, view);
}

void agent_session(Record& record, const char* field, const Hostile& string) {
  RunView view = ended("verify", jobs::TurnEnd::exited, 1, 1);
  view.turn_facts.session = string.text;
  view.turn->session = string.text;
  decide(record, field, string, view);
}

void end_detail(Record& record, const char* field, const Hostile& string) {
  for (const jobs::TurnEnd end : {jobs::TurnEnd::not_started, jobs::TurnEnd::signalled,
                                  jobs::TurnEnd::stopped, jobs::TurnEnd::lost}) {
    RunView view = ended("implement", end, 1, 0);
    view.turn_facts.exit->detail = string.text;
    decide(record, field, string, view);
  }
}

void ci_check(Record& record, const char* field, const Hostile& string) {
  RunView view = scenario::landed(jobs::Verdict::fail);
  view.ci = scenario::ci(jobs::Verdict::fail, {string.text});
  decide(record, field, string, view);
}

void ci_log(Record& record, const char* field, const Hostile& string) {
  RunView view = scenario::landed(jobs::Verdict::fail);
  view.ci = scenario::ci(jobs::Verdict::fail, {"unit"});
  view.ci->checks.front().log_tail = string.text;
  decide(record, field, string, view);
}

void worktree_problem(Record& record, const char* field, const Hostile& string) {
  RunView view = ended("implement", jobs::TurnEnd::exited, 0, 1);
  if (view.worktree) {
    view.worktree->problem = string.text;
  }
  view.errors = {string.text};
  decide(record, field, string, view);
}

void issue_meanwhile(Record& record, const char* field, const Hostile& string) {
  RunView view = scenario::turning();
  jobs::Issue issue = scenario::issue(1);
  issue.labels = {string.text};
  issue.title = string.text;
  issue.edited_by = string.text;
  issue.problem = string.text;
  view.issue = issue;
  view.cancel_requested = string.text;
  decide(record, field, string, view);
}

void landing(Record& record, const char* field, const Hostile& string) {
  const jobs::Fleet fleet = scenario::fleet();
  for (const auto kind : {jobs::LandResult::Kind::conflict, jobs::LandResult::Kind::rejected}) {
    jobs::LandResult result;
    result.kind = kind;
    result.files = {string.text, "README.md"};
    result.rule = "server";
    result.message = string.text;
    jobs::Run run = scenario::run();
    run.step = jobs::RunStep::landing;
    run.stage = "land";
    changed(record, field, string,
            jobs::after_landing(run, result, fleet.pipelines.at("default"), fleet, {}, kNow));
  }
}

void setup_log(Record& record, const char* field, const Hostile& string) {
  jobs::Prepared prepared;
  prepared.path = "/state/worktrees/shop";
  prepared.base = scenario::oid('b');
  prepared.setup_log = {string.text};
  prepared.remark = string.text;
  jobs::Run run = scenario::run();
  run.step = jobs::RunStep::preparing;
  changed(record, field, string, jobs::after_prepared(run, prepared, scenario::fleet(), kNow));
}

void adapter_error(Record& record, const char* field, const Hostile& string) {
  jobs::Effect effect;
  effect.run = scenario::run().id;
  effect.issue = scenario::run().issue;
  for (const auto kind : {jobs::EffectKind::upsert_comment, jobs::EffectKind::land,
                          jobs::EffectKind::prepare_worktree, jobs::EffectKind::start_turn}) {
    effect.kind = kind;
    effect.turn = 1;
    changed(record, field, string,
            jobs::after_given_up(scenario::run(), effect, /*tried=*/true,
                                 jobs::fail(jobs::ErrorKind::denied, string.text),
                                 scenario::fleet(), kNow));
  }
}

void encoders(Record& record, const char* field, const Hostile& string) {
  Case at(record, field, string.name);
  check_encoders(at, string.text);
}

}  // namespace

const std::vector<Field>& work_fields() {
  static const std::vector<Field> fields = {{"test-output", test_output},
                                            {"agent-output", agent_output},
                                            {"agent-blocked", agent_blocked},
                                            {"agent-notes", agent_notes},
                                            {"agent-session", agent_session},
                                            {"end-detail", end_detail},
                                            {"ci-check", ci_check},
                                            {"ci-log", ci_log},
                                            {"worktree-problem", worktree_problem},
                                            {"issue-meanwhile", issue_meanwhile},
                                            {"landing", landing},
                                            {"setup-log", setup_log},
                                            {"adapter-error", adapter_error},
                                            {"any", encoders}};
  return fields;
}

}  // namespace prove::hostile_text
