#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/policy/spend_report.h"
#include "runner/cli/describe.h"
#include "runner/cli/errors.h"
#include "runner/cli/json_model.h"
#include "runner/cli/money.h"
#include "runner/cli/screen.h"
#include "runner/cli/state.h"
#include "runner/cli/table.h"

namespace runner::cli {

namespace {

Json line_json(const jobs::SpendLine& line) {
  Json json = Json::object();
  const auto each = line.per_landing();
  json.set("key", line.key).set("settled", to_json(line.settled));
  json.set("reserved", to_json(line.reserved)).set("runs", line.runs);
  json.set("landed", line.landed).set("usd_per_landing", each ? Json(each->str()) : Json());
  return json;
}

void add(Table& table, const jobs::SpendLine& line) {
  const auto each = line.per_landing();
  table.add({line.key, dollars(line.settled.usd), std::to_string(line.settled.tokens),
             std::to_string(line.settled.turns), dollars(line.reserved.usd),
             std::to_string(line.runs), std::to_string(line.landed),
             each ? dollars(*each) : std::string("-")});
}

jobs::Status show(const SpendCommand& command) {
  const auto by = jobs::parse_spend_by(command.by);
  if (!by) {
    return jobs::fail(jobs::ErrorKind::usage,
                      fmt::format("--by is \"{}\"", jobs::one_line(command.by, 60)),
                      "it is one of repo, agent, day, issue");
  }
  RUNNER_ASSIGN(const jobs::Fleet fleet, load_fleet(command.global));
  RUNNER_ASSIGN(const auto store, open_reader(fleet));
  RUNNER_ASSIGN(const std::vector<jobs::Run> runs, store->runs({.texts = false}));
  std::map<jobs::RunId, std::vector<jobs::LedgerRow>> books;
  for (const jobs::Run& run : runs) {
    RUNNER_ASSIGN(books[run.id], store->ledger(run.id));
  }
  const std::vector<jobs::SpendLine> lines =
      jobs::spend_by(*by, runs, books, fleet.budget.time_zone);
  const jobs::SpendLine total = jobs::spend_total(runs, books);
  if (command.global.json) {
    Json list = Json::array();
    for (const jobs::SpendLine& line : lines) {
      list.push(line_json(line));
    }
    print_json(json_root().set("by", command.by).set("lines", list).set("total", line_json(total)));
    return jobs::ok();
  }
  const Screen screen = make_screen(command.global.color);
  std::string heading = command.by;
  std::ranges::transform(heading, heading.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  Table table({heading, "SPENT", "TOKENS", "TURNS", "RESERVED", "RUNS", "LANDED", "PER LANDING"});
  for (const jobs::SpendLine& line : lines) {
    add(table, line);
  }
  add(table, total);
  put(table.str(screen));
  return jobs::ok();
}

}  // namespace

int run_spend(const SpendCommand& command) {
  if (auto shown = show(command); !shown) {
    return report_error(command.global, shown.error());
  }
  return 0;
}

}  // namespace runner::cli
