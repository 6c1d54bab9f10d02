#pragma once

#include <string>
#include <utility>
#include <vector>

#include "jobs/ports/ports.h"
#include "tests/support/scenario_gate.h"

/// Each port once more, with every call passing a Gate. Nothing else is done here.
namespace scenario {

class GatedTracker final : public jobs::TrackerReader, public jobs::TrackerWriter {
 public:
  template <typename Tracker>
  GatedTracker(Gate& gate, Tracker& real) : gate_(gate), reader_(real), writer_(real) {}

  jobs::Result<std::vector<jobs::Issue>> ready_issues(const jobs::Repo& repo,
                                                      const jobs::Labels& labels) override {
    return gate_.pass("ready_issues", [&] { return reader_.ready_issues(repo, labels); });
  }
  jobs::Result<std::vector<jobs::Issue>> in_progress_issues(const jobs::Repo& repo,
                                                            const jobs::Labels& labels) override {
    return gate_.pass("in_progress_issues",
                      [&] { return reader_.in_progress_issues(repo, labels); });
  }
  jobs::Result<jobs::Issue> issue(const jobs::Repo& repo, jobs::IssueNumber number,
                                  const jobs::Labels& labels) override {
    return gate_.pass("issue", [&] { return reader_.issue(repo, number, labels); });
  }
  jobs::Result<std::vector<jobs::Comment>> comments(const jobs::Repo& repo,
                                                    jobs::IssueNumber number) override {
    return gate_.pass("comments", [&] { return reader_.comments(repo, number); });
  }
  jobs::Status set_labels(const jobs::Repo& repo, jobs::IssueNumber number,
                          const std::vector<std::string>& add,
                          const std::vector<std::string>& remove) override {
    return gate_.pass("set_labels", [&] { return writer_.set_labels(repo, number, add, remove); });
  }
  jobs::Result<std::string> upsert_comment(const jobs::Repo& repo, jobs::IssueNumber number,
                                           const jobs::OwnComment& comment) override {
    return gate_.pass("upsert_comment",
                      [&] { return writer_.upsert_comment(repo, number, comment); });
  }
  jobs::Status close(const jobs::Repo& repo, jobs::IssueNumber number,
                     const std::string& reason) override {
    return gate_.pass("close", [&] { return writer_.close(repo, number, reason); });
  }

 private:
  Gate& gate_;
  jobs::TrackerReader& reader_;
  jobs::TrackerWriter& writer_;
};

class GatedCi final : public jobs::CiReader, public jobs::CiWriter {
 public:
  template <typename Ci>
  GatedCi(Gate& gate, Ci& real) : gate_(gate), reader_(real), writer_(real) {}

  jobs::Result<jobs::CiReport> observe(const jobs::Repo& repo, const jobs::Oid& commit) override {
    return gate_.pass("ci.observe", [&] { return reader_.observe(repo, commit); });
  }
  jobs::Status start(const jobs::Repo& repo, const jobs::Oid& commit) override {
    return gate_.pass("ci.start", [&] { return writer_.start(repo, commit); });
  }
  jobs::Status prune(const jobs::Repo& repo, const std::vector<jobs::Oid>& keep,
                     jobs::TimePoint as_of) override {
    return gate_.pass("ci.prune", [&] { return writer_.prune(repo, keep, as_of); });
  }

 private:
  Gate& gate_;
  jobs::CiReader& reader_;
  jobs::CiWriter& writer_;
};

class GatedPulls final : public jobs::PullReader, public jobs::PullWriter {
 public:
  template <typename Pulls>
  GatedPulls(Gate& gate, Pulls& real) : gate_(gate), reader_(real), writer_(real) {}

  jobs::Result<std::optional<jobs::PullFacts>> pull(const jobs::Repo& repo,
                                                    const std::string& branch) override {
    return gate_.pass("pull", [&] { return reader_.pull(repo, branch); });
  }
  jobs::Result<jobs::PullFacts> open(const jobs::Repo& repo, const jobs::PullSpec& spec) override {
    return gate_.pass("pull.open", [&] { return writer_.open(repo, spec); });
  }
  jobs::Status merge(const jobs::Repo& repo, std::int64_t number, const jobs::Oid& head,
                     const std::string& message) override {
    return gate_.pass("pull.merge", [&] { return writer_.merge(repo, number, head, message); });
  }

 private:
  Gate& gate_;
  jobs::PullReader& reader_;
  jobs::PullWriter& writer_;
};

class GatedExecutor final : public jobs::ExecutorReader, public jobs::ExecutorWriter {
 public:
  template <typename Executor>
  GatedExecutor(Gate& gate, Executor& real) : gate_(gate), reader_(real), writer_(real) {}

  jobs::Result<jobs::TurnFacts> observe(const std::string& directory) override {
    return gate_.pass("turn.observe", [&] { return reader_.observe(directory); });
  }
  jobs::Result<std::vector<std::string>> list() override {
    return gate_.pass("turn.list", [&] { return reader_.list(); });
  }
  jobs::Status start(const jobs::TurnSpec& spec, const jobs::Fence& still_ours) override {
    // A call of its own: a gate lets one call through at a time.
    RUNNER_TRY(jobs::ask(still_ours));
    return gate_.pass("turn.start", [&] { return writer_.start(spec, {}); });
  }
  jobs::Status stop(const std::string& directory, const std::string& why) override {
    return gate_.pass("turn.stop", [&] { return writer_.stop(directory, why); });
  }
  jobs::Result<int> reap(const std::string& directory) override {
    return gate_.pass("turn.reap", [&] { return writer_.reap(directory); });
  }
  jobs::Status remove(const std::string& directory) override {
    return gate_.pass("turn.remove", [&] { return writer_.remove(directory); });
  }

 private:
  Gate& gate_;
  jobs::ExecutorReader& reader_;
  jobs::ExecutorWriter& writer_;
};

class GatedWorkspace final : public jobs::WorkspaceReader, public jobs::WorkspaceWriter {
 public:
  template <typename Workspace>
  GatedWorkspace(Gate& gate, Workspace& real) : gate_(gate), reader_(real), writer_(real) {}

  jobs::Result<jobs::WorktreeFacts> observe(const jobs::Repo& repo, const jobs::Run& run) override {
    return gate_.pass("git.observe", [&] { return reader_.observe(repo, run); });
  }
  jobs::Result<jobs::Oid> remote_base(const jobs::Repo& repo) override {
    return gate_.pass("git.remote_base", [&] { return reader_.remote_base(repo); });
  }
  jobs::Result<std::optional<std::string>> file_at(const jobs::Repo& repo, const jobs::Oid& commit,
                                                   const std::string& path) override {
    return gate_.pass("git.file_at", [&] { return reader_.file_at(repo, commit, path); });
  }
  jobs::Result<std::vector<jobs::WorktreeEntry>> list() override {
    return gate_.pass("git.list", [&] { return reader_.list(); });
  }
  jobs::Result<std::int64_t> disk_free() override {
    return gate_.pass("git.disk_free", [&] { return reader_.disk_free(); });
  }
  jobs::Result<jobs::Prepared> prepare(const jobs::Repo& repo, const jobs::Run& run) override {
    return gate_.pass("git.prepare", [&] { return writer_.prepare(repo, run); });
  }
  jobs::Result<jobs::LandResult> land(const jobs::Repo& repo,
                                      const jobs::LandRequest& request) override {
    // A call of its own: a gate lets one call through at a time.
    RUNNER_TRY(jobs::ask(request.still_ours));
    jobs::LandRequest asked = request;
    asked.still_ours = {};
    return gate_.pass("git.land", [&] { return writer_.land(repo, asked); });
  }
  jobs::Result<jobs::Oid> rescue(const jobs::Repo& repo, const jobs::Run& run) override {
    return gate_.pass("git.rescue", [&] { return writer_.rescue(repo, run); });
  }
  jobs::Status release(const jobs::Repo& repo, const jobs::Run& run) override {
    return gate_.pass("git.release", [&] { return writer_.release(repo, run); });
  }
  jobs::Result<std::string> commit_tree(const jobs::Repo& repo, const jobs::Oid& commit) override {
    return gate_.pass("git.commit_tree", [&] { return writer_.commit_tree(repo, commit); });
  }
  jobs::Status drop_commit_tree(const jobs::Repo& repo, const jobs::Oid& commit) override {
    return gate_.pass("git.drop_tree", [&] { return writer_.drop_commit_tree(repo, commit); });
  }
  jobs::Status remove_orphan(const jobs::WorktreeEntry& entry) override {
    return gate_.pass("git.remove_orphan", [&] { return writer_.remove_orphan(entry); });
  }
  jobs::Status empty_trash(jobs::Duration patience) override {
    return gate_.pass("git.empty_trash", [&] { return writer_.empty_trash(patience); });
  }

 private:
  Gate& gate_;
  jobs::WorkspaceReader& reader_;
  jobs::WorkspaceWriter& writer_;
};

class GatedNotifier final : public jobs::Notifier {
 public:
  GatedNotifier(Gate& gate, jobs::Notifier& real) : gate_(gate), real_(real) {}
  jobs::Status send(const jobs::Notification& notification) override {
    return gate_.pass("notify.send", [&] { return real_.send(notification); });
  }

 private:
  Gate& gate_;
  jobs::Notifier& real_;
};

}  // namespace scenario
