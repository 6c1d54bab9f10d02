#include "tests/sim_support/world.h"

#include <fmt/format.h>

#include "runner/tick/engine.h"
#include "tests/sim_support/observe.h"
#include "tests/sim_support/people.h"
#include "tests/sim_support/ports.h"
#include "tests/sim_support/tick_store.h"

namespace sim {

namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kMostAtOnce = 4;

jobs::Fleet make_fleet(const Script& script) {
  Random random(script.seed ^ 0xf1ee7ULL);
  jobs::Fleet fleet;
  fleet.kill_switch = false;
  fleet.state_dir = "/state";
  const char* names[] = {"acme/lib", "acme/shop", "acme/web"};
  for (int i = 0; i < script.repos; ++i) {
    jobs::Repo repo;
    repo.name = jobs::RepoName(names[i]);
    repo.remote = "/remotes/" + repo.name.str();
    repo.tracker = "local";
    repo.agent = "claude";
    repo.ci = i == 2 && random.chance(30) ? "" : "ci";
    repo.notify = {"ops"};
    repo.test = {"make", "test"};
    fleet.allow.push_back(repo.name);
    fleet.repos.push_back(std::move(repo));
  }
  fleet.trackers["local"] = {.name = "local", .kind = jobs::TrackerKind::local, .path = "/issues"};
  jobs::AgentConfig agent;
  agent.name = "claude";
  agent.command = {"/usr/bin/agent", "--prompt", "{prompt_file}"};
  fleet.agents["claude"] = agent;
  jobs::CiConfig ci;
  ci.name = "ci";
  fleet.ci["ci"] = ci;
  jobs::NotifyConfig ops;
  ops.name = "ops";
  ops.path = "/notifications";
  fleet.notify["ops"] = ops;
  fleet.pipelines["default"] = jobs::default_pipeline();
  fleet.limits.max_live_runs = static_cast<int>(random.between(1, 3));
  fleet.limits.max_starts_per_tick = static_cast<int>(random.between(1, 3));
  fleet.limits.fix_attempts = static_cast<int>(random.between(1, 3));
  fleet.limits.verify_attempts = static_cast<int>(random.between(1, 3));
  fleet.limits.land_attempts = static_cast<int>(random.between(2, 4));
  fleet.limits.issue_attempts = static_cast<int>(random.between(1, 3));
  fleet.limits.cooldown = minutes(random.between(1, 20));
  if (script.profile == Profile::money || random.chance(15)) {
    fleet.budget.run_usd = jobs::Usd{random.between(4, 20) * 1'000'000};
    fleet.budget.issue_usd = jobs::Usd{random.between(6, 30) * 1'000'000};
    fleet.budget.repo_day_usd = jobs::Usd{random.between(10, 60) * 1'000'000};
    fleet.budget.fleet_day_usd = jobs::Usd{random.between(15, 90) * 1'000'000};
    fleet.budget.fleet_month_usd = jobs::Usd{random.between(50, 300) * 1'000'000};
    fleet.budget.fleet_day_tokens = random.between(6, 60) * 1'000'000;
  }
  return fleet;
}

}  // namespace

World::World(const Script& what, const std::set<int>& dropped, bool keep_trace)
    : script(what),
      trace(keep_trace),
      tracker(clock),
      ci(clock),
      executor(clock),
      store([this](const std::string& owner) { return dead_.contains(owner); }),
      declared(make_fleet(what)),
      checks(*this),
      dropped_(dropped),
      schedule_(what.seed ^ 0x5c4ed01eULL),
      agents_(what.seed ^ 0xa9e275ULL) {
  clock.reseed(what.seed);
  armed.seen = [this](Move move) { see(std::string(to_string(move))); };
  executor.plan = [this](const jobs::TurnSpec& spec) { return plan_turn(spec); };
  executor.starting = [this](const jobs::TurnSpec& spec) { checks.starting(spec); };
  ci.plan = [this](const jobs::RepoName& repo) { return plan_ci(repo); };
  for (const char* person : {"alice", "bob"}) {
    tracker.permit(person, jobs::Permission::write);
  }
  tracker.permit("mallory", jobs::Permission::read);
  tracker.permit("robot", jobs::Permission::write, /*bot=*/true);
  for (const jobs::Repo& repo : declared.repos) {
    git.add_remote(repo.remote);
  }
  fleet = std::make_shared<const jobs::Fleet>(declared);
}

int World::index(const jobs::RepoName& repo) const {
  for (std::size_t i = 0; i < declared.repos.size(); ++i) {
    if (declared.repos[i].name == repo) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

void World::at(jobs::TimePoint time, std::function<void()> what) {
  events_.push({time, next_event_++, std::move(what)});
}

void World::run_due() {
  clock.ahead = jobs::Duration::zero();
  while (!events_.empty() && events_.top().at <= clock.truth()) {
    const auto what = events_.top().what;
    events_.pop();
    what();
  }
  executor.settle();
}

void World::start_tick(bool on_time) {
  if (ticks_.size() >= kMostAtOnce) {
    return;
  }
  if (kill_switch) {
    ++counts["ticks that found the kill switch on"];
    return;
  }
  auto tick = std::make_unique<Tick>();
  tick->number = ++tick_numbers_;
  tick->owner = fmt::format("host:{}:1:boot", tick->number);
  tick->fleet = fleet;
  tick->wake = clock.truth() + (on_time ? jobs::Duration(0) : seconds(schedule_.below(20)));
  tick->began = clock.truth();
  if (!settling_ && armed.take(Move::clock_ahead, -1)) {
    tick->ahead = seconds(schedule_.between(121, 600));
  }
  Tick& it = *tick;
  it.fiber = std::make_unique<Fiber>([this, &it] {
    try {
      run_tick(it);
    } catch (const Crash&) {
      it.died = true;
      ++counts["ticks killed"];
      trace.add(ms(clock.truth()), it.number, "died", "");
    }
  });
  ticks_.push_back(std::move(tick));
  ++counts["ticks"];
  if (ticks_.size() > 1) {
    ++counts["ticks beside another"];
  }
}

void World::run_tick(Tick& tick) {
  clock.ahead = tick.ahead;
  tick.paused_at_start = store.look().pause.has_value();
  TickTracker ports_tracker(*this, tick);
  TickCi ports_ci(*this, tick);
  TickExecutor ports_executor(*this, tick);
  TickWorkspace ports_git(*this, tick);
  TickNotifier ports_notifier(*this, tick);
  TickStore ports_store(*this, tick);
  jobs::ReaderPorts readers;
  readers.trackers["local"] = &ports_tracker;
  readers.ci["ci"] = &ports_ci;
  readers.executor = &ports_executor;
  readers.workspace = &ports_git;
  readers.store = &ports_store;
  readers.clock = &clock;
  jobs::WriterPorts writers;
  writers.trackers["local"] = &ports_tracker;
  writers.ci["ci"] = &ports_ci;
  writers.notifiers["ops"] = &ports_notifier;
  writers.executor = &ports_executor;
  writers.workspace = &ports_git;
  writers.store = &ports_store;
  runner::TickOptions options;
  options.owner = tick.owner;
  options.host = "host";
  options.version = "sim";
  options.observers = 1;
  options.interrupted = [this, &tick] {
    if (!settling_ && !tick.interrupted && schedule_.chance(4)) {
      tick.interrupted = armed.take(Move::tick_interrupted, -1).has_value();
    }
    return tick.interrupted;
  };
  tick.report = runner::run_tick(readers, writers, *tick.fleet, options, [](const auto&) {});
  trace.add(ms(clock.truth()), tick.number, "end",
            tick.report.fatal              ? to_string(tick.report.fatal->kind)
            : !tick.report.held_by.empty() ? "held"
                                           : "done");
  if (!tick.report.held_by.empty()) {
    see("a tick leaves because another holds the lease");
  }
  checks.ended(tick);
}

void World::switch_away(Tick& tick) {
  tick.fiber->yield();
  clock.ahead = jobs::Duration::zero();
}

/// Lets one tick go on, or time. False = nothing is left to happen.
bool World::one_step() {
  std::vector<Tick*> awake;
  std::optional<jobs::TimePoint> next;
  if (!events_.empty()) {
    next = events_.top().at;
  }
  for (const auto& tick : ticks_) {
    if (tick->wake <= clock.truth()) {
      awake.push_back(tick.get());
    } else {
      next = std::min(next.value_or(tick->wake), tick->wake);
    }
  }
  if (awake.empty()) {
    if (!next) {
      return false;
    }
    if (*next > clock.truth()) {
      clock.advance(*next - clock.truth());
    }
    run_due();
    return true;
  }
  Tick* tick =
      awake[static_cast<std::size_t>(schedule_.below(static_cast<std::int64_t>(awake.size())))];
  tick->fiber->resume();
  clock.ahead = jobs::Duration::zero();
  if (tick->fiber->done()) {
    if (!tick->died && tick->report.held_by.empty()) {
      dead_.insert(tick->owner);
    }
    std::erase_if(ticks_, [&](const auto& one) { return one.get() == tick; });
    if (++looks_ % 5 == 0) {
      observe_and_judge(*this, false);
    }
  }
  return true;
}

void World::live() {
  People people(*this);
  const jobs::TimePoint begin = clock.truth();
  for (const Step& step : script.steps) {
    if (!dropped_.contains(step.id)) {
      at(begin + std::chrono::milliseconds(step.at), [&people, step] { people.act(step); });
    }
  }
  const jobs::TimePoint end =
      begin + std::chrono::milliseconds(script.steps.back().at) + minutes(20);
  for (jobs::TimePoint time = begin + minutes(1); time < end;
       time += seconds(schedule_.between(180, 600))) {
    at(time, [this] { start_tick(true); });
  }
  while (one_step()) {
  }
  people.stop();
  settling_ = true;
  settle();
}

}  // namespace sim
