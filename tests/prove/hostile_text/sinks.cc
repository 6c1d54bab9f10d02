#include "tests/prove/hostile_text/sinks.h"

#include <algorithm>

#include "jobs/base/text.h"
#include "jobs/pipelines/checklist.h"
#include "jobs/pipelines/prompt.h"
#include "jobs/pipelines/turn_spec.h"
#include "metrics/textfile.h"
#include "runner/cli/json_model.h"
#include "runner/cli/table.h"
#include "runner/cli/tick_print.h"
#include "runner/notify/notify.h"
#include "runner/process/agent_files.h"
#include "runner/process/turn_files.h"
#include "tests/support/scenario_values.h"
#include "worktrees/land_text.h"

namespace prove::hostile_text {

namespace {

const runner::cli::Screen kTerminal{.terminal = true, .color = false, .width = 100};
const runner::cli::Screen kPipe{};

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; !what.empty() && (at = text.find(what, at)) != std::string::npos;
       at += by.size()) {
    text.replace(at, what.size(), by);
  }
  return text;
}

/// The prompt outside its fenced blocks says the same whatever the issue says.
void check_prompt(Case& at, const jobs::Run& run, const jobs::Turn& turn,
                  const jobs::Fleet& fleet) {
  const jobs::Repo* repo = fleet.repo(run.issue.repo);
  const auto spec =
      jobs::make_turn_spec(fleet, *repo, fleet.pipelines.at("default"), run, turn,
                           std::string(jobs::default_prompt()), "the built-in prompt");
  jobs::Run tame = scenario::run();
  tame.id = run.id;
  tame.issue = run.issue;
  tame.worktree = run.worktree;
  tame.stage = run.stage;
  jobs::Turn tame_turn = turn;
  tame_turn.correction = turn.correction.empty() ? "" : "tame";
  tame_turn.session = turn.session.empty() ? "" : "tame";
  const auto wanted =
      jobs::make_turn_spec(fleet, *repo, fleet.pipelines.at("default"), tame, tame_turn,
                           std::string(jobs::default_prompt()), "the built-in prompt");
  at.sink("prompt", spec && wanted, "no specification of the turn");
  if (!spec || !wanted) {
    return;
  }
  if (!spec->prompt.empty()) {
    const Fenced told = split_fences(replaced(spec->prompt, run.branch, "BRANCH"));
    const Fenced tame_told = split_fences(replaced(wanted->prompt, tame.branch, "BRANCH"));
    const auto same = [](const auto& one, const auto& other) { return one.first == other.first; };
    at.sink("prompt", !told.open && std::ranges::equal(told.blocks, tame_told.blocks, same),
            "the fences do not hold");
    at.sink("prompt", told.outside == tame_told.outside, "text stands outside its fence");
    at.sink("prompt", is_valid_utf8(spec->prompt), "invalid UTF-8");
  }
  const auto argv = spec->argv;
  at.sink("argv", std::ranges::equal(argv, wanted->argv) || !turn.session.empty(),
          "the argv depends on what was said");
  for (const std::string& word : argv) {
    at.sink("argv", is_valid_utf8(word), "not text");
  }
  const std::string json = runner::process::to_json(*spec);
  at.sink("turn directory", is_valid_utf8(json), "invalid UTF-8");
  const auto back = runner::process::parse_spec(json);
  at.sink("turn directory", back && back->argv == spec->argv && back->env == spec->env,
          "the specification does not read back as it was");
}

void check_run(Case& at, const jobs::Run& run, const jobs::Fleet& fleet) {
  at.sink("ref", branch_fault(run.branch));
  at.sink("comment", checklist_fault(jobs::checklist(run, true), 5));
  at.sink("comment", checklist_fault(jobs::checklist(run, false), 4));
  at.sink("json", json_fault(runner::cli::to_json(run).dump()));
  at.sink("json", json_line_fault(runner::cli::to_json(run).line()));
  const jobs::Run tame = scenario::run();
  if (run.title != tame.title || run.body != tame.body || run.requested_by != tame.requested_by ||
      run.author != tame.author || run.edited_by != tame.edited_by) {
    check_prompt(at, run, scenario::turn(1, "implement"), fleet);
  }
}

void check_effect(Case& at, const jobs::Effect& effect) {
  if (effect.kind == jobs::EffectKind::upsert_comment) {
    at.sink("comment", checklist_fault(effect.text,
                                       effect.text.find("CI green") == std::string::npos ? 4 : 5));
  }
  if (effect.kind == jobs::EffectKind::notify) {
    jobs::Notification call;
    call.key = effect.key;
    call.repo = effect.issue.repo.str();
    call.issue = effect.issue.number;
    call.text = effect.text;
    call.at = effect.at;
    at.sink("notification", json_line_fault(runner::notify::to_json(call)));
    at.sink("notification", line_fault(effect.text));
  }
  jobs::OutboxRow row;
  row.effect = effect;
  row.last_error = effect.text;
  at.sink("json", json_line_fault(runner::cli::to_json(row).line()));
}

void check_line(Case& at, const std::string& event, const std::string& text) {
  const runner::TickLine line{.level = runner::TickLine::Level::warning,
                              .event = event,
                              .repo = "acme/shop",
                              .issue = 1,
                              .run = "r01",
                              .text = text,
                              .tick = "t01"};
  for (const auto& screen : {kTerminal, kPipe}) {
    at.sink("terminal", line_fault(runner::cli::line_text(screen, line, "12:00:00")));
  }
  at.sink("log", json_line_fault(runner::cli::line_json(line, "2026-11-21T12:00:00Z")));
}

}  // namespace

void check_change(Case& at, const jobs::Change& change, const jobs::Fleet& fleet) {
  for (const jobs::Run& run : change.runs) {
    check_run(at, run, fleet);
    for (const jobs::Turn& turn : change.turns) {
      // Every turn of a change belongs to its one run.
      check_prompt(at, run, turn, fleet);
      at.sink("json", json_line_fault(runner::cli::to_json(turn).line()));
    }
  }
  for (const jobs::Effect& effect : change.effects) {
    check_effect(at, effect);
  }
  for (const jobs::Event& event : change.events) {
    check_line(at, event.kind, event.detail);
    at.sink("json", json_line_fault(runner::cli::to_json(event).line()));
  }
  for (const jobs::Brake& brake : change.brakes_set) {
    at.sink("json", json_line_fault(runner::cli::to_json(brake).line()));
  }
}

void check_plan(Case& at, const jobs::Plan& plan, const jobs::Fleet& fleet) {
  runner::TickReport report;
  report.dry_run = true;
  report.decisions = plan.change.decisions;
  report.steps = plan.steps;
  report.planned = plan.change.effects;
  report.problems = plan.problems;
  for (const auto& screen : {kTerminal, kPipe}) {
    at.sink("terminal", terminal_fault(runner::cli::plan_text(screen, report)));
  }
  at.sink("terminal", terminal_fault(runner::cli::summary_text(report)));
  at.sink("json", json_fault(runner::cli::report_json(report).dump()));
  for (const jobs::PlannedStep& step : plan.steps) {
    check_line(at, step.action, step.detail);
  }
  for (const std::string& problem : plan.problems) {
    check_line(at, "problem", problem);
  }
  check_change(at, plan.change, fleet);
}

void check_encoders(Case& at, const std::string& text) {
  at.sink("terminal", line_fault(jobs::one_line(text)));
  at.sink("terminal", terminal_fault(jobs::printable(text)));
  at.sink("text", is_valid_utf8(jobs::to_valid_utf8(text)), "invalid UTF-8");
  at.sink("path", component_fault(jobs::path_component(text)));
  at.sink("path", component_fault(jobs::slug(text)));
  at.sink("path", !jobs::is_safe_component(text) || text.find('/') == std::string::npos,
          "a path passes for one component");
  runner::cli::Table table({"A", "B"});
  table.add({text, text});
  at.sink("terminal", terminal_fault(table.str(kTerminal)));
  const std::string piped = table.str(kPipe);
  at.sink("terminal", terminal_fault(piped));
  at.sink("terminal", std::ranges::count(piped, '\n') <= 2 && std::ranges::count(piped, '\t') <= 2,
          "a cell became several");

  const std::string subject = worktrees::subject_text(text);
  at.sink("commit", line_fault(subject));
  at.sink("commit", !worktrees::ci_skip_token(subject), "a token that skips CI: " + subject);

  // What an agent reports, as its own file has it and as it is kept.
  const runner::process::TurnEvent event{.at = scenario::kNow, .type = "note", .text = text};
  at.sink("events", json_line_fault(runner::process::to_json_line(event).substr(
                        0, runner::process::to_json_line(event).size() - 1)));
  if (const auto kept = runner::process::accept_report(event)) {
    at.sink("events", line_fault(kept->text));
  }
  const auto phase =
      runner::process::accept_report({.at = scenario::kNow, .type = "phase", .text = text});
  at.sink("events", !phase, "an unknown phase is taken");

  // As `collect` hands a label on: valid UTF-8, the rest is the format's business.
  const std::string label = jobs::to_valid_utf8(text);
  metrics::Family family;
  family.name = metrics::Name::build_info;
  family.samples = {{{label}, 1}};
  std::vector<std::string> labels;
  at.sink("metric", metrics_fault(metrics::to_text({family}), labels));
  at.sink("metric", !labels.empty() && labels.front() == label,
          "the label does not decode to what it was");
}

}  // namespace prove::hostile_text
