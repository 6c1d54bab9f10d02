#include <algorithm>
#include <map>
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
#include "runner/forge/limit_memory.h"
#include "runner/forges.h"
#include "runner/store/http_cache.h"

namespace runner::cli {

namespace {

struct Overview {
  jobs::Fleet fleet;
  SwitchState kill_switch;
  std::vector<jobs::Run> live;
  std::vector<jobs::TickRow> ticks;  // the newest, if any
  jobs::Spend day;
  jobs::Spend month;
  std::vector<jobs::Brake> brakes;
  std::vector<jobs::OutboxRow> stuck;
  std::vector<jobs::Request> requests;
  std::map<std::string, forge::Circuit> circuits;  ///< of forges that are left alone, by name
};

jobs::Result<Overview> look(const Globals& global, jobs::TimePoint now) {
  Overview seen;
  RUNNER_ASSIGN(seen.fleet, load_fleet(global));
  RUNNER_ASSIGN(const auto store, open_reader(seen.fleet));
  RUNNER_ASSIGN(seen.kill_switch, kill_switch(seen.fleet, *store));
  jobs::RunFilter live;
  live.live_only = true;
  RUNNER_ASSIGN(seen.live, store->runs(live));
  RUNNER_ASSIGN(seen.ticks, store->ticks(1));
  jobs::SpendFilter since;
  since.since = jobs::day_start(now, seen.fleet.budget.time_zone);
  RUNNER_ASSIGN(seen.day, store->spend(since));
  since.since = jobs::month_start(now, seen.fleet.budget.time_zone);
  RUNNER_ASSIGN(seen.month, store->spend(since));
  RUNNER_ASSIGN(seen.brakes, store->brakes(/*in_force_only=*/true));
  RUNNER_ASSIGN(seen.requests, store->requests());
  const auto cache = store::make_http_cache(*store);
  for (const auto& [name, root] : forge_roots(seen.fleet)) {
    if (auto circuit = forge::kept_circuit(*cache, root); circuit && circuit->until) {
      seen.circuits[name] = *std::move(circuit);
    }
  }
  // An effect that failed at least once is stuck; one that merely waits for the next tick is not.
  RUNNER_ASSIGN(seen.stuck, store->outbox(std::nullopt));
  std::erase_if(seen.stuck, [](const jobs::OutboxRow& row) {
    return row.attempts == 0 || row.last_error.empty();
  });
  return seen;
}

std::int64_t allowed_repos(const jobs::Fleet& fleet) {
  return std::count_if(fleet.repos.begin(), fleet.repos.end(),
                       [&](const jobs::Repo& repo) { return fleet.allows(repo.name); });
}

std::string label(const Screen& screen, const std::string& name) {
  return paint(screen, Ink::bold, fmt::format("{:<13}", name));
}

std::string switch_lines(const Screen& screen, const SwitchState& state) {
  std::string out = label(screen, "Kill switch");
  if (!state.on()) {
    return out + paint(screen, Ink::green, "off") + "\n";
  }
  out += paint(screen, Ink::red, "on") + ": nothing is read, written or started\n";
  for (const manifests::KillSwitchReason& reason : state.value.reasons) {
    out += std::string(13, ' ') + "held by " + std::string(manifests::to_string(reason.source)) +
           ": " + jobs::one_line(reason.text) + "\n";
  }
  return out;
}

std::string tick_text(const std::vector<jobs::TickRow>& ticks) {
  if (ticks.empty()) {
    return "never";
  }
  const jobs::TickRow& tick = ticks.front();
  std::string out = jobs::format_time(tick.started_at);
  if (!tick.ended_at) {
    return out + ", running or died on " + jobs::one_line(tick.host);
  }
  return out + fmt::format(", took {}, exit code {}: {}, {} started, {}, {}",
                           jobs::format_duration(*tick.ended_at - tick.started_at),
                           tick.exit_code.value_or(0), counted(tick.candidates, "candidate"),
                           tick.started, counted(tick.effects, "effect"),
                           counted(tick.failures, "failure"));
}

std::string spend_text(const jobs::Spend& spend, const std::optional<jobs::Usd>& cap) {
  const jobs::Usage total = spend.total();
  std::string out = dollars(total.usd);
  if (cap) {
    out += " of " + dollars(*cap);
  }
  return out +
         fmt::format(", {}, {}", counted(total.tokens, "token"), counted(total.turns, "turn"));
}

void print(const Globals& global, const Overview& seen, jobs::TimePoint now) {
  const Screen screen = make_screen(global.color);
  const jobs::Fleet& fleet = seen.fleet;
  std::string out = switch_lines(screen, seen.kill_switch);
  out += label(screen, "Fleet") + fmt::format("{} repositories, {} on the allowlist\n",
                                              fleet.repos.size(), allowed_repos(fleet));
  out += label(screen, "Last tick") + tick_text(seen.ticks) + "\n";
  out += label(screen, "Spent today") + spend_text(seen.day, fleet.budget.fleet_day_usd) + "\n";
  out += label(screen, "This month") + spend_text(seen.month, fleet.budget.fleet_month_usd) + "\n";
  out += label(screen, "Live runs") +
         fmt::format("{} of {}\n", seen.live.size(), fleet.limits.max_live_runs);
  Table live({"RUN", "ISSUE", "STATE", "AGE", "TITLE"});
  for (const jobs::Run& run : seen.live) {
    live.add(
        {run.id.str(), run.issue.str(), state_of(run), took(run.created_at, {}, now), run.title});
  }
  out += live.empty() ? "" : live.str(screen, 2);
  out += label(screen, "Brakes") + std::to_string(seen.brakes.size()) + "\n";
  Table brakes({"SCOPE", "SET BY", "SINCE", "UNTIL", "REASON"});
  for (const jobs::Brake& brake : seen.brakes) {
    brakes.add({brake.scope, brake.set_by, jobs::format_time(brake.set_at),
                brake.until ? jobs::format_time(*brake.until) : "released", brake.reason});
  }
  out += brakes.empty() ? "" : brakes.str(screen, 2);
  Table forges({"FORGE", "FAILED", "LEFT ALONE UNTIL", "REASON"});
  for (const auto& [name, circuit] : seen.circuits) {
    forges.add({name, counted(circuit.failures, "time"), jobs::format_time(*circuit.until),
                circuit.reason});
  }
  out += forges.empty() ? "" : label(screen, "Forges") + "do not answer\n" + forges.str(screen, 2);
  out += label(screen, "Stuck") + counted(static_cast<std::int64_t>(seen.stuck.size()), "effect") +
         "\n";
  Table stuck({"EFFECT", "ISSUE", "TRIES", "NEXT", "ERROR"});
  for (const jobs::OutboxRow& row : seen.stuck) {
    stuck.add({std::string(jobs::to_string(row.effect.kind)), row.effect.issue.str(),
               std::to_string(row.attempts),
               row.next_attempt ? jobs::format_time(*row.next_attempt) : "-", row.last_error});
  }
  out += stuck.empty() ? "" : stuck.str(screen, 2);
  for (const jobs::Request& request : seen.requests) {
    out +=
        fmt::format("Asked to {} {} by {}: the next tick carries it out\n",
                    jobs::to_string(request.kind), request.run.str(), jobs::one_line(request.by));
  }
  put(out);
}

Json document(const Overview& seen) {
  Json fleet = Json::object();
  fleet.set("repositories", static_cast<std::int64_t>(seen.fleet.repos.size()));
  fleet.set("allowed", allowed_repos(seen.fleet))
      .set("max_live_runs", seen.fleet.limits.max_live_runs);
  Json spend = Json::object();
  spend.set("day", to_json(seen.day)).set("month", to_json(seen.month));
  const jobs::Budget& budget = seen.fleet.budget;
  spend.set("day_cap_usd", budget.fleet_day_usd ? Json(budget.fleet_day_usd->str()) : Json());
  spend.set("month_cap_usd", budget.fleet_month_usd ? Json(budget.fleet_month_usd->str()) : Json());
  Json requests = Json::array();
  for (const jobs::Request& request : seen.requests) {
    Json item = Json::object();
    item.set("run", request.run.str()).set("kind", jobs::to_string(request.kind));
    requests.push(item.set("by", request.by).set("why", text_or_null(request.why)));
  }
  Json root = json_root();
  root.set("kill_switch", to_json(seen.kill_switch)).set("fleet", fleet);
  root.set("last_tick", seen.ticks.empty() ? Json() : to_json(seen.ticks.front()));
  root.set("spend", spend).set("live_runs", to_json_array(seen.live));
  root.set("brakes", to_json_array(seen.brakes)).set("stuck_effects", to_json_array(seen.stuck));
  Json forges = Json::array();
  for (const auto& [name, circuit] : seen.circuits) {
    Json item = Json::object();
    item.set("name", name).set("until", to_json(circuit.until)).set("reason", circuit.reason);
    forges.push(std::move(item));
  }
  root.set("forges_left_alone", forges);
  return root.set("requests", requests);
}

}  // namespace

int run_status(const Globals& global) {
  const jobs::TimePoint now = present();
  const auto seen = look(global, now);
  if (!seen) {
    return report_error(global, seen.error());
  }
  if (global.json) {
    print_json(document(*seen));
  } else {
    print(global, *seen, now);
  }
  return 0;
}

}  // namespace runner::cli
