#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/text.h"
#include "runner/forge/fields.h"
#include "runner/trackers/forgejo.h"
#include "runner/trackers/forgejo_announced.h"
#include "runner/trackers/forgejo_parts.h"
#include "runner/trackers/kept_comments.h"

namespace runner::trackers {

using forgejo::path_in;
using jobs::Blocker;
using jobs::ErrorKind;
using jobs::Issue;
using jobs::IssueNumber;
using jobs::Labels;
using jobs::Permission;
using jobs::Repo;
using nlohmann::json;

namespace {

/// Longer bodies are left out of lists.
constexpr std::int64_t kListedBytes = 4096;

class ForgejoReader final : public jobs::TrackerReader {
 public:
  ForgejoReader(ForgejoOptions options, forge::Api& api)
      : options_(std::move(options)), server_(api, options_.bot) {}

  void announce(const std::vector<const Repo*>& repos, const Labels& labels) override {
    std::vector<std::string> places;
    for (const Repo* repo : repos) {
      places.push_back(options_.place(*repo));
    }
    announced_.read(server_, places, labels);
  }

  jobs::Result<std::vector<Issue>> ready_issues(const Repo& repo, const Labels& labels) override {
    RUNNER_ASSIGN(std::vector<json> found, labelled(repo, labels.ready));
    std::vector<Issue> issues;
    for (const json& object : found) {
      Issue issue = forgejo::issue_of(object, repo.name);
      // Who set the label and what blocks it takes several requests for each issue.
      issue.details_left_out = true;
      if (issue.text_bytes() > kListedBytes) {
        issue.leave_text_out();
      }
      issues.push_back(std::move(issue));
    }
    return issues;
  }

  void complete(const std::vector<jobs::WantedDetails>& wanted, const Labels& labels) override {
    for (const jobs::WantedDetails& one : wanted) {
      auto whole = issue(*one.repo, one.issue->key.number, labels);
      if (whole) {
        *one.issue = *std::move(whole);
      } else {
        one.issue->problem = whole.error().message;
        one.issue->details_left_out = false;
      }
    }
  }

  jobs::Result<std::vector<Issue>> in_progress_issues(const Repo& repo,
                                                      const Labels& labels) override {
    RUNNER_ASSIGN(const std::vector<json> found, labelled(repo, labels.in_progress));
    std::vector<Issue> issues;
    for (const json& object : found) {
      issues.push_back(forgejo::issue_of(object, repo.name));
    }
    return issues;
  }

  jobs::Result<Issue> issue(const Repo& repo, IssueNumber number, const Labels& labels) override {
    const auto object = server_.one(path_of(repo, number, {}));
    if (!object) {
      return object.error();
    }
    Issue issue = forgejo::issue_of(*object, repo.name);
    if (issue.key.number != number) {
      return jobs::fail(ErrorKind::not_found,
                        fmt::format("{}#{} is a pull request", repo.name.str(), number));
    }
    fill(repo, *object, labels, issue);
    return issue;
  }

  jobs::Result<std::vector<jobs::Comment>> comments(const Repo& repo, IssueNumber number) override {
    RUNNER_ASSIGN(const std::vector<json> found,
                  server_.unnumbered(path_of(repo, number, {"comments"})));
    KeptComments comments(KeptComments::Order::oldest_first);
    for (const json& one : found) {
      comments.add({.id = std::to_string(forge::number(one, "id")),
                    .author = forge::text(one, "user.login"),
                    .body = forge::text(one, "body"),
                    .at = forge::time(one, "created_at")});
    }
    return std::move(comments).take();
  }

 private:
  [[nodiscard]] std::string path_of(const Repo& repo, IssueNumber number,
                                    std::vector<std::string_view> rest) const {
    const std::string text = std::to_string(number);
    std::vector<std::string_view> parts{"issues", text};
    parts.insert(parts.end(), rest.begin(), rest.end());
    return path_in(options_.place(repo), parts);
  }

  /// Open issues with that label. `type=issues`, or there are pull requests among them; the filter
  /// is by name, and a server that has no such label may leave it out, so that it is checked.
  jobs::Result<std::vector<json>> labelled(const Repo& repo, const std::string& label) {
    const std::string place = options_.place(repo);
    jobs::Result<std::vector<json>> found = std::vector<json>();
    if (auto announced = announced_.take(place, label)) {
      *found = *std::move(announced);
    } else {
      using Part = std::pair<std::string_view, std::string_view>;
      found = server_.list(path_in(place, {"issues"}) +
                           forge::query_of(std::array{Part{"state", "open"}, Part{"type", "issues"},
                                                      Part{"labels", label}}));
    }
    if (!found) {
      return server_.explained(std::move(found).error(), place);
    }
    // A list that changes while it is read shows an issue on two pages.
    std::set<IssueNumber> seen;
    std::erase_if(*found, [&](const json& object) {
      const Issue issue = forgejo::issue_of(object, repo.name);
      return issue.key.number == 0 || !issue.open || !issue.has_label(label) ||
             !seen.insert(issue.key.number).second;
    });
    return std::move(*found);
  }

  /// Trust and blockers. What cannot be read becomes the issue's problem.
  void fill(const Repo& repo, const json& object, const Labels& labels, Issue& issue) {
    const auto timeline = server_.list(path_of(repo, issue.key.number, {"timeline"}));
    if (!timeline) {
      issue.problem = "who set its label cannot be read: " + timeline.error().message;
      return;
    }
    if (issue.has_label(labels.ready)) {
      issue.ready_by = forgejo::label_actor(*timeline, labels.ready, server_.own_logins());
      if (!issue.ready_by.login.empty()) {
        auto answer = server_.permission(options_.place(repo), issue.ready_by.login);
        issue.ready_by.permission = answer.permission;
        issue.ready_by.note = std::move(answer.problem);
      }
      fill_edit(repo, object, issue);
    }
    fill_blockers(repo, issue);
  }

  /// The API tells of no edit of a body. Only the author and those with write can make one: where
  /// the author has write, whoever did was trusted; where not, any change after the label may have
  /// been the author's edit, and is taken for one.
  void fill_edit(const Repo& repo, const json& object, Issue& issue) {
    const auto updated = forge::time(object, "updated_at");
    if (!updated || !issue.ready_by.at || *updated <= *issue.ready_by.at) {
      return;
    }
    const std::string author = forge::text(object, "user.login");
    const Permission permission = author.empty()
                                      ? Permission::unknown
                                      : server_.permission(options_.place(repo), author).permission;
    if (permission < Permission::write) {
      issue.edited_at = updated;
      issue.edited_by = author;
      issue.editor_permission = permission;
    }
  }

  void fill_blockers(const Repo& repo, Issue& issue) {
    const std::string place = options_.place(repo);
    const auto found = server_.list(path_of(repo, issue.key.number, {"dependencies"}));
    if (found) {
      for (const json& one : *found) {
        issue.blockers.push_back(forgejo::blocker_of(one, place));
      }
    } else if (found.error().kind != ErrorKind::not_found) {
      issue.blockers.push_back({.reference = "its dependencies",
                                .state = Blocker::State::unreadable,
                                .detail = found.error().message});
    }  // not found: the repository has dependencies turned off
    for (const std::string& written : jobs::blocked_by_references(issue.body)) {
      const std::string same = place + "#";
      const std::string reference =
          written.starts_with(same) ? written.substr(place.size()) : written;
      if (std::ranges::find(issue.blockers, reference, &Blocker::reference) ==
          issue.blockers.end()) {
        issue.blockers.push_back(looked_up(place, reference));
      }
    }
  }

  Blocker looked_up(const std::string& place, const std::string& reference) {
    const std::size_t sign = reference.rfind('#');
    const std::string where = sign == 0 ? place : reference.substr(0, sign);
    Blocker blocker{.reference = reference, .state = Blocker::State::unreadable, .detail = {}};
    const auto object = server_.one(path_in(where, {"issues", reference.substr(sign + 1)}));
    if (!object) {
      blocker.detail = object.error().message;
      return blocker;
    }
    const std::string state = forge::text(*object, "state");
    if (state == "open" || state == "closed") {
      blocker.state = state == "open" ? Blocker::State::open : Blocker::State::closed;
    } else {
      blocker.detail = "the server does not say whether it is open";
    }
    return blocker;
  }

  ForgejoOptions options_;
  forgejo::Server server_;
  forgejo::Announced announced_;
};

}  // namespace

std::unique_ptr<jobs::TrackerReader> make_forgejo_reader(ForgejoOptions options, forge::Api& api) {
  return std::make_unique<ForgejoReader>(std::move(options), api);
}

}  // namespace runner::trackers
