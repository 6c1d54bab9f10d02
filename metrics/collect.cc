#include "metrics/collect.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "jobs/model/effect.h"

namespace metrics {

namespace {

using Labels = std::vector<std::string>;
using Values = std::map<Labels, double>;

constexpr std::array kOutcomes{jobs::Outcome::landed, jobs::Outcome::needs_human,
                               jobs::Outcome::frozen, jobs::Outcome::cancelled,
                               jobs::Outcome::superseded};
constexpr std::array kEffects{jobs::EffectKind::set_labels,  jobs::EffectKind::upsert_comment,
                              jobs::EffectKind::close_issue, jobs::EffectKind::prepare_worktree,
                              jobs::EffectKind::start_turn,  jobs::EffectKind::stop_turn,
                              jobs::EffectKind::land,        jobs::EffectKind::start_ci,
                              jobs::EffectKind::rescue,      jobs::EffectKind::release_worktree,
                              jobs::EffectKind::notify};
constexpr std::array<std::string_view, 4> kScopes{"fleet", "repo", "issue", "agent"};
constexpr double kMicros = 1e6;

double seconds(jobs::Duration duration) {
  return std::chrono::duration<double>(std::max(duration, jobs::Duration::zero())).count();
}

double usd(jobs::Usd amount) {
  return static_cast<double>(amount.micros) / kMicros;
}

Labels labels_of(std::string_view value) {
  return {std::string(value)};
}

class Collector {
 public:
  Collector(jobs::StoreReader& store, const jobs::Fleet& fleet, jobs::TimePoint now)
      : store_(store), fleet_(fleet), now_(now) {}

  jobs::Result<std::vector<Family>> collect(bool kill_switch) {
    set(Name::build_info, labels_of(RUNNER_VERSION), 1);
    set(Name::kill_switch, {}, kill_switch ? 1 : 0);
    set(Name::fleet_repositories, {}, static_cast<double>(fleet_.repos.size()));
    RUNNER_TRY(ticks());
    RUNNER_TRY(live_runs());
    RUNNER_TRY(outbox());
    RUNNER_TRY(brakes());
    RUNNER_TRY(money());
    RUNNER_TRY(counters());
    return families();
  }

 private:
  void set(Name name, Labels labels, double value) {
    for (std::string& label : labels) {
      label = jobs::one_line(label);
    }
    values_.at(static_cast<std::size_t>(name))[std::move(labels)] = value;
  }
  void add(Name name, const Labels& labels, double value) {
    values_.at(static_cast<std::size_t>(name))[labels] += value;
  }

  jobs::Status ticks();
  jobs::Status live_runs();
  jobs::Status outbox();
  jobs::Status brakes();
  jobs::Status money();
  jobs::Status counters();
  void zeros();
  void copy(Name name, const std::map<Labels, std::int64_t>& totals, double unit = 1);
  std::vector<Family> families();

  jobs::StoreReader& store_;
  const jobs::Fleet& fleet_;
  jobs::TimePoint now_;
  std::array<Values, kNameCount> values_;
};

jobs::Status Collector::ticks() {
  // A tick that died has no end: look a little further back for the newest one that has.
  constexpr int kLook = 50;
  RUNNER_ASSIGN(const std::vector<jobs::TickRow> ticks, store_.ticks(kLook));
  const auto finished = std::find_if(ticks.begin(), ticks.end(), [](const jobs::TickRow& tick) {
    return tick.ended_at && tick.exit_code;
  });
  if (finished != ticks.end()) {
    set(Name::last_tick_timestamp, {}, seconds(finished->ended_at->time_since_epoch()));
    set(Name::last_tick_exit_code, {}, *finished->exit_code);
  }
  return jobs::ok();
}

jobs::Status Collector::live_runs() {
  for (const jobs::Repo& repo : fleet_.repos) {
    set(Name::live_runs, labels_of(repo.name.str()), 0);
  }
  jobs::RunFilter live;
  live.live_only = true;
  RUNNER_ASSIGN(const std::vector<jobs::Run> runs, store_.runs(live));
  jobs::Duration oldest{};
  for (const jobs::Run& run : runs) {
    add(Name::live_runs, labels_of(run.issue.repo.str()), 1);
    oldest = std::max(oldest, now_ - run.created_at);
  }
  set(Name::oldest_live_run_age, {}, seconds(oldest));
  return jobs::ok();
}

jobs::Status Collector::outbox() {
  for (const jobs::EffectKind kind : kEffects) {
    set(Name::outbox_pending, labels_of(jobs::to_string(kind)), 0);
  }
  RUNNER_ASSIGN(const std::vector<jobs::OutboxRow> rows, store_.outbox(std::nullopt));
  jobs::Duration oldest{};
  for (const jobs::OutboxRow& row : rows) {
    add(Name::outbox_pending, labels_of(jobs::to_string(row.effect.kind)), 1);
    oldest = std::max(oldest, now_ - row.recorded_at);
  }
  set(Name::outbox_oldest_age, {}, seconds(oldest));
  return jobs::ok();
}

jobs::Status Collector::brakes() {
  for (const std::string_view scope : kScopes) {
    set(Name::brakes, labels_of(scope), 0);
  }
  RUNNER_ASSIGN(const std::vector<jobs::Brake> brakes, store_.brakes(/*in_force_only=*/true));
  for (const jobs::Brake& brake : brakes) {
    const std::string scope = brake.scope.substr(0, brake.scope.find(':'));
    const bool known = std::find(kScopes.begin(), kScopes.end(), scope) != kScopes.end();
    add(Name::brakes, labels_of(known ? std::string_view(scope) : "other"), 1);
  }
  return jobs::ok();
}

jobs::Status Collector::money() {
  jobs::SpendFilter today;
  today.since = jobs::day_start(now_, fleet_.budget.time_zone);
  RUNNER_ASSIGN(const jobs::Spend day, store_.spend(today));
  jobs::SpendFilter this_month;
  this_month.since = jobs::month_start(now_, fleet_.budget.time_zone);
  RUNNER_ASSIGN(const jobs::Spend month, store_.spend(this_month));
  set(Name::spend_usd, labels_of("day"), usd(day.total().usd));
  set(Name::spend_usd, labels_of("month"), usd(month.total().usd));
  if (fleet_.budget.fleet_day_usd) {
    set(Name::budget_usd, labels_of("day"), usd(*fleet_.budget.fleet_day_usd));
  }
  if (fleet_.budget.fleet_month_usd) {
    set(Name::budget_usd, labels_of("month"), usd(*fleet_.budget.fleet_month_usd));
  }
  return jobs::ok();
}

/// An increase is only seen from a series that was there before: what alerts watch starts at 0.
void Collector::zeros() {
  for (const jobs::Repo& repo : fleet_.repos) {
    const std::string& name = repo.name.str();
    set(Name::runs_started, {name}, 0);
    set(Name::landings, {name}, 0);
    set(Name::fix_attempts, {name}, 0);
    for (const jobs::Outcome outcome : kOutcomes) {
      set(Name::runs, {name, std::string(jobs::to_string(outcome))}, 0);
    }
  }
  for (const jobs::EffectKind kind : kEffects) {
    for (const jobs::EffectState state : {jobs::EffectState::done, jobs::EffectState::given_up}) {
      set(Name::effects, {std::string(jobs::to_string(kind)), std::string(jobs::to_string(state))},
          0);
    }
  }
  set(Name::ticks, labels_of("0"), 0);
  set(Name::ticks, labels_of("1"), 0);
}

void Collector::copy(Name name, const std::map<Labels, std::int64_t>& totals, double unit) {
  for (const auto& [labels, total] : totals) {
    set(name, labels, static_cast<double>(total) / unit);
  }
}

jobs::Status Collector::counters() {
  zeros();
  RUNNER_ASSIGN(const jobs::Counters totals, store_.counters());
  copy(Name::ticks, totals.ticks);
  copy(Name::decisions, totals.decisions);
  copy(Name::runs_started, totals.runs_started);
  copy(Name::runs, totals.runs_ended);
  copy(Name::turns, totals.turns);
  copy(Name::effects, totals.effects);
  copy(Name::landings, totals.landings);
  copy(Name::fix_attempts, totals.fix_attempts);
  copy(Name::spent_usd, totals.spent_usd_micros, kMicros);
  copy(Name::spent_tokens, totals.spent_tokens);
  return jobs::ok();
}

std::vector<Family> Collector::families() {
  std::vector<Family> out;
  for (std::size_t i = 0; i < kNameCount; ++i) {
    Family family;
    family.name = kMetrics.at(i).id;
    for (const auto& [labels, value] : values_.at(i)) {
      family.samples.push_back({labels, value});
    }
    if (!family.samples.empty()) {
      out.push_back(std::move(family));
    }
  }
  return out;
}

}  // namespace

jobs::Result<std::vector<Family>> collect(jobs::StoreReader& store, const jobs::Fleet& fleet,
                                          bool kill_switch, jobs::TimePoint now) {
  return Collector(store, fleet, now).collect(kill_switch).while_doing("collecting the metrics");
}

}  // namespace metrics
