#pragma once

#include <string>
#include <utility>
#include <vector>

#include "jobs/ports/ports.h"
#include "tests/sim_support/world.h"

/// Every port of one tick, each call passing through the world first.
namespace sim {

using Port = Call::Port;
using Kind = jobs::EffectKind;

class TickTracker final : public jobs::TrackerReader, public jobs::TrackerWriter {
 public:
  TickTracker(World& world, Tick& tick) : world_(world), tick_(tick) {}

  jobs::Result<std::vector<jobs::Issue>> ready_issues(const jobs::Repo& repo,
                                                      const jobs::Labels& labels) override {
    auto found = world_.pass(tick_, {"ready_issues", Port::tracker, false, at(repo)},
                             [&] { return world_.tracker.ready_issues(repo, labels); });
    if (found) {
      for (const jobs::Issue& issue : *found) {
        tick_.candidates.insert(issue.key);
      }
    } else {
      tick_.unread.insert(repo.name);
    }
    return found;
  }
  jobs::Result<std::vector<jobs::Issue>> in_progress_issues(const jobs::Repo& repo,
                                                            const jobs::Labels& labels) override {
    auto found = world_.pass(tick_, {"in_progress_issues", Port::tracker, false, at(repo)},
                             [&] { return world_.tracker.in_progress_issues(repo, labels); });
    if (!found) {
      tick_.unread.insert(repo.name);
    }
    return found;
  }
  jobs::Result<jobs::Issue> issue(const jobs::Repo& repo, jobs::IssueNumber number,
                                  const jobs::Labels& labels) override {
    return world_.pass(tick_, {"issue", Port::tracker, false, at(repo)},
                       [&] { return world_.tracker.issue(repo, number, labels); });
  }
  jobs::Result<std::vector<jobs::Comment>> comments(const jobs::Repo& repo,
                                                    jobs::IssueNumber number) override {
    return world_.pass(tick_, {"comments", Port::tracker, false, at(repo)},
                       [&] { return world_.tracker.comments(repo, number); });
  }
  jobs::Status set_labels(const jobs::Repo& repo, jobs::IssueNumber number,
                          const std::vector<std::string>& add,
                          const std::vector<std::string>& remove) override {
    return world_.pass(tick_, write("set_labels", repo, number, Kind::set_labels), [&] {
      // It slept past its lease with this one effect claimed: no tracker can
      // refuse it, and the labels tell of an earlier moment now.
      if (tick_.epoch != world_.store.look().lease.epoch) {
        world_.tracker.touch({repo.name, number});
        world_.see("a sleeper sets labels too late");
      }
      return world_.tracker.set_labels(repo, number, add, remove);
    });
  }
  jobs::Result<std::string> upsert_comment(const jobs::Repo& repo, jobs::IssueNumber number,
                                           const jobs::OwnComment& comment) override {
    return world_.pass(tick_, write("upsert_comment", repo, number, Kind::upsert_comment),
                       [&] { return world_.tracker.upsert_comment(repo, number, comment); });
  }
  jobs::Status close(const jobs::Repo& repo, jobs::IssueNumber number,
                     const std::string& reason) override {
    return world_.pass(tick_, write("close", repo, number, Kind::close_issue),
                       [&] { return world_.tracker.close(repo, number, reason); });
  }

 private:
  [[nodiscard]] int at(const jobs::Repo& repo) const { return world_.index(repo.name); }
  [[nodiscard]] Call write(const char* name, const jobs::Repo& repo, jobs::IssueNumber number,
                           Kind kind) const {
    return {name, Port::tracker, true, at(repo), kind, jobs::IssueKey{repo.name, number}.str()};
  }
  World& world_;
  Tick& tick_;
};

class TickCi final : public jobs::CiReader, public jobs::CiWriter {
 public:
  TickCi(World& world, Tick& tick) : world_(world), tick_(tick) {}

  jobs::Result<jobs::CiReport> observe(const jobs::Repo& repo, const jobs::Oid& commit) override {
    return world_.pass(tick_, {"ci.observe", Port::ci, false, world_.index(repo.name)},
                       [&] { return world_.ci.observe(repo, commit); });
  }
  jobs::Status start(const jobs::Repo& repo, const jobs::Oid& commit) override {
    return world_.pass(tick_,
                       {"ci.start", Port::ci, true, world_.index(repo.name), Kind::start_ci, ""},
                       [&] { return world_.ci.start(repo, commit); });
  }
  jobs::Status prune(const jobs::Repo& repo, const std::vector<jobs::Oid>& keep,
                     jobs::TimePoint as_of) override {
    return world_.pass(tick_, {"ci.prune", Port::ci, true, world_.index(repo.name)},
                       [&] { return world_.ci.prune(repo, keep, as_of); });
  }

 private:
  World& world_;
  Tick& tick_;
};

/// What a tick's fence answers, if it set one: without another port call in the middle of one.
inline jobs::Fence fence_of(World& world, const Tick& tick, const jobs::Fence& set) {
  if (!set) {
    return {};
  }
  return [&]() -> jobs::Status {
    return tick.epoch == world.store.look().lease.epoch
               ? jobs::ok()
               : jobs::fail(jobs::ErrorKind::conflict, "the lease is lost");
  };
}

class TickExecutor final : public jobs::ExecutorReader, public jobs::ExecutorWriter {
 public:
  TickExecutor(World& world, Tick& tick) : world_(world), tick_(tick) {}

  jobs::Result<jobs::TurnFacts> observe(const std::string& directory) override {
    return world_.pass(tick_, {"turn.observe", Port::executor},
                       [&] { return world_.executor.observe(directory); });
  }
  jobs::Result<std::vector<std::string>> list() override {
    return world_.pass(tick_, {"turn.list", Port::executor},
                       [&] { return world_.executor.list(); });
  }
  jobs::Status start(const jobs::TurnSpec& spec, const jobs::Fence& still_ours) override {
    return world_.pass(
        tick_,
        {"turn.start", Port::executor, true, world_.index(spec.issue.repo), Kind::start_turn,
         spec.run.str()},
        [&] { return world_.executor.start(spec, fence_of(world_, tick_, still_ours)); });
  }
  jobs::Status stop(const std::string& directory, const std::string& why) override {
    return world_.pass(tick_, {"turn.stop", Port::executor, true, -1, Kind::stop_turn, directory},
                       [&] { return world_.executor.stop(directory, why); });
  }
  jobs::Result<int> reap(const std::string& directory) override {
    return world_.pass(tick_, {"turn.reap", Port::executor, true},
                       [&] { return world_.executor.reap(directory); });
  }
  jobs::Status remove(const std::string& directory) override {
    return world_.pass(tick_, {"turn.remove", Port::executor, true},
                       [&] { return world_.executor.remove(directory); });
  }

 private:
  World& world_;
  Tick& tick_;
};

class TickWorkspace final : public jobs::WorkspaceReader, public jobs::WorkspaceWriter {
 public:
  TickWorkspace(World& world, Tick& tick) : world_(world), tick_(tick) {}

  jobs::Result<jobs::WorktreeFacts> observe(const jobs::Repo& repo, const jobs::Run& run) override {
    return world_.pass(tick_, {"git.observe", Port::workspace, false, world_.index(repo.name)},
                       [&] { return world_.git.observe(repo, run); });
  }
  jobs::Result<jobs::Oid> remote_base(const jobs::Repo& repo) override {
    return world_.pass(tick_, {"git.remote_base", Port::workspace, false, world_.index(repo.name)},
                       [&] { return world_.git.remote_base(repo); });
  }
  jobs::Result<std::optional<std::string>> file_at(const jobs::Repo& repo, const jobs::Oid& commit,
                                                   const std::string& path) override {
    return world_.pass(tick_, {"git.file_at", Port::workspace, false, world_.index(repo.name)},
                       [&] { return world_.git.file_at(repo, commit, path); });
  }
  jobs::Result<std::vector<jobs::WorktreeEntry>> list() override {
    return world_.pass(tick_, {"git.list", Port::workspace}, [&] { return world_.git.list(); });
  }
  jobs::Result<std::int64_t> disk_free() override {
    return world_.pass(tick_, {"git.disk_free", Port::workspace},
                       [&] { return world_.git.disk_free(); });
  }
  jobs::Result<jobs::Prepared> prepare(const jobs::Repo& repo, const jobs::Run& run) override {
    return world_.pass(tick_, write("git.prepare", run, Kind::prepare_worktree),
                       [&] { return world_.git.prepare(repo, run); });
  }
  jobs::Result<jobs::LandResult> land(const jobs::Repo& repo,
                                      const jobs::LandRequest& request) override {
    return world_.pass(tick_, write("git.land", request.run, Kind::land), [&] {
      jobs::LandRequest fenced = request;
      fenced.still_ours = fence_of(world_, tick_, request.still_ours);
      return world_.land(repo, fenced);
    });
  }
  jobs::Result<jobs::Oid> rescue(const jobs::Repo& repo, const jobs::Run& run) override {
    return world_.pass(tick_, write("git.rescue", run, Kind::rescue),
                       [&] { return world_.git.rescue(repo, run); });
  }
  jobs::Status release(const jobs::Repo& repo, const jobs::Run& run) override {
    return world_.pass(tick_, write("git.release", run, Kind::release_worktree),
                       [&] { return world_.git.release(repo, run); });
  }
  jobs::Result<std::string> commit_tree(const jobs::Repo& repo, const jobs::Oid& commit) override {
    return world_.git.commit_tree(repo, commit);
  }
  jobs::Status drop_commit_tree(const jobs::Repo& repo, const jobs::Oid& commit) override {
    return world_.git.drop_commit_tree(repo, commit);
  }
  jobs::Status remove_orphan(const jobs::WorktreeEntry& entry) override {
    return world_.pass(tick_, {"git.remove_orphan", Port::workspace, true},
                       [&] { return world_.git.remove_orphan(entry); });
  }
  jobs::Status empty_trash(jobs::Duration patience) override {
    return world_.git.empty_trash(patience);
  }

 private:
  [[nodiscard]] Call write(const char* name, const jobs::Run& run, Kind kind) const {
    return {name, Port::workspace, true, world_.index(run.issue.repo), kind, run.id.str()};
  }
  World& world_;
  Tick& tick_;
};

class TickNotifier final : public jobs::Notifier {
 public:
  TickNotifier(World& world, Tick& tick) : world_(world), tick_(tick) {}
  jobs::Status send(const jobs::Notification& notification) override {
    return world_.pass(
        tick_, {"notify.send", Port::notifier, true, -1, Kind::notify, notification.run}, [&] {
          world_.notified.push_back(notification);
          return jobs::ok();
        });
  }

 private:
  World& world_;
  Tick& tick_;
};

}  // namespace sim
