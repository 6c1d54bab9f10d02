#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "runner/cli/commands.h"
#include "runner/cli/describe.h"
#include "runner/cli/errors.h"
#include "runner/cli/json_model.h"
#include "runner/cli/state.h"
#include "runner/cli/table.h"

namespace runner::cli {

namespace {

struct Shown {
  jobs::Run run;
  std::vector<jobs::Event> events;
  std::vector<jobs::Turn> turns;
  std::vector<jobs::OutboxRow> outbox;
  std::vector<jobs::LedgerRow> ledger;
  jobs::Spend spend;
};

jobs::Result<Shown> find(const RunsShowCommand& command) {
  RUNNER_ASSIGN(const jobs::Fleet fleet, load_fleet(command.global));
  RUNNER_ASSIGN(const auto store, open_reader(fleet));
  Shown shown;
  RUNNER_ASSIGN(shown.run, store->run(command.run));
  RUNNER_ASSIGN(shown.events, store->events(shown.run.id));
  RUNNER_ASSIGN(shown.turns, store->turns(shown.run.id));
  RUNNER_ASSIGN(shown.outbox, store->outbox(shown.run.id));
  RUNNER_ASSIGN(shown.ledger, store->ledger(shown.run.id));
  jobs::SpendFilter of_run;
  of_run.run = shown.run.id;
  RUNNER_ASSIGN(shown.spend, store->spend(of_run));
  return shown;
}

std::string amount(const jobs::Usage& usage) {
  return fmt::format("{}, {}", dollars(usage.usd), counted(usage.tokens, "token"));
}

std::string line(const Screen& screen, const std::string& name, const std::string& value) {
  if (value.empty()) {
    return {};
  }
  constexpr std::size_t kBytes = 2000;
  return paint(screen, Ink::bold, fmt::format("{:<12}", name)) + jobs::one_line(value, kBytes) +
         "\n";
}

std::string asked_by(const jobs::Run& run) {
  if (run.requested_by.empty()) {
    return {};
  }
  return fmt::format("{} (permission: {}){}", run.requested_by,
                     jobs::to_string(run.requested_permission),
                     run.edited_by.empty() ? "" : ", changed since by " + run.edited_by);
}

std::string head(const Screen& screen, const Shown& shown, jobs::TimePoint now) {
  const jobs::Run& run = shown.run;
  const Cell state = state_of(run);
  std::string out = line(screen, "Run", run.id.str());
  out += line(screen, "Issue", run.issue.str() + "  " + run.title);
  out += paint(screen, Ink::bold, fmt::format("{:<12}", "State")) +
         paint(screen, state.ink, jobs::one_line(state.text)) + "\n";
  out += line(screen, "Why", run.reason);
  out += line(screen, "Last error", run.last_error);
  out += line(screen, "Pipeline",
              fmt::format("{}, phase {}", run.pipeline, jobs::to_string(run.phase)));
  out += line(screen, "Written by", run.author);
  out += line(screen, "Asked by", asked_by(run));
  out += line(screen, "Branch", run.branch);
  out += line(screen, "Worktree", run.worktree_released ? "released" : run.worktree);
  out += line(screen, "Landed", run.landed.str());
  out += line(screen, "Failing", fmt::format("{}", fmt::join(run.failing, ", ")));
  out +=
      line(screen, "Attempts",
           fmt::format("{} verify, {} fix-forward, {} landing, {} not charged", run.verify_attempts,
                       run.fix_attempts, run.land_attempts, run.instance_retries));
  out += line(screen, "Waits until", run.not_before ? jobs::format_time(*run.not_before) : "");
  out += line(screen, "Time",
              fmt::format("{} to {}, {}", jobs::format_time(run.created_at),
                          run.ended_at ? jobs::format_time(*run.ended_at) : "now",
                          took(run.created_at, run.ended_at, now)));
  std::string cost = amount(shown.spend.settled);
  if (shown.spend.reserved.turns > 0) {
    cost += " and " + amount(shown.spend.reserved) + " reserved";
  }
  return out + line(screen, "Cost", cost);
}

/// Events and what was paid, in the order of time.
std::string timeline(const Screen& screen, const Shown& shown) {
  struct Entry {
    jobs::TimePoint at;
    std::string kind;
    std::string detail;
  };
  std::vector<Entry> entries;
  for (const jobs::Event& event : shown.events) {
    entries.push_back({event.at, event.kind, event.detail});
  }
  for (const jobs::LedgerRow& row : shown.ledger) {
    if (row.kind == jobs::LedgerKind::settle) {
      entries.push_back({row.at, "paid",
                         fmt::format("turn {}: {}{}", row.turn, amount(row.amount),
                                     row.estimated ? " (unknown, so charged in full)" : "")});
    }
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.at < b.at; });
  Table table({"TIME", "AFTER", "EVENT", "DETAIL"});
  for (const Entry& entry : entries) {
    table.add({jobs::format_time(entry.at), took(shown.run.created_at, entry.at, entry.at),
               entry.kind, entry.detail});
  }
  return table.empty() ? std::string{}
                       : paint(screen, Ink::bold, "\nTimeline") + "\n" + table.str(screen, 2);
}

std::string turns(const Screen& screen, const Shown& shown, jobs::TimePoint now) {
  Table table({"TURN", "STAGE", "KIND", "AGENT", "TOOK", "COST", "TOKENS", "END", "DETAIL"});
  for (const jobs::Turn& turn : shown.turns) {
    table.add({std::to_string(turn.number), turn.stage, std::string(jobs::to_string(turn.kind)),
               turn.agent.empty() ? "-" : turn.agent, took(turn.started_at, turn.ended_at, now),
               turn.usage ? dollars(turn.usage->usd) : "-",
               turn.usage ? std::to_string(turn.usage->tokens) : "-", end_of(turn),
               turn.exit ? turn.exit->detail : ""});
  }
  return table.empty() ? std::string{}
                       : paint(screen, Ink::bold, "\nTurns") + "\n" + table.str(screen, 2);
}

std::string effects(const Screen& screen, const Shown& shown) {
  Table table({"EFFECT", "STATE", "TRIES", "RECORDED", "ERROR"});
  for (const jobs::OutboxRow& row : shown.outbox) {
    const Ink ink = row.state == jobs::EffectState::given_up ? Ink::red : Ink::plain;
    table.add({std::string(jobs::to_string(row.effect.kind)),
               Cell(std::string(jobs::to_string(row.state)), ink), std::to_string(row.attempts),
               jobs::format_time(row.recorded_at), row.last_error});
  }
  return table.empty() ? std::string{}
                       : paint(screen, Ink::bold, "\nEffects") + "\n" + table.str(screen, 2);
}

std::string ledger(const Screen& screen, const Shown& shown) {
  Table table({"LEDGER", "TURN", "USD", "TOKENS", "TURNS", "SECONDS"});
  for (const jobs::LedgerRow& row : shown.ledger) {
    table.add({std::string(jobs::to_string(row.kind)), std::to_string(row.turn),
               row.amount.usd.str(), std::to_string(row.amount.tokens),
               std::to_string(row.amount.turns), std::to_string(row.amount.seconds)});
  }
  const jobs::Usage total = shown.spend.total();
  table.add({Cell("total", Ink::bold), "", total.usd.str(), std::to_string(total.tokens),
             std::to_string(total.turns), std::to_string(total.seconds)});
  return paint(screen, Ink::bold, "\nLedger") + "\n" + table.str(screen, 2);
}

}  // namespace

int run_runs_show(const RunsShowCommand& command) {
  const auto shown = find(command);
  if (!shown) {
    return report_error(command.global, shown.error());
  }
  if (command.global.json) {
    Json root = json_root();
    root.set("run", to_json(shown->run)).set("events", to_json_array(shown->events));
    root.set("turns", to_json_array(shown->turns)).set("outbox", to_json_array(shown->outbox));
    root.set("ledger", to_json_array(shown->ledger)).set("spend", to_json(shown->spend));
    print_json(root);
    return 0;
  }
  const Screen screen = make_screen(command.global.color);
  const jobs::TimePoint now = present();
  put(head(screen, *shown, now) + timeline(screen, *shown) + turns(screen, *shown, now) +
      effects(screen, *shown) + ledger(screen, *shown));
  return 0;
}

}  // namespace runner::cli
