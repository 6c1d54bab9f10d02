#include <algorithm>
#include <map>
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

struct Listed {
  jobs::Run run;
  jobs::Spend spend;
};

jobs::Result<std::vector<Listed>> find(const RunsCommand& command) {
  RUNNER_ASSIGN(const jobs::Fleet fleet, load_fleet(command.global));
  RUNNER_ASSIGN(const auto store, open_reader(fleet));
  jobs::RunFilter filter;
  filter.live_only = command.live;
  filter.limit = command.limit;
  if (!command.repo.empty()) {
    filter.repo = jobs::RepoName(command.repo);
  }
  if (!command.outcome.empty()) {
    filter.outcome = jobs::parse_outcome(command.outcome);
  }
  RUNNER_ASSIGN(const std::vector<jobs::Run> runs, store->runs(filter));
  // A repository that left the manifests may still have runs; only a name that nobody knows is a
  // mistake.
  if (runs.empty() && filter.repo) {
    jobs::RunFilter any;
    any.repo = filter.repo;
    any.limit = 1;
    RUNNER_ASSIGN(const std::vector<jobs::Run> known, store->runs(any));
    if (known.empty()) {
      RUNNER_TRY(find_repo(fleet, command.repo));
    }
  }
  std::vector<Listed> listed;
  for (const jobs::Run& run : runs) {
    jobs::SpendFilter of_run;
    of_run.run = run.id;
    RUNNER_ASSIGN(const jobs::Spend spend, store->spend(of_run));
    listed.push_back({run, spend});
  }
  return listed;
}

/// Enough of an id for a person: all of it where nobody looks, or where the beginning is not
/// unique.
std::string shown_id(const std::string& id, const std::map<std::string, int>& beginnings,
                     const Screen& screen, std::size_t length) {
  const auto found = beginnings.find(id.substr(0, length));
  return !screen.terminal || found == beginnings.end() || found->second > 1 ? id
                                                                            : id.substr(0, length);
}

/// Without seconds where width is dear.
std::string shown_time(jobs::TimePoint time, const Screen& screen) {
  std::string text = jobs::format_time(time);
  if (screen.terminal) {
    text = text.substr(0, 16);
    text[10] = ' ';
  }
  return text;
}

void print(const RunsCommand& command, const std::vector<Listed>& listed) {
  constexpr std::size_t kShort = 16;
  const Screen screen = make_screen(command.global.color);
  std::map<std::string, int> beginnings;
  for (const Listed& row : listed) {
    ++beginnings[row.run.id.str().substr(0, kShort)];
  }
  const jobs::TimePoint now = present();
  Table table({"RUN", "ISSUE", "STATE", "TURNS", "COST", "STARTED", "TOOK", "TITLE"});
  for (const auto& [run, spend] : listed) {
    table.add({shown_id(run.id.str(), beginnings, screen, kShort), run.issue.str(), state_of(run),
               std::to_string(run.turns), dollars(spend.total().usd),
               shown_time(run.created_at, screen), took(run.created_at, run.ended_at, now),
               run.title});
  }
  put(table.str(screen));
}

}  // namespace

int run_runs(const RunsCommand& command) {
  const auto listed = find(command);
  if (!listed) {
    return report_error(command.global, listed.error());
  }
  if (command.global.json) {
    Json runs = Json::array();
    for (const auto& [run, spend] : *listed) {
      runs.push(to_json(run).set("spend", to_json(spend)));
    }
    print_json(json_root().set("runs", runs));
    return 0;
  }
  if (listed->empty()) {
    const bool filtered = command.live || !command.repo.empty() || !command.outcome.empty();
    put(filtered ? "no such runs\n" : "no runs yet\n");
    return 0;
  }
  print(command, *listed);
  return 0;
}

}  // namespace runner::cli
