#include "tests/contract/tracker/github_subject.h"

#include <set>

#include <fmt/format.h>

#include "tests/contract/tracker/subject.h"

namespace tracker_contract {

namespace {

class Github final : public Subject {
 public:
  explicit Github(bool graphql) : world_(graphql) {}

  void put(const jobs::IssueKey& key, const Written& written) override {
    stub::Forge& forge = world_.stub.forge;
    add_repo(key.repo.str());
    forge.put_issue(key.repo.str(), static_cast<int>(key.number), written.author, written.title,
                    written.body);
    const int number = static_cast<int>(key.number);
    for (const std::string& label : written.labels) {
      const bool known = !written.ready_by.empty() || label != "ready-for-agent";
      forge.label(key.repo.str(), number, label, known ? written.ready_by : "ghost");
      if (!known) {
        forge.forget_actor(key.repo.str(), number);
      }
    }
    if (written.priority) {
      forge.label(key.repo.str(), number, fmt::format("P{}", *written.priority), "somebody");
    }
    for (const std::string& reference : written.blocked_by) {
      forge.block(key.repo.str(), number, key.repo.str(), std::stoi(reference.substr(1)));
    }
    if (!written.open) {
      forge.close_issue(key.repo.str(), number);
    }
  }
  void permit(const std::string& login, const std::string& permission) override {
    if (permission == "bot") {
      bots_.insert(login);
      world_.stub.forge.make_bot(login);
      return;
    }
    permissions_[login] = permission;
    for (const std::string& repo : repos_) {
      world_.stub.forge.permit(repo, login, permission, permission);
    }
    world_.renew();
  }
  void comment(const jobs::IssueKey& key, const std::string& author,
               const std::string& body) override {
    world_.stub.forge.add_comment(key.repo.str(), static_cast<int>(key.number), author, body);
  }
  jobs::TrackerReader& reader() override { return *world_.reader; }
  jobs::TrackerWriter& writer() override { return *world_.writer; }
  [[nodiscard]] bool takes_times() const override { return false; }
  [[nodiscard]] bool has_broken_issues() const override { return false; }

 private:
  void add_repo(const std::string& repo) {
    if (repos_.insert(repo).second) {
      world_.stub.forge.add_repo(repo);
      for (const auto& [login, permission] : permissions_) {
        world_.stub.forge.permit(repo, login, permission, permission);
      }
    }
  }

  GithubWorld world_;
  std::set<std::string> repos_;
  std::set<std::string> bots_;
  std::map<std::string, std::string> permissions_;
};

}  // namespace

std::unique_ptr<Subject> make_github(bool graphql) {
  return std::make_unique<Github>(graphql);
}

}  // namespace tracker_contract
