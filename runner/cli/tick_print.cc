#include "runner/cli/tick_print.h"

#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "runner/cli/describe.h"
#include "runner/cli/json_model.h"
#include "runner/cli/table.h"

namespace runner::cli {

namespace {

Ink ink_of(const TickLine& line) {
  switch (line.level) {
    case TickLine::Level::progress: return Ink::dim;
    case TickLine::Level::warning: return Ink::yellow;
    case TickLine::Level::error: return Ink::red;
    case TickLine::Level::info: break;
  }
  if (line.event == "landed" || line.event == "ci-green") {
    return Ink::green;
  }
  if (line.event == "frozen" || line.event == "needs-human" || line.event == "ci-red") {
    return Ink::red;
  }
  return line.event == "decision" ? Ink::dim : Ink::plain;
}

std::string_view level_name(TickLine::Level level) {
  switch (level) {
    case TickLine::Level::progress: return "debug";
    case TickLine::Level::info: return "info";
    case TickLine::Level::warning: return "warning";
    case TickLine::Level::error: return "error";
  }
  return "info";
}

/// What belongs to one repository in a plan.
struct Group {
  std::vector<const jobs::PlannedStep*> steps;
  std::vector<const jobs::Decision*> decisions;
};

std::map<std::string, Group> grouped(const TickReport& report) {
  std::map<std::string, Group> groups;
  for (const jobs::PlannedStep& step : report.steps) {
    if (step.action != "start") {  // the decision says it already
      groups[step.issue.repo.str()].steps.push_back(&step);
    }
  }
  for (const jobs::Decision& decision : report.decisions) {
    groups[decision.issue.repo.str()].decisions.push_back(&decision);
  }
  return groups;
}

std::string switch_text(const TickReport& report) {
  return fmt::format("The kill switch is on: {}. Nothing was read, written or started.\n",
                     jobs::one_line(report.kill_switch_detail, 400));
}

Json step_json(const jobs::PlannedStep& step) {
  return Json::object()
      .set("run", step.run.str())
      .set("repo", step.issue.repo.str())
      .set("issue", step.issue.number)
      .set("action", step.action)
      .set("detail", jobs::to_valid_utf8(step.detail));
}

Json effect_json(const jobs::Effect& effect) {
  return Json::object()
      .set("kind", to_string(effect.kind))
      .set("key", effect.key)
      .set("repo", effect.issue.repo.str())
      .set("issue", effect.issue.number)
      .set("run", effect.run.str());
}

}  // namespace

std::string line_text(const Screen& screen, const TickLine& line, const std::string& time) {
  std::string who = line.repo;
  if (line.issue != 0) {
    who += "#" + std::to_string(line.issue);
  }
  const bool says_all = line.event == "decision" || jobs::parse_effect_kind(line.event) ||
                        line.level == TickLine::Level::progress;
  const std::string what = says_all
                               ? jobs::one_line(line.text, 400)
                               : fmt::format("{}: {}", line.event, jobs::one_line(line.text, 400));
  return fmt::format("{}  {}  {}", paint(screen, Ink::dim, time),
                     paint(screen, Ink::bold, fmt::format("{:<16}", who)),
                     paint(screen, ink_of(line), what));
}

std::string line_json(const TickLine& line, const std::string& time) {
  Json json = Json::object();
  json.set("time", time)
      .set("level", level_name(line.level))
      .set("event", line.event)
      .set("tick", text_or_null(line.tick));
  if (!line.repo.empty()) {
    json.set("repo", line.repo);
  }
  if (line.issue != 0) {
    json.set("issue", line.issue);
  }
  if (!line.run.empty()) {
    json.set("run", line.run);
  }
  json.set("text", jobs::one_line(line.text, 2000));
  return json.line();
}

std::string plan_text(const Screen& screen, const TickReport& report) {
  if (report.kill_switch) {
    return switch_text(report);
  }
  std::string out;
  for (const auto& [repo, group] : grouped(report)) {
    out += paint(screen, Ink::bold, jobs::one_line(repo)) + "\n";
    Table table({"ISSUE", "WHAT", "WHY", "TITLE"});
    for (const jobs::PlannedStep* step : group.steps) {
      table.add({Cell("#" + std::to_string(step->issue.number)),
                 Cell(step->action, step->action == "wait" ? Ink::dim : Ink::green),
                 Cell(step->detail), Cell("run " + step->run.str())});
    }
    for (const jobs::Decision* decision : group.decisions) {
      table.add({Cell("#" + std::to_string(decision->issue.number)),
                 Cell(decision->selected() ? std::string("start")
                                           : std::string(to_string(decision->reason)),
                      decision->selected() ? Ink::green : Ink::yellow),
                 Cell(decision->detail), Cell(decision->title)});
    }
    out += table.str(screen, 2);
  }
  if (out.empty()) {
    out = "Nothing to do: no live run, and no open issue carries the ready label.\n";
  }
  for (const std::string& problem : report.problems) {
    out += paint(screen, Ink::red, "problem: " + jobs::one_line(problem, 500)) + "\n";
  }
  out += fmt::format(
      "\nDry run: {} would start, {} would be recorded. Nothing was written.\n",
      counted(std::ranges::count_if(report.decisions, &jobs::Decision::selected), "run"),
      counted(static_cast<std::int64_t>(report.planned.size()), "effect"));
  return out;
}

std::string summary_text(const TickReport& report) {
  if (report.kill_switch) {
    return switch_text(report);
  }
  if (!report.held_by.empty()) {
    return fmt::format("Another tick is at work, so this one did nothing: {}\n",
                       jobs::one_line(report.held_by, 300));
  }
  return fmt::format(
      "tick {}: {}, {} started, {} carried out, {}\n", report.row.id.str(),
      counted(report.row.candidates, "candidate"), counted(report.row.started, "run"),
      counted(report.row.effects, "effect"),
      report.row.failures == 0 ? "no failure" : counted(report.row.failures, "failure"));
}

Json report_json(const TickReport& report) {
  Json json = json_root();
  Json names = Json::array();
  for (const jobs::TickJob job : report.row.jobs) {
    names.push(to_string(job));
  }
  json.set("tick", text_or_null(report.row.id.str()))
      .set("dry_run", report.dry_run)
      .set("jobs", std::move(names));
  json.set("kill_switch", Json::object()
                              .set("on", report.kill_switch)
                              .set("detail", text_or_null(report.kill_switch_detail)));
  json.set("lease_held_by", text_or_null(report.held_by));
  json.set("decisions", to_json_array(report.decisions));
  Json steps = Json::array();
  for (const jobs::PlannedStep& step : report.steps) {
    steps.push(step_json(step));
  }
  json.set("steps", std::move(steps));
  Json planned = Json::array();
  for (const jobs::Effect& effect : report.planned) {
    planned.push(effect_json(effect));
  }
  json.set("planned_effects", std::move(planned));
  Json effects = Json::array();
  for (const EffectReport& effect : report.effects) {
    effects.push(effect_json(effect.effect)
                     .set("state", to_string(effect.state))
                     .set("error", text_or_null(effect.error)));
  }
  json.set("effects", std::move(effects));
  json.set("problems", Json::strings(report.problems));
  json.set("started", report.row.started)
      .set("failures", report.row.failures)
      .set("exit_code", report.exit_code);
  return json;
}

}  // namespace runner::cli
