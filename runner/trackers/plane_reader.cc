#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runner/forge/address.h"
#include "runner/forge/fields.h"
#include "runner/trackers/kept_comments.h"
#include "runner/trackers/plane.h"
#include "runner/trackers/plane_html.h"
#include "runner/trackers/plane_parts.h"

namespace runner::trackers {

using jobs::ErrorKind;
using jobs::Issue;
using jobs::IssueNumber;
using jobs::Labels;
using jobs::Repo;
using nlohmann::json;
using plane::Place;
using plane::Project;

namespace {

/// What a project's list was, for the one of the two questions that has not had it yet.
struct Listed {
  std::vector<json> items;
  bool for_ready = false;
};

class PlaneReader final : public jobs::TrackerReader {
 public:
  PlaneReader(PlaneOptions options, forge::Api& api)
      : options_(std::move(options)), server_(api, options_) {}

  jobs::Result<std::vector<Issue>> ready_issues(const Repo& repo, const Labels& labels) override {
    RUNNER_ASSIGN(std::vector<Issue> issues, labelled(repo, labels, labels.ready));
    for (Issue& issue : issues) {
      issue.details_left_out = true;
    }
    return issues;
  }

  jobs::Result<std::vector<Issue>> in_progress_issues(const Repo& repo,
                                                      const Labels& labels) override {
    return labelled(repo, labels, labels.in_progress);
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

  jobs::Result<Issue> issue(const Repo& repo, IssueNumber number, const Labels& labels) override {
    RUNNER_ASSIGN(const Place place, place_of(repo));
    RUNNER_ASSIGN(const json item, server_.item(place.project, number));
    Issue issue = plane::issue_of(item, repo.name, *place.states, labels);
    issue.url = page_of(place.project, number);
    if (issue.problem.empty()) {
      fill(place, item, labels, issue);
    }
    return issue;
  }

  jobs::Result<std::vector<jobs::Comment>> comments(const Repo& repo, IssueNumber number) override {
    RUNNER_ASSIGN(const Project project, server_.project(repo.name));
    RUNNER_ASSIGN(const json item, server_.item(project, number));
    std::map<std::string, std::string> names;
    KeptComments kept(KeptComments::Order::newest_first);
    const auto path = server_.path_of_item(project, forge::text(item, "id"), {"comments"});
    RUNNER_TRY(server_.each(path, {}, [&](const json& one) {
      // `created_by` may be chosen by whoever makes a comment; `actor` may not.
      const std::string actor = forge::text(one, "actor");
      if (const auto [at, made] = names.try_emplace(actor); made) {
        at->second = server_.name_of(project, actor);
      }
      kept.add({.id = forge::text(one, "id"),
                .author = names.at(actor),
                .body = plane::text_of_html(forge::text(one, "comment_html")),
                .at = forge::time(one, "created_at")});
      return true;
    }));
    std::vector<jobs::Comment> comments = std::move(kept).take();
    std::ranges::stable_sort(
        comments, {}, [](const jobs::Comment& one) { return one.at.value_or(jobs::TimePoint{}); });
    return comments;
  }

 private:
  jobs::Result<Place> place_of(const Repo& repo) {
    RUNNER_ASSIGN(Project project, server_.project(repo.name));
    RUNNER_ASSIGN(auto states, server_.states(project));
    return Place{.project = std::move(project), .states = std::move(states)};
  }

  /// Open items in a state that stands for the label. The API has no filter by state, so that all
  /// are listed; a tick asks twice, and is told from one list.
  jobs::Result<std::vector<Issue>> labelled(const Repo& repo, const Labels& labels,
                                            const std::string& label) {
    RUNNER_ASSIGN(const Place place, place_of(repo));
    RUNNER_ASSIGN(const std::vector<json> items, listed(place.project, label == labels.ready));
    std::vector<Issue> issues;
    std::set<IssueNumber> seen;  // A list that changes while it is read shows an item twice.
    for (const json& item : items) {
      Issue issue = plane::issue_of(item, repo.name, *place.states, labels);
      if (issue.open && issue.has_label(label) && issue.key.number > 0 &&
          seen.insert(issue.key.number).second) {
        issue.url = page_of(place.project, issue.key.number);
        issues.push_back(std::move(issue));
      }
    }
    return issues;
  }

  jobs::Result<std::vector<json>> listed(const Project& project, bool for_ready) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto kept = listed_.find(project.id);
          kept != listed_.end() && kept->second.for_ready != for_ready) {
        std::vector<json> items = std::move(kept->second.items);
        listed_.erase(kept);
        return items;
      }
    }
    RUNNER_ASSIGN(std::vector<json> items, server_.items(project));
    const std::lock_guard lock(mutex_);
    listed_[project.id] = {.items = items, .for_ready = for_ready};
    return items;
  }

  /// Trust and blockers. What cannot be read becomes the issue's problem.
  void fill(const Place& place, const json& item, const Labels& labels, Issue& issue) {
    if (issue.has_label(labels.ready)) {
      const auto activities = server_.activities(place.project, forge::text(item, "id"));
      const auto own = server_.own_id();
      if (!activities || !own) {
        issue.problem = "who moved it into the ready state cannot be read: " +
                        (activities ? own.error() : activities.error()).message;
        return;
      }
      plane::fill_release(server_, place, *activities, forge::text(item, "state"), *own, issue);
    }
    plane::fill_blockers(server_, place, forge::text(item, "id"), issue);
  }

  /// The cloud shows its pages on another host than its API; servers of one's own on the same.
  std::string page_of(const Project& project, IssueNumber number) {
    constexpr std::string_view kCloud = "https://api.plane.so";
    const std::string origin(forge::origin_of(server_.api().shown()));
    return fmt::format("{}/{}/browse/{}-{}/", origin == kCloud ? "https://app.plane.so" : origin,
                       options_.workspace, project.identifier, number);
  }

  PlaneOptions options_;
  plane::Server server_;
  std::mutex mutex_;
  std::map<std::string, Listed> listed_;  ///< by id of the project
};

}  // namespace

std::unique_ptr<jobs::TrackerReader> make_plane_reader(PlaneOptions options, forge::Api& api) {
  return std::make_unique<PlaneReader>(std::move(options), api);
}

}  // namespace runner::trackers
