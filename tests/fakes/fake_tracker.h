#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "jobs/ports/tracker.h"
#include "tests/fakes/script.h"

namespace fakes {

/// A tracker in memory, held to the same contract suite as the real ones (tests/contract/tracker).
/// Trust and blockers are not stored with an issue but looked up when it is asked for, as a real
/// tracker does it.
class FakeTracker final : public jobs::TrackerReader, public jobs::TrackerWriter {
 public:
  /// What a person wrote. A real tracker has no more than this.
  struct Written {
    std::string title = "an issue";
    std::string body;
    std::string author = "somebody";
    std::vector<std::string> labels;
    std::optional<int> priority;
    std::vector<std::string> blocked_by;
    std::string ready_by;
    std::optional<jobs::TimePoint> ready_at;
    std::string edited_by;
    std::optional<jobs::TimePoint> edited_at;
    bool open = true;
    std::string problem;
  };

  explicit FakeTracker(std::string bot = "runner") : bot_(std::move(bot)) {}

  // What people do.
  void add_repo(const jobs::RepoName& repo);
  void put(const jobs::IssueKey& key, Written written);
  void set_permission(const std::string& login, jobs::Permission permission);
  void add_bot(const std::string& login);
  void comment(const jobs::IssueKey& key, const std::string& author, const std::string& body);
  void set_open(const jobs::IssueKey& key, bool open);
  /// A person sets the ready label, or any, as themselves.
  void label(const jobs::IssueKey& key, const std::string& label, const std::string& by,
             jobs::TimePoint at);
  void unlabel(const jobs::IssueKey& key, const std::string& label);
  void remove(const jobs::IssueKey& key);

  // What a test looks at.
  [[nodiscard]] Written written(const jobs::IssueKey& key) const;
  [[nodiscard]] std::string closed_reason(const jobs::IssueKey& key) const;
  [[nodiscard]] std::vector<jobs::Comment> comments_of(const jobs::IssueKey& key) const;
  Script script;  ///< calls: ready_issues, in_progress_issues, issue, comments, set_labels,
                  ///< upsert_comment, close

  jobs::Result<std::vector<jobs::Issue>> ready_issues(const jobs::Repo& repo,
                                                      const jobs::Labels& labels) override;
  jobs::Result<std::vector<jobs::Issue>> in_progress_issues(const jobs::Repo& repo,
                                                            const jobs::Labels& labels) override;
  jobs::Result<jobs::Issue> issue(const jobs::Repo& repo, jobs::IssueNumber number,
                                  const jobs::Labels& labels) override;
  jobs::Result<std::vector<jobs::Comment>> comments(const jobs::Repo& repo,
                                                    jobs::IssueNumber number) override;
  jobs::Status set_labels(const jobs::Repo& repo, jobs::IssueNumber number,
                          const std::vector<std::string>& add,
                          const std::vector<std::string>& remove) override;
  jobs::Result<std::string> upsert_comment(const jobs::Repo& repo, jobs::IssueNumber number,
                                           const jobs::OwnComment& comment) override;
  jobs::Status close(const jobs::Repo& repo, jobs::IssueNumber number,
                     const std::string& reason) override;

 private:
  struct Stored {
    Written written;
    std::string closed_reason;
    std::vector<jobs::Comment> comments;
    int comment_ids = 0;  ///< given out so far
  };

  [[nodiscard]] jobs::Result<std::vector<jobs::Issue>> labelled(const jobs::RepoName& repo,
                                                                const std::string& label,
                                                                bool with_problems) const;
  [[nodiscard]] jobs::Issue to_issue(const jobs::IssueKey& key, const Stored& stored) const;
  [[nodiscard]] jobs::Blocker look_up(const jobs::RepoName& own,
                                      const std::string& reference) const;
  [[nodiscard]] jobs::Result<Stored*> find(const jobs::Repo& repo, jobs::IssueNumber number);

  mutable std::mutex mutex_;
  std::string bot_;
  jobs::Labels labels_;
  std::set<jobs::RepoName> repos_;
  std::map<jobs::IssueKey, Stored> issues_;
  std::map<std::string, jobs::Permission> permissions_;
  std::set<std::string> bots_;
};

}  // namespace fakes
