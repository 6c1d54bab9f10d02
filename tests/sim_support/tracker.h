#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/ports/clock.h"
#include "jobs/ports/tracker.h"

namespace sim {

/// A tracker that remembers what every issue looked like when, so that it can also show an older
/// state. Trust and blockers are looked up when they are asked for.
class Tracker final : public jobs::TrackerReader, public jobs::TrackerWriter {
 public:
  /// What stands there at one time.
  struct Text {
    std::string title = "Add a thing";
    std::string body = "It is missing.";
    std::vector<std::string> labels;
    std::vector<std::string> blocked_by;
    std::optional<int> priority;
    std::string ready_by;
    std::optional<jobs::TimePoint> ready_at;
    std::string edited_by;
    std::optional<jobs::TimePoint> edited_at;
    bool open = true;
    bool there = true;
    std::string problem;
  };
  struct Card {
    std::vector<std::pair<jobs::TimePoint, Text>> versions;
    std::vector<jobs::Comment> comments;
    /// People's doing after which labels and state are no longer only ours.
    std::optional<jobs::TimePoint> touched;
    std::optional<jobs::TimePoint> released;  ///< newest release by a person, whoever
    [[nodiscard]] const Text& now() const { return versions.back().second; }
  };

  explicit Tracker(jobs::Clock& clock) : clock_(clock) {}

  /// People's doing: a new version of the issue.
  void edit(const jobs::IssueKey& key, const std::function<void(Text&)>& how);
  /// What the issue shows is not the doing of its newest run alone.
  void touch(const jobs::IssueKey& key);
  void comment(const jobs::IssueKey& key, const std::string& author, const std::string& body);
  void permit(const std::string& login, jobs::Permission permission, bool bot = false);
  /// How far behind reads are; zero = not at all.
  void lag(const jobs::RepoName& repo, jobs::Duration behind) { lag_[repo] = behind; }
  [[nodiscard]] const std::map<jobs::IssueKey, Card>& cards() const { return cards_; }
  [[nodiscard]] bool trusted(const std::string& login) const;

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
  struct Person {
    jobs::Permission permission = jobs::Permission::unknown;
    bool bot = false;
  };
  [[nodiscard]] const Text* shown(const jobs::IssueKey& key, const Card& card) const;
  [[nodiscard]] jobs::Issue to_issue(const jobs::IssueKey& key, const Text& text) const;
  [[nodiscard]] std::vector<jobs::Issue> labelled(const jobs::RepoName& repo,
                                                  const std::string& label, bool problems) const;
  [[nodiscard]] jobs::Result<Card*> find(const jobs::Repo& repo, jobs::IssueNumber number);
  void put(Card& card, Text text);

  jobs::Clock& clock_;
  jobs::Labels labels_;
  std::map<jobs::IssueKey, Card> cards_;
  std::map<std::string, Person> people_;
  std::map<jobs::RepoName, jobs::Duration> lag_;
};

}  // namespace sim
