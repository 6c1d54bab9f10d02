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

struct Explained {
  jobs::IssueKey issue;
  std::vector<jobs::PastDecision> past;
  std::vector<jobs::Run> runs;
};

jobs::Result<Explained> find(const ExplainCommand& command) {
  Explained explained;
  RUNNER_ASSIGN(explained.issue, parse_issue_key(command.issue));
  RUNNER_ASSIGN(const jobs::Fleet fleet, load_fleet(command.global));
  RUNNER_TRY(find_repo(fleet, explained.issue.repo.str()));
  RUNNER_ASSIGN(const auto store, open_reader(fleet));
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
    out += ": " + jobs::one_line(decision.detail, 1000);
  }
  return out + "\n  " + std::string(jobs::explain(decision.reason)) + "\n";
}

void print(const ExplainCommand& command, const Explained& explained) {
  const Screen screen = make_screen(command.global.color);
  std::string out;
  if (explained.past.empty()) {
    out += "no tick has decided about this issue yet\n";
  } else {
    const jobs::PastDecision& newest = explained.past.front();
    out += paint(screen, Ink::bold, jobs::format_time(newest.at)) + " " +
           verdict(screen, newest.decision) + gates(screen, newest.decision);
  }
  if (explained.past.size() > 1) {
    Table table({"TIME", "REASON", "DETAIL"});
    for (auto past = explained.past.begin() + 1; past != explained.past.end(); ++past) {
      table.add({jobs::format_time(past->at), std::string(jobs::to_string(past->decision.reason)),
                 past->decision.detail});
    }
    out += paint(screen, Ink::bold, "\nEarlier ticks") + "\n" + table.str(screen, 2);
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
    print_json(root.set("past", past).set("runs", to_json_array(explained->runs)));
    return 0;
  }
  print(command, *explained);
  return 0;
}

}  // namespace runner::cli
