#include "runner/ci/command_ci.h"

#include <algorithm>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/text.h"
#include "runner/ci/forge_read.h"

namespace runner::ci {

using jobs::CiReport;
using jobs::ErrorKind;
using jobs::fail;
using jobs::Oid;
using jobs::Repo;
using jobs::TurnEnd;
using jobs::TurnFacts;
using jobs::Verdict;

namespace {

constexpr std::size_t kTailLines = 80;
constexpr std::size_t kTailBytes = 8U << 10U;
/// A command that cannot be started is tried again whenever it is asked for, but not for ever.
constexpr int kMaxAttempts = 20;

/// "ci-acme-shop-1a2b3c4d-": what the ids of one repository begin with.
std::string id_prefix(const jobs::RepoName& repo) {
  constexpr std::size_t kMaxSlug = 20;
  const std::uint64_t hash = jobs::fnv1a(repo.str());
  return fmt::format("ci-{}-{:08x}-", jobs::slug(repo.str(), kMaxSlug),
                     static_cast<std::uint32_t>(hash ^ (hash >> 32U)));
}

/// All attempts at one commit, oldest first.
struct Attempts {
  std::vector<TurnFacts> facts;

  [[nodiscard]] int count() const { return static_cast<int>(facts.size()); }
  [[nodiscard]] bool none() const { return facts.empty(); }
  [[nodiscard]] bool ended_as(TurnEnd end) const {
    return !none() && facts.back().state == TurnFacts::State::ended && facts.back().exit &&
           facts.back().exit->end == end;
  }
  [[nodiscard]] int lost() const {
    return static_cast<int>(std::ranges::count_if(
        facts, [](const TurnFacts& one) { return one.exit && one.exit->end == TurnEnd::lost; }));
  }
};

std::string directory_of(const CommandCiOptions& options, const Repo& repo, const Oid& commit,
                         int number) {
  return fmt::format("{}/{}/{}", options.root, ci_id(repo.name, commit).str(), number);
}

jobs::Result<Attempts> attempts_at(const CommandCiOptions& options, jobs::ExecutorReader& executor,
                                   const Repo& repo, const Oid& commit) {
  if (!is_oid(commit.str())) {
    return fail(ErrorKind::bug,
                fmt::format("'{}' is not a commit id", jobs::one_line(commit.str(), 60)));
  }
  Attempts attempts;
  for (int number = 1; number <= kMaxAttempts; ++number) {
    RUNNER_ASSIGN(TurnFacts facts, executor.observe(directory_of(options, repo, commit, number)));
    if (facts.state == TurnFacts::State::absent) {
      break;
    }
    attempts.facts.push_back(std::move(facts));
  }
  return attempts;
}

/// How a red or broken attempt ended, for people and for the agent that has to repair it.
std::string how_it_ended(const jobs::TurnExit& exit) {
  switch (exit.end) {
    case TurnEnd::exited: return fmt::format("exit code {}", exit.exit_code);
    case TurnEnd::signalled: return fmt::format("died by signal {}", exit.signal);
    case TurnEnd::deadline: return "stopped: took too long";
    case TurnEnd::silent: return "stopped: said nothing for too long";
    case TurnEnd::first_byte: return "stopped: never said anything";
    case TurnEnd::over_budget: return "stopped: used too much";
    case TurnEnd::lingered: return "stopped: it did not end";
    case TurnEnd::stopped: return "stopped on request";
    case TurnEnd::not_started: return "could not be started";
    case TurnEnd::lost: return "its supervisor died again and again";
  }
  return "ended";
}

std::string tail_of(const TurnFacts& facts) {
  std::string tail = jobs::tail(facts.output_tail, kTailLines, kTailBytes);
  if (!tail.empty() && !tail.ends_with('\n')) {
    tail += '\n';
  }
  const std::string& detail = facts.exit->detail;
  return tail + fmt::format("[{}{}{}]\n", how_it_ended(*facts.exit), detail.empty() ? "" : ": ",
                            jobs::one_line(detail));
}

class CommandCiReader final : public jobs::CiReader {
 public:
  CommandCiReader(jobs::CiConfig config, CommandCiOptions options, jobs::ExecutorReader& executor)
      : config_(std::move(config)), options_(std::move(options)), executor_(executor) {}

  jobs::Result<CiReport> observe(const Repo& repo, const Oid& commit) override {
    RUNNER_POINT(observe_ci);
    RUNNER_ASSIGN(const Attempts attempts, attempts_at(options_, executor_, repo, commit));
    if (attempts.none()) {
      return CiReport{};
    }
    const TurnFacts& last = attempts.facts.back();
    if (last.state != TurnFacts::State::ended || !last.exit) {
      return report(Verdict::pending, last);
    }
    if (last.exit->end == TurnEnd::not_started) {
      return fail(ErrorKind::not_found,
                  fmt::format("the command of [ci.{}] could not be started for {}: {}",
                              config_.name, repo.name.str(), jobs::one_line(last.exit->detail)),
                  "install the program on this host, or correct the command");
    }
    if (last.exit->end == TurnEnd::lost && attempts.lost() < kMaxLost) {
      return CiReport{};
    }
    const bool green = last.exit->end == TurnEnd::exited && last.exit->exit_code == 0;
    return report(green ? Verdict::pass : Verdict::fail, last);
  }

 private:
  [[nodiscard]] CiReport report(Verdict verdict, const TurnFacts& facts) const {
    CiReport out;
    out.verdict = verdict;
    out.checks.push_back({.name = config_.name,
                          .verdict = verdict,
                          .log_tail = verdict == Verdict::fail ? tail_of(facts) : ""});
    if (facts.exit) {
      out.finished_at = facts.exit->at;
    }
    return out;
  }

  jobs::CiConfig config_;
  CommandCiOptions options_;
  jobs::ExecutorReader& executor_;
};

class CommandCiWriter final : public jobs::CiWriter {
 public:
  CommandCiWriter(jobs::CiConfig config, CommandCiOptions options, jobs::ExecutorReader& reader,
                  jobs::ExecutorWriter& writer, jobs::WorkspaceWriter& workspace)
      : config_(std::move(config)),
        options_(std::move(options)),
        reader_(reader),
        writer_(writer),
        workspace_(workspace) {}

  jobs::Status start(const Repo& repo, const Oid& commit) override {
    return start_attempt(repo, commit)
        .while_doing(
            fmt::format("starting CI of {} at {}", repo.name.str(), commit.str().substr(0, 12)));
  }

  jobs::Status prune(const Repo& repo, const std::vector<Oid>& keep,
                     jobs::TimePoint as_of) override {
    RUNNER_ASSIGN(const std::vector<std::string> directories, reader_.list());
    const std::string prefix = id_prefix(repo.name);
    std::set<Oid> trees;
    jobs::Status first_failure;
    const auto note = [&](const jobs::Status& status) {
      if (!status && first_failure) {
        first_failure = status;
      }
      return status.has_value();
    };
    for (const std::string& directory : directories) {
      const Oid commit = commit_of(directory, prefix);
      if (commit.empty()) {
        continue;
      }
      const bool kept = std::ranges::find(keep, commit) != keep.end();
      const auto facts = reader_.observe(directory);
      const bool ended = facts && facts->state == TurnFacts::State::ended;
      if (ended) {
        trees.insert(commit);
      }
      const bool older = facts && (facts->started_at ? *facts->started_at < as_of : ended);
      if (kept || !older) {
        continue;
      }
      // What still runs is stopped now and goes at the next time.
      if (!ended) {
        note(writer_.stop(directory, "its run is over"));
      } else {
        note(writer_.remove(directory));
      }
    }
    RUNNER_POINT(ci_pruned);
    for (const Oid& commit : trees) {
      if (!still_running(repo, commit)) {
        note(workspace_.drop_commit_tree(repo, commit));
      }
    }
    return std::move(first_failure).while_doing("forgetting old CI of " + repo.name.str());
  }

 private:
  jobs::Status start_attempt(const Repo& repo, const Oid& commit) {
    RUNNER_ASSIGN(const Attempts attempts, attempts_at(options_, reader_, repo, commit));
    const bool lost = attempts.ended_as(TurnEnd::lost) && attempts.lost() < kMaxLost;
    const bool not_started =
        attempts.ended_as(TurnEnd::not_started) && attempts.count() < kMaxAttempts;
    if (!attempts.none() && !lost && !not_started) {
      return jobs::ok();
    }
    jobs::TurnSpec spec;
    spec.argv = config_.command.empty() ? repo.test : config_.command;
    if (spec.argv.empty()) {
      return fail(ErrorKind::invalid_manifest,
                  fmt::format("[ci.{}] has no command, and {} has no test command", config_.name,
                              repo.name.str()),
                  "set `command = [...]` there, or `test = [...]` for the repository");
    }
    if (lost) {
      // What it left behind must not disturb the next attempt.
      const auto reaped = writer_.reap(directory_of(options_, repo, commit, attempts.count()));
      if (!reaped) {
        return reaped.error();
      }
    }
    RUNNER_ASSIGN(spec.cwd, workspace_.commit_tree(repo, commit));
    RUNNER_POINT(ci_exported);
    spec.run = ci_id(repo.name, commit);
    spec.issue.repo = repo.name;
    spec.number = attempts.count() + 1;
    spec.directory = directory_of(options_, repo, commit, spec.number);
    spec.env = repo.env;
    spec.env["RUNNER_REPO"] = repo.name.str();
    spec.env["RUNNER_COMMIT"] = commit.str();
    spec.deadline = config_.deadline;
    spec.grace = options_.limits.turn_grace;
    spec.output_bytes = options_.limits.turn_output_bytes;
    spec.memory_bytes = options_.limits.turn_memory_bytes;
    spec.processes = options_.limits.turn_processes;
    spec.file_bytes = options_.limits.turn_file_bytes;
    spec.containment = options_.containment;
    if (const auto beside = options_.caches.find(repo.agent); beside != options_.caches.end()) {
      spec.writable = beside->second;
    }
    return writer_.start(spec, {});
  }

  /// The commit that a turn directory of this repository belongs to; empty for any other directory.
  static Oid commit_of(const std::string& directory, const std::string& prefix) {
    const std::size_t slash = directory.rfind('/');
    const std::size_t begin = slash == std::string::npos || slash == 0
                                  ? std::string::npos
                                  : directory.rfind('/', slash - 1);
    if (begin == std::string::npos) {
      return {};
    }
    const std::string id = directory.substr(begin + 1, slash - begin - 1);
    return id.starts_with(prefix) && is_oid(std::string_view(id).substr(prefix.size()))
               ? Oid(id.substr(prefix.size()))
               : Oid();
  }

  bool still_running(const Repo& repo, const Oid& commit) {
    const auto attempts = attempts_at(options_, reader_, repo, commit);
    return !attempts ||
           (!attempts->none() && attempts->facts.back().state != TurnFacts::State::ended);
  }

  jobs::CiConfig config_;
  CommandCiOptions options_;
  jobs::ExecutorReader& reader_;
  jobs::ExecutorWriter& writer_;
  jobs::WorkspaceWriter& workspace_;
};

}  // namespace

jobs::RunId ci_id(const jobs::RepoName& repo, const Oid& commit) {
  return jobs::RunId(id_prefix(repo) + commit.str());
}

std::unique_ptr<jobs::CiReader> make_command_ci_reader(const jobs::CiConfig& config,
                                                       const CommandCiOptions& options,
                                                       jobs::ExecutorReader& executor) {
  return std::make_unique<CommandCiReader>(config, options, executor);
}

std::unique_ptr<jobs::CiWriter> make_command_ci_writer(const jobs::CiConfig& config,
                                                       const CommandCiOptions& options,
                                                       jobs::ExecutorReader& reader,
                                                       jobs::ExecutorWriter& writer,
                                                       jobs::WorkspaceWriter& workspace) {
  return std::make_unique<CommandCiWriter>(config, options, reader, writer, workspace);
}

}  // namespace runner::ci
