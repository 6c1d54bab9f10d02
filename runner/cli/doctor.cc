#include "runner/store/doctor.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/model/run_id.h"
#include "jobs/pipelines/run_change.h"
#include "runner/cli/commands.h"
#include "runner/cli/doctor_folders.h"
#include "runner/cli/errors.h"
#include "runner/cli/json_out.h"
#include "runner/cli/screen.h"
#include "runner/cli/state.h"
#include "runner/wall_clock.h"

namespace runner::cli {

namespace {

using store::StateFinding;
using Level = StateFinding::Level;
using Findings = std::vector<StateFinding>;

constexpr int kUnhealthy = 3;

std::string_view to_string(Level level) {
  switch (level) {
    case Level::note: return "note";
    case Level::problem: return "problem";
    case Level::damage: return "damage";
  }
  return "";
}

Ink ink_of(Level level) {
  switch (level) {
    case Level::note: return Ink::dim;
    case Level::problem: return Ink::yellow;
    case Level::damage: return Ink::red;
  }
  return Ink::plain;
}

jobs::Result<Findings> examine(const jobs::Fleet& fleet) {
  const store::StateExamination state =
      store::examine_state({.state_dir = fleet.state_dir, .now = present()});
  Findings findings = state.findings;
  if (state.health == store::Health::sound && state.held_by.empty() &&
      std::ranges::none_of(findings,
                           [](const StateFinding& one) { return one.name == "unfinished-step"; })) {
    RUNNER_ASSIGN(const Findings around, examine_folders(fleet));
    findings.insert(findings.end(), around.begin(), around.end());
  }
  return findings;
}

int exit_code_of(const Findings& findings) {
  const auto has = [&](Level level) {
    return std::ranges::any_of(findings,
                               [&](const StateFinding& one) { return one.level == level; });
  };
  return has(Level::damage)    ? jobs::exit_code(jobs::ErrorKind::corrupt)
         : has(Level::problem) ? kUnhealthy
                               : 0;
}

/// Ends a live run whose rows may be missing something: its turn is stopped, a person is called.
jobs::Change end_run(const jobs::Fleet& fleet, const jobs::Run& run, jobs::TimePoint now) {
  jobs::RunChange change(run, fleet, now);
  if (run.turns > 0 && run.step == jobs::RunStep::turning) {
    jobs::Effect stop;
    stop.kind = jobs::EffectKind::stop_turn;
    stop.turn = run.turns;
    stop.text = "the state was repaired";
    change.effect(std::move(stop));
  }
  change.end(jobs::Outcome::needs_human,
             "the state was repaired (`runner doctor --fix`), and what it knew of this run may not "
             "be all",
             /*charged=*/false);
  return std::move(change).take();
}

jobs::Result<std::vector<std::string>> repair(const jobs::Fleet& fleet) {
  const jobs::TimePoint now = present();
  return store::repair_state(
      {.doctor = {.state_dir = fleet.state_dir, .now = now},
       .tick = jobs::make_tick_id(now, {kernel_random(), kernel_random()}),
       .version = RUNNER_VERSION,
       .end_run = [&fleet, now](const jobs::Run& run) { return end_run(fleet, run, now); }});
}

void print_findings(const Screen& screen, const Findings& findings) {
  for (const StateFinding& one : findings) {
    put(fmt::format("{}: {}\n  where: {}\n  {}: {}\n",
                    paint(screen, ink_of(one.level), to_string(one.level)),
                    jobs::one_line(one.what, 1000), jobs::one_line(one.where, 1000),
                    one.fixable ? "--fix would" : "then", jobs::one_line(one.remedy, 1000)));
  }
}

void print_plan(const Findings& fixable) {
  put("the plan:\n");
  int number = 0;
  for (const StateFinding& one : fixable) {
    put(fmt::format("  {}. {} ({})\n", ++number, jobs::one_line(one.remedy, 1000),
                    jobs::one_line(one.where, 1000)));
  }
}

bool confirmed() {
  put("Carry it out? Stop what starts ticks first. [y/N] ");
  (void)flush_output();
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes";
}

Json document(const Findings& findings, const std::vector<std::string>& repaired) {
  Json list = Json::array();
  for (const StateFinding& one : findings) {
    Json item = Json::object();
    item.set("level", to_string(one.level)).set("name", one.name).set("what", one.what);
    item.set("where", one.where).set("remedy", one.remedy).set("fixable", one.fixable);
    list.push(item);
  }
  return json_root()
      .set("healthy", exit_code_of(findings) == 0)
      .set("findings", list)
      .set("repaired", Json::strings(repaired));
}

}  // namespace

int run_doctor(const DoctorCommand& command) {
  const auto fleet = load_fleet(command.global);
  if (!fleet) {
    return report_error(command.global, fleet.error());
  }
  auto findings = examine(*fleet);
  if (!findings) {
    return report_error(command.global, findings.error());
  }
  const Screen screen = make_screen(command.global.color);
  const bool json = command.global.json;
  Findings fixable;
  std::ranges::copy_if(*findings, std::back_inserter(fixable), &StateFinding::fixable);
  std::vector<std::string> repaired;
  if (!json) {
    print_findings(screen, *findings);
  }
  if (command.fix && !fixable.empty()) {
    if (!json) {
      print_plan(fixable);
    }
    const bool terminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && !json;
    if (!command.yes && !(terminal && confirmed())) {
      if (json) {
        print_json(document(*findings, repaired));
      } else {
        put("nothing was changed; `runner doctor --fix --yes` carries it out\n");
      }
      return kUnhealthy;
    }
    auto done = repair(*fleet);
    if (!done) {
      return report_error(command.global, done.error());
    }
    repaired = *std::move(done);
    findings = examine(*fleet);
    if (!findings) {
      return report_error(command.global, findings.error());
    }
  }
  if (json) {
    print_json(document(*findings, repaired));
    return exit_code_of(*findings);
  }
  for (const std::string& line : repaired) {
    put(jobs::one_line(line, 1000) + "\n");
  }
  if (!repaired.empty()) {
    print_findings(screen, *findings);
  }
  if (exit_code_of(*findings) == 0) {
    put("healthy\n");
  }
  return exit_code_of(*findings);
}

}  // namespace runner::cli
