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
#include "runner/cli/kill_switch.h"
#include "runner/cli/state.h"
#include "runner/cli/table.h"
#include "runner/tick/engine.h"
#include "runner/wiring.h"

namespace runner::cli {

namespace {

constexpr std::size_t kLineBytes = 1000;

struct Explained {
  jobs::IssueKey issue;
  /// As the decision would fall now; the error says why there is none (closed, no ready label,
  /// tracker gone).
  jobs::Result<jobs::Decision> now = jobs::fail(jobs::ErrorKind::bug, "not asked");
  std::vector<jobs::PastDecision> past;
  std::vector<jobs::Run> runs;
};

jobs::Result<Explained> find(const ExplainCommand& command) {
  Explained explained;
  RUNNER_ASSIGN(explained.issue, parse_issue_key(command.issue));
  RUNNER_ASSIGN(const jobs::Fleet fleet, load_fleet(command.global));
  RUNNER_TRY(find_repo(fleet, explained.issue.repo.str()));
  RUNNER_ASSIGN(const ReadWorld world, make_read_world(fleet, {}));
  jobs::StoreReader* store = world.ports.store;
  RUNNER_ASSIGN(const SwitchState state, kill_switch(fleet, *store));
  explained.now = explain_now(world.ports, fleet, state.on(), state.text(), explained.issue);
  if (command.limit > 0) {
    RUNNER_ASSIGN(explained.past, store->decisions(explained.issue, command.limit));
  }
  jobs::RunFilter of_issue;
  of_issue.issue = explained.issue;
  RUNNER_ASSIGN(explained.runs, store->runs(of_issue));
  return explained;
}

std::string gates(const Screen& screen, const jobs::Decision& decision) {
  Table table({"GATE", "OPEN", "VALUE"});
  for (const jobs::GateValue& gate : decision.gates) {
    table.add({std::string(jobs::to_string(gate.gate)),
               Cell(gate.passed ? "yes" : "no", gate.passed ? Ink::green : Ink::red), gate.value});
  }
  return table.empty() ? std::string{} : table.str(screen, 2);
}

std::string verdict(const Screen& screen, const jobs::Decision& decision) {
  std::string out =
      paint(screen, decision.selected() ? Ink::green : Ink::red, jobs::to_string(decision.reason));
  if (!decision.detail.empty()) {
    out += ": " + jobs::one_line(decision.detail, kLineBytes);
  }
  return out + "\n  " + std::string(jobs::explain(decision.reason)) + "\n";
}

void print(const ExplainCommand& command, const Explained& explained) {
  const Screen screen = make_screen(command.global.color);
  std::string out = paint(screen, Ink::bold, explained.issue.str()) + "\n";
  if (explained.now) {
    out += "now: " + verdict(screen, *explained.now) + gates(screen, *explained.now);
  } else {
    out += "now: " + jobs::one_line(explained.now.error().text(), kLineBytes) + "\n";
  }
  if (explained.past.empty()) {
    out += "\nNo tick has decided about this issue yet.\n";
  } else {
    Table table({"TIME", "REASON", "DETAIL"});
    for (const jobs::PastDecision& past : explained.past) {
      table.add({jobs::format_time(past.at), std::string(jobs::to_string(past.decision.reason)),
                 past.decision.detail});
    }
    out += paint(screen, Ink::bold, "\nPast ticks") + "\n" + table.str(screen, 2);
    // What no longer is a candidate is explained by how it last stood.
    if (!explained.now) {
      out += "\nGates at the newest of them\n" + gates(screen, explained.past.front().decision);
    }
  }
  if (!explained.runs.empty()) {
    Table table({"RUN", "STATE", "STARTED", "WHY"});
    for (const jobs::Run& run : explained.runs) {
      table.add({run.id.str(), state_of(run), jobs::format_time(run.created_at), run.reason});
    }
    out += paint(screen, Ink::bold, "\nRuns") + "\n" + table.str(screen, 2);
  }
  put(out);
}

}  // namespace

int run_explain(const ExplainCommand& command) {
  const auto explained = find(command);
  if (!explained) {
    return report_error(command.global, explained.error());
  }
  if (command.global.json) {
    Json past = Json::array();
    for (const jobs::PastDecision& decision : explained->past) {
      Json item = Json::object();
      item.set("tick", decision.tick.str()).set("at", to_json(decision.at));
      past.push(item.set("decision", to_json(decision.decision)));
    }
    Json root = json_root();
    root.set("repo", explained->issue.repo.str()).set("issue", explained->issue.number);
    root.set("now", explained->now ? to_json(*explained->now) : Json());
    root.set("now_error", explained->now ? Json() : Json(explained->now.error().text()));
    print_json(root.set("past", past).set("runs", to_json_array(explained->runs)));
    return 0;
  }
  print(command, *explained);
  return 0;
}

}  // namespace runner::cli
