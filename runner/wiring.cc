#include "runner/wiring.h"

#include <cstdlib>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "runner/ci/command_ci.h"
#include "runner/ci/forge_ci.h"
#include "runner/executors/filter_programs.h"
#include "runner/executors/process_executor.h"
#include "runner/executors/turn_commands.h"
#include "runner/forges.h"
#include "runner/git_credentials.h"
#include "runner/http/git_web.h"
#include "runner/notify/notify.h"
#include "runner/pulls/pulls.h"
#include "runner/store/http_cache.h"
#include "runner/store/store.h"
#include "runner/system_clock.h"
#include "runner/trackers/forgejo.h"
#include "runner/trackers/github.h"
#include "runner/trackers/local_tracker.h"
#include "runner/trackers/plane.h"
#include "worktrees/agent_view.h"
#include "worktrees/git_workspace.h"

namespace runner {

namespace {

std::optional<std::string> environment(const std::string& name) {
  const char* value =
      std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

trackers::LocalTrackerOptions local_options(const jobs::Fleet& fleet, const std::string& tracker) {
  trackers::LocalTrackerOptions options;
  options.bot = fleet.bot;
  options.labels = fleet.labels;
  options.issue_bytes = fleet.limits.issue_bytes;
  for (const jobs::Repo& repo : fleet.repos) {
    if (repo.tracker == tracker && !repo.tracker_path.empty()) {
      options.folders[repo.name.str()] = repo.tracker_path;
    }
  }
  return options;
}

}  // namespace

/// What readers and writers share: the objects that are both.
struct Common {
  std::unique_ptr<jobs::Clock> clock = make_system_clock();
  std::unique_ptr<executors::ProcessExecutor> setup_turns;  ///< setup commands, in a third folder
  std::unique_ptr<jobs::CommandRunner> commands;
  std::unique_ptr<jobs::FilterRunner> filters;
  std::unique_ptr<worktrees::GitWorkspace> workspace;
  std::unique_ptr<executors::ProcessExecutor> turns;
  std::unique_ptr<executors::ProcessExecutor>
      ci_turns;  ///< CI of landed commits: not a run's turns, so in a folder of its own
  std::unique_ptr<Forges> forges;  ///< the adapters below use it
  std::vector<std::unique_ptr<jobs::TrackerReader>> tracker_readers;
  std::vector<std::unique_ptr<jobs::CiReader>> ci_readers;
  std::vector<std::unique_ptr<jobs::PullReader>> pull_readers;

  void read_pulls(const std::string& tracker, pulls::Dialect dialect, jobs::ReaderPorts& ports) {
    pull_readers.push_back(pulls::make_pull_reader(*forges->of(tracker), dialect));
    ports.pulls[tracker] = pull_readers.back().get();
  }
};

namespace {

std::unique_ptr<executors::ProcessExecutor> executor(const std::string& state,
                                                     const std::string& folder,
                                                     jobs::Clock& clock) {
  executors::ProcessExecutorOptions options;
  options.root = state + folder;
  options.view = [state](const jobs::TurnSpec& spec) {
    auto git = worktrees::agent_view(state, spec.issue.repo, spec.cwd);
    return process::TurnView{.writable = std::move(git.writable),
                             .readable = std::move(git.readable),
                             .hidden = std::move(git.hidden)};
  };
  options.environment = environment;
  options.clock = &clock;
  return executors::make_process_executor(std::move(options));
}

executors::TurnCommandsOptions setup_options(const jobs::Fleet& fleet) {
  executors::TurnCommandsOptions options;
  options.root = fleet.state_dir + "/setup-turns";
  options.home = fleet.state_dir + "/setup-home";
  options.limits = fleet.limits;
  options.containment = fleet.containment;
  for (const jobs::Repo& repo : fleet.repos) {
    if (const auto agent = fleet.agents.find(repo.agent); agent != fleet.agents.end()) {
      options.beside[repo.name] = agent->second.caches;
    }
  }
  return options;
}

ci::CommandCiOptions ci_options(const jobs::Fleet& fleet) {
  ci::CommandCiOptions options;
  options.root = fleet.state_dir + "/ci-turns";
  options.limits = fleet.limits;
  options.containment = fleet.containment;
  for (const auto& [name, agent] : fleet.agents) {
    options.caches[name] = agent.caches;
  }
  return options;
}

trackers::ForgejoOptions forgejo_options(const jobs::Fleet& fleet) {
  return {.bot = fleet.bot,
          .place = [&fleet](const jobs::Repo& repo) { return place_on_forge(fleet, repo); }};
}

trackers::PlaneOptions plane_options(const jobs::Fleet& fleet, const jobs::TrackerConfig& config) {
  std::map<std::string, std::string> projects;
  for (const jobs::Repo& repo : fleet.repos) {
    if (repo.tracker == config.name) {
      projects[repo.name.str()] = repo.tracker_path.empty() ? repo.name.str() : repo.tracker_path;
    }
  }
  return {.bot = fleet.bot,
          .workspace = config.workspace,
          .labels = fleet.labels,
          .states = config.states,
          .project = [projects = std::move(projects)](
                         const jobs::RepoName& repo) -> std::optional<std::string> {
            const auto found = projects.find(repo.str());
            return found == projects.end() ? std::nullopt : std::optional(found->second);
          }};
}

void make_ci_reader(const jobs::Fleet& fleet, const jobs::CiConfig& config, Common& common,
                    jobs::ReaderPorts& ports) {
  if (config.kind == jobs::CiKind::command) {
    common.ci_readers.push_back(
        ci::make_command_ci_reader(config, ci_options(fleet), *common.ci_turns));
    ports.ci[config.name] = common.ci_readers.back().get();
    return;
  }
  const auto api = common.forges->of(config);
  if (!api) {
    ports.broken["ci." + config.name] = api.error().text();
    return;
  }
  ci::ForgeCi parts{
      .config = config, .api = **api, .clock = *common.clock, .place = [&fleet](const auto& repo) {
        return place_on_forge(fleet, repo);
      }};
  switch (config.kind) {
    case jobs::CiKind::command: return;
    case jobs::CiKind::checks:
      common.ci_readers.push_back(ci::make_checks_reader(std::move(parts)));
      break;
    case jobs::CiKind::forgejo:
      common.ci_readers.push_back(ci::make_forgejo_reader(std::move(parts)));
      break;
    case jobs::CiKind::woodpecker:
      common.ci_readers.push_back(ci::make_woodpecker_reader(std::move(parts)));
      break;
  }
  ports.ci[config.name] = common.ci_readers.back().get();
}

/// `web`: none for a dry run, which sends nothing but GET; libgit2 asks in that way.
void make_common(const jobs::Fleet& fleet, const Progress& progress, worktrees::Web* web,
                 jobs::HttpCache* cache, Common& common, jobs::ReaderPorts& ports) {
  common.setup_turns = executor(fleet.state_dir, "/setup-turns", *common.clock);
  common.commands = executors::make_turn_commands(setup_options(fleet), *common.setup_turns,
                                                  *common.setup_turns, *common.clock);
  common.forges = std::make_unique<Forges>(fleet, environment, *common.clock, cache);
  worktrees::Options options;
  options.root = fleet.state_dir;
  options.limits = fleet.limits;
  options.retention = fleet.retention;
  options.progress = progress;
  options.credentials = git_credentials(
      fleet, environment,
      [forges = common.forges.get()](const jobs::Repo& repo) { return forges->for_git(repo); });
  options.web = web;
  common.filters = executors::make_filter_programs(
      {.home = fleet.state_dir + "/setup-home", .limits = fleet.limits});
  common.workspace = std::make_unique<worktrees::GitWorkspace>(std::move(options), *common.commands,
                                                               common.filters.get());
  common.turns = executor(fleet.state_dir, "/turns", *common.clock);
  common.ci_turns = executor(fleet.state_dir, "/ci-turns", *common.clock);
  ports.clock = common.clock.get();
  ports.workspace = common.workspace.get();
  ports.executor = common.turns.get();
  for (const auto& [name, config] : fleet.trackers) {
    switch (config.kind) {
      case jobs::TrackerKind::local:
        common.tracker_readers.push_back(
            trackers::make_local_reader(config, local_options(fleet, name)));
        ports.trackers[name] = common.tracker_readers.back().get();
        break;
      case jobs::TrackerKind::github:
        common.tracker_readers.push_back(
            trackers::make_github_reader(config, *common.forges->of(name)));
        ports.trackers[name] = common.tracker_readers.back().get();
        common.read_pulls(name, pulls::Dialect::github, ports);
        break;
      case jobs::TrackerKind::forgejo:
        common.tracker_readers.push_back(
            trackers::make_forgejo_reader(forgejo_options(fleet), *common.forges->of(name)));
        ports.trackers[name] = common.tracker_readers.back().get();
        common.read_pulls(name, pulls::Dialect::forgejo, ports);
        break;
      case jobs::TrackerKind::plane:
        common.tracker_readers.push_back(
            trackers::make_plane_reader(plane_options(fleet, config), *common.forges->of(name)));
        ports.trackers[name] = common.tracker_readers.back().get();
        break;
    }
  }
  for (const auto& [name, config] : fleet.ci) {
    make_ci_reader(fleet, config, common, ports);
  }
}

}  // namespace

struct ReadWorld::Parts {
  Common common;
  std::unique_ptr<jobs::StoreReader> store;
  std::unique_ptr<jobs::HttpCache> cache;  ///< of the store, which outlives it
};

struct World::Parts {
  http::GitWeb web;
  Common common;
  std::unique_ptr<jobs::Store> store;
  std::unique_ptr<jobs::HttpCache> cache;  ///< of the store, which outlives it
  std::vector<std::unique_ptr<jobs::TrackerWriter>> tracker_writers;
  std::vector<std::unique_ptr<jobs::CiWriter>> ci_writers;
  std::vector<std::unique_ptr<jobs::PullWriter>> pull_writers;
  std::vector<std::unique_ptr<jobs::Notifier>> notifiers;

  void write_pulls(const std::string& tracker, pulls::Dialect dialect, jobs::WriterPorts& ports) {
    pull_writers.push_back(pulls::make_pull_writer(*common.forges->of(tracker), dialect));
    ports.pulls[tracker] = pull_writers.back().get();
  }
};

ReadWorld::ReadWorld() = default;
ReadWorld::~ReadWorld() = default;
ReadWorld::ReadWorld(ReadWorld&&) noexcept = default;
World::World() = default;
World::~World() = default;
World::World(World&&) noexcept = default;

jobs::Result<ReadWorld> make_read_world(const jobs::Fleet& fleet, const Progress& progress) {
  ReadWorld world;
  world.parts = std::make_unique<ReadWorld::Parts>();
  RUNNER_ASSIGN(world.parts->store, store::open_store_read_only(fleet.state_dir));
  world.ports.store = world.parts->store.get();
  world.parts->cache = store::make_http_cache(*world.parts->store);
  make_common(fleet, progress, nullptr, world.parts->cache.get(), world.parts->common, world.ports);
  return world;
}

jobs::Result<World> make_world(const jobs::Fleet& fleet, const Progress& progress) {
  World world;
  world.parts = std::make_unique<World::Parts>();
  World::Parts& parts = *world.parts;
  store::StoreOptions store_options;
  store_options.state_dir = fleet.state_dir;
  store_options.now = parts.common.clock->now();
  RUNNER_ASSIGN(parts.store, store::open_store(store_options));
  world.readers.store = parts.store.get();
  parts.cache = store::make_http_cache(*parts.store);
  make_common(fleet, progress, &parts.web, parts.cache.get(), parts.common, world.readers);

  jobs::WriterPorts& writers = world.writers;
  writers.store = parts.store.get();
  writers.executor = parts.common.turns.get();
  writers.workspace = parts.common.workspace.get();
  for (const auto& [name, config] : fleet.trackers) {
    switch (config.kind) {
      case jobs::TrackerKind::local:
        parts.tracker_writers.push_back(
            trackers::make_local_writer(config, local_options(fleet, name), *parts.common.clock));
        writers.trackers[name] = parts.tracker_writers.back().get();
        break;
      case jobs::TrackerKind::github:
        parts.tracker_writers.push_back(
            trackers::make_github_writer(config, *parts.common.forges->of(name)));
        writers.trackers[name] = parts.tracker_writers.back().get();
        parts.write_pulls(name, pulls::Dialect::github, writers);
        break;
      case jobs::TrackerKind::forgejo:
        parts.tracker_writers.push_back(
            trackers::make_forgejo_writer(forgejo_options(fleet), *parts.common.forges->of(name)));
        writers.trackers[name] = parts.tracker_writers.back().get();
        parts.write_pulls(name, pulls::Dialect::forgejo, writers);
        break;
      case jobs::TrackerKind::plane:
        parts.tracker_writers.push_back(trackers::make_plane_writer(
            plane_options(fleet, config), *parts.common.forges->of(name)));
        writers.trackers[name] = parts.tracker_writers.back().get();
        break;
    }
  }
  for (const auto& [name, config] : fleet.ci) {
    switch (config.kind) {
      case jobs::CiKind::command:
        parts.ci_writers.push_back(
            ci::make_command_ci_writer(config, ci_options(fleet), *parts.common.ci_turns,
                                       *parts.common.ci_turns, *parts.common.workspace));
        writers.ci[name] = parts.ci_writers.back().get();
        break;
      case jobs::CiKind::checks:
      case jobs::CiKind::forgejo:
      case jobs::CiKind::woodpecker:
        parts.ci_writers.push_back(ci::make_forge_ci_writer());
        writers.ci[name] = parts.ci_writers.back().get();
        break;
    }
  }
  for (const auto& [name, config] : fleet.notify) {
    auto notifier = notify::make_notifier(config, environment, *parts.common.clock);
    if (!notifier) {
      world.readers.broken["notify." + name] = notifier.error().text();
      continue;
    }
    parts.notifiers.push_back(std::move(*notifier));
    writers.notifiers[name] = parts.notifiers.back().get();
  }
  return world;
}

}  // namespace runner
